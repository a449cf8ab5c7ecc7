"""Section 12, K3: an accepted milestone whose revenue is not posted."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.cast import K3, Cast, keys

NOW = "2026-12-01T12:00Z"
SOON = "2026-12-01T12:05Z"


def open_at(firm: Cast) -> list[tuple[str, str]]:
    """Milestone and amount of every exception."""
    return [(subject, amount) for check, subject, _, amount, _ in firm.judge(NOW) if check == K3]


def test_an_accepted_milestone_without_revenue_is_open_with_its_amount(line: Cast) -> None:
    line.milestone()

    assert line.judge(NOW) == [(K3, "M1", None, "1000.00", "GBP")]


@pytest.mark.parametrize("status", ["planned", "reached", "cancelled"])
def test_what_nobody_accepted_owes_nothing(line: Cast, status: str) -> None:
    line.milestone(status=status)

    assert open_at(line) == []


@pytest.mark.parametrize("recognition", ["over_time", "as_invoiced"])
def test_other_policies_owe_nothing_at_the_milestone(firm: Cast, recognition: str) -> None:
    firm.promise(kind="milestone", recognition=recognition)
    firm.milestone()

    assert open_at(firm) == []


def test_the_policy_decides_and_not_how_the_line_is_billed(firm: Cast) -> None:
    firm.promise(kind="fixed_fee", recognition="milestone")
    firm.milestone()

    assert open_at(firm) == [("M1", "1000.00")]


def test_a_milestone_without_a_line_is_not_this_checks_business(firm: Cast) -> None:
    firm.milestone(contract_line_id=None)

    assert open_at(firm) == []


def test_the_schedules_allocation_comes_before_the_milestones_amount(line: Cast) -> None:
    line.milestone()
    line.revenue("S1", "500", "scheduled", milestone_id="M1")
    line.revenue("S2", "400", "scheduled", milestone_id="M1")

    # 500 + 400, not 1000
    assert open_at(line) == [("M1", "900.00")]


def test_postings_count_against_the_schedules_allocation(line: Cast) -> None:
    line.milestone()
    line.revenue("S1", "900", "scheduled", milestone_id="M1")
    line.revenue("R1", "850", milestone_id="M1")

    # 900 - 850
    assert open_at(line) == [("M1", "50.00")]


def test_a_partial_posting_leaves_the_rest(line: Cast) -> None:
    line.milestone()
    line.revenue("R1", "999.99", milestone_id="M1")

    assert open_at(line) == [("M1", "0.01")]


@pytest.mark.parametrize("amount", ["1000", "1200"])
def test_a_posting_in_full_or_more_closes_it(line: Cast, amount: str) -> None:
    line.milestone()
    line.judge(NOW)
    identifier = line.one()["id"]
    line.revenue("R1", amount, milestone_id="M1")

    assert line.judge(SOON) == []
    assert line.changes(identifier) == ["opened", "cleared"]


def test_a_schedule_is_no_revenue(line: Cast) -> None:
    line.milestone()
    line.revenue("S1", "1000", "scheduled", milestone_id="M1")

    assert open_at(line) == [("M1", "1000.00")]


def test_a_posting_turned_reversed_is_no_revenue(line: Cast) -> None:
    line.milestone()
    line.revenue("R1", "1000", milestone_id="M1")
    assert line.judge(NOW) == []
    line.revenue("R1", "1000", "reversed", milestone_id="M1")

    assert line.judge(SOON) == [(K3, "M1", None, "1000.00", "GBP")]


@pytest.mark.parametrize("amount", ["1000", "-1000"])
@pytest.mark.parametrize("names", [{"milestone_id": "M1"}, {}])
def test_a_reversal_takes_its_posting_back(line: Cast, amount: str, names: dict[str, str]) -> None:
    line.milestone()
    line.revenue("R1", "1000", milestone_id="M1")
    assert line.judge(NOW) == []
    line.revenue("R2", amount, reverses_id="R1", contract_line_id="CL1", **names)

    assert line.judge(SOON) == [(K3, "M1", None, "1000.00", "GBP")]


def test_a_reversal_that_left_its_source_takes_nothing_back(line: Cast) -> None:
    line.milestone()
    line.revenue("R1", "1000", milestone_id="M1")
    line.revenue("R2", "1000", reverses_id="R1", milestone_id="M1")
    assert open_at(line) == [("M1", "1000.00")]
    line.delete("revenue_line", "rev", "R2")

    assert line.judge(SOON) == []


def test_a_reversal_that_names_nothing_but_its_posting_takes_it_back_in_the_same_batch(line: Cast) -> None:
    line.milestone()
    line.revenue("R1", "1000", milestone_id="M1")
    assert line.judge(NOW) == []
    line.revenue("R2", "1000", reverses_id="R1")

    assert line.judge(SOON) == [(K3, "M1", None, "1000.00", "GBP")]


def test_a_reversal_corrected_to_another_posting_leaves_the_first_alone(line: Cast) -> None:
    line.milestone()
    line.revenue("R1", "1000", milestone_id="M1")
    line.revenue("R2", "1000", reverses_id="R1")
    assert open_at(line) == [("M1", "1000.00")]
    line.revenue("R2", "1000", reverses_id="R9")

    assert line.judge(SOON) == []


def test_a_reversed_posting_of_the_line_relieves_nothing(line: Cast) -> None:
    line.milestone()
    line.revenue("R1", "1000", contract_line_id="CL1")
    assert line.judge(NOW) == []
    line.revenue("R2", "1000", reverses_id="R1", contract_line_id="CL1")

    assert line.judge(SOON) == [(K3, "M1", None, "1000.00", "GBP")]


def test_a_deleted_posting_is_no_revenue(line: Cast) -> None:
    line.milestone()
    line.revenue("R1", "1000", milestone_id="M1")
    line.judge(NOW)
    line.delete("revenue_line", "rev", "R1")

    assert keys(line.judge(SOON)) == [(K3, "M1")]


def test_postings_of_the_line_relieve_in_order_of_acceptance(line: Cast) -> None:
    line.milestone("MA", accepted_at="2026-11-04T12:00Z", amount="500")
    line.milestone("MB", accepted_at="2026-11-02T12:00Z", amount="300")
    line.milestone("MC", status="reached", accepted_at=None, amount="100")
    line.revenue("R1", "450", contract_line_id="CL1")

    # MB first: 300 whole; then MA 500 - 150; MC is not accepted and takes nothing
    assert open_at(line) == [("MA", "350.00")]
    assert '"relieved_by_amount": 15000' in line.one()["facts"]


def test_postings_that_name_a_milestone_come_before_those_of_the_line(line: Cast) -> None:
    line.milestone("MA", accepted_at="2026-11-02T12:00Z", amount="500")
    line.milestone("MB", accepted_at="2026-11-04T12:00Z", amount="300")
    line.revenue("R1", "500", milestone_id="MA", contract_line_id="CL1")
    line.revenue("R2", "100", contract_line_id="CL1")

    # MA by name, then MB 300 - 100
    assert open_at(line) == [("MB", "200.00")]


def test_a_posting_of_another_line_or_currency_relieves_nothing(line: Cast) -> None:
    line.promise("CL2", kind="milestone", recognition="milestone")
    line.milestone()
    line.revenue("R1", "1000", contract_line_id="CL2")
    line.revenue("R2", "1000", contract_line_id="CL1", currency="USD")

    assert open_at(line) == [("M1", "1000.00")]


def test_a_milestone_taken_back_clears_and_accepted_again_regresses(line: Cast) -> None:
    line.milestone()
    line.judge(NOW)
    identifier = line.one()["id"]
    line.milestone(status="reached")
    assert line.judge(SOON) == []
    line.milestone()

    assert keys(line.judge("2026-12-01T12:10Z")) == [(K3, "M1")]
    assert line.changes(identifier) == ["opened", "cleared", "regressed"]


def test_partial_posting_is_a_refresh_of_the_same_finding(line: Cast) -> None:
    line.milestone()
    line.judge(NOW)
    identifier = line.one()["id"]
    line.revenue("R1", "400", milestone_id="M1")

    assert line.judge(SOON) == [(K3, "M1", None, "600.00", "GBP")]
    assert line.changes(identifier) == ["opened", "refreshed"]
    assert line.one()["detected_minor"] == 100_000


@pytest.mark.parametrize("order", list(permutations(range(5)))[::17])
def test_any_order_of_arrival_ends_with_the_same_amount(firm: Cast, order: tuple[int, ...]) -> None:
    steps = (
        lambda: firm.promise(kind="milestone", recognition="milestone"),
        firm.milestone,
        lambda: firm.revenue("R1", "1000", milestone_id="M1"),
        lambda: firm.revenue("R2", "1000", reverses_id="R1"),
        lambda: firm.revenue("R3", "400", contract_line_id="CL1"),
    )
    for minute, step in enumerate(order):
        steps[step]()
        firm.judge(f"2026-12-01T12:0{minute}Z")

    # R1 is undone by R2; R3 leaves 1000 - 400
    assert firm.exceptions() == [(K3, "M1", None, "600.00", "GBP")]
    assert firm.drift(NOW) == {}


# ---- without contract lines ------------------------------------------------------------------


def test_without_lines_the_projects_billing_method_is_its_one_line(firm: Cast) -> None:
    firm.project(billing_method="milestone")
    firm.milestone(contract_line_id=None, project_id="P1")

    assert open_at(firm) == [("M1", "1000.00")]


def test_without_lines_a_project_billed_otherwise_owes_nothing_at_the_milestone(firm: Cast) -> None:
    firm.project(billing_method="fixed_fee")
    firm.milestone(contract_line_id=None, project_id="P1")

    assert open_at(firm) == []


def test_where_there_are_lines_a_milestone_that_names_none_is_not_this_checks_business(lines: Cast) -> None:
    lines.project("P2", billing_method="milestone", contract_id="C1")
    lines.milestone(contract_line_id=None, project_id="P2")

    assert open_at(lines) == []


def test_without_lines_postings_on_the_project_relieve_its_milestones_in_order_of_acceptance(
    firm: Cast,
) -> None:
    firm.project(billing_method="milestone")
    firm.milestone("M1", contract_line_id=None, project_id="P1", accepted_at="2026-11-16T10:00:00Z")
    firm.milestone("M2", contract_line_id=None, project_id="P1", accepted_at="2026-11-17T10:00:00Z")
    firm.revenue("R1", "1400", project_id="P1", contract_line_id=None)

    # 1400 pays for M1 and 400 of M2
    assert open_at(firm) == [("M2", "600.00")]
