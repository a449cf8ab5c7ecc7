"""Readings of reconciliations worked out by hand: every class, every report, and what is nobody's fault."""

from __future__ import annotations

from datetime import timedelta

import pytest

from metrics.reconcile import reconcile
from metrics.tieout import tie_outs
from queries import reconciliation
from tests.cast import Cast, utc
from tests.closing_firm import (
    BILLINGS,
    EVENTS,
    LIABILITY,
    NOW,
    REVENUE,
    TIME,
    bill,
    book,
    calendar,
    classes,
    complete,
    differences,
    event,
    of,
    period,
    run,
)


@pytest.fixture(autouse=True)
def months(firm: Cast) -> None:
    calendar(firm)
    firm.project(legal_entity="UK01", billing_method="time_and_materials")


# ---- classes ---------------------------------------------------------------------------------


def test_what_is_released_and_invoiced_agrees(firm: Cast) -> None:
    event(firm, "E1", "100")
    bill(firm, "L1", "60", billing_event_id="E1")
    bill(firm, "L2", "40", billing_event_id="E1")

    found = run(firm, EVENTS)

    assert found.head.outcome == "matched"
    assert [tuple(total) for total in found.totals] == [("GBP", 10000, 10000, 1, 2, 1, 0, 0)]


def test_a_released_event_without_an_invoice_is_missing_there(firm: Cast) -> None:
    event(firm, "E1", "100")

    assert classes(firm, run(firm, EVENTS)) == [("missing_right", "GBP", 10000)]


def test_a_line_of_an_event_that_was_never_released_is_missing_here(firm: Cast) -> None:
    event(firm, "E1", "100", status="cancelled")
    bill(firm, "L1", "100", billing_event_id="E1")

    assert classes(firm, run(firm, EVENTS)) == [("missing_left", "GBP", -10000)]


def test_another_amount_is_a_difference_of_amount(firm: Cast) -> None:
    event(firm, "E1", "100")
    bill(firm, "L1", "90", billing_event_id="E1")

    found = run(firm, EVENTS)

    assert classes(firm, found) == [("amount", "GBP", 1000)]
    (one,) = differences(firm, found)
    assert "released billing events 100.00 GBP, invoice lines of billing events 90.00 GBP" in one.explanation
    assert [(row["side"], row["id"]) for row in one.records] == [("left", "E1"), ("right", "L1")]


def test_an_event_billed_twice_is_a_duplicate(firm: Cast) -> None:
    event(firm, "E1", "100")
    bill(firm, "L1", "100", billing_event_id="E1")
    bill(firm, "L2", "100", billing_event_id="E1")

    assert classes(firm, run(firm, EVENTS)) == [("duplicate", "GBP", -10000)]


def test_the_same_event_in_another_currency_differs_in_both(firm: Cast) -> None:
    event(firm, "E1", "100")
    bill(firm, "L1", "120", billing_event_id="E1", currency="EUR")

    assert classes(firm, run(firm, EVENTS)) == [("currency", "EUR", -12000), ("currency", "GBP", 10000)]


def test_an_invoice_in_the_next_period_is_timing_in_both(firm: Cast) -> None:
    event(firm, "E1", "100", at="2026-10-30T12:00Z")
    bill(firm, "L1", "100", on="2026-11-02", billing_event_id="E1")

    assert classes(firm, run(firm, EVENTS)) == [("timing", "GBP", 10000)]
    assert classes(firm, run(firm, EVENTS, "2026-11")) == [("timing", "GBP", -10000)]


def test_what_is_younger_than_the_settle_time_is_timing(firm: Cast) -> None:
    event(firm, "E1", "100")
    changed = {"status": "invoiced", "released_at": "2026-10-12T12:00Z", "currency": "GBP", "amount": "100"}
    firm.put("billing_event", "E1", "psa", legal_entity="UK01", at="2026-12-10T02:00Z", **changed)

    (one,) = differences(firm, run(firm, EVENTS))

    assert one.kind == "timing"
    assert "less than 24 h before 2026-12-10T18:00:00Z" in one.explanation


def test_a_cent_is_rounding_and_is_shown(firm: Cast) -> None:
    event(firm, "E1", "100.00")
    bill(firm, "L1", "99.99", billing_event_id="E1")

    found = run(firm, EVENTS)

    assert (found.head.outcome, found.totals[0].rounding_minor) == ("matched", 1)


# ---- credits, reversals, reports -------------------------------------------------------------


def test_a_credit_counts_on_its_own_date(firm: Cast) -> None:
    bill(firm, "L1", "100")
    bill(firm, "C1", "100", on="2026-11-05", kind="credit_note", credits_line_id="L1")
    book(firm, "G1", "billing", "100", project_id="P1")
    book(firm, "G2", "billing", "-100", project_id="P1", posted_on="2026-11-05")

    october, november = run(firm, BILLINGS), run(firm, BILLINGS, "2026-11")

    assert (october.head.outcome, november.head.outcome) == ("matched", "matched")
    assert [total.left_minor for total in (*october.totals, *november.totals)] == [10000, -10000]


