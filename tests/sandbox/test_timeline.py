"""What is planned happens in order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from sandbox.living.timeline import Timeline

START = datetime(2026, 11, 9, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def timeline() -> Timeline:
    return Timeline(START)


def test_things_happen_by_their_moments_and_at_them(timeline: Timeline) -> None:
    seen: list[tuple[str, datetime]] = []

    def note(name: str) -> None:
        seen.append((name, timeline.now))

    for name, hours in (("third", 3), ("first", 1), ("second", 2)):
        timeline.at(START + hours * HOUR, partial(note, name))

    assert timeline.advance(START + 2 * HOUR) == 2
    assert seen == [("first", START + HOUR), ("second", START + 2 * HOUR)]
    assert timeline.now == START + 2 * HOUR
    assert timeline.advance(START + 9 * HOUR) == 1
    assert seen[-1] == ("third", START + 3 * HOUR)
    assert timeline.now == START + 9 * HOUR


def test_things_of_one_moment_happen_in_the_order_they_were_planned(timeline: Timeline) -> None:
    seen: list[int] = []
    for number in range(20):
        timeline.at(START + HOUR, partial(seen.append, number))
    timeline.advance(START + HOUR)

    assert seen == list(range(20))


def test_what_is_planned_for_now_by_what_happens_now_happens_after_the_rest_of_now(
    timeline: Timeline,
) -> None:
    seen: list[str] = []

    def first() -> None:
        seen.append("first")
        timeline.at(timeline.now, lambda: seen.append("planned by the first"))

    timeline.at(START, first)
    timeline.at(START, lambda: seen.append("second"))

    assert timeline.advance(START) == 3
    assert seen == ["first", "second", "planned by the first"]


def test_what_should_have_happened_already_happens_next_and_not_in_the_past(timeline: Timeline) -> None:
    timeline.advance(START + 5 * HOUR)
    moments: list[datetime] = []
    timeline.at(START, lambda: moments.append(timeline.now))
    timeline.advance(START + 5 * HOUR)

    assert moments == [START + 5 * HOUR]


def test_what_happens_may_plan_more_within_the_same_stretch(timeline: Timeline) -> None:
    moments: list[datetime] = []

    def again() -> None:
        moments.append(timeline.now)
        timeline.at(timeline.now + HOUR, again)

    timeline.at(START + HOUR, again)

    assert timeline.advance(START + timedelta(hours=3, minutes=59)) == 3
    assert moments == [START + HOUR, START + 2 * HOUR, START + 3 * HOUR]


def test_time_does_not_go_back(timeline: Timeline) -> None:
    timeline.advance(START + HOUR)

    assert timeline.advance(START) == 0
    assert timeline.now == START + HOUR
