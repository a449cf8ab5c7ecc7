"""C26, C36: invoices that are not sent, not paid or not accepted. One case each, amounts by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Cast, about

UNSENT, OVERDUE, DISPUTED = "invoice_not_sent", "invoice_overdue", "invoice_disputed"
NOW = "2026-11-20T18:00Z"


@pytest.fixture
def firm(firm: Cast) -> Cast:
    """A firm with project P1, asked about invoices."""
    firm.rules = about(UNSENT, OVERDUE, DISPUTED)
    firm.project()
    return firm


def bill(firm: Cast, status: str, **fields: str | None) -> None:
    """Invoice I1 of 800.00 GBP, last changed on Monday 9 November 2026, with one line."""
    told: dict[str, Any] = {"amount": "800", "at": "2026-11-09T12:00Z", **fields}
    firm.invoice(status=status, **told)
    firm.line("L1", "800")


def listed(firm: Cast, now: str = NOW) -> list[tuple[str, str, str]]:
    return [(check, subject, amount) for check, subject, _, amount, _ in firm.judge(now)]


# ---- not sent --------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["draft", "pending_approval"])
def test_a_draft_that_nobody_touches_is_listed(firm: Cast, status: str) -> None:
    bill(firm, status)

    assert listed(firm) == [(UNSENT, "I1", "800.00")]
    assert "last changed 9 business days ago" in firm.one()["reason"]


@pytest.mark.parametrize(
    ("dated", "is_listed"), [("2026-11-16", True), ("2026-11-17", False), ("2026-12-01", False)]
)
def test_its_own_date_goes_before_its_last_change(firm: Cast, dated: str, is_listed: bool) -> None:
    bill(firm, "draft", issued_on=dated)

    assert bool(listed(firm)) is is_listed


@pytest.mark.parametrize(
    "fields",
    [{"status": "posted"}, {"status": "void"}, {"sent_at": "2026-11-10T12:00Z"}, {"kind": "credit_note"}, {"amount": "0"}],
)  # fmt: skip
def test_not_listed_as_unsent(firm: Cast, fields: dict[str, str]) -> None:
    bill(firm, **{"status": "draft", **fields})

    assert listed(firm) == []


def test_without_a_total_its_lines_are_added_up(firm: Cast) -> None:
    bill(firm, "draft", amount=None)
    firm.line("L2", "50")

    assert listed(firm) == [(UNSENT, "I1", "850.00")]


def test_posting_clears_it(firm: Cast) -> None:
    bill(firm, "draft")
    listed(firm)
    identifier = firm.one()["id"]

    firm.invoice(status="posted", amount="800", at="2026-11-20T12:00Z")
    assert listed(firm) == []
    assert firm.changes(identifier) == ["opened", "cleared"]
    assert firm.drift(NOW) == {}


def test_a_deleted_draft_or_one_without_lines_is_not_listed(firm: Cast) -> None:
    bill(firm, "draft")
    firm.delete("invoice_line", "erp", "L1")
    assert listed(firm) == []

    firm.line("L1", "800")
    firm.delete("invoice", "erp", "I1")
    assert listed(firm) == []


def test_an_invoice_of_several_pieces_of_work_is_listed_once(firm: Cast) -> None:
    firm.project("P2")
    firm.invoice(status="draft", amount="1000", at="2026-11-09T12:00Z")
    firm.line("L2", "200", project_id="P2")
    assert listed(firm) == [(UNSENT, "I1", "1000.00")]
    assert firm.one()["engagement_id"] == firm.engagement("project", "P2")

    # a line that stands before all others arrives late
    firm.line("L1", "800")
    assert listed(firm) == [(UNSENT, "I1", "1000.00")]
    assert firm.one()["engagement_id"] == firm.engagement("project", "P1")
    assert firm.drift(NOW) == {}

    firm.delete("invoice_line", "erp", "L1")
    assert listed(firm) == [(UNSENT, "I1", "1000.00")]
    assert firm.drift(NOW) == {}


# ---- overdue ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("due", "is_listed"), [("2026-11-18", True), ("2026-11-19", False), ("2026-12-01", False)]
)
def test_more_than_a_business_day_past_due(firm: Cast, due: str, is_listed: bool) -> None:
    bill(firm, "sent", due_on=due, open_amount="300")

    assert listed(firm) == ([(OVERDUE, "I1", "300.00")] if is_listed else [])


@pytest.mark.parametrize(
    "fields",
    [
        {"open_amount": None},
        {"open_amount": "0"},
        {"due_on": None},
        {"status": "void"},
        {"kind": "credit_note"},
    ],
)
def test_not_listed_as_overdue(firm: Cast, fields: dict[str, str | None]) -> None:
    bill(firm, **{"status": "posted", "due_on": "2026-10-30", "open_amount": "800", **fields})  # type: ignore[arg-type]

    assert listed(firm) == []


def test_called_paid_with_an_open_amount_is_told(firm: Cast) -> None:
    bill(firm, "paid", due_on="2026-10-30", open_amount="100")

    assert listed(firm) == [(OVERDUE, "I1", "100.00")]
    assert "though its status is paid" in firm.one()["reason"]


def test_payment_clears_it(firm: Cast) -> None:
    bill(firm, "sent", due_on="2026-10-30", open_amount="800", number="R-7")
    listed(firm)
    assert firm.one()["reason"].startswith("Invoice R-7 was due 15 business days ago")
    identifier = firm.one()["id"]

    firm.invoice(status="paid", due_on="2026-10-30", open_amount="0", at="2026-11-20T12:00Z")
    assert listed(firm) == []
    assert firm.changes(identifier) == ["opened", "cleared"]
    assert firm.drift(NOW) == {}


# ---- disputed --------------------------------------------------------------------------------


def test_a_dispute_is_listed_at_once_and_not_as_overdue(firm: Cast) -> None:
    bill(firm, "sent", disputed="true", due_on="2026-10-30", open_amount="250", posted_at="2026-11-20T09:00Z")

    assert listed(firm) == [(DISPUTED, "I1", "250.00")]


def test_without_an_open_amount_all_of_it_is_disputed(firm: Cast) -> None:
    bill(firm, "posted", disputed="true", currency="EUR")

    assert [row[1:] for row in firm.judge(NOW)] == [("I1", None, "800.00", "EUR")]


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "paid"},
        {"open_amount": "0"},
        {"status": "void"},
        {"status": "draft", "issued_on": "2026-11-20"},
    ],
)
def test_not_listed_as_disputed(firm: Cast, fields: dict[str, str]) -> None:
    bill(firm, **{"status": "sent", "disputed": "true", **fields})

    assert listed(firm) == []


def test_a_settled_dispute_is_cleared(firm: Cast) -> None:
    bill(firm, "sent", disputed="true")
    listed(firm)
    identifier = firm.one()["id"]

    firm.invoice(status="sent", amount="800", at="2026-11-20T12:00Z")
    assert listed(firm) == []
    assert firm.changes(identifier) == ["opened", "cleared"]
    assert firm.drift(NOW) == {}
