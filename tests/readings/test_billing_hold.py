"""C25: work that is held from billing for too long. One case each, amounts by hand."""

from __future__ import annotations

import pytest

from tests.cast import Cast, about

KEY = "billing_hold"
NOW = "2026-11-20T18:00Z"


@pytest.fixture
def held(firm: Cast) -> Cast:
    """Project P1 on time and materials, with an expense of 120.00 GBP held since 19 October 2026."""
    firm.rules = about(KEY)
    firm.project(billing_method="time_and_materials", number="PRJ-1")
    expense(firm)
    return firm


def expense(firm: Cast, identifier: str = "E1", **fields: str | None) -> None:
    usual = {
        "project_id": "P1", "incurred_on": "2026-10-12", "status": "approved", "currency": "GBP", "held": "true",
        "approved_at": "2026-10-19T12:00Z", "amount": "120",
    }  # fmt: skip
    firm.put("expense", identifier, "psa", **{**usual, **fields})


def listed(firm: Cast) -> list[tuple[str, str | None, str, str]]:
    return [row[1:] for row in firm.judge(NOW)]


def test_held_time_and_expenses_of_a_project_are_one_finding(held: Cast) -> None:
    held.time(held="true", approved_at="2026-10-12T09:00Z")

    assert listed(held) == [("P1", None, "920.00", "GBP")]
    assert held.one()["reason"].startswith(
        "8 h and 1 expense of PRJ-1 are held from billing, the oldest done 29"
    )


@pytest.mark.parametrize(
    ("approved", "is_listed"), [("2026-11-05", True), ("2026-11-06", False), (None, True)]
)
def test_it_is_listed_after_ten_business_days(held: Cast, approved: str | None, is_listed: bool) -> None:
    expense(held, approved_at=approved and f"{approved}T12:00Z")

    assert bool(listed(held)) is is_listed


def test_a_contract_line_and_a_currency_have_findings_of_their_own(held: Cast) -> None:
    held.contract()
    held.promise(rate="90")
    held.time(held="true", contract_line_id="CL1", rate=None, currency=None, hours="2")
    expense(held, "E2", currency="EUR", amount="30")

    assert listed(held) == [
        ("P1", None, "30.00", "EUR"), ("P1", None, "120.00", "GBP"), ("P1", "CL1", "180.00", "GBP"),
    ]  # fmt: skip


def test_a_milestone_counts_less_what_names_it(held: Cast) -> None:
    held.delete("expense", "psa", "E1")
    held.promise(kind="milestone")
    held.milestone(held="true", status="reached", accepted_at=None, reached_at="2026-11-02T12:00Z")
    held.invoice()
    held.line("L1", "400", milestone_id="M1", covers="milestone")

    assert listed(held) == [("P1", "CL1", "600.00", "GBP")]
    assert held.one()["reason"].startswith("1 milestone of PRJ-1")


def test_only_what_bills_by_it_counts(held: Cast) -> None:
    held.delete("expense", "psa", "E1")
    held.promise(kind="fixed_fee")
    held.time(held="true", contract_line_id="CL1")
    held.milestone(held="true")

    assert listed(held) == []


def test_corrections_are_taken_off(held: Cast) -> None:
    held.delete("expense", "psa", "E1")
    held.time(held="true")
    held.time("T2", held="true", hours="-8")

    assert listed(held) == []


@pytest.mark.parametrize("state", [{"written_off": "true"}, {"billable": "false"}, {"status": "rejected"}])
def test_what_will_never_be_billed_is_not_held(held: Cast, state: dict[str, str]) -> None:
    expense(held, **state)
    held.time(held="true", **state)

    assert listed(held) == []


def test_releasing_it_clears_it(held: Cast) -> None:
    assert listed(held) == [("P1", None, "120.00", "GBP")]
    identifier = held.one()["id"]

    expense(held, held="false")
    assert listed(held) == []
    assert held.changes(identifier) == ["opened", "cleared"]
    assert held.drift(NOW) == {}
