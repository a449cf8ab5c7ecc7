"""The firm's clock: a small file that says how its time follows from the machine's, for all who need it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path

Wall = Callable[[], datetime]


def _machine() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Clock:
    """At the machine's ``wall`` it was ``at``; since then time goes ``speed`` times as fast, 0 not at all."""

    at: datetime
    wall: datetime
    speed: float
    machine: Wall = _machine

    def now(self) -> datetime:
        """The firm's time."""
        return self.at + (self.machine() - self.wall) * self.speed

    def go(self, speed: float) -> None:
        """From now on time goes so fast."""
        self.at, self.wall, self.speed = self.now(), self.machine(), speed

    def skip(self, ahead: timedelta) -> None:
        """Go ahead at once. Raises ValueError for a step back: what happened has happened."""
        if ahead < timedelta(0):
            raise ValueError("the clock only goes forward")
        self.at, self.wall = self.now() + ahead, self.machine()

    def write(self, file: Path) -> None:
        """Tell everyone, in one step."""
        told = {"at": self.at.isoformat(), "wall": self.wall.isoformat(), "speed": self.speed}
        fresh = file.with_suffix(".new")
        fresh.write_text(json.dumps(told) + "\n", encoding="utf-8")
        fresh.replace(file)

    @classmethod
    def read(cls, file: Path) -> Clock:
        """The clock as it was last told. Raises OSError without the file, ValueError for what is no clock."""
        told = json.loads(file.read_text(encoding="utf-8"))
        try:
            at, wall = (datetime.fromisoformat(told[name]) for name in ("at", "wall"))
            speed = float(told["speed"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"at, wall and speed are not all there: {error}") from error
        if at.tzinfo is None or wall.tzinfo is None or not 0 <= speed < inf:
            raise ValueError("at and wall are instants with their zones, speed a number from 0 on")
        return cls(at, wall, speed)
