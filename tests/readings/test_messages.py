"""C21 and events processed twice: messages of the middleware with money in them. One case each."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Cast, about

STUCK, TWICE = "stuck_message", "duplicate_event"
NOW = "2026-11-20T18:00Z"
LATER = "2026-11-20T18:10Z"


@pytest.fixture
def hub(firm: Cast) -> Cast:
    """Project P1 of 9000.00 GBP for deal O1 of 1000.00, its milestone M1 of 400.00 and event B1 of 300.00."""
    firm.rules = about(STUCK, TWICE)
    firm.deal()
    firm.project(opportunity_id="O1", amount="9000", currency="GBP")
    firm.milestone(amount="400", contract_line_id=None)
    event = {"project_id": "P1", "status": "released", "currency": "GBP", "amount": "300"}
    firm.put("billing_event", "B1", "psa", **event)
    return firm


def message(firm: Cast, identifier: str = "G1", status: str = "dead", **fields: Any) -> None:
    """A message of flow F about project P1 that ended on Thursday 19 November."""
    plain = {"flow": "F", "project_id": "P1", "ended_at": "2026-11-19T12:00Z", "status": status}
    firm.put("message", identifier, "hub", **{**plain, **fields})


def found(firm: Cast, key: str, now: str = NOW) -> list[tuple[str, str, str]]:
    listed = firm.judge(now)
    return [(subject, amount, currency) for check, subject, _, amount, currency in listed if check == key]


@pytest.mark.parametrize(
    ("named", "amount"),
    [
        ({"billing_event_id": "B1", "milestone_id": "M1"}, "300.00"),
        ({"milestone_id": "M1", "opportunity_id": "O1"}, "400.00"),
        ({"opportunity_id": "O1"}, "1000.00"),
        ({"billing_event_id": "B9"}, "9000.00"),
        ({}, "9000.00"),
    ],
)
def test_a_dead_message_has_the_money_of_what_it_carries(
    hub: Cast, named: dict[str, str], amount: str
) -> None:
    message(hub, **named)

    assert found(hub, STUCK) == [("G1", amount, "GBP")]
    assert hub.drift(NOW) == {}


def test_a_projects_money_is_what_is_left_to_invoice(hub: Cast) -> None:
    message(hub)
    hub.invoice()
    hub.line("L1", "2500")
    assert found(hub, STUCK) == [("G1", "6500.00", "GBP")]

    hub.line("L2", "9000")
    assert found(hub, STUCK, LATER) == [("G1", "0.00", "GBP")]


def test_the_error_is_told(hub: Cast) -> None:
    message(hub, error="no answer.", opportunity_id="O1")
    found(hub, STUCK)

    assert hub.one()["reason"] == "The message of F about opportunity O1 is dead: no answer."


@pytest.mark.parametrize(
    ("status", "attempt", "stuck"),
    [
        ("failed", None, True),
        ("retrying", 3, True),
        ("retrying", 2, False),
        ("retrying", None, False),
        ("queued", 9, False),
        ("cancelled", 9, False),
    ],
)
def test_what_is_stuck(hub: Cast, status: str, attempt: int | None, stuck: bool) -> None:
    message(hub, status=status, attempt=attempt)

    assert bool(found(hub, STUCK)) == stuck


def test_one_about_nothing_known_is_about_no_engagement(hub: Cast) -> None:
    message(hub, project_id=None)

    assert found(hub, STUCK) == []


@pytest.mark.parametrize(
    "other",
    [
        {"ended_at": "2026-11-19T11:00Z"},
        {"flow": "G"},
        {"opportunity_id": "O1"},
        {"deleted_at": "2026-11-19T13:00Z"},
        {"status": "running"},
    ],
    ids=["earlier", "another flow", "another subject", "deleted", "not through yet"],
)
def test_what_does_not_clear_it(hub: Cast, other: dict[str, str]) -> None:
    message(hub)
    message(hub, "G2", **{"status": "succeeded", "ended_at": "2026-11-19T13:00Z", **other})

    assert [subject for subject, *_ in found(hub, STUCK)] == ["G1"]


def test_it_clears_when_a_later_one_comes_through(hub: Cast) -> None:
    message(hub)
    found(hub, STUCK)
    identifier = hub.one()["id"]
    message(hub, "G2", "succeeded", ended_at="2026-11-20T12:00Z")

    assert found(hub, STUCK, LATER) == []
    assert hub.changes(identifier) == ["opened", "cleared"]
    assert hub.drift(LATER) == {}


def test_only_the_last_of_several_is_listed(hub: Cast) -> None:
    message(hub)
    message(hub, "G2", "failed", ended_at="2026-11-20T12:00Z")

    assert [subject for subject, *_ in found(hub, STUCK)] == ["G2"]


# ---- one event processed twice ----------------------------------------------------------------


@pytest.fixture
def twice(hub: Cast) -> Cast:
    """Messages G1 and G2 of one event about milestone M1, both through."""
    for identifier, at in (("G1", "12:00"), ("G2", "12:05")):
        message(
            hub, identifier, "succeeded", milestone_id="M1", correlation_id="E1", ended_at=f"2026-11-19T{at}Z"
        )
    return hub


def test_the_second_is_listed_and_names_the_first(twice: Cast) -> None:
    assert found(twice, TWICE) == [("G2", "400.00", "GBP")]
    assert twice.one()["reason"] == "F processed one event about milestone M1 again, after G1 had."


@pytest.mark.parametrize(
    "change",
    [
        {"correlation_id": "E2"},
        {"correlation_id": None},
        {"flow": "G"},
        {"status": "failed"},
        {"milestone_id": None},
        {"deleted_at": "2026-11-19T13:00Z"},
    ],
)
def test_what_is_not_processed_twice(twice: Cast, change: dict[str, Any]) -> None:
    found(twice, TWICE)
    identifier = twice.one()["id"]
    plain = {"milestone_id": "M1", "correlation_id": "E1", "status": "succeeded"}
    message(twice, "G2", **{**plain, **change})

    assert found(twice, TWICE, LATER) == []
    assert twice.changes(identifier) == ["opened", "cleared"]
    assert twice.drift(LATER) == {}
