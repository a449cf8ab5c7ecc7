"""The firm's clock, and the file that tells it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.living.clock import Clock

AT = datetime(2026, 11, 9, 6, tzinfo=UTC)
WALL = datetime(2026, 11, 12, 15, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Machine:
    """A machine's clock that is set by hand."""

    def __init__(self) -> None:
        self.time = WALL

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def clock(machine: Machine) -> Clock:
    return Clock(AT, WALL, 60, machine)


def test_time_goes_so_many_times_as_fast(clock: Clock, machine: Machine) -> None:
    machine.time += timedelta(seconds=90)

    assert clock.now() == AT + 90 * MINUTE


def test_another_speed_counts_from_now_on(clock: Clock, machine: Machine) -> None:
    machine.time += MINUTE
    clock.go(2)
    assert clock.now() == AT + 60 * MINUTE
    machine.time += MINUTE
    assert clock.now() == AT + 62 * MINUTE


def test_at_no_speed_time_stands(clock: Clock, machine: Machine) -> None:
    machine.time += MINUTE
    clock.go(0)
    machine.time += timedelta(days=400)

    assert clock.now() == AT + 60 * MINUTE


def test_a_skip_is_added_once_and_time_goes_on(clock: Clock, machine: Machine) -> None:
    machine.time += MINUTE
    clock.skip(timedelta(hours=5))
    assert clock.now() == AT + timedelta(hours=6)
    machine.time += MINUTE
    assert clock.now() == AT + timedelta(hours=7)


def test_the_clock_is_not_put_back(clock: Clock) -> None:
    with pytest.raises(ValueError, match="only goes forward"):
        clock.skip(-MINUTE)

    assert clock.now() == AT


def test_who_reads_the_file_has_the_same_time(clock: Clock, machine: Machine, tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    clock.write(file)
    clock.go(7)
    clock.write(file)
    read = Clock.read(file)
    read.machine = machine
    machine.time += MINUTE

    assert read == clock
    assert read.now() == clock.now() == AT + 7 * MINUTE
    assert [path.name for path in tmp_path.iterdir()] == ["clock.json"]


def test_no_file_is_an_error_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Clock.read(tmp_path / "clock.json")


@pytest.mark.parametrize(
    "change",
    [
        {"at": None}, {"wall": 7}, {"speed": "fast"}, {"speed": None}, {"speed": -1},
        {"speed": float("nan")}, {"speed": float("inf")}, {"at": "noon"}, {"at": "2026-11-09T06:00:00"},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_clock_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    file = tmp_path / "clock.json"
    told = {"at": AT.isoformat(), "wall": WALL.isoformat(), "speed": 1, **change}
    file.write_text(json.dumps(told), encoding="utf-8")

    with pytest.raises(ValueError):
        Clock.read(file)


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"at": "2026-11-09T06:00:00Z"}'])
def test_what_is_not_even_an_object_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "clock.json"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(ValueError):
        Clock.read(file)
