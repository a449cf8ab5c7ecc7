"""C23, C24: what projects with a fixed price are estimated to earn, and how old the estimate is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Cast, about

MARGIN, OLD = "margin_erosion", "estimate_not_refreshed"
NOW = "2026-11-20T18:00Z"


@pytest.fixture
def firm(firm: Cast) -> Cast:
    """Project P1 sells a fixed fee of 1000.00 GBP and was planned to cost 600.00."""
    firm.rules = about(MARGIN, OLD)
    firm.contract()
    firm.promise("CL1", kind="fixed_fee", amount="1000", recognition="over_time")
    project(firm)
    firm.job()
    return firm


def project(firm: Cast, **fields: Any) -> None:
    defaults = {"contract_id": "C1", "currency": "GBP", "amount": "1000", "planned_cost": "600"}
    firm.project(**{**defaults, **fields})


def estimate(firm: Cast, identifier: str = "E1", **fields: Any) -> None:
    defaults = {"project_id": "P1", "estimated_on": "2026-11-18", "currency": "GBP", "cost_left": "400"}
    firm.put("estimate", identifier, "psa", **{**defaults, **fields})


def cost(firm: Cast, amount: str, identifier: str = "G1", **fields: Any) -> None:
    defaults = {"account": "cost", "project_id": "P1", "currency": "GBP", "amount": amount}
    firm.put("ledger_entry", identifier, "erp", **{**defaults, **fields})


def listed(firm: Cast) -> list[tuple[str, str, str | None, str, str]]:
    found = firm.judge(NOW)
    assert firm.drift(NOW) == {}
    return found


# ---- margin ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spent", "lost"), [("200", None), ("250", None), ("250.01", "50.01"), ("650", "450.00")]
)
def test_more_than_five_points_of_the_price_are_an_erosion(firm: Cast, spent: str, lost: str | None) -> None:
    estimate(firm)
    cost(firm, spent)

    assert listed(firm) == ([] if lost is None else [(MARGIN, "P1", None, lost, "GBP")])


def test_a_loss_is_called_one(firm: Cast) -> None:
    estimate(firm)
    cost(firm, "650")
    listed(firm)

    assert "leaves a margin of -5.0 %, a loss; 40.0 % was planned" in firm.one()["reason"]


def test_cost_on_the_ledgers_own_view_counts_and_its_reversal_too(firm: Cast) -> None:
    estimate(firm)
    cost(firm, "350", project_system="erp", project_id="J1")
    assert listed(firm) == [(MARGIN, "P1", None, "150.00", "GBP")]
    identifier = firm.one()["id"]

    cost(firm, "-200", "G2")
    assert listed(firm) == []
    assert firm.changes(identifier) == ["opened", "cleared"]


def test_revenue_the_estimate_expects_stands_for_the_price(firm: Cast) -> None:
    estimate(firm, revenue="900")
    cost(firm, "200")

    # 400 planned, 900 - 600 expected
    assert listed(firm) == [(MARGIN, "P1", None, "100.00", "GBP")]


def test_only_the_latest_estimate_counts(firm: Cast) -> None:
    estimate(firm, "E1", cost_left="900")
    estimate(firm, "E2", estimated_on="2026-11-19", cost_left="600")
    assert listed(firm) == []

    firm.delete("estimate", "psa", "E2")
    assert listed(firm) == [(MARGIN, "P1", None, "300.00", "GBP")]


@pytest.mark.parametrize(
    "state", [{"amount": None}, {"planned_cost": None}, {"status": "closed"}, {"currency": "EUR"}]
)
def test_without_a_plan_in_its_currency_or_when_over_nothing_is_said(
    firm: Cast, state: dict[str, Any]
) -> None:
    estimate(firm, cost_left="900")
    project(firm, **state)

    assert listed(firm) == []


def test_an_estimate_that_does_not_say_the_cost_left_proves_nothing(firm: Cast) -> None:
    estimate(firm, cost_left=None, currency=None)
    cost(firm, "900")

    assert listed(firm) == []


def test_other_accounts_and_currencies_are_no_cost(firm: Cast) -> None:
    estimate(firm)
    cost(firm, "900", account="billing")
    cost(firm, "900", "G2", currency="EUR")

    assert listed(firm) == []


def test_work_that_also_bills_by_the_hour_has_no_fixed_margin(firm: Cast) -> None:
    estimate(firm, cost_left="900")
    firm.promise("CL2")

    assert listed(firm) == []


def test_without_lines_the_projects_method_says_that_it_is_a_fixed_fee(firm: Cast) -> None:
    firm.delete("contract_line", "clm", "CL1")
    estimate(firm, cost_left="900")
    assert listed(firm) == []

    project(firm, billing_method="fixed_fee")
    assert listed(firm) == [(MARGIN, "P1", None, "300.00", "GBP")]


# ---- old estimates ---------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "late"), [("2026-10-21", True), ("2026-10-22", False)])
def test_an_estimate_is_old_after_21_business_days(firm: Cast, day: str, late: bool) -> None:
    estimate(firm, estimated_on=day, percent_complete="0.3333")

    # a third is done: 1000 x 0.6667
    assert listed(firm) == ([(OLD, "P1", None, "666.70", "GBP")] if late else [])


@pytest.mark.parametrize(("complete", "left"), [(None, "1000.00"), ("1", "0.00"), ("1.2", "0.00")])
def test_what_is_left_is_the_price_less_what_is_complete(firm: Cast, complete: str | None, left: str) -> None:
    estimate(firm, estimated_on="2026-10-01", percent_complete=complete)

    assert listed(firm) == [(OLD, "P1", None, left, "GBP")]


def test_a_fresh_estimate_clears_it(firm: Cast) -> None:
    estimate(firm, estimated_on="2026-10-01")
    listed(firm)
    identifier = firm.one()["id"]
    estimate(firm, "E2")

    assert listed(firm) == []
    assert firm.changes(identifier) == ["opened", "cleared"]


def test_lines_of_another_currency_are_told_apart_and_time_is_left_out(firm: Cast) -> None:
    estimate(firm, estimated_on="2026-10-01")
    firm.promise("CL2", kind="retainer", recognition="over_time", amount="90000", currency="JPY")
    firm.promise("CL3", amount="500")

    assert [row[3:] for row in listed(firm)] == [("1000.00", "GBP"), ("90000", "JPY")]


@pytest.mark.parametrize("status", ["planned", "on_hold", "complete", "closed", "cancelled"])
def test_projects_that_are_not_active_need_no_estimate(firm: Cast, status: str) -> None:
    estimate(firm, estimated_on="2026-10-01")
    project(firm, status=status)

    assert listed(firm) == []


def test_a_project_never_estimated_has_nothing_that_is_old(firm: Cast) -> None:
    assert listed(firm) == []
