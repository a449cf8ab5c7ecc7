"""C2, C11, C14: time nobody priced, nobody approved, or that carries another rate than agreed. Amounts by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Cast, about

RATE, WAITS, DIFFERS = "time_without_rate", "time_not_approved", "rate_differs_from_contract"
NOW = "2026-11-20T18:00Z"


@pytest.fixture
def firm(lines: Cast) -> Cast:
    """Project P1 with two time-and-materials lines; what it is asked is said by the test."""
    lines.rules = about(RATE, WAITS, DIFFERS)
    return lines


def listed(firm: Cast, key: str) -> list[tuple[str, str | None, str, str]]:
    found = [row[1:] for row in firm.judge(NOW) if row[0] == key]
    assert firm.drift(NOW) == {}
    return found


# ---- no rate ---------------------------------------------------------------------------------


def unrated(firm: Cast, identifier: str = "T1", **fields: Any) -> None:
    defaults = {"rate": None, "currency": None, "contract_line_id": "CL1", "resource_id": "W1"}
    firm.time(identifier, **{**defaults, **fields})


def test_time_that_no_rate_prices_counts_at_the_persons_standard_rate(firm: Cast) -> None:
    firm.put("resource", "W1", "psa", name="Ada", bill_rate="120.005", currency="GBP")
    unrated(firm, hours="7.5")

    # 7.5 x 120.005 = 900.0375
    assert listed(firm, RATE) == [("P1", "CL1", "900.04", "GBP")]
    assert firm.one()["first_broken_handoff"] == "contract to rate card"


@pytest.mark.parametrize(("currency", "amount"), [("JPY", "24001"), ("KWD", "24001.000")])
def test_it_is_told_in_the_currency_of_the_standard_rate(firm: Cast, currency: str, amount: str) -> None:
    firm.put("resource", "W1", "psa", name="Ada", bill_rate="3000.125", currency=currency)
    unrated(firm)

    assert listed(firm, RATE) == [("P1", "CL1", amount, currency)]


def test_the_persons_record_in_the_system_of_record_may_know_the_rate(firm: Cast) -> None:
    firm.put("resource", "W1", "psa", name="Ada", resource_id="H1")
    firm.put("resource", "H1", "hcm", name="Ada", bill_rate="100", currency="EUR")
    unrated(firm)

    assert listed(firm, RATE) == [("P1", "CL1", "800.00", "EUR")]


def test_people_without_a_standard_rate_count_nothing_and_their_hours_are_told(firm: Cast) -> None:
    unrated(firm)
    unrated(firm, "T2", resource_id=None, hours="2")

    assert listed(firm, RATE) == [("P1", "CL1", "0.00", "GBP")]
    assert "10 h of people without a standard rate count 0.00" in firm.one()["reason"]


def test_a_standard_rate_that_comes_later_is_taken_at_once(firm: Cast) -> None:
    unrated(firm)
    assert listed(firm, RATE) == [("P1", "CL1", "0.00", "GBP")]

    firm.put("resource", "W1", "psa", name="Ada", bill_rate="100", currency="GBP")
    assert listed(firm, RATE) == [("P1", "CL1", "800.00", "GBP")]


@pytest.mark.parametrize(
    "state",
    [
        {"rate": "90", "currency": "GBP"}, {"status": "submitted", "submitted_at": "2026-11-19T12:00Z"},
        {"status": "rejected"}, {"billable": False}, {"held": True}, {"written_off": True}, {"hours": "0"},
    ],
)  # fmt: skip
def test_what_is_priced_not_approved_or_not_to_be_billed_needs_no_rate(
    firm: Cast, state: dict[str, Any]
) -> None:
    unrated(firm, **state)

    assert listed(firm, RATE) == []


def test_hours_a_line_bills_by_name_are_out_of_it(firm: Cast) -> None:
    firm.put("resource", "W1", "psa", name="Ada", bill_rate="100", currency="GBP")
    unrated(firm)
    firm.invoice()
    firm.line("L1", "300", contract_line_id="CL1", entries=[("T1", "3")])

    # 5 hours are left
    assert listed(firm, RATE) == [("P1", "CL1", "500.00", "GBP")]


@pytest.mark.parametrize("mend", ["line", "entry", "deleted"])
def test_an_agreed_rate_clears_it(firm: Cast, mend: str) -> None:
    unrated(firm)
    listed(firm, RATE)
    identifier = firm.one()["id"]
    if mend == "line":
        firm.promise("CL1", rate="100")
    elif mend == "entry":
        unrated(firm, rate="100", currency="GBP")
    else:
        firm.delete("time_entry", "psa", "T1")

    assert listed(firm, RATE) == []
    assert firm.changes(identifier) == ["opened", "cleared"]


def test_work_on_a_fixed_fee_needs_no_rate(firm: Cast) -> None:
    firm.promise("CL1", kind="fixed_fee")
    unrated(firm)

    assert listed(firm, RATE) == []


# ---- not approved ----------------------------------------------------------------------------


def waiting(firm: Cast, identifier: str = "T1", **fields: Any) -> None:
    """Submitted on Friday 13 November, five business days before the day it is looked at."""
    defaults = {"status": "submitted", "submitted_at": "2026-11-13T17:00Z", "contract_line_id": "CL1"}
    firm.time(identifier, **{**defaults, **fields})


def test_submitted_time_waits_since_it_was_submitted(firm: Cast) -> None:
    waiting(firm)
    waiting(firm, "T2", hours="2", rate="50")

    assert listed(firm, WAITS) == [("P1", "CL1", "900.00", "GBP")]
    assert firm.one()["age_days"] == 5


@pytest.mark.parametrize(("submitted", "late"), [("2026-11-16T09:00Z", True), ("2026-11-17T09:00Z", False)])
def test_three_business_days_are_not_yet_late(firm: Cast, submitted: str, late: bool) -> None:
    waiting(firm, submitted_at=submitted)

    assert bool(listed(firm, WAITS)) == late


@pytest.mark.parametrize(("worked", "late"), [("2026-11-13", True), ("2026-11-16", False)])
def test_without_a_moment_of_submission_the_week_it_was_worked_in_counts(
    firm: Cast, worked: str, late: bool
) -> None:
    waiting(firm, submitted_at=None, work_date=worked)

    assert bool(listed(firm, WAITS)) == late


def test_only_what_is_late_is_in_the_amount(firm: Cast) -> None:
    waiting(firm)
    waiting(firm, "T2", submitted_at="2026-11-19T17:00Z")

    assert listed(firm, WAITS) == [("P1", "CL1", "800.00", "GBP")]
    assert firm.one()["wip_minor"] == 160_000


def test_time_without_a_rate_waits_too(firm: Cast) -> None:
    waiting(firm, rate=None, currency=None)

    assert listed(firm, WAITS) == [("P1", "CL1", "0.00", "GBP")]
    assert "8 h have no rate" in firm.one()["reason"]


@pytest.mark.parametrize(
    "state",
    [{"status": "approved"}, {"status": "rejected"}, {"status": "draft"}, {"billable": False}, {"written_off": True}],
)  # fmt: skip
def test_a_decision_or_the_end_of_billing_clears_it(firm: Cast, state: dict[str, Any]) -> None:
    waiting(firm)
    listed(firm, WAITS)
    identifier = firm.one()["id"]
    waiting(firm, **state)

    assert listed(firm, WAITS) == []
    assert firm.changes(identifier) == ["opened", "cleared"]


# ---- another rate ----------------------------------------------------------------------------


def test_rates_above_and_below_the_agreed_one_both_count(firm: Cast) -> None:
    firm.promise("CL1", rate="100")
    firm.time("T1", contract_line_id="CL1", rate="110")
    firm.time("T2", contract_line_id="CL1", rate="99.995", hours="1")
    firm.time("T3", contract_line_id="CL1", rate="100")

    # 8 x 10 + 1 x 0.005, rounded half up to 0.01
    assert listed(firm, DIFFERS) == [("CL1", None, "80.01", "GBP")]
    assert "1 h of them below it" in firm.one()["reason"]


def test_billed_time_counts_too(firm: Cast) -> None:
    firm.promise("CL1", rate="100")
    firm.time("T1", contract_line_id="CL1", rate="90")
    firm.invoice()
    firm.line("L1", "720", contract_line_id="CL1", entries=["T1"])

    assert listed(firm, DIFFERS) == [("CL1", None, "80.00", "GBP")]


@pytest.mark.parametrize(
    "state",
    [
        {"currency": "EUR"}, {"rate": None}, {"status": "draft"}, {"status": "rejected"}, {"billable": False},
        {"written_off": True}, {"contract_line_id": "CL2"}, {"contract_line_id": None},
    ],
)  # fmt: skip
def test_what_cannot_be_compared_or_does_not_count_is_no_difference(
    firm: Cast, state: dict[str, Any]
) -> None:
    firm.promise("CL1", rate="100")
    firm.time("T1", **{"contract_line_id": "CL1", "rate": "110", **state})

    assert listed(firm, DIFFERS) == []


def test_an_amended_rate_clears_it(firm: Cast) -> None:
    firm.promise("CL1", rate="100")
    firm.time("T1", contract_line_id="CL1", rate="110")
    listed(firm, DIFFERS)
    identifier = firm.one()["id"]
    firm.promise("CL1", rate="110")

    assert listed(firm, DIFFERS) == []
    assert firm.changes(identifier) == ["opened", "cleared"]
