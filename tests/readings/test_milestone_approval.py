"""Milestones that are reached and not approved, and revenue that is disputed. One case each."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Cast, about

KEY = "milestone_awaiting_approval"
NOW = "2026-11-20T18:00Z"


@pytest.fixture
def reached(firm: Cast) -> Cast:
    """Milestone M1 of 1000.00 GBP, reached on Monday 2 November and accepted by nobody."""
    firm.rules = about(KEY)
    firm.project()
    milestone(firm)
    return firm


def milestone(firm: Cast, **fields: Any) -> None:
    plain = {"status": "reached", "accepted_at": None, "reached_at": "2026-11-02T12:00Z"}
    firm.milestone(**{**plain, **fields})


def found(firm: Cast, now: str = NOW) -> list[tuple[str, str, str]]:
    return [(subject, amount, currency) for _, subject, _, amount, currency in firm.judge(now)]


def test_reached_and_not_accepted(reached: Cast) -> None:
    assert found(reached) == [("M1", "1000.00", "GBP")]
    assert reached.one()["owner"] == "finance operations"
    assert "reached 14 business days ago" in reached.one()["reason"]


def test_without_an_amount_it_is_listed_all_the_same(reached: Cast) -> None:
    milestone(reached, amount=None, currency="JPY")

    assert found(reached) == [("M1", "0", "JPY")]


@pytest.mark.parametrize(
    "change",
    [{"held": True}, {"status": "planned"}, {"status": "cancelled"}, {"accepted_at": "2026-11-03T12:00Z"}],
)
def test_what_waits_for_no_approval(reached: Cast, change: dict[str, Any]) -> None:
    milestone(reached, **change)

    assert found(reached) == []


def test_a_cancelled_project_waits_for_nothing(reached: Cast) -> None:
    reached.project(status="cancelled")

    assert found(reached) == []


def test_a_deleted_one_waits_for_nothing(reached: Cast) -> None:
    reached.delete("milestone", "psa", "M1")

    assert found(reached) == []


def test_it_has_three_days(firm: Cast) -> None:
    firm.rules = about(KEY)
    milestone(firm, reached_at="2026-11-17T12:00Z")

    assert found(firm) == []
    assert found(firm, "2026-11-23T18:00Z") == [("M1", "1000.00", "GBP")]


def test_it_clears_when_it_is_accepted(reached: Cast) -> None:
    found(reached)
    identifier = reached.one()["id"]
    milestone(reached, status="accepted", accepted_at="2026-11-20T12:00Z")

    assert found(reached, "2026-11-20T18:10Z") == []
    assert reached.changes(identifier) == ["opened", "cleared"]
    assert reached.drift("2026-11-20T18:10Z") == {}
