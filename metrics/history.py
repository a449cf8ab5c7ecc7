"""A check on history: what it would have listed, had it been asked at the end of each of the last days.

The stored records are told anew, day by day, to an empty store, through the same code that stores and
judges them every day; so what comes out is what the check would have said, thresholds, holidays, relief
and all. It is as good as the dates that records carry: see :mod:`queries.history`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection

from metrics.check import Check, checks
from metrics.evaluate import evaluate
from metrics.rules import Rules
from queries import polls
from queries.history import State, mirror, states
from queries.ingest import ingest
from queries.polls import StreamConfig
from queries.records import NODE_KINDS, Record
from queries.rows import Source
from queries.timeline import timeline

_DAY = timedelta(days=1)
_BATCH = 2000
#: kinds that decide how others are read, whatever a check asks
_ALWAYS = ("legal_entity", "fx_rate", "invoice", *NODE_KINDS)


class Firing(NamedTuple):
    """One time a subject was listed: from the look that first found it to the one that did not."""

    subject_system: str
    subject_kind: str
    subject_id: str
    contract_line: str | None
    legal_entity: str | None
    opened_at: datetime
    cleared_at: datetime | None
    amount_minor: int
    currency: str
    reason: str


@dataclass(frozen=True, slots=True)
class History:
    """What a check would have listed between two looks; ``looks`` is how often it was asked."""

    check: str
    start: datetime
    end: datetime
    looks: int
    fired: Sequence[Firing]

    def amounts(self) -> Mapping[str, int]:
        """Currency -> minor units when first listed, added up over all firings."""
        sums: dict[str, int] = defaultdict(int)
        for firing in self.fired:
            sums[firing.currency] += firing.amount_minor
        return dict(sorted(sums.items()))


def replay(
    connection: Connection, scratch: Connection, check: Check, rules: Rules, start: datetime, end: datetime
) -> History:
    """Ask one check at the end of every day from ``start`` to ``end``, both asked as well.

    ``scratch`` is an empty store with all tables; what is found at ``start`` stood before and did not fire.
    """
    streams = mirror(connection, scratch)
    alone = replace(rules, disabled=frozenset(checks()) - {check.key})
    needed = dict.fromkeys((*_ALWAYS, *(need.kind for need in check.reads)))
    told: dict[str, list[State]] = {kind: sorted(states(connection, kind), key=_order) for kind in needed}
    looks = 0
    for moment in _moments(start, end):
        touched = _tell(scratch, told, moment)
        _read(scratch, streams, moment)
        evaluate(scratch, None if not looks else touched, moment, alone)
        if looks and touched:
            evaluate(scratch, (), moment, alone)
        looks += 1
    fired = [_firing(row) for row in timeline(scratch, check.key) if row["opened_at"] > start]
    return History(check.key, start, end, looks, fired)


def _order(state: State) -> tuple[bool, float]:
    return state.at is not None, state.at.timestamp() if state.at else 0.0


def _moments(start: datetime, end: datetime) -> Iterator[datetime]:
    """The instants of the looks: a day apart, back from the end."""
    days = max((end - start).days, 0)
    return (end - (days - number) * _DAY for number in range(days + 1))


def _tell(scratch: Connection, told: Mapping[str, list[State]], moment: datetime) -> set[str]:
    """Store what became known up to a moment; the engagements it touched."""
    touched: set[str] = set()
    for kind, waiting in told.items():
        count = sum(1 for _ in _due(waiting, moment))
        due, waiting[:count] = waiting[:count], []
        for system, group in groupby(sorted(due, key=itemgetter(1)), key=itemgetter(1)):
            records = [state.record for state in group]
            for batch in _batches(records):
                touched |= ingest(scratch, kind, Source(system), batch, moment).touched
    return touched


def _due(waiting: Sequence[State], moment: datetime) -> Iterator[State]:
    for state in waiting:
        if state.at is not None and state.at > moment:
            return
        yield state


def _batches(records: Sequence[Record]) -> Iterator[list[Record]]:
    """Parts in which no record stands twice: its states are stored one after the other."""
    batch: dict[str, Record] = {}
    for record in records:
        if record.id in batch or len(batch) == _BATCH:
            yield list(batch.values())
            batch = {}
        batch[record.id] = record
    if batch:
        yield list(batch.values())


def _read(scratch: Connection, streams: Sequence[StreamConfig], moment: datetime) -> None:
    """Every stream was read up to now: whether it was at that time is not known any more."""
    for stream in streams:
        run = polls.start_run(scratch, stream.system, stream.stream, moment, None)
        polls.end_run(scratch, run, now=moment, outcome="ok", complete_through=moment)


def _firing(row: Mapping[str, Any]) -> Firing:
    return Firing(**{name: row[name] for name in Firing._fields})
