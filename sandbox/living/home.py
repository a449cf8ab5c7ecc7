"""Where a living firm is kept: what it began as, its clock, and everything an operator did to it.

The firm itself is not written down. It lives the same life again when it is started again, and the faults
an operator put in befall it at the same moments.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from sandbox.living.clock import Clock
from sandbox.living.faults import Fault
from sandbox.living.firm import Firm

CLOCK = "clock.json"
_FIRM, _LOCK = "firm.json", "lock"
_EARLY = 6
Verb = Literal["inject", "repair"]


class InUseError(Exception):
    """Another process serves the firm of this folder: two would set its one clock against each other."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What an operator did: a fault of a kind put in at a target, or one repaired by its id."""

    at: str
    verb: Verb
    what: str
    target: str | None = None


@dataclass(slots=True)
class Home:
    """The folder of one firm."""

    folder: Path
    seed: int
    engagements: int
    start: datetime
    deeds: list[Deed] = field(default_factory=list)

    @classmethod
    def opened(cls, folder: Path, *, seed: int, engagements: int, start: datetime | None = None) -> Home:
        """The firm kept there, or a new one that begins at ``start``: else the last Monday morning."""
        file = folder / _FIRM
        if file.exists():
            told = json.loads(file.read_text(encoding="utf-8"))
            deeds = [Deed(**deed) for deed in told["deeds"]]
            began = datetime.fromisoformat(told["start"])
            return cls(folder, told["seed"], told["engagements"], began, deeds)
        folder.mkdir(parents=True, exist_ok=True)
        home = cls(folder, seed, engagements, start or last_monday(datetime.now(UTC)))
        home.clock = Clock(home.start, datetime.now(UTC), 0)
        home.write()
        return home

    @property
    def clock(self) -> Clock:
        """The firm's clock as it stands."""
        return Clock.read(self.folder / CLOCK)

    @clock.setter
    def clock(self, clock: Clock) -> None:
        clock.write(self.folder / CLOCK)

    def write(self) -> None:
        """Keep what began and what was done, in one step."""
        told: dict[str, Any] = {
            "seed": self.seed,
            "engagements": self.engagements,
            "start": self.start.isoformat(),
            "deeds": [asdict(deed) for deed in self.deeds],
        }
        fresh = self.folder / f"{_FIRM}.new"
        fresh.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        fresh.replace(self.folder / _FIRM)

    def alive(self) -> Firm:
        """The firm as it stands at its clock's time, after all that was done to it."""
        firm = Firm(self.seed, self.engagements, self.start)
        for deed in self.deeds:
            # after what else happened at that very moment, as it was done
            firm.advance(datetime.fromisoformat(deed.at))
            _do(firm, deed)
        firm.advance(self.clock.now())
        return firm

    @contextmanager
    def alone(self) -> Iterator[None]:
        """This process has the folder for itself while the block lasts. Raises InUseError when it cannot."""
        with (self.folder / _LOCK).open("w", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise InUseError(f"the firm in {self.folder} is served already") from error
            yield

    def does(self, firm: Firm, verb: Verb, what: str, target: str | None = None) -> Fault:
        """Do something to the firm, and remember it. Raises ValueError for what cannot be done."""
        deed = Deed(firm.timeline.now.isoformat(), verb, what, target)
        fault = _do(firm, deed)
        self.deeds.append(deed)
        self.write()
        return fault


def _do(firm: Firm, deed: Deed) -> Fault:
    if deed.verb == "inject":
        return firm.faults.inject(deed.what, deed.target)
    return firm.faults.repair(deed.what)


def last_monday(now: datetime) -> datetime:
    """The last Monday, early in the morning: a whole week of work lies ahead."""
    day = now - timedelta(days=now.isoweekday() - 1)
    monday = day.replace(hour=_EARLY, minute=0, second=0, microsecond=0)
    return monday if monday <= now else monday - timedelta(weeks=1)
