"""C9, C17, C33: work before, beside and after what covers it. Amounts by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Cast, about

EARLY, ORPHAN, LATE = "work_without_contract", "orphan_time", "work_after_contract_end"
NOW = "2026-11-20T18:00Z"


@pytest.fixture
def covered(firm: Cast) -> Cast:
    """Project P1, active in PSA and in the ERP, under contract C1 with line CL1; nothing is wrong."""
    firm.rules = about(EARLY, ORPHAN, LATE)
    firm.contract(start_on="2026-09-01", end_on="2026-12-31", signed_at="2026-08-30T12:00Z")
    firm.promise("CL1")
    firm.project(contract_id="C1")
    firm.job()
    firm.time("T1", contract_line_id="CL1", approved_at="2026-10-12T09:00Z")
    assert firm.judge(NOW) == []
    return firm


def contract(firm: Cast, **fields: Any) -> None:
    firm.contract(**{"start_on": "2026-09-01", "end_on": "2026-12-31", **fields})


def listed(firm: Cast, now: str = NOW) -> list[tuple[str, str, str | None, str, str]]:
    found = firm.judge(now)
    assert firm.drift(now) == {}
    return found


# ---- before the contract ---------------------------------------------------------------------


def test_work_on_a_draft_is_work_without_a_contract(covered: Cast) -> None:
    contract(covered, status="draft")

    assert listed(covered) == [(EARLY, "C1", None, "800.00", "GBP")]
    assert "C1 is not signed" in covered.one()["reason"]


def test_work_before_the_contract_starts_counts_alone(covered: Cast) -> None:
    covered.time("T2", contract_line_id="CL1", work_date="2026-10-06", hours="2")
    contract(covered, start_on="2026-10-06")

    assert listed(covered) == [(EARLY, "C1", None, "800.00", "GBP")]


@pytest.mark.parametrize(
    ("signed", "listed_too"), [("2026-10-12T09:00:01Z", True), ("2026-10-12T09:00Z", False)]
)
def test_work_approved_before_the_signature_was_done_without_it(
    covered: Cast, signed: str, listed_too: bool
) -> None:
    contract(covered, signed_at=signed)

    assert bool(listed(covered)) == listed_too


def test_an_entry_without_a_line_goes_by_its_projects_contract(covered: Cast) -> None:
    covered.time("T1", contract_line_id=None)
    contract(covered, status="draft")

    assert listed(covered) == [(EARLY, "C1", None, "800.00", "GBP")]


def test_once_signed_what_is_billed_is_done_with(covered: Cast) -> None:
    covered.invoice()
    covered.line("L1", "800", contract_line_id="CL1", entries=["T1"])
    contract(covered, start_on="2026-10-06")
    assert listed(covered) == []

    contract(covered, status="draft")
    assert [row[0] for row in listed(covered)] == [EARLY]


def test_two_currencies_are_two_findings(covered: Cast) -> None:
    covered.time("T2", contract_line_id="CL1", currency="JPY", rate="9000", hours="1")
    contract(covered, status="draft")

    assert [row[3:] for row in listed(covered)] == [("800.00", "GBP"), ("9000", "JPY")]


@pytest.mark.parametrize(
    "state", [{"status": "draft"}, {"status": "rejected"}, {"billable": False}, {"written_off": True}]
)
def test_time_that_will_never_be_billed_needs_no_contract(covered: Cast, state: dict[str, Any]) -> None:
    covered.time("T1", **{"contract_line_id": "CL1", **state})
    contract(covered, status="draft", end_on="2026-09-30")

    assert listed(covered) == []


def test_internal_work_needs_no_contract(covered: Cast) -> None:
    covered.project(contract_id="C1", internal=True)
    contract(covered, status="draft")

    assert listed(covered) == []


def test_a_signature_clears_it(covered: Cast) -> None:
    contract(covered, status="draft")
    listed(covered)
    identifier = covered.one()["id"]
    contract(covered)

    assert listed(covered) == []
    assert covered.changes(identifier) == ["opened", "cleared"]


# ---- on no project ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("psa", "erp", "why"),
    [
        ({"status": "cancelled"}, {"status": "cancelled"}, "that was cancelled"),
        ({"status": "closed", "end_on": "2026-10-04"}, {"status": "closed"}, "that had ended and is closed"),
        ({}, {"status": "planned"}, "that is not active in the ERP"),
        ({}, {"status": "closed"}, "that is not active in the ERP"),
        ({}, {"project": None}, "that is not active in the ERP"),
    ],
)
def test_time_on_a_project_it_cannot_be_billed_on(
    covered: Cast, psa: dict[str, Any], erp: dict[str, Any], why: str
) -> None:
    covered.project(**{"contract_id": "C1", **psa})
    covered.job(**erp)

    assert listed(covered) == [(ORPHAN, "P1", None, "800.00", "GBP")]
    assert why in covered.one()["reason"]


@pytest.mark.parametrize(
    ("psa", "erp"),
    [
        ({"status": "on_hold"}, {"status": "on_hold"}),
        ({"status": "complete"}, {"status": "closed"}),
        ({"status": "closed"}, {"status": "closed"}),
        ({"status": "closed", "end_on": "2026-10-05"}, {"status": "closed"}),
    ],
)
def test_time_of_a_project_that_rests_or_is_over_in_both_is_no_orphan(
    covered: Cast, psa: dict[str, Any], erp: dict[str, Any]
) -> None:
    covered.project(**{"contract_id": "C1", **psa})
    covered.job(**erp)

    assert listed(covered) == []


def test_a_project_nobody_knows_is_named_by_its_time(covered: Cast) -> None:
    covered.time("T2", project_id="P9", source_url="https://time.example/T2")

    assert listed(covered) == [(ORPHAN, "P9", None, "800.00", "GBP")]
    assert covered.one()["source_url"] == "https://time.example/T2"

    covered.project("P9")
    covered.job("J9", project="P9")
    assert listed(covered) == []


def test_a_deleted_project_has_orphans(covered: Cast) -> None:
    covered.time("T1", contract_line_id=None)
    covered.delete("project", "psa", "P1")

    assert [row[:2] for row in listed(covered)] == [(ORPHAN, "P1")]


def test_where_the_erp_keeps_no_projects_nothing_is_missing_there(covered: Cast) -> None:
    covered.delete("project", "erp", "J1")
    assert [row[0] for row in listed(covered)] == [ORPHAN]

    covered.serve(dict.fromkeys(("crm", "hcm", "clm", "psa", "rev"), ("*",)))
    covered.project(contract_id="C1", number="P-1")
    covered.judge(NOW)
    assert [row["outcome"] for row in covered.rows() if row["check_key"] == ORPHAN] == []


def test_billed_orphans_are_at_rest_and_partly_billed_ones_for_the_rest(covered: Cast) -> None:
    covered.job(status="closed")
    covered.invoice()
    covered.line("L1", "300", contract_line_id="CL1", entries=[("T1", "3")])
    assert listed(covered) == [(ORPHAN, "P1", None, "500.00", "GBP")]
    identifier = covered.one()["id"]

    covered.line("L1", "800", contract_line_id="CL1", entries=["T1"])
    assert listed(covered) == []
    assert covered.changes(identifier) == ["opened", "cleared"]


def test_submitted_time_is_an_orphan_too(covered: Cast) -> None:
    covered.time("T1", contract_line_id="CL1", status="submitted")
    covered.job(status="closed")

    assert listed(covered) == [(ORPHAN, "P1", None, "800.00", "GBP")]


# ---- after the contract ----------------------------------------------------------------------


def test_work_after_the_last_day_of_the_contract(covered: Cast) -> None:
    covered.time("T2", contract_line_id="CL1", work_date="2026-10-04", hours="1")
    contract(covered, end_on="2026-10-04")

    assert listed(covered) == [(LATE, "C1", None, "800.00", "GBP")]
    assert "8 h were worked past the end of C1" in covered.one()["reason"]


def test_a_lines_own_last_day_comes_first(covered: Cast) -> None:
    contract(covered, end_on="2026-10-04")
    covered.promise("CL1", end_on="2026-10-31")
    assert listed(covered) == []

    contract(covered)
    covered.promise("CL1", end_on="2026-10-04")
    assert listed(covered) == [(LATE, "C1", None, "800.00", "GBP")]


def booking(firm: Cast, **fields: Any) -> None:
    defaults = {"project_id": "P1", "resource_id": "W1", "start_on": "2026-09-01", "end_on": "2026-12-31"}
    firm.put("allocation", "A1", "psa", **{**defaults, **fields})


def test_a_booking_past_the_end_is_told_from_that_day_on(covered: Cast) -> None:
    booking(covered)
    contract(covered, end_on="2026-11-20")

    assert listed(covered, "2026-11-19T18:00Z") == []
    assert listed(covered) == [(LATE, "C1", None, "0.00", "GBP")]
    assert "One booking runs on past the end of C1" in covered.one()["reason"]


@pytest.mark.parametrize("state", [{"end_on": "2026-11-18"}, {"end_on": None}, {"resource_id": None}])
def test_bookings_within_the_term_of_nobody_or_without_an_end_are_in_order(
    covered: Cast, state: dict[str, Any]
) -> None:
    booking(covered, **state)
    contract(covered, end_on="2026-11-18")

    assert listed(covered) == []


def test_a_signed_extension_covers_what_names_no_line(covered: Cast) -> None:
    covered.time("T1", contract_line_id=None)
    booking(covered)
    contract(covered, end_on="2026-10-04", opportunity_id="O1")
    assert [row[0] for row in listed(covered)] == [LATE]
    identifier = covered.one()["id"]

    covered.contract("C2", opportunity_id="O1", end_on="2026-12-31", status="draft")
    assert [row[0] for row in listed(covered)] == [LATE]

    covered.contract("C2", opportunity_id="O1", end_on="2026-12-31")
    assert listed(covered) == []
    assert covered.changes(identifier)[-1] == "cleared"


def test_work_after_the_end_that_was_billed_is_settled(covered: Cast) -> None:
    contract(covered, end_on="2026-10-04")
    covered.invoice()
    covered.line("L1", "200", contract_line_id="CL1", entries=[("T1", "2")])
    assert listed(covered) == [(LATE, "C1", None, "600.00", "GBP")]

    covered.line("L1", "800", contract_line_id="CL1", entries=["T1"])
    assert listed(covered) == []


def test_a_contract_without_an_end_never_ends(covered: Cast) -> None:
    booking(covered)
    contract(covered, end_on=None)

    assert listed(covered) == []
