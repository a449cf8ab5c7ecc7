"""What people do with an exception is kept in its history, and never changes what was judged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from queries import exception_actions as actions
from queries.exception_actions import ActionError, Actor, Snooze
from queries.exceptions import Filters, history, one, page, totals
from queries.slices import facets, followers
from tests.cast import K1, Cast, utc

FRIDAY = "2026-11-20T18:00Z"
LATER = "2026-11-20T19:00Z"
MONDAY = "2026-11-23T18:00Z"
TUESDAY = "2026-11-24T18:00Z"
RESOLVED = Filters(status=("resolved",))
SNOOZED = Filters(status=("snoozed",))


@pytest.fixture
def stuck(firm: Cast) -> str:
    """The id of a deal of 1000.00 GBP that has no project, listed on Friday."""
    firm.entity("UK01")
    firm.deal("O1", legal_entity="UK01")
    firm.judge(FRIDAY)
    return str(firm.one()["id"])


def by(who: str = "Ada", at: str = LATER, why: str | None = "because") -> Actor:
    return Actor(who, utc(at), why)


def listed(firm: Cast, filters: Filters | None = None) -> list[str]:
    return [row["id"] for row in page(firm.connection, filters or Filters(), limit=10)]


def told(firm: Cast, identifier: str) -> list[tuple[str, str, Any, Any, Any]]:
    steps = history(firm.connection, identifier)
    return [(s["actor"], s["change"], s["before"], s["after"], s["why"]) for s in steps[1:]]


def test_assigning_acknowledges_and_is_history(firm: Cast, stuck: str) -> None:
    actions.assign(firm.connection, stuck, " Grace ", by())
    actions.assign(firm.connection, stuck, "Alan", by("Grace", MONDAY, None))

    assert told(firm, stuck) == [
        ("Ada", "assigned", "PMO / order desk", "Grace", "because"),
        ("Grace", "assigned", "Grace", "Alan", None),
    ]
    found = one(firm.connection, stuck)
    assert found is not None
    assert (found["status"], found["assignee"], found["owner"]) == (
        "acknowledged",
        "Alan",
        "PMO / order desk",
    )
    assert found["acknowledged_at"] == utc(LATER)
    assert listed(firm, Filters(owner="Alan")) == [stuck]
    assert listed(firm, Filters(owner="PMO / order desk")) == []
    assert facets(firm.connection).owners == ("Alan",)


def test_who_starts_is_its_assignee_and_a_judgement_leaves_both(firm: Cast, stuck: str) -> None:
    actions.start(firm.connection, stuck, by())
    firm.deal("O1", legal_entity="UK01", amount="1500")
    firm.judge(MONDAY)

    found = firm.one()
    assert (found["status"], found["assignee"], found["amount_minor"]) == ("in_progress", "Ada", 150000)
    assert firm.drift(MONDAY) == {}


def test_a_comment_changes_nothing_else(firm: Cast, stuck: str) -> None:
    before = one(firm.connection, stuck)
    actions.comment(firm.connection, stuck, by(why="The client was asked."))

    assert told(firm, stuck) == [("Ada", "commented", None, None, "The client was asked.")]
    assert one(firm.connection, stuck) == before


# ---- set aside -------------------------------------------------------------------------------


def test_what_is_set_aside_is_listed_apart_and_still_judged(firm: Cast, stuck: str) -> None:
    actions.snooze(firm.connection, stuck, Snooze(until=utc(TUESDAY)), by())
    firm.judge(MONDAY)

    assert listed(firm) == []
    assert totals(firm.connection, Filters()) == []
    assert listed(firm, SNOOZED) == [stuck]
    assert [total.count for total in totals(firm.connection, SNOOZED)] == [1]
    assert followers(firm.connection, stuck) == 0
    # it is not right, only put off
    assert firm.state(K1, "UK01")["outcome"] == "fail"
    assert firm.drift(MONDAY) == {}


def test_its_date_wakes_it_to_what_it_was(firm: Cast, stuck: str) -> None:
    actions.start(firm.connection, stuck, by())
    actions.snooze(firm.connection, stuck, Snooze(until=utc(MONDAY)), by())
    firm.judge("2026-11-23T17:00Z")
    assert listed(firm) == []
    firm.judge(TUESDAY)

    assert listed(firm) == [stuck]
    assert told(firm, stuck)[-1][:4] == ("sightglass", "woken", "snoozed", "in_progress")
    assert "2026-11-23T18:00:00Z" in told(firm, stuck)[-1][4]


def test_its_amount_wakes_it_above_and_not_at(firm: Cast, stuck: str) -> None:
    actions.snooze(firm.connection, stuck, Snooze(above_minor=150000), by())
    firm.deal("O1", legal_entity="UK01", amount="1500")
    firm.judge(MONDAY)
    assert listed(firm) == []

    firm.deal("O1", legal_entity="UK01", amount="1500.01")
    firm.judge(TUESDAY)

    assert listed(firm) == [stuck]
    assert "more than 1500.00 GBP" in told(firm, stuck)[-1][4]


@pytest.mark.parametrize("status", ["soft_closed", "closed"])
def test_the_close_of_its_period_wakes_it(firm: Cast, stuck: str, status: str) -> None:
    days = {"name": "NOV", "start_on": "2026-11-01", "end_on": "2026-11-30", "legal_entity": "UK01"}
    firm.put("period", "P11", "erp", **days, status="open")
    firm.put("period", "P12", "erp", **{**days, "name": "DEC", "end_on": "2026-12-31"}, status="open")
    actions.snooze(firm.connection, stuck, Snooze(period_close=True), by())
    firm.judge(MONDAY)
    assert listed(firm) == []

    firm.put("period", "P11", "erp", **days, status=status)
    firm.judge(TUESDAY)

    assert listed(firm) == [stuck]
    assert told(firm, stuck)[-1][4] == "it was set aside until NOV closes"


def test_what_is_set_aside_clears_when_the_source_is_right(firm: Cast, stuck: str) -> None:
    actions.snooze(firm.connection, stuck, Snooze(until=utc("2027-01-01T00:00Z")), by())
    firm.deal("O1", legal_entity="UK01", status="lost")
    firm.judge(MONDAY)
    firm.deal("O1", legal_entity="UK01", at=TUESDAY)
    firm.judge(TUESDAY)

    assert [step[1] for step in told(firm, stuck)] == ["snoozed", "cleared", "regressed"]
    assert firm.one()["snoozed_until"] is None


# ---- settled ---------------------------------------------------------------------------------


def test_what_was_accepted_stays_away_until_it_is_another_thing(firm: Cast, stuck: str) -> None:
    actions.resolve(firm.connection, stuck, "accepted", by())
    firm.deal("O1", legal_entity="UK01", name="Renamed")
    firm.judge(MONDAY)

    assert listed(firm) == []
    assert listed(firm, RESOLVED) == [stuck]
    assert firm.drift(MONDAY) == {}
    firm.deal("O1", legal_entity="UK01", amount="1200")
    firm.judge(TUESDAY)

    found = firm.one()
    assert (found["id"], found["status"], found["resolution"]) == (stuck, "regressed", None)
    assert [step[1] for step in told(firm, stuck)] == ["resolved", "regressed"]
    assert told(firm, stuck)[0] == ("Ada", "resolved", "new", "accepted", "because")


def test_what_was_called_fixed_is_back_once_the_source_was_read_later(firm: Cast, stuck: str) -> None:
    actions.resolve(firm.connection, stuck, "fixed", by(at=LATER, why=None))
    firm.judge(LATER)
    assert listed(firm) == []
    firm.judge(MONDAY)

    assert listed(firm) == [stuck]
    assert told(firm, stuck)[-1][:4] == ("sightglass", "regressed", "resolved", "regressed")
    assert "2026-11-23T18:00:00Z" in told(firm, stuck)[-1][4]


def test_what_was_called_fixed_and_is_fixed_is_borne_out(firm: Cast, stuck: str) -> None:
    actions.resolve(firm.connection, stuck, "fixed", by(why=None))
    firm.deal("O1", legal_entity="UK01", status="lost")
    firm.judge(MONDAY)

    found = one(firm.connection, stuck)
    assert found is not None
    assert (found["outcome"], found["cleared_at"], found["resolution"]) == ("pass", utc(MONDAY), "fixed")
    assert listed(firm, RESOLVED) == []
    assert [step[1] for step in told(firm, stuck)] == ["resolved", "cleared"]


def test_a_claim_is_not_refuted_by_a_source_that_is_not_read(firm: Cast, stuck: str) -> None:
    actions.resolve(firm.connection, stuck, "fixed", by(why=None))
    firm.through = {"crm": utc(FRIDAY)}
    firm.judge(MONDAY)

    assert listed(firm) == []


def test_reopening_takes_a_word_back(firm: Cast, stuck: str) -> None:
    actions.assign(firm.connection, stuck, "Grace", by())
    actions.resolve(firm.connection, stuck, "written_off", by())
    actions.reopen(firm.connection, stuck, by("Grace", MONDAY, "the client pays after all"))

    assert listed(firm) == [stuck]
    assert firm.one()["status"] == "acknowledged"
    actions.snooze(firm.connection, stuck, Snooze(until=utc(TUESDAY)), by())
    actions.reopen(firm.connection, stuck, by())
    assert (firm.one()["status"], firm.one()["snoozed_until"]) == ("acknowledged", None)


# ---- what cannot be done ---------------------------------------------------------------------

_Act = Callable[[Cast, str], None]


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda f, i: actions.assign(f.connection, i, "  ", by()), "nobody is named"),
        (lambda f, i: actions.assign(f.connection, i, "Ada", by(" ")), "nobody acts"),
        (lambda f, _: actions.assign(f.connection, "nix", "Ada", by()), "no exception has the id 'nix'"),
        (lambda f, i: actions.comment(f.connection, i, by(why=" ")), "comment is empty"),
        (lambda f, i: actions.snooze(f.connection, i, Snooze(), by()), "until when"),
        (lambda f, i: actions.snooze(f.connection, i, Snooze(utc(FRIDAY)), by()), "has passed"),
        (lambda f, i: actions.snooze(f.connection, i, Snooze(utc(MONDAY)), by(why=None)), "for a reason"),
        (
            lambda f, i: actions.snooze(f.connection, i, Snooze(above_minor=100000), by()),
            "1000.00 GBP already",
        ),
        (
            lambda f, i: actions.snooze(f.connection, i, Snooze(period_close=True), by()),
            "open period for UK01",
        ),
        (lambda f, i: actions.resolve(f.connection, i, "gone", by()), "use one of fixed, written_off"),
        (lambda f, i: actions.resolve(f.connection, i, "accepted", by(why=None)), "say why"),
        (lambda f, i: actions.reopen(f.connection, i, by()), "open already"),
    ],
)
def test_what_cannot_be_done_says_why_and_leaves_no_trace(
    firm: Cast, stuck: str, act: _Act, said: str
) -> None:
    with pytest.raises(ActionError, match=said):
        act(firm, stuck)

    assert told(firm, stuck) == []
    assert listed(firm) == [stuck]


def test_nobody_acts_on_what_the_source_cleared(firm: Cast, stuck: str) -> None:
    firm.deal("O1", legal_entity="UK01", status="lost")
    firm.judge(MONDAY)

    with pytest.raises(ActionError, match="comes back by itself"):
        actions.start(firm.connection, stuck, by())
    with pytest.raises(ActionError, match="no longer holds"):
        actions.reopen(firm.connection, stuck, by())
    actions.comment(firm.connection, stuck, by(why="thanks"))
    assert told(firm, stuck)[-1][1] == "commented"
