"""The close: what holds it up, whose signature stands, what is frozen when, and what came late."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from metrics.close import (
    CLOSE,
    AsClosed,
    CloseError,
    CloseRules,
    ManualTask,
    Signature,
    as_closed,
    checklist,
    ready,
    sign,
    watch,
)
from metrics.tieout import tie_outs
from queries import close_periods
from tests.cast import Cast, casting, utc
from tests.closing_firm import EVENTS, NOW, bill, calendar, event, of, period, run

RULES = CloseRules({EVENTS: tie_outs()[EVENTS]}, (ManualTask("cutoff", "Cut-off was checked", "controller"),))


@pytest.fixture
def firm() -> Iterator[Cast]:
    for found in casting():
        calendar(found, P09="closed")
        yield found


def tasks(firm: Cast) -> dict[str, str]:
    one, every = of(firm)
    return {task.key: task.state for task in checklist(firm.connection, RULES, one, every)}


def signed(firm: Cast, task: str, **more: Any) -> None:
    one, every = of(firm)
    said = Signature(task, "Ada")._replace(**more)
    sign(firm.connection, RULES, one, every, said, utc(NOW))


def test_a_new_period_is_held_up_by_all_that_was_not_looked_at(firm: Cast) -> None:
    assert tasks(firm) == {
        f"tie_out:{EVENTS}": "open",
        "streams_complete": "open",
        "dates_covered": "done",
        "no_material_exceptions": "done",
        "earlier_periods_closed": "done",
        "cutoff": "open",
    }


def test_it_is_ready_when_both_sides_agree_and_the_own_tasks_are_signed(firm: Cast) -> None:
    run(firm, EVENTS)
    signed(firm, "cutoff", comment="seen")
    one, every = of(firm)

    found = checklist(firm.connection, RULES, one, every)

    assert ready(found)
    assert [(t.signed.who, t.signed.comment) for t in found if t.signed] == [("Ada", "seen")]


def test_a_signature_can_be_taken_back_and_both_are_kept(firm: Cast) -> None:
    signed(firm, "cutoff")
    signed(firm, "cutoff", withdraw=True)

    assert tasks(firm)["cutoff"] == "open"


def test_differences_may_be_accepted_until_they_change(firm: Cast) -> None:
    event(firm, "E1", "100")
    run(firm, EVENTS)
    signed(firm, f"tie_out:{EVENTS}", comment="credit follows")
    assert tasks(firm)[f"tie_out:{EVENTS}"] == "done"

    event(firm, "E2", "50")
    run(firm, EVENTS)

    assert tasks(firm)[f"tie_out:{EVENTS}"] == "open"


def test_an_earlier_open_period_holds_it_up(firm: Cast) -> None:
    period(firm, "2026-09", "2026-09-01", "2026-09-30", status="soft_closed")

    assert tasks(firm)["earlier_periods_closed"] == "open"


def test_a_material_exception_holds_it_up(firm: Cast) -> None:
    firm.deal("O1", legal_entity="UK01", won_at="2026-10-05T12:00Z", amount="50000")
    firm.judge("2026-11-20T18:00Z")

    assert tasks(firm)["no_material_exceptions"] == "open"


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        (Signature("cutoff", " "), "say who signs"),
        (Signature("weather", "Ada"), "there is no task 'weather'"),
        (Signature(CLOSE, "Ada"), "not ready to close"),
        (Signature(CLOSE, "Ada", despite=True), "with a comment"),
    ],
)
def test_what_cannot_be_signed_says_why(firm: Cast, said: Signature, complaint: str) -> None:
    one, every = of(firm)

    with pytest.raises(CloseError, match=complaint):
        sign(firm.connection, RULES, one, every, said, utc(NOW))


def test_the_last_signature_freezes_and_later_changes_are_listed(firm: Cast) -> None:
    event(firm, "E1", "100")
    run(firm, EVENTS)
    signed(firm, CLOSE, despite=True, comment="known")
    bill(firm, "L1", "100", billing_event_id="E1")
    event(firm, "E1", "120")

    found = frozen(firm)

    moved = [(f.side, f.closed_minor, f.now_minor) for f in found.figures]
    assert moved == [("left", 10000, 12000), ("right", 0, 10000)]
    assert [(c.side, c.id, c.closed_minor, c.now_minor) for c in found.changes] == [
        ("left", "E1", 10000, 12000), ("right", "L1", 0, 10000),
    ]  # fmt: skip


def frozen(firm: Cast) -> AsClosed:
    found = as_closed(firm.connection, RULES, of(firm)[0])
    assert found is not None
    return found


def test_a_record_that_left_is_a_late_change_too(firm: Cast) -> None:
    event(firm, "E1", "100")
    run(firm, EVENTS)
    signed(firm, CLOSE, despite=True, comment="known")
    firm.delete("billing_event", "psa", "E1")

    assert [(c.id, c.closed_minor, c.now_minor) for c in frozen(firm).changes] == [("E1", 10000, 0)]


def test_a_period_seen_to_close_is_frozen_and_one_closed_before_is_not(firm: Cast) -> None:
    event(firm, "E1", "100")
    watch(firm.connection, RULES, utc(NOW))
    period(firm, "2026-10", "2026-10-01", "2026-10-31", status="closed")

    changes = watch(firm.connection, RULES, utc(NOW))

    assert [(c.period, c.before, c.status) for c in changes] == [("2026-10", "open", "closed")]
    assert frozen(firm).freeze.why == "closed in erp"
    assert as_closed(firm.connection, RULES, of(firm, "2026-09")[0]) is None


def test_a_reopened_period_is_noticed(firm: Cast) -> None:
    watch(firm.connection, RULES, utc(NOW))
    period(firm, "2026-09", "2026-09-01", "2026-09-30", status="open")

    (change,) = watch(firm.connection, RULES, utc(NOW))

    assert change.is_reopened
    told = close_periods.history(firm.connection, ("UK01", "", "2026-09"))
    assert [(c.status, c.is_reopened) for c in told] == [("closed", False), ("open", True)]
    assert watch(firm.connection, RULES, utc(NOW)) == []
