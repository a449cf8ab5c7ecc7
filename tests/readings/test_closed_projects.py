"""C20: projects that are over in PSA and in the ERP, with something still to bill. Amounts by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Cast, about

KEY = "project_closed_with_money"
NOW = "2026-11-20T18:00Z"


@pytest.fixture
def closed(lines: Cast) -> Cast:
    """Project P1, over in both systems; eight hours at 100.00 GBP on CL1 were never billed."""
    lines.rules = about(KEY)
    lines.project(contract_id="C1", status="closed", end_on="2026-10-30")
    lines.job(status="complete")
    lines.time(contract_line_id="CL1")
    return lines


def listed(firm: Cast) -> list[tuple[str, str | None, str, str]]:
    found = [row[1:] for row in firm.judge(NOW)]
    assert firm.drift(NOW) == {}
    return found


def expense(firm: Cast, **fields: Any) -> None:
    defaults = {
        "project_id": "P1", "incurred_on": "2026-10-06", "status": "approved", "currency": "GBP", "amount": "75.50",
    }  # fmt: skip
    firm.put("expense", "X1", "psa", **{**defaults, **fields})


def test_open_time_and_expenses_of_a_closed_project(closed: Cast) -> None:
    expense(closed)

    assert listed(closed) == [("P1", None, "875.50", "GBP")]
    assert "8 h of approved time and one expense of it are not billed" in closed.one()["reason"]


@pytest.mark.parametrize(
    ("psa", "erp"),
    [("active", "closed"), ("closed", "active"), ("cancelled", "cancelled"), ("on_hold", "on_hold")],
)
def test_it_must_be_over_in_both(closed: Cast, psa: str, erp: str) -> None:
    closed.project(contract_id="C1", status=psa)
    closed.job(status=erp)

    assert listed(closed) == []


def test_one_open_view_in_the_erp_keeps_it_open(closed: Cast) -> None:
    closed.job("J2")

    assert listed(closed) == []


@pytest.mark.parametrize("named", [["T1"], []])
def test_partial_billing_leaves_the_rest_and_the_whole_clears_it(closed: Cast, named: list[str]) -> None:
    closed.invoice()
    closed.line("L1", "300", contract_line_id="CL1", entries=[(name, "3") for name in named])
    assert listed(closed) == [("P1", None, "500.00", "GBP")]
    identifier = closed.one()["id"]

    closed.line("L1", "800", contract_line_id="CL1", entries=named)
    assert listed(closed) == []
    assert closed.changes(identifier) == ["opened", "cleared"]


def test_a_credit_opens_it_again(closed: Cast) -> None:
    closed.invoice()
    closed.line("L1", "800", contract_line_id="CL1", entries=["T1"])
    closed.invoice("N1", kind="credit_note")
    closed.line("X1", "200", invoice="N1", credits_line_id="L1", contract_line_id="CL1")

    assert listed(closed) == [("P1", None, "200.00", "GBP")]


def test_currencies_are_told_apart(closed: Cast) -> None:
    expense(closed, currency="JPY", amount="9000")

    assert listed(closed) == [("P1", None, "800.00", "GBP"), ("P1", None, "9000", "JPY")]


@pytest.mark.parametrize(
    "state",
    [{"held": True}, {"written_off": True}, {"billable": False}, {"status": "submitted"}, {"contract_line_id": "CL9"}],
)  # fmt: skip
def test_time_that_is_not_to_be_billed_is_no_money(closed: Cast, state: dict[str, Any]) -> None:
    closed.time(**{"contract_line_id": "CL1", **state})

    assert listed(closed) == []


@pytest.mark.parametrize(
    "state", [{"held": True}, {"written_off": True}, {"billable": False}, {"status": "submitted"}]
)
def test_nor_are_such_expenses(closed: Cast, state: dict[str, Any]) -> None:
    closed.delete("time_entry", "psa", "T1")
    expense(closed, **state)

    assert listed(closed) == []


@pytest.mark.parametrize(("status", "open_"), [("posted", False), ("draft", True)])
def test_an_expense_is_billed_by_a_live_line(closed: Cast, status: str, open_: bool) -> None:
    closed.delete("time_entry", "psa", "T1")
    closed.invoice(status=status)
    closed.line("L1", "75.50", covers="expense")
    expense(closed, invoice_line_id="L1")

    assert bool(listed(closed)) == open_
