"""C6, C7: a soft-closed period whose newest reconciliation differs. Amounts by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from metrics.reconcile import reconcile
from metrics.tieout import tie_outs
from tests.cast import Cast, about, utc
from tests.closing_firm import BILLINGS, EVENTS, LIABILITY, NOW, bill, book, calendar, event, of, period, run

FAILS = "tie_out_fails"


@pytest.fixture(autouse=True)
def months(firm: Cast) -> None:
    calendar(firm, P10="soft_closed")
    firm.project(legal_entity="UK01", billing_method="time_and_materials")
    firm.rules = about(FAILS)


def listed(firm: Cast) -> list[tuple[str, str | None, str, str]]:
    found = [row[1:] for row in firm.judge(NOW)]
    assert firm.drift(NOW) == {}
    return found


def october(firm: Cast, **fields: Any) -> None:
    period(firm, "2026-10", "2026-10-01", "2026-10-31", **{"status": "soft_closed", **fields})


def test_what_differs_is_added_up_over_tie_outs_without_signs(firm: Cast) -> None:
    event(firm, "E1", "100")
    bill(firm, "L1", "30", billing_event_id="E1")
    bill(firm, "L2", "20", billing_event_id="E2")
    run(firm, EVENTS)
    run(firm, BILLINGS)

    # events: 100 - 30 and 0 - 20; billing in the ledger: 50 - 0
    assert listed(firm) == [("UK01-2026-10", None, "140.00", "GBP")]
    assert "billing events to invoices and 1 more" in firm.one()["reason"]


def test_each_currency_stands_alone(firm: Cast) -> None:
    bill(firm, "L1", "30")
    bill(firm, "L2", "9", currency="EUR", project_id="P9")
    run(firm, BILLINGS)

    assert listed(firm) == [
        ("UK01-2026-10", None, "9.00", "EUR"), ("UK01-2026-10", None, "30.00", "GBP"),
    ]  # fmt: skip


def test_a_roll_forward_that_does_not_close_is_listed(firm: Cast) -> None:
    held = {"account": "contract_liability", "period": "2026-10", "currency": "GBP", "legal_entity": "UK01"}
    firm.put("ledger_balance", "B1", "erp", opening="500", closing="650", **held)
    book(firm, "G1", "contract_liability", "100")
    run(firm, LIABILITY)

    assert listed(firm) == [("UK01-2026-10", None, "50.00", "GBP")]


def test_the_newest_run_counts_and_clears(firm: Cast) -> None:
    bill(firm, "L1", "30")
    run(firm, BILLINGS)
    assert listed(firm) == [("UK01-2026-10", None, "30.00", "GBP")]
    found = str(firm.one()["id"])

    book(firm, "G1", "billing", "30", project_id="P1")
    run(firm, BILLINGS)

    assert listed(firm) == []
    assert firm.changes(found) == ["opened", "cleared"]


def test_a_run_that_came_to_nothing_takes_nothing_back(firm: Cast) -> None:
    bill(firm, "L1", "30")
    run(firm, BILLINGS)
    one, every = of(firm)
    late = utc(NOW) + timedelta(hours=2)
    assert reconcile(firm.connection, tie_outs()[BILLINGS], one, every, late).head.outcome == "unknown"

    assert listed(firm) == [("UK01-2026-10", None, "30.00", "GBP")]


def test_the_other_half_next_door_is_timing_and_not_listed(firm: Cast) -> None:
    event(firm, "E1", "100", at="2026-10-30T12:00Z")
    bill(firm, "L1", "100", on="2026-11-02", billing_event_id="E1")
    run(firm, EVENTS)

    assert listed(firm) == []


@pytest.mark.parametrize("status", ["open", "closed"])
def test_open_and_closed_periods_are_not_listed(firm: Cast, status: str) -> None:
    bill(firm, "L1", "30")
    run(firm, BILLINGS)
    listed(firm)
    found = str(firm.one()["id"])

    october(firm, status=status)

    assert listed(firm) == []
    assert firm.changes(found) == ["opened", "cleared"]


def test_a_period_that_is_gone_is_cleared(firm: Cast) -> None:
    bill(firm, "L1", "30")
    run(firm, BILLINGS)
    assert len(listed(firm)) == 1

    firm.delete("period", "erp", "UK01-2026-10")

    assert listed(firm) == []


def test_what_nobody_reconciled_is_not_claimed(firm: Cast) -> None:
    bill(firm, "L1", "30")

    assert listed(firm) == []
