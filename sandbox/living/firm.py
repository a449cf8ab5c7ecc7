"""The firm as it lives: time goes on, deals come in, work is done, and all is written down somewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeVar

from sandbox import days
from sandbox.living import people
from sandbox.living.faults import Faults
from sandbox.living.hub import Hub
from sandbox.living.system import LivingSystem, systems
from sandbox.living.timeline import Timeline
from sandbox.living.work import Engagement
from sandbox.otlp import Json
from sandbox.records import Period, Record

R = TypeVar("R", bound=Record)

HISTORY = timedelta(weeks=12)
_PER_CLIENT = 4
#: beyond so many, the oldest spans nobody fetched are forgotten
_SPANS_KEPT = 50_000


class Firm:
    """A firm with so many engagements behind it at ``start``, and more to come at the same pace.

    Equal seeds, sizes and starts live equal lives, as long as the same faults befall them at the same
    moments. Raises ValueError for a start without zone.
    """

    def __init__(self, seed: int, engagements: int, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError(f"start {start.isoformat()} has no time zone: write it with Z or an offset")
        self.seed = seed
        self.start = start.astimezone(UTC)
        self.timeline = Timeline(self.start - HISTORY)
        #: what the systems take for the time; whoever serves the firm sets it to a clock that runs on
        self.clock: Callable[[], datetime] = lambda: self.timeline.now
        self.systems: dict[str, LivingSystem] = systems(self._now)
        self.spans: list[Json] = []
        self.faults = Faults(self)
        self.hub = Hub(self.timeline, seed, self.faults.refusal, self.faults.meddle, self._tell)
        self.engagements: list[Engagement] = []
        self._pace = HISTORY / engagements
        self._clients: list[people.Client] = []
        self._hidden: dict[tuple[str, type[Record], str], datetime] = {}
        self._found()
        self.advance(self.start)

    def _now(self) -> datetime:
        return self.clock()

    def advance(self, until: datetime) -> int:
        """Live up to a moment; how much happened."""
        return self.timeline.advance(until)

    def put(self, system: str, row: R, /) -> R:
        """Write a row into a system, now; a system whose transactions hang shows a new one later."""
        row.source_updated_at = self.timeline.now
        here = self.systems[system]
        late = None if row.id in here.held[type(row)] else self.faults.lateness(system)
        here.put(row, late=late)
        if late:
            self._hidden[system, type(row), row.id] = self.timeline.now + late
        return row

    def shown(self, system: str, kind: type[R]) -> list[R]:
        """The rows of a kind that a system shows now."""
        now, rows = self.clock(), self.systems[system].rows(kind)
        hidden = {key[2] for key, until in self._hidden.items() if key[0] == system and until > now}
        return [
            row for row in rows if row.id not in hidden or (system, type(row), row.id) not in self._hidden
        ]

    def staff(self, company: str, rng: Random, count: int) -> list[people.Consultant]:
        """Some of a company's people."""
        return rng.sample(self.people[company], count)

    def take_spans(self) -> Sequence[Json]:
        """The spans told since they were last taken, as requests of OTLP."""
        taken, self.spans = self.spans, []
        return taken

    def _tell(self, request: Json) -> None:
        self.spans.append(request)
        if len(self.spans) > _SPANS_KEPT:
            del self.spans[: _SPANS_KEPT // 10]

    # ---- how it began ------------------------------------------------------------------------

    def _found(self) -> None:
        now = self.timeline.now
        people.companies(self.put, now)
        self.people = people.consultants(self.put, self.seed, now)
        for first in people.months_so_far(now):
            people.ledger_month(self.put, self.seed, first, now)
        self._plan_month()
        self._next_deal()

    def _plan_month(self) -> None:
        first = days.add_months(self.timeline.now.date().replace(day=1), 1)

        def begin() -> None:
            people.ledger_month(self.put, self.seed, first, self.timeline.now)
            self._close(f"{days.add_months(first, -2):%Y-%m}")
            self._plan_month()

        self.timeline.at(datetime(first.year, first.month, 1, tzinfo=UTC), begin)

    def _close(self, month: str) -> None:
        for period in self.systems["erp"].rows(Period):
            if period.name == month:
                self.put("erp", replace(period, status="closed"))

    def _next_deal(self) -> None:
        n = len(self.engagements)
        if n % _PER_CLIENT == 0:
            self._clients.append(people.client(self.put, self.seed, n // _PER_CLIENT, self.timeline.now))
        engagement = Engagement(self, n, self._clients[-1])
        self.engagements.append(engagement)
        engagement.open()
        self.timeline.at(self.timeline.now + self._pace, self._next_deal)
