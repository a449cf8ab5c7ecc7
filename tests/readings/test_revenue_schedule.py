"""C15: contract lines the revenue platform does not know. One case each, amounts by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Cast, about

KEY = "line_without_revenue_schedule"
NOW = "2026-11-20T18:00Z"
LATER = "2026-11-20T18:10Z"


@pytest.fixture
def running(firm: Cast) -> Cast:
    """Line CL1 of 1000.00 GBP, recognised over time, of contract C1 that is active since 2 November."""
    firm.rules = about(KEY)
    contract(firm)
    line(firm)
    return firm


def contract(firm: Cast, **fields: Any) -> None:
    plain = {"status": "active", "signed_at": "2026-11-02T12:00Z", "start_on": "2026-11-03"}
    firm.contract(**{**plain, **fields})


def line(firm: Cast, **fields: Any) -> None:
    firm.promise(**{"kind": "fixed_fee", "recognition": "over_time", "amount": "1000", **fields})


def found(firm: Cast, now: str = NOW) -> list[tuple[str, str, str]]:
    return [(subject, amount, currency) for _, subject, _, amount, currency in firm.judge(now)]


def test_an_active_line_without_any_revenue(running: Cast) -> None:
    assert found(running) == [("CL1", "1000.00", "GBP")]
    assert running.one()["owner"] == "revenue accountant"


@pytest.mark.parametrize("state", ["scheduled", "posted"])
@pytest.mark.parametrize("named", [{"contract_line_id": "CL1"}, {"contract_id": "C1"}])
def test_it_clears_with_revenue_of_it(running: Cast, state: str, named: dict[str, str]) -> None:
    found(running)
    identifier = running.one()["id"]
    running.revenue("R1", "100", state, **named)

    assert found(running, LATER) == []
    assert running.changes(identifier) == ["opened", "cleared"]
    assert running.drift(LATER) == {}


def test_revenue_of_another_line_or_none_that_stands_is_none_of_it(running: Cast) -> None:
    running.promise("CL2", recognition="milestone")
    running.revenue("R1", "100", contract_line_id="CL2")
    running.revenue("R2", "100", "reversed", contract_line_id="CL1")
    running.revenue("R3", "100", contract_line_id="CL1")
    running.delete("revenue_line", "rev", "R3")

    assert found(running) == [("CL1", "1000.00", "GBP")]


@pytest.mark.parametrize("status", ["draft", "signed", "closed", "cancelled"])
def test_a_contract_that_is_not_active_owes_no_schedule(running: Cast, status: str) -> None:
    contract(running, status=status)

    assert found(running) == []


def test_the_clock_starts_with_the_line(running: Cast) -> None:
    line(running, start_on="2026-11-18")
    assert found(running) == []
    assert found(running, "2026-11-23T18:00Z") == [("CL1", "1000.00", "GBP")]

    line(running, start_on="2027-01-04")
    assert found(running, "2026-11-23T18:10Z") == []


@pytest.mark.parametrize(
    ("recognition", "listed"), [("as_invoiced", True), (None, True), ("milestone", False)]
)
def test_a_billed_line_owes_revenue_but_for_milestones(
    running: Cast, recognition: str | None, listed: bool
) -> None:
    line(running, recognition=recognition, amount=None)
    assert found(running) == []

    running.invoice(posted_at="2026-11-10T12:00Z")
    running.line("L1", "250", contract_line_id="CL1", project_id=None)
    assert found(running, LATER) == ([("CL1", "250.00", "GBP")] if listed else [])


def test_a_draft_or_credited_invoice_bills_nothing(running: Cast) -> None:
    line(running, recognition="as_invoiced")
    running.invoice(status="draft")
    running.line("L1", "250", contract_line_id="CL1", project_id=None)
    running.invoice("I2")
    running.line("L2", "90", invoice="I2", contract_line_id="CL1", project_id=None)
    running.invoice("N1", kind="credit_note", credits_id="I2", amount="90")

    assert found(running) == []


def test_a_deleted_line_owes_nothing(running: Cast) -> None:
    running.delete("contract_line", "clm", "CL1")

    assert found(running) == []
