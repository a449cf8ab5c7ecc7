"""Won deals without a running project, on firms small enough to work out on paper."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.sandbox import tiny
from tests.sandbox.tiny import at, money


@pytest.mark.parametrize(
    ("entity", "won_at", "listed"),
    [
        ("UK01", at(18), False),  # Wednesday: Thursday and Friday are two days
        ("UK01", at(17), True),
        ("UK01", at(14), True),  # a Saturday
        ("US01", datetime(2026, 11, 18, 3, 30, tzinfo=UTC), True),  # still Tuesday the 17th in New York
        ("JP01", datetime(2026, 11, 17, 15, 30, tzinfo=UTC), False),  # already the 18th in Tokyo
        ("US01", at(9), True),
    ],
)
def test_a_deal_is_listed_on_its_third_local_business_day(
    entity: str, won_at: datetime, listed: bool
) -> None:
    firm = tiny.books()
    tiny.sold(firm, entity=entity, won_at=won_at)
    assert tiny.gaps(firm) == ([("D1", None, "1000.00")] if listed else [])


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({"services_amount": money("600")}, ["600.00"]),
        ({"services_amount": money("0")}, []),
        ({"amount": money("-5")}, []),
        ({"amount": None}, []),
        ({"currency": "JPY"}, ["1000"]),
        ({"status": "lost"}, []),
        ({"deleted_at": at(3)}, []),
    ],
)
def test_the_amount_is_the_services_part_or_else_all_of_it(
    terms: dict[str, Any], expected: list[str]
) -> None:
    firm = tiny.books()
    tiny.sold(firm, **terms)
    assert [amount for _, _, amount in tiny.gaps(firm)] == expected


@pytest.mark.parametrize(
    ("psa", "erp", "listed"),
    [
        ("active", "active", False),
        ("on_hold", "complete", False),
        ("closed", "active", False),
        ("active", "planned", True),
        ("active", None, True),
        ("planned", "active", True),
        ("cancelled", "active", True),
    ],
)
def test_a_project_must_have_been_active_in_both_systems(psa: str, erp: str | None, listed: bool) -> None:
    firm = tiny.books()
    tiny.sold(firm)
    tiny.running(firm, psa, erp)
    assert bool(tiny.gaps(firm)) is listed


def test_a_project_that_was_active_once_counts_whatever_it_is_now() -> None:
    firm = tiny.books()
    tiny.sold(firm)
    tiny.running(firm, "cancelled", "planned")
    for view in (*firm.psa_projects, *firm.erp_projects):
        view.activated_at = at(3)
    assert tiny.gaps(firm) == []


def test_two_projects_active_in_one_system_each_do_not_make_one() -> None:
    firm = tiny.books()
    deal = tiny.sold(firm)
    tiny.running(firm, "active", "planned")
    tiny.running(firm, "planned", "active")
    assert [contract.opportunity_id for contract in firm.contracts] == [deal.id, deal.id]
    assert tiny.gaps(firm) == [("D1", None, "1000.00")]


def test_one_running_project_serves_every_deal_of_its_engagement() -> None:
    firm = tiny.books()
    tiny.sold(firm)
    project = tiny.running(firm)
    amendment = tiny.sold(firm)
    assert tiny.gaps(firm) == [("D2", None, "1000.00")]
    project.opportunity_id = amendment.id
    assert tiny.gaps(firm) == []


@pytest.mark.parametrize(("client", "listed"), [("C1", False), ("C2", True)])
def test_a_same_number_ties_only_within_one_client(client: str, listed: bool) -> None:
    firm = tiny.books()
    project = tiny.running(firm)
    deal = tiny.sold(firm)
    project.opportunity_id, project.link_method, project.customer_id = deal.id, "same_number", client
    assert bool(tiny.gaps(firm)) is listed