def test_a_credit_of_a_whole_invoice_takes_its_share_of_every_line(firm: Cast) -> None:
    firm.invoice("I1", issued_on="2026-10-05", legal_entity="UK01", amount="300")
    firm.line("L1", "100", "I1", legal_entity="UK01")
    firm.line("L2", "200", "I1", legal_entity="UK01")
    firm.invoice("N1", kind="credit_note", credits_id="I1", issued_on="2026-10-20", amount="150")
    book(firm, "G1", "billing", "150", project_id="P1")

    found = run(firm, BILLINGS)

    assert (found.head.outcome, found.totals[0].left_minor) == ("matched", 15000)


def test_drafts_and_voids_are_not_billed(firm: Cast) -> None:
    bill(firm, "L1", "100", status="draft")
    bill(firm, "L2", "100", status="void")

    assert run(firm, BILLINGS).totals == []


def revenue(firm: Cast, identifier: str, amount: str, **fields: str) -> None:
    values = {"legal_entity": "UK01", "posted_on": "2026-10-14", "project_id": "P1"}
    firm.revenue(identifier, amount, **{**values, **fields})


def test_a_posting_and_its_reversal_leave_zero(firm: Cast) -> None:
    revenue(firm, "R1", "100")
    revenue(firm, "R2", "100", reverses_id="R1", posted_on="2026-10-20")

    found = run(firm, REVENUE)

    assert (found.head.outcome, found.totals[0].left_minor) == ("matched", 0)


def test_revenue_that_the_ledger_books_twice_differs(firm: Cast) -> None:
    revenue(firm, "R1", "100")
    book(firm, "G1", "revenue", "100", project_id="P1")
    book(firm, "G2", "revenue", "100", project_id="P1")

    assert classes(firm, run(firm, REVENUE)) == [("amount", "GBP", -10000)]


def test_approved_time_is_billed_or_in_wip(firm: Cast) -> None:
    firm.time("T1", legal_entity="UK01", work_date="2026-10-05")
    firm.time("T2", legal_entity="UK01", work_date="2026-10-06", held=True)
    firm.time("T3", legal_entity="UK01", work_date="2026-10-07", status="submitted")
    bill(firm, "L1", "800")
    book(firm, "W1", "wip", "800", project_id="P1", period="2026-10", posted_on=None)

    found = run(firm, TIME)

    assert (found.head.outcome, found.totals[0].left_minor) == ("matched", 160000)


def test_a_balance_opens_moves_and_closes(firm: Cast) -> None:
    held = {"account": "contract_liability", "period": "2026-10", "currency": "GBP", "legal_entity": "UK01"}
    firm.put("ledger_balance", "B1", "erp", opening="500", closing="650", **held)
    book(firm, "G1", "contract_liability", "100")

    found = run(firm, LIABILITY)

    assert classes(firm, found) == [("amount", "GBP", -5000)]


# ---- periods ---------------------------------------------------------------------------------


def test_an_adjustment_period_owns_what_names_it_and_no_date(firm: Cast) -> None:
    period(firm, "2026-11A", "2026-11-30", "2026-11-30")
    bill(firm, "L1", "100", on="2026-11-30")
    book(firm, "G1", "billing", "100", project_id="P1", posted_on="2026-11-30")
    book(firm, "G2", "billing", "7", project_id="P1", posted_on="2026-11-30", period="2026-11A")

    assert run(firm, BILLINGS, "2026-11").head.outcome == "matched"
    assert classes(firm, run(firm, BILLINGS, "2026-11A")) == [("missing_left", "GBP", -700)]


def test_a_date_is_the_legal_entitys_own(firm: Cast) -> None:
    firm.entity("UK01", timezone="Asia/Tokyo", legal_entity="UK01")
    event(firm, "E1", "100", at="2026-10-31T16:00Z")

    assert run(firm, EVENTS).totals == []
    assert run(firm, EVENTS, "2026-11").totals[0].left_items == 1


def test_a_date_without_a_period_is_told_not_guessed(firm: Cast) -> None:
    bill(firm, "L1", "100", on="2026-12-24")

    found = run(firm, BILLINGS)

    assert found.head.uncovered == 1
    assert found.head.uncovered_reason == "no period covers 2026-12-24 (invoice lines, L1)"


# ---- what can be claimed ---------------------------------------------------------------------


def test_a_stale_stream_makes_it_unknown_and_claims_nothing(firm: Cast) -> None:
    event(firm, "E1", "100")
    complete(firm)
    one, every = of(firm)

    found = reconcile(firm.connection, tie_outs()[EVENTS], one, every, utc(NOW) + timedelta(hours=2))

    assert found.head.outcome == "unknown"
    assert "older than its limit" in str(found.head.reason)
    assert (found.totals[0].left_minor, found.differences) == (10000, 0)


def test_the_same_again_finds_the_same(firm: Cast) -> None:
    event(firm, "E1", "100")
    event(firm, "E2", "50")
    bill(firm, "L2", "40", billing_event_id="E2")

    first, second = run(firm, EVENTS), run(firm, EVENTS)

    assert differences(firm, first) == differences(firm, second)
    assert [run_.id for run_ in reconciliation.latest(firm.connection, of(firm)[0].key)] == [second.run]
