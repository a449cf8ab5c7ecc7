"""C32: more hours planned than sold. One case each, amounts by hand."""

from __future__ import annotations

import pytest

from tests.cast import Cast, about

KEY = "scope_grew"
NOW = "2026-11-20T18:00Z"


@pytest.fixture
def grown(firm: Cast) -> Cast:
    """Project P1 with 120 hours planned, of which contract line CL1 sells 100 at 150.00 GBP."""
    firm.rules = about(KEY)
    firm.contract()
    firm.promise(hours="100", rate="150")
    firm.project(contract_id="C1", planned_hours="120", currency="GBP")
    return firm


def found(firm: Cast, now: str = NOW) -> list[tuple[str, str, str]]:
    return [(subject, amount, currency) for _, subject, _, amount, currency in firm.judge(now)]


def test_the_hours_on_top_at_the_lines_rate(grown: Cast) -> None:
    assert found(grown) == [("P1", "3000.00", "GBP")]
    assert grown.one()["reason"] == "120 h are planned, and the contract sells 100 h."


@pytest.mark.parametrize(("planned", "amount"), [("105", None), ("105.25", "787.50"), ("99", None)])
def test_up_to_five_percent_is_no_growth(grown: Cast, planned: str, amount: str | None) -> None:
    grown.project(contract_id="C1", planned_hours=planned, currency="GBP")

    assert [row[1] for row in found(grown)] == ([amount] if amount else [])


@pytest.mark.parametrize(
    ("currency", "rate", "amount"), [("JPY", "15000.5", "300010"), ("KWD", "40.12345", "802.469")]
)
def test_other_currencies_to_their_own_digit(firm: Cast, currency: str, rate: str, amount: str) -> None:
    firm.rules = about(KEY)
    firm.contract(currency=currency)
    firm.promise(hours="100", rate=rate, currency=currency)
    firm.project(contract_id="C1", planned_hours="120", currency=currency)

    assert found(firm) == [("P1", amount, currency)]


def test_lines_and_projects_add_up(grown: Cast) -> None:
    grown.promise("CL2", hours="60", rate="150")
    assert found(grown) == []

    grown.project("P2", contract_id="C1", planned_hours="60", currency="GBP")
    assert found(grown, "2026-11-20T18:10Z") == [("P1", "3000.00", "GBP")]


def test_a_line_without_hours_says_nothing_of_what_was_sold(grown: Cast) -> None:
    grown.promise("CL2")

    assert found(grown) == []


def test_what_counts_for_nothing(grown: Cast) -> None:
    grown.job(planned_hours="500")
    grown.contract("C2", status="draft")
    grown.promise("CL2", contract_id="C2", hours="500")
    grown.project("P2", contract_id="C1", status="cancelled", planned_hours="500")

    assert [subject for subject, *_ in found(grown)] == ["P1"]
    assert found(grown) == [("P1", "3000.00", "GBP")]


def test_lines_that_differ_in_rate_leave_the_projects_own(grown: Cast) -> None:
    grown.promise(hours="50", rate="150")
    grown.promise("CL2", hours="50", rate="90")
    assert found(grown) == [("P1", "0.00", "GBP")]

    grown.project(contract_id="C1", planned_hours="120", currency="GBP", rate="100")
    assert found(grown, "2026-11-20T18:10Z") == [("P1", "2000.00", "GBP")]


def test_it_clears_with_the_change_order(grown: Cast) -> None:
    found(grown)
    identifier = grown.one()["id"]
    grown.promise(hours="120", rate="150")

    assert found(grown, "2026-11-20T18:10Z") == []
    assert grown.changes(identifier) == ["opened", "cleared"]
    assert grown.drift("2026-11-20T18:10Z") == {}
