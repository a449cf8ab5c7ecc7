"""Records tied for certain that name another client, currency or legal entity."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Cast, utc

KEY = "linked_records_disagree"
NOW = "2026-11-20T18:00Z"
SOON = "2026-11-20T18:10Z"


@pytest.fixture
def sold(firm: Cast) -> Cast:
    """A deal of client A, its contract and its project, which agree."""
    same = {"legal_entity": "UK01", "currency": "GBP"}
    firm.deal(customer_id="A", won_at="2026-11-20T12:00Z", **same)
    firm.contract(opportunity_id="O1", customer_system="crm", customer_id="A", **same)
    firm.project(contract_id="C1", opportunity_id="O1", customer_id="PA", **same)
    return firm


def found(firm: Cast, now: str = NOW) -> list[str]:
    firm.judge(now)
    return [row["subject_id"] for row in firm.rows() if (row["check_key"], row["outcome"]) == (KEY, "fail")]


def test_records_that_agree_are_no_finding(sold: Cast) -> None:
    assert found(sold) == []
    assert sold.state(KEY)["outcome"] == "pass"


@pytest.mark.parametrize(
    ("change", "values"),
    [
        ({"currency": "USD"}, ("USD", "GBP")),
        ({"legal_entity": "US01"}, ("US01", "UK01")),
        ({"customer_id": "B"}, ("B", "A")),
    ],
)
def test_both_values_are_named_and_it_clears(
    sold: Cast, change: dict[str, str], values: tuple[str, str]
) -> None:
    same = {"opportunity_id": "O1", "customer_system": "crm", "customer_id": "A", "legal_entity": "UK01"}
    sold.contract(**{**same, **change})
    assert "C1" in found(sold)
    (row,) = [r for r in sold.rows() if r["subject_id"] == "C1"]
    assert all(value in row["reason"] for value in values)
    assert row["expected"].endswith(values[1])

    sold.contract(**same)

    assert found(sold, SOON) == []
    assert sold.drift(SOON) == {}


def test_one_finding_for_each_record_that_names(sold: Cast) -> None:
    sold.project(contract_id="C1", opportunity_id="O1", currency="USD")

    assert found(sold) == ["P1"]


@pytest.mark.parametrize("value", [{}, {"currency": None, "legal_entity": None}])
def test_what_a_record_does_not_say_differs_from_nothing(sold: Cast, value: dict[str, Any]) -> None:
    sold.project(contract_id="C1", opportunity_id="O1", **value)

    assert found(sold) == []


def test_clients_of_two_systems_are_compared_by_whom_they_are_known_as(sold: Cast) -> None:
    for client in ("A", "B"):
        sold.put("customer", client, "crm", name=f"Client {client}")
    assert found(sold) == []

    sold.put("customer", "PA", "psa", name="Nordwind", customer_id="B")
    assert found(sold, SOON) == ["P1"]
    assert "Nordwind" in sold.one()["reason"]

    sold.put("customer", "PA", "psa", name="Nordwind", customer_id="A")
    assert found(sold, "2026-11-20T18:20Z") == []
    assert sold.drift("2026-11-20T18:20Z") == {}


def test_clients_that_were_merged_in_the_system_of_record_are_one(sold: Cast) -> None:
    sold.contract(opportunity_id="O1", customer_system="crm", customer_id="B", legal_entity="UK01")
    assert found(sold) == ["C1"]

    sold.put("customer", "B", "crm", name="Nordwind", customer_id="A")

    assert found(sold, SOON) == []


def test_a_number_that_happens_to_be_the_same_is_no_tie(sold: Cast) -> None:
    sold.contract("C2", opportunity_id="O1", currency="USD", link_method="same_number")

    assert found(sold) == []


def test_what_is_cancelled_or_deleted_disagrees_with_nobody(sold: Cast) -> None:
    sold.contract(opportunity_id="O1", currency="USD", status="cancelled")

    assert found(sold) == []


def test_it_is_unknown_while_the_crm_is_stale(sold: Cast) -> None:
    sold.project(contract_id="C1", opportunity_id="O1", currency="USD")
    found(sold)
    sold.through = {"crm": utc(NOW)}

    assert found(sold, "2026-11-20T20:00Z") == []
    assert "P1" in [name for _, name, *_ in sold.grey()]
