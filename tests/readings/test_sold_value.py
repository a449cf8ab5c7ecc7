"""C13: sold work that is not worth the same in every system. One case each, amounts by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cast import Cast, about

KEY = "sold_value_differs"
Change = Callable[[Cast], None]
NOW = "2026-11-20T18:00Z"


@pytest.fixture
def sold(firm: Cast) -> Cast:
    """Deal O1 of 1000.00 GBP, contract C1 with line CL1, project P1 and its view J1: all alike."""
    firm.rules = about(KEY)
    firm.deal()
    firm.contract(opportunity_id="O1", amount="1000", signed_at="2026-11-03T12:00Z")
    firm.promise(amount="1000")
    firm.project(contract_id="C1", amount="1000", currency="GBP", activated_at="2026-11-04T12:00Z")
    firm.job(amount="1000", currency="GBP")
    return firm


def differs(firm: Cast, now: str = NOW) -> list[tuple[str, str, str]]:
    return [(subject, amount, currency) for _, subject, _, amount, currency in firm.judge(now)]


def test_the_same_everywhere_is_no_exception(sold: Cast) -> None:
    assert differs(sold) == []


@pytest.mark.parametrize(
    ("change", "amount"),
    [
        (lambda firm: firm.deal(amount="1200"), "200.00"),
        (lambda firm: firm.deal(amount="5000", services_amount="1200"), "200.00"),
        (lambda firm: firm.contract(opportunity_id="O1", amount="900"), "100.00"),
        (lambda firm: firm.promise(amount="1010"), "10.00"),
        (lambda firm: firm.promise("CL2", amount="50"), "50.00"),
        (lambda firm: firm.job(amount="990", currency="GBP"), "10.00"),
    ],
)
def test_the_highest_less_the_lowest(sold: Cast, change: Change, amount: str) -> None:
    change(sold)

    assert differs(sold) == [("O1", amount, "GBP")]
    assert sold.drift(NOW) == {}


def test_both_values_and_where_they_stand_are_told(sold: Cast) -> None:
    sold.job(amount="900", currency="GBP")
    differs(sold)

    assert (
        sold.one()["reason"]
        == "What was sold is 1000.00 GBP in clm contract lines and 900.00 GBP in erp projects."
    )
    assert sold.one()["owner"] == "deal desk"


@pytest.mark.parametrize(
    "change",
    [
        lambda firm: firm.job(amount="1005", currency="GBP"),
        lambda firm: firm.job(),
        lambda firm: firm.job(amount="900", currency="EUR"),
        lambda firm: firm.job(amount="900", currency="GBP", status="cancelled"),
        lambda firm: firm.deal("O2", status="open", amount="300"),
        lambda firm: firm.contract("C2", status="draft", amount="300", opportunity_id="O1"),
    ],
    ids=["within tolerance", "says nothing", "currency", "cancelled", "not won", "draft"],
)
def test_what_is_no_difference(sold: Cast, change: Change) -> None:
    change(sold)

    assert differs(sold) == []


def test_several_deals_and_contracts_add_up(sold: Cast) -> None:
    sold.deal("O2", amount="500")
    sold.contract("C2", opportunity_id="O2", amount="500")
    sold.promise("CL2", contract_id="C2", amount="500")
    sold.project(contract_id="C1", opportunity_id="O2", amount="1500", currency="GBP")

    assert differs(sold) == [("O1", "500.00", "GBP")]
    sold.job(amount="1500", currency="GBP")
    assert differs(sold, "2026-11-20T18:10Z") == []


def test_lines_speak_only_when_every_contract_has_some(sold: Cast) -> None:
    sold.deal("O2", amount="500")
    sold.contract("C2", opportunity_id="O2", amount="500")
    sold.project(contract_id="C1", opportunity_id="O2", amount="1500", currency="GBP")
    sold.job(amount="1500", currency="GBP")

    assert differs(sold) == []


def test_without_a_deal_it_is_the_contracts(firm: Cast) -> None:
    firm.rules = about(KEY)
    firm.contract(amount="1000", signed_at="2026-11-03T12:00Z")
    firm.project(contract_id="C1", amount="1200", currency="GBP")

    assert differs(firm) == [("C1", "200.00", "GBP")]


def test_the_systems_have_two_days_to_follow(sold: Cast) -> None:
    sold.deal(amount="1200", won_at="2026-11-18T12:00Z")

    assert differs(sold) == []
    assert differs(sold, "2026-11-23T18:00Z") == [("O1", "200.00", "GBP")]


def test_it_clears_when_the_project_follows(sold: Cast) -> None:
    sold.job(amount="900", currency="GBP")
    differs(sold)
    identifier = sold.one()["id"]
    sold.job(amount="1000", currency="GBP")

    assert differs(sold, "2026-11-20T18:10Z") == []
    assert sold.changes(identifier) == ["opened", "cleared"]
    assert sold.drift("2026-11-20T18:10Z") == {}
