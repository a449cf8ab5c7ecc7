"""Section 12, K1: a won deal whose project was never active in PSA and in ERP."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.cast import K1, Cast, keys

NOW = "2026-12-01T12:00Z"
SOON = "2026-12-01T12:05Z"
OPEN = [(K1, "O1")]


def test_a_won_deal_without_any_project_is_listed_with_its_services_amount(firm: Cast) -> None:
    firm.deal(amount="1000", services_amount="750.50")

    assert firm.judge(NOW) == [(K1, "O1", None, "750.50", "GBP")]


def test_a_blank_services_amount_means_the_total(firm: Cast) -> None:
    firm.deal(amount="1000")

    assert firm.judge(NOW) == [(K1, "O1", None, "1000.00", "GBP")]


@pytest.mark.parametrize("services", ["0", "-5"])
def test_a_deal_that_sells_no_services_is_not_open(firm: Cast, services: str) -> None:
    firm.deal(amount="1000", services_amount=services)

    assert firm.judge(NOW) == []


def test_a_deal_without_any_amount_is_not_open(firm: Cast) -> None:
    firm.deal(amount=None)

    assert firm.judge(NOW) == []


def test_an_open_deal_is_not_open_here(firm: Cast) -> None:
    firm.deal(status="open")

    assert firm.judge(NOW) == []


def test_active_in_psa_and_in_erp_is_well(firm: Cast) -> None:
    firm.deal()
    firm.project(opportunity_id="O1")
    firm.job()

    assert firm.judge(NOW) == []


def test_active_in_psa_only_is_not_enough_and_the_finding_says_where_it_stuck(firm: Cast) -> None:
    firm.deal()
    firm.contract(opportunity_id="O1")
    firm.project(opportunity_id="O1")

    assert keys(firm.judge(NOW)) == OPEN
    assert firm.one()["first_broken_handoff"] == "PSA to ERP"


def test_active_in_erp_only_is_not_enough(firm: Cast) -> None:
    firm.deal()
    firm.project(opportunity_id="O1", status="planned")
    firm.job()

    assert keys(firm.judge(NOW)) == OPEN


@pytest.mark.parametrize("status", ["on_hold", "complete", "closed"])
def test_on_hold_complete_and_closed_count_as_having_been_active(firm: Cast, status: str) -> None:
    firm.deal()
    firm.project(opportunity_id="O1", status=status)
    firm.job(status=status)

    assert firm.judge(NOW) == []


@pytest.mark.parametrize("status", ["planned", "cancelled"])
def test_planned_and_cancelled_alone_do_not(firm: Cast, status: str) -> None:
    firm.deal()
    firm.project(opportunity_id="O1", status=status)
    firm.job()

    assert keys(firm.judge(NOW)) == OPEN


LIFE = (("planned", "2026-11-03T00:00Z"), ("active", "2026-11-04T00:00Z"), ("cancelled", "2026-11-05T00:00Z"))


@pytest.mark.parametrize("life", list(permutations(LIFE)))
def test_once_active_is_active_in_whatever_order_the_versions_come(
    firm: Cast, life: tuple[tuple[str, str], ...]
) -> None:
    firm.deal()
    firm.job()
    for minute, (status, at) in enumerate(life):
        firm.project(opportunity_id="O1", status=status, at=at)
        firm.judge(f"2026-12-01T12:0{minute}Z")

    assert firm.exceptions() == []
    assert firm.drift(NOW) == {}


def test_once_active_is_active_when_one_batch_brings_its_whole_life(firm: Cast) -> None:
    firm.deal()
    firm.job()
    firm.batch(
        "project",
        "psa",
        [firm.record("project", "P1", opportunity_id="O1", status=s, at=at) for s, at in LIFE],
    )

    assert firm.judge(NOW) == []


def test_two_projects_each_active_on_one_side_only_leave_the_deal_open(firm: Cast) -> None:
    firm.deal()
    firm.project("P1", opportunity_id="O1")
    firm.project("P2", opportunity_id="O1", status="planned")
    firm.job("J1", "P1", status="planned")
    firm.job("J2", "P2")

    assert keys(firm.judge(NOW)) == OPEN


def test_one_system_may_play_both_roles(firm: Cast) -> None:
    firm.serve(dict.fromkeys(("crm", "clm", "psa", "rev"), ("*",)), extra_roles={"psa": "erp"})
    firm.deal("O1")
    firm.project(opportunity_id="O1")
    firm.deal("O2")

    assert keys(firm.judge(NOW)) == [(K1, "O2")]


def test_two_systems_that_each_name_the_others_project_mean_one_project(firm: Cast) -> None:
    firm.deal()
    firm.project(opportunity_id="O1", project_system="erp", project_id="J1")
    firm.job("J1", "P1")

    assert firm.judge(NOW) == []


def test_psa_may_be_the_one_that_names_erps_project(firm: Cast) -> None:
    firm.deal()
    firm.project(opportunity_id="O1", project_system="erp", project_id="J1")
    firm.job("J1", None)

    assert firm.judge(NOW) == []


def test_one_active_project_serves_every_deal_of_its_engagement(firm: Cast) -> None:
    firm.deal("O1")
    firm.deal("O2", amount="200")
    firm.project("P1", opportunity_id="O1", contract_id="C1")
    firm.contract("C1", opportunity_id="O2")
    firm.job()

    assert firm.judge(NOW) == []


def test_amendments_without_a_project_are_each_listed(firm: Cast) -> None:
    firm.deal("O1")
    firm.deal("O2", amount="200")
    firm.contract("C1", opportunity_id="O1")
    firm.project(opportunity_id="O2", contract_id="C1", status="planned")

    assert firm.judge(NOW) == [(K1, "O1", None, "1000.00", "GBP"), (K1, "O2", None, "200.00", "GBP")]


def test_a_project_of_another_deal_serves_nobody_else(firm: Cast) -> None:
    firm.deal("O1")
    firm.deal("O2")
    firm.project(opportunity_id="O2")
    firm.job()

    assert keys(firm.judge(NOW)) == OPEN


def test_a_deal_lost_after_it_was_won_clears_by_itself(firm: Cast) -> None:
    firm.deal()
    firm.judge(NOW)
    identifier = firm.one()["id"]
    firm.deal(status="lost")

    assert firm.judge(SOON) == []
    assert firm.changes(identifier) == ["opened", "cleared"]


def test_a_deal_won_again_starts_its_clock_again_as_the_same_finding(firm: Cast) -> None:
    firm.deal(won_at="2026-11-02T12:00Z")
    firm.judge("2026-11-20T12:00Z")
    identifier = firm.one()["id"]
    firm.deal(status="lost")
    firm.judge("2026-11-23T12:00Z")
    firm.deal(won_at="2026-11-26T12:00Z")

    # Thu 26 Nov; Fri 27 = 1, Mon 30 = 2, Tue 1 Dec = 3
    assert firm.judge("2026-11-30T23:59Z") == []
    assert keys(firm.judge("2026-12-01T00:00Z")) == OPEN
    assert firm.one()["id"] == identifier
    assert firm.changes(identifier) == ["opened", "cleared", "regressed"]


def test_a_deleted_deal_is_no_deal(firm: Cast) -> None:
    firm.deal()
    firm.judge(NOW)
    firm.delete("opportunity", "crm", "O1")

    assert firm.judge(SOON) == []


def test_activation_clears_it_and_a_changed_amount_refreshes_it(firm: Cast) -> None:
    firm.deal()
    firm.judge(NOW)
    identifier = firm.one()["id"]
    firm.deal(amount="1200")
    assert firm.judge(SOON) == [(K1, "O1", None, "1200.00", "GBP")]
    assert (firm.one()["detected_minor"], firm.one()["amount_minor"]) == (100_000, 120_000)
    firm.project(opportunity_id="O1")
    firm.job()

    assert firm.judge("2026-12-01T12:10Z") == []
    assert firm.changes(identifier) == ["opened", "refreshed", "cleared"]


@pytest.mark.parametrize(
    ("contract", "psa", "erp", "handoff"),
    [
        (False, None, None, "CRM to contract"),
        (True, None, None, "CRM to PSA"),
        (True, "planned", None, "PSA activation"),
        (True, "active", None, "PSA to ERP"),
        (True, "active", "planned", "ERP activation"),
    ],
)
def test_the_finding_names_the_first_hand_off_that_broke(
    firm: Cast, contract: bool, psa: str | None, erp: str | None, handoff: str
) -> None:
    firm.deal()
    if contract:
        firm.contract(opportunity_id="O1")
    if psa:
        firm.project(opportunity_id="O1", status=psa)
    if erp:
        firm.job(status=erp)
    firm.judge(NOW)

    assert firm.one()["first_broken_handoff"] == handoff
