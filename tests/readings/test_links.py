"""Engagements: what ties, what is only a suggestion, merging, splitting, and order of arrival."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from itertools import permutations
from typing import Any

import pytest

from tests.cast import K1, K2, Cast, casting, keys

NOW = "2026-12-01T12:00Z"
SOON = "2026-12-01T12:05Z"
WEAK: dict[str, Any] = {"link_method": "same_number"}
CUSTOMER_A: dict[str, Any] = {"customer_system": "crm", "customer_id": "A"}
CUSTOMER_B: dict[str, Any] = {"customer_system": "crm", "customer_id": "B"}


def together(firm: Cast) -> bool:
    """Whether deal O1 and project P1 are one engagement."""
    return firm.engagement("opportunity", "O1") == firm.engagement("project", "P1")


def test_a_same_number_ties_where_nothing_contradicts_it(firm: Cast) -> None:
    firm.deal(**CUSTOMER_A, legal_entity="UK01")
    firm.project(opportunity_id="O1", **WEAK, **CUSTOMER_A, legal_entity="UK01")

    assert together(firm)
    assert firm.links() == {("P1", "O1"): None}


@pytest.mark.parametrize(
    ("deal", "project", "why"),
    [
        (CUSTOMER_A, CUSTOMER_B, "customer"),
        ({"legal_entity": "UK01"}, {"legal_entity": "US01"}, "legal entity"),
    ],
)
@pytest.mark.parametrize("deal_first", [True, False])
def test_a_same_number_that_would_join_customers_or_entities_is_a_suggestion(
    firm: Cast, deal: dict[str, Any], project: dict[str, Any], why: str, deal_first: bool
) -> None:
    if deal_first:
        firm.deal(**deal)
    firm.project(opportunity_id="O1", **WEAK, **project)
    if not deal_first:
        firm.deal(**deal)

    assert not together(firm)
    assert why in (firm.links()["P1", "O1"] or "")


def test_a_same_number_does_not_join_customers_through_a_record_that_names_none(firm: Cast) -> None:
    firm.contract("C1", **CUSTOMER_A)
    firm.project("P1", contract_id="C1")
    firm.put("project", "J1", "erp", status="active", project_id="P1", **WEAK, **CUSTOMER_B)

    # P1 names no customer, but its contract does
    assert firm.engagement("contract", "C1") != firm.engagement("project", "J1")
    assert "customer" in (firm.links()["J1", "P1"] or "")


def test_a_same_number_does_not_join_entities_through_a_record_that_names_none(firm: Cast) -> None:
    firm.contract("C1", legal_entity="UK01")
    firm.project("P1", contract_id="C1")
    firm.put("project", "J1", "erp", status="active", project_id="P1", **WEAK, legal_entity="US01")

    assert firm.engagement("contract", "C1") != firm.engagement("project", "J1")


def test_one_record_does_not_join_two_customers_by_two_numbers(firm: Cast) -> None:
    firm.deal(**CUSTOMER_A)
    firm.contract(**CUSTOMER_B)
    firm.project("P1", opportunity_id="O1", contract_id="C1", **WEAK)

    assert firm.engagement("opportunity", "O1") != firm.engagement("contract", "C1")


def test_an_entry_booked_on_the_wrong_line_lets_go_of_it_once_corrected(firm: Cast) -> None:
    firm.project("P1", **CUSTOMER_A)
    firm.contract("C2", **CUSTOMER_B)
    firm.promise("CL2", contract_id="C2")
    firm.time("T1", contract_line_id="CL2")
    firm.time("T1")

    assert firm.engagement("project", "P1") != firm.engagement("contract", "C2")


def test_a_suggestion_becomes_a_tie_when_the_contradiction_is_corrected_and_back(firm: Cast) -> None:
    firm.deal(**CUSTOMER_A)
    firm.project(opportunity_id="O1", **WEAK, **CUSTOMER_B)
    assert not together(firm)
    firm.project(opportunity_id="O1", **WEAK, **CUSTOMER_A)
    assert together(firm)
    firm.deal(**CUSTOMER_B)

    assert not together(firm)


@pytest.mark.parametrize("method", ["native_reference", "external_id", "crosswalk_file"])
def test_a_native_reference_always_ties_even_across_entities_and_customers(firm: Cast, method: str) -> None:
    firm.deal(**CUSTOMER_A, legal_entity="UK01")
    firm.project(opportunity_id="O1", link_method=method, **CUSTOMER_B, legal_entity="US01")

    assert together(firm)


def test_a_suggestion_carries_no_money_across(firm: Cast) -> None:
    firm.project("P1", billing_method="time_and_materials", **CUSTOMER_A)
    method = {"billing_method": "time_and_materials", "status": "active"}
    firm.put("project", "J1", "erp", project_id="P1", **method, **WEAK, **CUSTOMER_B)
    firm.time("T1")
    firm.time("T2", project_id="J1", project_system="erp", hours="2")
    firm.invoice()
    firm.line("L1", "150", project_id="J1", project_system="erp")

    # P1 8 x 100; J1 2 x 100 - 150: two projects of two customers
    assert firm.judge(NOW) == [(K2, "J1", None, "50.00", "GBP"), (K2, "P1", None, "800.00", "GBP")]
    firm.time("T2", project_id="J1", project_system="erp", hours="3")
    assert firm.judge(SOON) == [(K2, "J1", None, "150.00", "GBP"), (K2, "P1", None, "800.00", "GBP")]


def test_a_suggestion_activates_nothing(firm: Cast) -> None:
    firm.deal(**CUSTOMER_A)
    firm.project("P1", opportunity_id="O1", **WEAK, **CUSTOMER_B)
    firm.job("J1", "P1")

    assert keys(firm.judge(NOW)) == [(K1, "O1")]


def test_a_link_merges_two_engagements_and_their_leaves_follow(firm: Cast) -> None:
    firm.deal()
    firm.project("P1", billing_method="time_and_materials")
    firm.time("T1")
    firm.invoice()
    firm.line("L1", "100")
    firm.judge(NOW)
    firm.project("P1", billing_method="time_and_materials", opportunity_id="O1")

    name = firm.engagement("opportunity", "O1")
    assert {
        firm.engagement(kind, i)
        for kind, i in (("project", "P1"), ("time_entry", "T1"), ("invoice_line", "L1"))
    } == {name}
    assert firm.judge(SOON) == [(K1, "O1", None, "1000.00", "GBP"), (K2, "P1", None, "700.00", "GBP")]
    assert {row["engagement_id"] for row in firm.rows()} == {name}


def test_a_removed_link_splits_them_again_and_their_leaves_follow(firm: Cast) -> None:
    firm.deal()
    firm.project("P1", billing_method="time_and_materials", opportunity_id="O1")
    firm.job("J1", "P1")
    firm.time("T1")
    firm.invoice()
    firm.line("L1", "100", project_id="J1", project_system="erp")
    assert keys(firm.judge(NOW)) == [(K2, "P1")]
    firm.project("P1", billing_method="time_and_materials")

    name = firm.engagement("project", "P1")
    assert name != firm.engagement("opportunity", "O1")
    assert {
        firm.engagement(kind, i)
        for kind, i in (("project", "J1"), ("time_entry", "T1"), ("invoice_line", "L1"))
    } == {name}
    assert firm.judge(SOON) == [(K1, "O1", None, "1000.00", "GBP"), (K2, "P1", None, "700.00", "GBP")]
    assert {row["subject_id"]: row["engagement_id"] for row in firm.rows()}["P1"] == name
    assert firm.drift(SOON) == {}


def test_the_finding_of_a_merged_engagement_is_the_same_one(firm: Cast) -> None:
    firm.project("P1", billing_method="time_and_materials")
    firm.time("T1")
    firm.judge(NOW)
    identifier = firm.one()["id"]
    firm.deal()
    firm.project("P1", billing_method="time_and_materials", opportunity_id="O1")
    firm.judge(SOON)

    assert firm.changes(identifier) == ["opened"]


def test_lines_of_one_consolidated_invoice_stay_in_their_engagements(firm: Cast) -> None:
    firm.invoice()
    for n in "12":
        firm.project(f"P{n}")
        firm.line(f"L{n}", "100", project_id=f"P{n}")

    assert firm.engagement("invoice_line", "L1") != firm.engagement("invoice_line", "L2")


def test_customers_join_nothing(firm: Cast) -> None:
    firm.deal("O1", **CUSTOMER_A)
    firm.deal("O2", **CUSTOMER_A)

    assert firm.engagement("opportunity", "O1") != firm.engagement("opportunity", "O2")


# ---- order of arrival ----------------------------------------------------------------------------

played = contextmanager(casting)
Step = Callable[[Cast], None]


def ends(order: tuple[Step, ...], *, judged: bool) -> tuple[object, object, object]:
    """What the store and the list look like after steps in an order, judged after each or only at the end."""
    with played() as firm:
        for minute, step in enumerate(order):
            step(firm)
            if judged:
                firm.judge(f"2026-12-01T12:{minute:02}Z")
        listed = firm.judge("2026-12-01T12:10Z")
        return listed, firm.snapshot(), firm.drift("2026-12-01T12:10Z")


def at(minute: int) -> dict[str, str]:
    """A version of its own, so that order of arrival is not order of versions."""
    return {"at": f"2026-10-20T00:{minute:02}Z"}


STORIES: dict[str, tuple[Step, ...]] = {
    "billing": (
        lambda f: f.project("P1", billing_method="time_and_materials", opportunity_id="O1", **at(1)),
        lambda f: f.time("T1", **at(2)),
        lambda f: f.invoice("I1", **at(3)),
        lambda f: f.line("L1", "500", entries=(("T1", "5"),), **at(4)),
        lambda f: f.line("L1", "600", entries=(("T1", "6"),), **at(5)),
        lambda f: f.invoice("I1", "void", at="2026-10-19T00:00Z"),
    ),
    "credits": (
        lambda f: f.project("P1", billing_method="time_and_materials", **at(1)),
        lambda f: f.time("T1", invoice_line_id="L1", **at(2)),
        lambda f: f.invoice("I1", **at(3)),
        lambda f: f.line("L1", "800", **at(4)),
        lambda f: f.invoice("I2", kind="credit_note", credits_id="I1", **at(5)),
        lambda f: f.line("L2", "100", invoice="I2", project_id=None, **at(6)),
    ),
    "moving": (
        lambda f: f.deal("O1", **at(1)),
        lambda f: f.contract("C1", opportunity_id="O1", **at(2)),
        lambda f: f.project("P1", contract_id="C1", **at(3)),
        lambda f: f.project("P1", contract_id="C2", **at(4)),
        lambda f: f.promise("CL1", contract_id="C2", rate="90", **at(5)),
        lambda f: f.time("T1", contract_line_id="CL1", rate=None, currency=None, **at(6)),
    ),
    "weak": (
        lambda f: f.deal("O1", **CUSTOMER_A, **at(1)),
        lambda f: f.project("P1", opportunity_id="O1", **WEAK, **CUSTOMER_B, **at(2)),
        lambda f: f.project("P1", opportunity_id="O1", **WEAK, **CUSTOMER_A, **at(3)),
        lambda f: f.job("J1", "P1", **at(4)),
        lambda f: f.deal("O1", **CUSTOMER_B, **at(5)),
        lambda f: f.time("T1", billed=True, **at(6)),
    ),
    "entry corrected": (
        lambda f: f.project("P1", **CUSTOMER_A, **at(1)),
        lambda f: f.contract("C2", **CUSTOMER_B, **at(2)),
        lambda f: f.promise("CL2", contract_id="C2", **at(3)),
        lambda f: f.time("T1", contract_line_id="CL2", **at(4)),
        lambda f: f.time("T1", **at(5)),
        lambda f: f.deal("O1", **at(6)),
    ),
    "weak between two": (
        lambda f: f.deal("O1", **CUSTOMER_A, **at(1)),
        lambda f: f.contract("C1", **CUSTOMER_B, **at(2)),
        lambda f: f.project("P1", opportunity_id="O1", contract_id="C1", **WEAK, **at(3)),
        lambda f: f.job("J1", "P1", contract_id="C1", **at(4)),
        lambda f: f.job("J1", "P1", **at(5)),
        lambda f: f.time("T1", **at(6)),
    ),
    "credit corrected": (
        lambda f: f.project("P1", billing_method="time_and_materials", **at(1)),
        lambda f: f.time("T1", invoice_line_id="L1", **at(2)),
        lambda f: f.line("L1", "800", invoice=None, **at(3)),
        lambda f: f.invoice("I2", kind="credit_note", **at(4)),
        lambda f: f.line("L2", "100", invoice="I2", project_id=None, credits_line_id="L1", **at(5)),
        lambda f: f.line("L2", "100", invoice="I2", project_id=None, credits_line_id="L9", **at(6)),
    ),
}


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("judged", [True, False])
def test_the_store_and_the_list_end_equal_in_any_order(story: str, judged: bool) -> None:
    steps = STORIES[story]
    expected = ends(steps, judged=False)
    assert expected[2] == {}

    for order in list(permutations(steps))[::73]:
        assert ends(order, judged=judged) == expected


def test_the_same_batches_twice_change_nothing() -> None:
    steps = STORIES["billing"]

    assert ends((*steps, *steps), judged=True) == ends(steps, judged=False)
