"""What a line of the bench is made of: two timed works and the ratio between them."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal, NamedTuple

_TICKS = os.sysconf("SC_CLK_TCK")
#: digits of a ratio worth telling
_ROUND = 3


class Timing(NamedTuple):
    """Seconds by the clock and of the processors, ours and the database server's."""

    wall_s: float
    cpu_s: float

    def __add__(self, other: Any) -> Timing:
        return Timing(self.wall_s + other.wall_s, self.cpu_s + other.cpu_s)


@dataclass(frozen=True, slots=True)
class Result:
    """One line: how near something comes to what was measured beside it.

    ``better`` says which way the target looks: ``more`` is a share of the limit to reach, ``less`` a
    multiple not to exceed. Without a target the line is informative and always met.
    """

    line: str
    ratio: float | None
    target: float | None
    aim: float | None
    better: Literal["more", "less"]
    ours: Timing
    limit: Timing
    rows: int
    engine: str
    notes: str

    @property
    def met(self) -> bool:
        """Whether the target is reached."""
        if self.target is None or self.ratio is None:
            return self.target is None
        return self.ratio >= self.target if self.better == "more" else self.ratio <= self.target

    def as_json(self) -> dict[str, Any]:
        """The line as ``sightglass bench --json`` writes it."""
        values = asdict(self)
        del values["ours"], values["limit"]
        ratio = None if self.ratio is None else round(self.ratio, _ROUND)
        return {
            **values,
            "ratio": ratio,
            "met": self.met,
            "wall_s": round(self.ours.wall_s, 6),
            "cpu_s": round(self.ours.cpu_s, 6),
            "limit_wall_s": round(self.limit.wall_s, 6),
            "limit_cpu_s": round(self.limit.cpu_s, 6),
        }


@dataclass(frozen=True, slots=True)
class Line:
    """A module of the bench: its name is its file's, ``measure`` is handed the shop."""

    name: str
    measure: Callable[[Any], list[Result]]


def timed(work: Callable[[], object], servers: Sequence[int] = ()) -> Timing:
    """How long a piece of work takes; ``servers`` are database processes that work for it."""
    # what the bench itself holds must not be swept again and again on behalf of the work
    gc.collect()
    gc.freeze()
    before, began = _cpu(servers), time.perf_counter()
    work()
    return Timing(time.perf_counter() - began, _cpu(servers) - before)


def _cpu(servers: Sequence[int]) -> float:
    return time.process_time() + sum(_cpu_of(pid) for pid in servers)


def _cpu_of(pid: int) -> float:
    """Seconds a local database process has used; 0 where it runs elsewhere."""
    try:
        name, _, rest = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")
    except OSError:
        return 0.0
    fields = rest.split()
    return (int(fields[11]) + int(fields[12])) / _TICKS if "postgres" in name else 0.0


def best(timings: Iterable[Timing]) -> Timing:
    """The least of each: what the machine does when nothing else wants it."""
    found = list(timings)
    return Timing(min(t.wall_s for t in found), min(t.cpu_s for t in found))


def middle(timings: Iterable[Timing]) -> Timing:
    """The median of each."""
    found = list(timings)
    return Timing(median(t.wall_s for t in found), median(t.cpu_s for t in found))
