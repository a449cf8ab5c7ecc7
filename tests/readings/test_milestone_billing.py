"""C1: accepted milestones that live invoice lines do not bill in full. One case each, amounts by hand."""

from __future__ import annotations

import pytest

from tests.cast import Cast, about

KEY = "milestone_not_invoiced"
NOW = "2026-11-20T18:00Z"


@pytest.fixture
def accepted(firm: Cast) -> Cast:
    """Milestone M1 of 1000.00 GBP on a milestone line, accepted fourteen business days ago."""
    firm.rules = about(KEY)
    firm.promise(kind="milestone")
    firm.project(contract_id="C1")
    firm.milestone()
    return firm


def owed(firm: Cast) -> list[tuple[str, str]]:
    return [(subject, amount) for _, subject, _, amount, _ in firm.judge(NOW)]


def test_nobody_invoiced_it(accepted: Cast) -> None:
    assert owed(accepted) == [("M1", "1000.00")]
    assert accepted.one()["first_broken_handoff"] == "milestone to billing"


def test_a_posted_line_that_names_it_relieves_it_by_its_amount(accepted: Cast) -> None:
    accepted.invoice()
    accepted.line("L1", "400", milestone_id="M1", covers="milestone")

    assert owed(accepted) == [("M1", "600.00")]


def test_a_line_that_names_its_billing_event_relieves_it(accepted: Cast) -> None:
    event = {
        "project_id": "P1",
        "milestone_id": "M1",
        "status": "invoiced",
        "currency": "GBP",
        "amount": "1000",
    }
    accepted.put("billing_event", "B1", "psa", **event)
    accepted.invoice()
    accepted.line("L1", "1000", billing_event_id="B1", covers="milestone")

    assert owed(accepted) == []


def test_a_draft_bills_nothing(accepted: Cast) -> None:
    accepted.invoice(status="draft")
    accepted.line("L1", "1000", milestone_id="M1", covers="milestone")

    assert owed(accepted) == [("M1", "1000.00")]


def test_a_credit_opens_it_again(accepted: Cast) -> None:
    accepted.invoice()
    accepted.line("L1", "1000", milestone_id="M1", covers="milestone")
    accepted.invoice("N1", kind="credit_note")
    accepted.line("C1", "250", invoice="N1", credits_line_id="L1")

    assert owed(accepted) == [("M1", "250.00")]


def test_lines_of_the_contract_line_relieve_the_first_accepted(accepted: Cast) -> None:
    accepted.milestone("M0", accepted_at="2026-10-30T12:00Z", amount="300")
    accepted.invoice()
    accepted.line("L1", "500", contract_line_id="CL1", covers="milestone")

    assert owed(accepted) == [("M1", "800.00")]


@pytest.mark.parametrize("state", [{"held": True}, {"status": "reached"}, {"amount": "0"}])
def test_what_is_held_not_accepted_or_worth_nothing_is_not_owed(
    accepted: Cast, state: dict[str, str]
) -> None:
    accepted.milestone(**state)

    assert owed(accepted) == []


def test_a_milestone_of_a_time_line_bills_by_its_time(accepted: Cast) -> None:
    accepted.promise(kind="time_and_materials")

    assert owed(accepted) == []


def test_without_contract_lines_the_projects_method_decides(firm: Cast) -> None:
    firm.rules = about(KEY)
    firm.project(billing_method="milestone")
    firm.milestone(contract_line_id=None)

    assert owed(firm) == [("M1", "1000.00")]
