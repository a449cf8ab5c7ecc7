"""Reconciling, freezing and telling late changes come to the same on both engines."""

from __future__ import annotations

from datetime import date

import pytest

from metrics.close import CloseRules, Signature, as_closed, sign
from metrics.tieout import tie_outs
from queries.close_periods import gaps, neighbours, periods
from tests.cast import Cast, utc
from tests.closing_firm import EVENTS, NOW, bill, calendar, classes, event, of, period, run


@pytest.mark.parametrize("key", list(tie_outs()))
def test_every_tie_out_runs(firm: Cast, key: str) -> None:
    calendar(firm)

    assert run(firm, key).head.outcome == "matched"


def test_differences_freeze_and_late_changes(firm: Cast) -> None:
    calendar(firm)
    event(firm, "E1", "100")
    bill(firm, "L1", "90", billing_event_id="E1")
    bill(firm, "N1", "30", on="2026-10-20", kind="credit_note", credits_line_id="L1", billing_event_id="E1")
    rules = CloseRules({EVENTS: tie_outs()[EVENTS]})
    assert classes(firm, run(firm, EVENTS)) == [("amount", "GBP", 4000)]
    one, every = of(firm)
    sign(firm.connection, rules, one, every, Signature("close", "Ada", "so", despite=True), utc(NOW))
    event(firm, "E1", "60")

    found = as_closed(firm.connection, rules, one)

    assert found is not None
    assert [(c.id, c.closed_minor, c.now_minor) for c in found.changes] == [("E1", 10000, 6000)]


def test_weeks_of_4_4_5_and_a_thirteenth_period_are_as_the_erp_says(firm: Cast) -> None:
    firm.entity("UK01", legal_entity="UK01")
    period(firm, "P11", "2026-11-01", "2026-11-28")
    period(firm, "P12", "2026-11-29", "2027-01-02")
    period(firm, "P13", "2027-01-02", "2027-01-02")

    first, last, extra = periods(firm.connection, "UK01")

    assert [one.days for one in (first, last, extra)] == [
        ((date(2026, 11, 1), date(2026, 11, 28)),), ((date(2026, 11, 29), date(2027, 1, 2)),), (),
    ]  # fmt: skip
    assert neighbours([first, last, extra], last) == (first, extra)
    assert gaps([first, extra])[0] == (date(2026, 11, 29), date(2027, 1, 1))


def test_ledgers_close_each_on_their_own(firm: Cast) -> None:
    period(firm, "2026-10", "2026-10-01", "2026-10-31", ledger="AR", status="closed")
    firm.put(
        "period", "GL-10", "erp", name="2026-10", start_on="2026-10-01", end_on="2026-10-31", status="open",
        ledger="GL", legal_entity="UK01",
    )  # fmt: skip

    assert [(one.ledger, one.status) for one in periods(firm.connection)] == [
        ("AR", "closed"),
        ("GL", "open"),
    ]
