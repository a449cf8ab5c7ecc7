"""A firm is kept as how it began and what was done to it, and lives the same life again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.living.clock import Clock
from sandbox.living.firm import Firm
from sandbox.living.home import Home, InUseError, last_monday
from sandbox.living.truth import truth

START = datetime(2026, 11, 9, 6, tzinfo=UTC)


def opened(folder: Path) -> Home:
    return Home.opened(folder, seed=5, engagements=24, start=START)


def known(firm: Firm) -> Any:
    return {**truth(firm), "now": None}


def test_the_same_life_is_lived_again_after_what_was_done_to_it(tmp_path: Path) -> None:
    home = opened(tmp_path)
    firm = home.alive()
    fault = home.does(firm, "inject", "outage", "psa")
    firm.advance(START + timedelta(days=3))
    home.does(firm, "repair", fault.id)
    home.does(firm, "inject", "resource_code")
    firm.advance(START + timedelta(days=9))
    home.clock = Clock(firm.timeline.now, datetime.now(UTC), 0)

    again = opened(tmp_path).alive()
    assert again.timeline.now == firm.timeline.now
    assert known(again) == known(firm)
    assert [one.kind for one in again.faults.open()][-1] == "resource_code"


def test_a_fault_put_in_at_the_moment_of_an_event_does_not_hit_that_event_the_second_time(
    tmp_path: Path,
) -> None:
    home = opened(tmp_path)
    firm = home.alive()
    later = START + timedelta(days=14)
    firm.advance(later)
    while not (told := [one for one in firm.hub.messages.values() if one.told_at > later]):
        firm.advance(firm.timeline.now + timedelta(minutes=1))
    moment, flow = told[0].told_at, told[0].flow

    firm = home.alive()
    firm.advance(moment)
    home.does(firm, "inject", "lost_event", flow)
    firm.advance(moment + timedelta(days=30))
    home.clock = Clock(firm.timeline.now, datetime.now(UTC), 0)
    assert firm.faults.all[-1].hit_at != moment

    assert known(opened(tmp_path).alive()) == known(firm)


def test_the_folder_decides_about_seed_size_and_beginning(tmp_path: Path) -> None:
    opened(tmp_path)
    again = Home.opened(tmp_path, seed=9, engagements=700)

    assert (again.seed, again.engagements, again.start) == (5, 24, START)


def test_what_cannot_be_done_is_not_remembered(tmp_path: Path) -> None:
    home = opened(tmp_path)
    firm = home.alive()
    for verb, what in (("inject", "flood"), ("repair", "F9999")):
        with pytest.raises(ValueError, match="no such fault"):
            home.does(firm, verb, what)  # type: ignore[arg-type]

    assert opened(tmp_path).deeds == []


def test_one_process_at_a_time_has_the_folder(tmp_path: Path) -> None:
    home = opened(tmp_path)
    with home.alone(), pytest.raises(InUseError, match="served already"), opened(tmp_path).alone():
        pass
    with opened(tmp_path).alone():
        assert home.clock.speed == 0


@pytest.mark.parametrize(
    ("now", "monday"),
    [
        ("2026-11-09T06:00:00+00:00", "2026-11-09T06:00:00+00:00"),
        ("2026-11-09T05:59:00+00:00", "2026-11-02T06:00:00+00:00"),
        ("2026-11-15T23:00:00+00:00", "2026-11-09T06:00:00+00:00"),
    ],
)
def test_a_new_firm_begins_on_a_monday_morning(now: str, monday: str) -> None:
    assert last_monday(datetime.fromisoformat(now)) == datetime.fromisoformat(monday)
