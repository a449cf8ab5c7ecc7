"""C19, C27, C28: bookings of people, against the forecast, against nobody, and against their leave."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Cast, about

NOW = "2026-11-20T18:00Z"
LATER = "2026-11-20T18:10Z"
FORECAST, UNFILLED, AWAY = "forecast_behind_allocation", "roles_unfilled", "person_unavailable"


@pytest.fixture
def team(firm: Cast) -> Cast:
    """Project P1 at 100.00 GBP an hour, and person W1."""
    firm.project(currency="GBP", rate="100", start_on="2026-11-25")
    firm.put("resource", "W1", "hcm", name="Ada")
    return firm


def book(firm: Cast, identifier: str = "A1", **fields: Any) -> None:
    """Ten hours on project P1, from Monday 2 November to Christmas Eve, booked on 12 November."""
    plain = {
        "project_id": "P1", "hours": "10", "start_on": "2026-11-02", "end_on": "2026-12-24",
        "resource_system": "hcm", "resource_id": "W1", "at": "2026-11-12T12:00Z",
    }  # fmt: skip
    firm.put("allocation", identifier, "psa", **{**plain, **fields})


def forecast(firm: Cast, at: str = "2026-11-10T12:00Z", **fields: Any) -> None:
    firm.put("forecast", "F1", "psa", **{"project_id": "P1", "period": "2026-12", "at": at, **fields})


def leave(firm: Cast, start: str = "2026-10-30", end: str = "2026-11-06", **fields: Any) -> None:
    plain = {"resource_id": "W1", "start_on": start, "end_on": end, "at": "2026-10-01T12:00Z"}
    firm.put("absence", "B1", "hcm", **{**plain, **fields})


def found(firm: Cast, now: str = NOW) -> list[tuple[str, str, str]]:
    return [(subject, amount, currency) for _, subject, _, amount, currency in firm.judge(now)]


# ---- a forecast of before ----------------------------------------------------------------------


@pytest.fixture
def behind(team: Cast) -> Cast:
    """Booked on Thursday 12 November, forecast two days before."""
    team.rules = about(FORECAST)
    forecast(team)
    book(team)
    return team


def test_a_booking_later_than_the_forecast(behind: Cast) -> None:
    assert found(behind) == [("P1", "1000.00", "GBP")]
    assert "the newest forecast is of 2026-11-10" in behind.one()["actual"]


def test_several_bookings_add_up(behind: Cast) -> None:
    book(behind, "A2", hours="2.5", at="2026-11-13T12:00Z")
    book(behind, "A3", at="2026-11-09T12:00Z")

    assert found(behind) == [("P1", "1250.00", "GBP")]
    assert behind.one()["reason"].startswith("2 bookings were changed, the first 6 business days ago")


def test_one_that_was_taken_out_is_a_change_too(behind: Cast) -> None:
    book(behind, at="2026-11-12T13:00Z", deleted_at="2026-11-12T13:00Z")

    assert found(behind) == [("P1", "1000.00", "GBP")]


@pytest.mark.parametrize("status", ["complete", "closed", "cancelled"])
def test_a_project_that_is_over_is_planned_no_more(behind: Cast, status: str) -> None:
    behind.project(currency="GBP", rate="100", status=status)

    assert found(behind) == []


def test_without_a_forecast_nothing_lags(team: Cast) -> None:
    team.rules = about(FORECAST)
    book(team)

    assert found(team) == []


def test_it_has_a_business_day(behind: Cast) -> None:
    book(behind, at="2026-11-19T12:00Z")

    assert found(behind) == []
    assert found(behind, "2026-11-23T18:00Z") == [("P1", "1000.00", "GBP")]


def test_it_clears_with_a_new_forecast(behind: Cast) -> None:
    found(behind)
    identifier = behind.one()["id"]
    forecast(behind, "2026-11-20T12:00Z")

    assert found(behind, LATER) == []
    assert behind.changes(identifier) == ["opened", "cleared"]
    assert behind.drift(LATER) == {}


# ---- a role without a person -------------------------------------------------------------------


@pytest.fixture
def unfilled(team: Cast) -> Cast:
    """A role of P1 to start on Monday 30 November, with nobody."""
    team.rules = about(UNFILLED)
    role(team)
    return team


def role(firm: Cast, identifier: str = "A1", **fields: Any) -> None:
    plain = {"resource_id": None, "resource_system": None, "start_on": "2026-11-30", "role": "tester"}
    book(firm, identifier, **{**plain, **fields})


def test_a_role_of_the_next_weeks(unfilled: Cast) -> None:
    assert found(unfilled) == [("P1", "1000.00", "GBP")]
    assert unfilled.one()["reason"] == "The role tester has nobody, and starts on 2026-11-30."


def test_several_roles_and_the_projects_own_start(unfilled: Cast) -> None:
    role(unfilled, "A2", start_on=None, hours=None)

    assert found(unfilled) == [("P1", "1000.00", "GBP")]
    assert unfilled.one()["reason"] == "2 roles have nobody, the first to start on 2026-11-25."


def test_it_is_listed_two_weeks_ahead(unfilled: Cast) -> None:
    role(unfilled, start_on="2026-12-14")

    assert found(unfilled, "2026-11-30T18:00Z") == []
    assert found(unfilled, "2026-12-01T18:00Z") == [("P1", "1000.00", "GBP")]


@pytest.mark.parametrize("status", ["on_hold", "complete", "closed", "cancelled"])
def test_a_project_that_rests_needs_nobody(unfilled: Cast, status: str) -> None:
    unfilled.project(currency="GBP", rate="100", status=status)

    assert found(unfilled) == []


def test_it_clears_when_somebody_is_booked(unfilled: Cast) -> None:
    found(unfilled)
    identifier = unfilled.one()["id"]
    role(unfilled, resource_system="hcm", resource_id="W1", at="2026-11-20T12:00Z")

    assert found(unfilled, LATER) == []
    assert unfilled.changes(identifier) == ["opened", "cleared"]
    assert unfilled.drift(LATER) == {}


# ---- a person who is not there -----------------------------------------------------------------


@pytest.fixture
def away(team: Cast) -> Cast:
    """Person W1, booked from 2 November to 24 December."""
    team.rules = about(AWAY)
    book(team)
    return team


def test_somebody_who_is_there_can_be_booked(away: Cast) -> None:
    assert found(away) == []


@pytest.mark.parametrize(("last", "listed"), [("2026-12-23", True), ("2026-12-24", False)])
def test_somebody_who_leaves_before_the_end(away: Cast, last: str, listed: bool) -> None:
    away.put("resource", "W1", "hcm", name="Ada", end_on=last)

    assert found(away) == ([("A1", "1000.00", "GBP")] if listed else [])


@pytest.mark.parametrize(
    ("change", "listed"),
    [
        ({}, True),
        ({"start": "2026-11-03"}, False),
        ({"end": "2026-11-01"}, False),
        ({"status": "requested"}, False),
        ({"hours": "4"}, False),
        ({"deleted_at": "2026-10-02T12:00Z"}, False),
    ],
    ids=["covers the start", "later", "over before", "not approved", "by the hour", "deleted"],
)
def test_leave_when_the_booking_starts(away: Cast, change: dict[str, str], listed: bool) -> None:
    leave(away, **change)

    assert bool(found(away)) == listed


def test_work_after_the_leave_settles_it(away: Cast) -> None:
    leave(away)
    person = {"resource_system": "hcm", "resource_id": "W1", "status": "draft"}
    away.time("T1", work_date="2026-11-06", **person)
    assert found(away) == [("A1", "1000.00", "GBP")]
    assert away.one()["reason"] == "W1 is away from 2026-10-30 and is booked from 2026-11-02 on P1."

    away.time("T1", work_date="2026-11-09", **person)
    assert found(away, LATER) == []


def test_what_the_system_of_record_says_of_the_same_person(team: Cast) -> None:
    team.rules = about(AWAY)
    team.put("resource", "R7", "psa", name="Ada", resource_id="W1")
    book(team, resource_system="psa", resource_id="R7")
    leave(team)
    assert [subject for subject, *_ in found(team)] == ["A1"]

    team.put("resource", "W1", "hcm", name="Ada", end_on="2026-12-01")
    assert found(team, LATER) == [("A1", "1000.00", "GBP")]
    assert team.one()["reason"] == "R7 leaves on 2026-12-01 and is booked until 2026-12-24 on P1."


def test_it_clears_when_the_booking_ends_in_time(away: Cast) -> None:
    away.put("resource", "W1", "hcm", name="Ada", end_on="2026-12-01")
    found(away)
    identifier = away.one()["id"]
    book(away, end_on="2026-12-01")

    assert found(away, LATER) == []
    assert away.changes(identifier) == ["opened", "cleared"]
    assert away.drift(LATER) == {}
