"""The contract's milestones against delivery's. One case each, amounts by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Cast, about

KEY = "milestone_plan_differs"
NOW = "2026-11-20T18:00Z"
LATER = "2026-11-20T18:10Z"


@pytest.fixture
def planned(firm: Cast) -> Cast:
    """Milestone M1 of delivery and K1 of the contract: both of 1000.00 GBP, due on 1 December."""
    firm.rules = about(KEY)
    firm.contract()
    firm.promise(kind="milestone")
    firm.project(contract_id="C1")
    promised(firm)
    delivered(firm)
    return firm


def promised(firm: Cast, identifier: str = "K1", **fields: Any) -> None:
    plain = {
        "contract_line_id": "CL1", "status": "planned", "currency": "GBP", "amount": "1000",
        "due_on": "2026-12-01", "name": "Pilot",
    }  # fmt: skip
    firm.put("milestone", identifier, "clm", **{**plain, **fields})


def delivered(firm: Cast, **fields: Any) -> None:
    plain = {"status": "planned", "accepted_at": None, "due_on": "2026-12-01", "milestone_id": "K1"}
    firm.milestone(**{**plain, "name": "Pilot", **fields})


def found(firm: Cast, now: str = NOW) -> list[tuple[str, str, str]]:
    return [(subject, amount, currency) for _, subject, _, amount, currency in firm.judge(now)]


def test_the_same_plan_is_no_exception(planned: Cast) -> None:
    assert found(planned) == []


@pytest.mark.parametrize(
    ("change", "amount", "said"),
    [
        ({"amount": "900"}, "100.00", "Pilot is 900.00 GBP in delivery and 1000.00 GBP in the contract."),
        ({"amount": "1200"}, "200.00", "Pilot is 1200.00 GBP in delivery and 1000.00 GBP in the contract."),
        (
            {"due_on": "2026-12-15"},
            "1000.00",
            "Pilot is due on 2026-12-15 in delivery and due on 2026-12-01 in the contract.",
        ),
    ],
)
def test_another_amount_or_date(planned: Cast, change: dict[str, str], amount: str, said: str) -> None:
    delivered(planned, **change)

    assert found(planned) == [("M1", amount, "GBP")]
    assert planned.one()["reason"] == said
    assert planned.drift(NOW) == {}


@pytest.mark.parametrize(
    "change",
    [
        {"amount": None},
        {"due_on": None},
        {"amount": "900", "currency": "EUR"},
        {"amount": "900", "status": "cancelled"},
        {"due_on": "2026-12-15", "status": "accepted"},
    ],
)
def test_what_is_no_difference(planned: Cast, change: dict[str, Any]) -> None:
    delivered(planned, **change)

    assert found(planned) == []


def test_the_contract_dropped_it(planned: Cast) -> None:
    promised(planned, status="cancelled")

    assert found(planned) == [("M1", "1000.00", "GBP")]
    assert planned.one()["reason"] == "Delivery plans Pilot, and the contract has dropped it."


def test_delivery_plans_none_for_it(planned: Cast) -> None:
    promised(planned, "K2", amount="70", currency="GBP", name="Handover")

    assert found(planned) == [("K2", "70.00", "GBP")]
    assert planned.one()["reason"] == "Handover stands in the contract, and delivery plans no such milestone."


def test_without_an_active_project_nobody_has_to_plan_yet(planned: Cast) -> None:
    promised(planned, "K2")
    planned.project(contract_id="C1", status="planned")

    assert found(planned) == []


def test_one_that_names_a_milestone_never_seen_is_not_judged(planned: Cast) -> None:
    delivered(planned, milestone_id="K9")

    assert [subject for subject, *_ in found(planned)] == ["K1"]


def test_the_other_side_has_two_days_to_follow(planned: Cast) -> None:
    promised(planned, amount="1500", at="2026-11-18T12:00Z")

    assert found(planned) == []
    assert found(planned, "2026-11-23T18:00Z") == [("M1", "500.00", "GBP")]


def test_it_clears_when_delivery_follows(planned: Cast) -> None:
    promised(planned, amount="1500")
    found(planned)
    identifier = planned.one()["id"]
    delivered(planned, amount="1500")

    assert found(planned, LATER) == []
    assert planned.changes(identifier) == ["opened", "cleared"]
    assert planned.drift(LATER) == {}
