from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from collectors.errors import SkippableError
from tests.collectors.test_tryton_parse import BILLS, EURO, ROWS, day, lasting, money, record


def test_an_invoice_falls_due_with_its_first_instalment() -> None:
    found = record("invoice")

    assert (found.status, found.amount, found.due_on) == ("posted", Decimal("1110.00"), date(2026, 5, 3))


def test_a_negative_invoice_is_a_credit_note_with_a_positive_amount() -> None:
    found = record("invoice", untaxed_amount=money("-36000.00"), origin_invoices=[2])

    assert (found.kind, found.amount, found.credits_id) == ("credit_note", Decimal("36000.00"), "2")


@pytest.mark.parametrize(
    ("state", "undone_by", "status"),
    [
        ("draft", None, "draft"),
        ("validated", None, "pending_approval"),
        ("paid", None, "paid"),
        ("cancelled", None, "void"),
        ("cancelled", {"origin": "account.move,16"}, "void"),
        ("cancelled", {"origin": "account.invoice,86"}, "paid"),
    ],
)
def test_an_invoice_taken_back_by_a_credit_note_still_counts(
    state: str, undone_by: dict[str, str] | None, status: str
) -> None:
    assert record("invoice", state=state, **{"cancel_move.": undone_by}).status == status


def test_lines_of_a_credit_note_are_positive_too() -> None:
    found = record(
        "invoice_line",
        amount=money("-3420.00"),
        **{
            "invoice.": {"untaxed_amount": money("-4940.00")},
            "@bills": BILLS | {"credits": 5, "timed": True},
        },
    )

    assert (found.amount, found.credits_line_id, found.covers) == (Decimal("3420.00"), "5", "time")


def test_a_discount_on_an_invoice_stays_negative() -> None:
    assert record("invoice_line", amount=money("-100.00")).amount == Decimal("-100.00")


def test_a_line_not_on_an_invoice_yet_is_read() -> None:
    found = record("invoice_line", invoice=None, **{"invoice.": None})

    assert (found.invoice_id, found.amount) == (None, Decimal("1110.00"))


@pytest.mark.parametrize(
    ("bills", "covers"),
    [
        ({"time": [{"duration": lasting(3600.0)}], "timed": True}, "time"),
        ({"method": "manual", "sale_line": 31}, "time"),
        ({"method": "fulfillment", "sale_line": 31, "task": 4}, "milestone"),
        ({"method": "order", "sale_line": 31}, "fee"),
        ({}, "fee"),
    ],
)
def test_a_line_covers_what_it_bills(bills: dict[str, Any], covers: str) -> None:
    found = record("invoice_line", **{"@bills": BILLS | bills})

    assert found.covers == covers
    assert found.hours == (Decimal(1) if bills.get("time") else None)


def test_revenue_leads_to_its_line_and_milestone() -> None:
    found = record("revenue_line")

    assert (found.contract_line_id, found.milestone_id, found.amount) == ("31", "12", Decimal("1110.00"))
    assert (found.state, found.posted_on, found.period) == ("posted", date(2026, 4, 3), "2026-04")


def test_a_draft_posting_is_no_revenue_yet() -> None:
    assert record("revenue_line", **{"move.": ROWS["revenue_line"]["move."] | {"state": "draft"}}) is None


def test_a_cancelled_posting_takes_back_what_it_names() -> None:
    found = record("revenue_line", credit=money("-45000.00"), origin="account.move.line,33")

    assert (found.amount, found.reverses_id) == (Decimal("-45000.00"), "33")


def test_revenue_in_a_foreign_currency_keeps_it() -> None:
    found = record(
        "revenue_line",
        amount_second_currency=money("-1200.00"),
        **{"second_currency.": EURO | {"code": "USD"}},
    )

    assert (found.currency, found.amount) == ("USD", Decimal("1200.00"))


@pytest.mark.parametrize(("state", "status"), [("open", "open"), ("closed", "closed"), ("locked", "closed")])
def test_a_period_is_open_or_closed(state: str, status: str) -> None:
    assert record("period", state=state).status == status


@pytest.mark.parametrize(
    ("kind", "changes", "text"),
    [
        ("opportunity", {"state": "dreamt"}, "opportunity 12: unknown or missing: 'dreamt'"),
        ("invoice", {"untaxed_amount": None}, "invoice 12"),
        ("time_entry", {"duration": lasting(float("nan"))}, "unreadable 'timedelta'"),
        ("contract_line", {"unit.": {"factor": 0.0, "category": 3}}, "contract_line 12"),
        ("period", {"start_date": day("2026-01-01") | {"day": 40}}, "unreadable 'date'"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(kind: str, changes: dict[str, Any], text: str) -> None:
    with pytest.raises(SkippableError) as caught:
        record(kind, **changes)

    assert text in str(caught.value)
    assert "Remedy" in str(caught.value)


def test_a_broken_row_still_tells_whom_it_is_about() -> None:
    with pytest.raises(SkippableError) as caught:
        record("time_entry", duration=None)

    assert caught.value.fields == {"id": "12", "project_id": "9"}
