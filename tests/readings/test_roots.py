"""Section 12, "Listing under a root": all are listed, each names the broken hand-off it follows from."""

from __future__ import annotations

from tests.cast import K1, K2, K3, Cast, keys

NOW = "2026-12-01T12:00Z"
SOON = "2026-12-01T12:05Z"


def stuck(firm: Cast) -> None:
    """Deal O1 whose project never reached ERP, with time and a milestone on it."""
    firm.contract(opportunity_id="O1")
    firm.promise("CL1")
    firm.promise("CL2", kind="milestone", recognition="milestone")
    firm.project(opportunity_id="O1", contract_id="C1")
    firm.time(contract_line_id="CL1")
    firm.milestone(contract_line_id="CL2")


def roots(firm: Cast) -> dict[str, str]:
    """Check of each open finding -> check of the finding that is its root."""
    names = {row["id"]: row["check_key"] for row in firm.rows()}
    return {row["check_key"]: names[row["root_id"]] for row in firm.rows()}


def test_findings_behind_one_broken_handoff_are_all_listed_under_it(firm: Cast) -> None:
    firm.deal()
    stuck(firm)

    assert keys(firm.judge(NOW)) == [(K3, "M1"), (K1, "O1"), (K2, "P1")]
    assert roots(firm) == {K1: K1, K2: K1, K3: K1}


def test_without_a_root_each_stands_for_itself(firm: Cast) -> None:
    stuck(firm)
    firm.judge(NOW)

    assert roots(firm) == {K2: K2, K3: K3}


def test_other_engagements_have_roots_of_their_own(firm: Cast) -> None:
    firm.deal()
    firm.project("P1", billing_method="time_and_materials")
    firm.time()
    firm.judge(NOW)

    assert roots(firm) == {K1: K1, K2: K2}


def test_when_the_root_clears_the_others_stand_for_themselves_again(firm: Cast) -> None:
    firm.deal()
    stuck(firm)
    firm.judge(NOW)
    firm.job()
    firm.judge(SOON)

    assert roots(firm) == {K2: K2, K3: K3}


def test_a_root_that_comes_later_takes_over(firm: Cast) -> None:
    stuck(firm)
    firm.judge(NOW)
    firm.deal()
    firm.judge(SOON)

    assert roots(firm) == {K1: K1, K2: K1, K3: K1}


def test_what_only_time_brings_up_gets_its_root_too(firm: Cast) -> None:
    firm.deal()
    stuck(firm)

    # the deal and the milestone are due on 20 November, the time of the week to 15 November is not
    firm.time("T1", contract_line_id="CL1", work_date="2026-11-12")
    firm.judge("2026-11-20T12:00Z")
    assert roots(firm) == {K1: K1, K3: K1}
    firm.judge("2026-12-01T12:00Z")

    assert roots(firm) == {K1: K1, K2: K1, K3: K1}


def test_two_deals_of_one_engagement_are_roots_of_their_own(firm: Cast) -> None:
    firm.deal("O1")
    firm.deal("O2", won_at="2026-11-03T12:00Z")
    firm.contract(opportunity_id="O1")
    firm.project(opportunity_id="O2", contract_id="C1", status="planned")
    firm.judge(NOW)

    assert all(row["root_id"] == row["id"] for row in firm.rows())
    assert len(firm.rows()) == 2
