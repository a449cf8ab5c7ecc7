"""The loop every poll shares: lease, pages, decode, store, judge, watermark - one transaction a batch.

A system only yields pages. Retry, quarantine, sweeps for deletions, the row and the span that every
poll leaves, and the moving of ``complete_through`` happen here, once.
"""

from __future__ import annotations

import json
import logging
import os
import random
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from opentelemetry import trace
from sqlalchemy import Connection, Engine

from collectors.batch import Batch, refusals, unswept
from collectors.contract import Connection as SystemConnection
from collectors.contract import Stream, System
from collectors.decode import decode, field_counts
from collectors.errors import CollectorError, FatalError, RetriableError, StopError
from queries import drift, polls, rejects
from queries.engagements import engagements_of
from queries.errors import StoreError
from queries.ingest import ingest, mark_deleted, stored_ids
from queries.keys import Key
from queries.polls import Progress
from queries.records import Record
from queries.rejects import Reject, storable
from queries.rows import Source
from queries.store import reading, writing

_LOG = logging.getLogger(__name__)
_TRACER = trace.get_tracer("sightglass.collectors")
_TRIES = 5
_LEASE = timedelta(minutes=5)
_LONGEST_PAUSE_S = 120.0
_RETRIED = 1_000
_OURS = ("app.", "collectors.", "metrics.", "queries.")

#: judges the engagements a batch of a kind of record touched, and between which of them it moved
#: records of other kinds; none touched: what time alone made news
AfterBatch = Callable[[Connection, set[str], datetime, str, set[str]], None]


@dataclass(frozen=True, slots=True)
class Configured:
    """A system as the firm set it up."""

    name: str
    system: System
    settings: Any
    source: Source
    roles: tuple[str, ...]
    legal_entities: tuple[str, ...]
    interval: timedelta
    freshness: timedelta

    def connect(self) -> SystemConnection:
        """Open a way in."""
        return self.system.connect(self.name, self.settings)


@dataclass(slots=True)
class Outcome:
    """How a poll of one stream ended."""

    system: str
    stream: str
    outcome: str
    progress: Progress = field(default_factory=Progress)
    error: str | None = None


@dataclass(slots=True)
class Runner:
    """Polls streams into a store. ``clock`` tells the time, ``after_batch`` judges what changed.

    One transaction takes ``batch_rows`` at most, and rows wait ``batch_s`` for others to join them.
    """

    engine: Engine
    clock: Callable[[], datetime]
    after_batch: AfterBatch
    holder: str
    sleep: Callable[[float], None] = time.sleep
    # a lease is about processes: it runs on the machine's time even where the firm's clock stands still
    wall: Callable[[], datetime] = lambda: datetime.now(UTC)
    batch_rows: int = 50_000
    batch_s: float = 2.0

    def lease(self, store: Connection, system: str, stream: str) -> bool:
        """Become the one who polls this stream; a lease of a process that died here is no obstacle."""
        other = polls.leaseholder(store, system, stream)
        if other is not None and other != self.holder and _died_here(other, self.holder):
            polls.release_lease(store, system, stream, other)
        return polls.take_lease(store, system, stream, self.holder, self.wall(), _LEASE)

    def poll(self, configured: Configured, stream: Stream, connection: SystemConnection) -> Outcome:
        """One pass over one stream. Never raises for what the source did: the row and the outcome say it."""
        name = f"{configured.name}/{stream.name}"
        with writing(self.engine) as store:
            stopped = polls.stopped_until(store, configured.name)
            if stopped is not None and self.clock() < stopped:
                why = f"{name}: left alone until {stopped:%Y-%m-%d %H:%M} UTC, as the system asked"
                return Outcome(configured.name, stream.name, "stopped", error=why)
            if not self.lease(store, configured.name, stream.name):
                return Outcome(configured.name, stream.name, "leased")
        with _TRACER.start_as_current_span("sightglass.poll") as span:
            span.set_attribute("sightglass.system", configured.name)
            span.set_attribute("sightglass.stream", stream.name)
            outcome = _Poll(self, configured, stream, connection).run(_trace_id(span))
            span.set_attribute("sightglass.records.changed", outcome.progress.changed)
            if outcome.error:
                span.set_status(trace.StatusCode.ERROR, outcome.error)
        with writing(self.engine) as store:
            polls.release_lease(store, configured.name, stream.name, self.holder)
        level = logging.WARNING if outcome.error else logging.INFO
        # what a source says may be more than a log can hold
        p, error = outcome.progress, f": {storable(outcome.error)}" if outcome.error else ""
        counts = (p.read, p.changed, p.rejected, p.deleted)
        text = "%s: %s, %d read, %d changed, %d rejected, %d deleted%s"
        _LOG.log(level, text, name, outcome.outcome, *counts, error)
        return outcome

    def retry_rejects(self, configured: Configured, stream: Stream) -> tuple[int, int]:
        """Read the quarantined rows of a stream again; how many came in, how many wait on."""
        with writing(self.engine) as store:
            waiting = rejects.open_rejects(store, configured.name, stream.name)
        came = 0
        for start in range(0, len(waiting), _RETRIED):
            with writing(self.engine) as store:
                came += self._retry(store, configured, stream, waiting[start : start + _RETRIED])
        return came, len(waiting) - came

    def _retry(self, store: Connection, configured: Configured, stream: Stream, waiting: list[Any]) -> int:
        read: list[tuple[Any, Record]] = []
        for row in waiting:
            raw = _from_text(row.raw)
            decoded = decode(stream, configured.source, [raw]) if raw is not None else None
            read += [(row, record) for record in decoded.records] if decoded else []
        now = self.clock()
        done = ingest(store, stream.kind, configured.source, [record for _, record in read], now)
        refused = {id(record) for record, _ in done.refused}
        well = {row.id: row for row, record in read if id(record) not in refused}
        for identifier in well:
            rejects.resolve_reject(store, identifier, now)
        # whom a row left in doubt is judged again, even when the row brought nothing new
        named = [Key(*name) for row in well.values() for name in json.loads(row.names)]
        touched = done.touched | set(engagements_of(store, named).values())
        self.after_batch(store, touched, now, stream.kind, done.moved)
        return len(well)


def _died_here(other: str, mine: str) -> bool:
    """Whether a holder (host:pid) was a process of this host that is gone."""
    host, _, pid = other.rpartition(":")
    if host != mine.rpartition(":")[0] or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _from_text(raw: str) -> Any:
    try:
        return json.loads(raw)
    except json.JSONDecodeError:
        return None


def _fault(problem: Exception) -> str:
    """An error nobody foresaw, by its place in the program: what it quotes may hold a secret."""
    place = "?"
    for frame, line in traceback.walk_tb(problem.__traceback__):
        module = str(frame.f_globals.get("__name__"))
        if module.startswith(_OURS):
            place = f"{module}:{line}"
    return (
        f"{type(problem).__name__} at {place}: the program has a fault here."
        " Remedy: report it with this line; the other streams go on"
    )


def _trace_id(span: trace.Span) -> str | None:
    context = span.get_span_context()
    return format(context.trace_id, "032x") if context.is_valid else None


class _Poll:
    """One pass over one stream."""

    def __init__(
        self, runner: Runner, configured: Configured, stream: Stream, connection: SystemConnection
    ) -> None:
        self.runner, self.configured, self.stream, self.connection = runner, configured, stream, connection
        self.progress = Progress()
        self.unknown: dict[str, int] = {}
        self.had, self.told = Counter(field_counts(stream.expected_fields(), ())[0]), 0
        self.complete_through: datetime | None = None
        self.truncated = False
        self.origins: set[str] = set()
        self.position: str | None = None
        self.started = runner.clock()

    def run(self, trace_id: str | None) -> Outcome:
        name, stream = self.configured.name, self.stream.name
        with writing(self.runner.engine) as store:
            run = polls.start_run(store, name, stream, self.started, trace_id)
            self.position = polls.watermark(store, name, stream)
        try:
            outcome, error = self._pass(run)
            self._close(run, outcome, error)
        except StoreError:
            raise
        except Exception as problem:  # noqa: BLE001 - a fault in one collector or check must not stop the rest
            outcome, error = "failed", f"{name}/{stream}: {_fault(problem)}"
            with writing(self.runner.engine) as store:
                polls.end_run(store, run, now=self.runner.clock(), outcome=outcome, error=error)
        return Outcome(name, stream, outcome, self.progress, error)

    def _pass(self, run: int) -> tuple[str, str | None]:
        try:
            self._read(run)
            outcome = "truncated" if self.truncated else "partial" if self.progress.rejected else "ok"
            error = None
            if self.stream.deletes == "sweep" and not self.truncated and self._sweep_is_due():
                error = self._sweep(run)
                outcome = "partial" if error else outcome
        except StopError as problem:
            with writing(self.runner.engine) as store:
                polls.stop(store, self.configured.name, problem.until)
            return "failed", str(problem)
        except CollectorError as problem:
            return "failed", str(problem)
        return outcome, error

    def _sweep_is_due(self) -> bool:
        name, stream = self.configured.name, self.stream
        with reading(self.runner.engine) as store:
            last = polls.swept_at(store, name, stream.name)
            # of a stream that never had a row, none can have gone
            return (last is None or self.started - last >= stream.sweep_every) and bool(
                stored_ids(store, stream.kind, name)
            )

    def _read(self, run: int) -> None:
        for attempt in range(1, _TRIES + 1):
            try:
                self._read_on(run)
            except RetriableError as problem:
                if attempt == _TRIES:
                    raise FatalError(f"{problem} (gave up after {_TRIES} tries)") from problem
                self._pause(attempt, problem)
            else:
                return

    def _read_on(self, run: int) -> None:
        """Pages from the position on, stored together as they come; what came before a failure is kept."""
        batch = Batch()
        try:
            for page in self.connection.pages(self.stream, self.position, self.started):
                batch.add(page, decode(self.stream, self.configured.source, page.rows))
                if batch.is_due(self.runner.batch_rows, self.runner.batch_s):
                    full, batch = batch, Batch()
                    self._store(run, full)
        except CollectorError:
            self._store(run, batch)
            raise
        self._store(run, batch)

    def _pause(self, attempt: int, problem: RetriableError) -> None:
        wait = problem.after if problem.after is not None else random.uniform(0.5, 1.0) * 2**attempt  # noqa: S311 - jitter
        if wait > _LONGEST_PAUSE_S:
            raise FatalError(
                f"{problem}; the source asks to wait {wait:.0f} s, the next poll comes sooner"
            ) from problem
        _LOG.info("%s/%s: %s, next try in %.1f s", self.configured.name, self.stream.name, problem, wait)
        self.runner.sleep(wait)

    def _store(self, run: int, batch: Batch) -> None:
        """One transaction: records, quarantine, judgement, and how far we are."""
        if not batch.pages:
            return
        source, stream, now = self.configured.source, self.stream, self.runner.clock()
        with unswept(), writing(self.runner.engine) as store:
            records = batch.records()
            done = ingest(store, stream.kind, source, records, now)
            refused = {record.id for record, _ in done.refused}
            gone = batch.gone()
            left = mark_deleted(store, stream.kind, source.system, gone, now)
            done.touched |= left.touched
            done.moved |= left.moved
            well = [*(record.id for record in records if record.id not in refused), *gone]
            named = rejects.resolve_rejects(store, source.system, stream.name, well, now)
            bad = self._quarantine(store, batch, done.refused, now)
            named += [name for item in bad for name in item.names]
            done.touched |= set(engagements_of(store, [Key(*name) for name in named]).values())
            self.progress.pages += len(batch.pages)
            self.progress.read += batch.read
            self.progress.changed += done.changed
            self.progress.rejected += len(bad)
            position = next((page.position for page, _ in reversed(batch.pages) if page.position), None)
            polls.batch_done(store, run, self.progress, position)
            self.runner.lease(store, source.system, stream.name)
            if done.touched:
                # what time alone makes news is judged when the poll closes
                self.runner.after_batch(store, done.touched, now, stream.kind, done.moved)
        self.position = position or self.position
        for page, decoded in batch.pages:
            self.truncated = self.truncated or page.truncated
            self.complete_through = page.complete_through or self.complete_through
            for name, count in decoded.unknown_fields.items():
                self.unknown[name] = self.unknown.get(name, 0) + count
            self.had.update(decoded.had)
            self.told += decoded.told

    def _quarantine(
        self, store: Connection, batch: Batch, refused: Sequence[tuple[Record, str]], now: datetime
    ) -> list[Reject]:
        """Keep every row that is no record, or none that can be kept."""
        source, stream = self.configured.source, self.stream
        bad = refusals(stream, source, batch, refused)
        for page, decoded in batch.pages:
            if page.origin is not None and page.origin not in self.origins:
                self.origins.add(page.origin)
                rejects.resolve_unnamed(store, source.system, stream.name, page.origin, now)
            where = f"{source.system}/{stream.name}"
            bad += [Reject(None, f"{where} {reason}", raw) for raw, reason in page.rejects]
            bad += decoded.rejects
        rejects.quarantine(store, source.system, stream.name, stream.kind, bad, now)
        return bad

    def _sweep(self, run: int) -> str | None:
        """Whatever the source no longer holds was deleted there; why not, where it would not say."""
        try:
            seen = set(self.connection.ids(self.stream))
        except CollectorError as problem:
            return f"deletions were not looked for: {problem}"
        name, kind = self.configured.name, self.stream.kind
        with writing(self.runner.engine) as store:
            gone = stored_ids(store, kind, name) - seen
            left = mark_deleted(store, kind, name, gone, self.started)
            named = rejects.forget_rejects(store, name, self.stream.name, seen, self.started)
            left.touched |= set(engagements_of(store, [Key(*key) for key in named]).values())
            self.progress.deleted += len(gone)
            polls.swept(store, name, self.stream.name, self.started)
            polls.batch_done(store, run, self.progress, None)
            self.runner.after_batch(store, left.touched, self.runner.clock(), kind, left.moved)
        return None

    def _close(self, run: int, outcome: str, error: str | None) -> None:
        complete = None
        if outcome in ("ok", "partial"):
            complete = self.complete_through or self.started - self.stream.settle
        with writing(self.runner.engine) as store:
            now = self.runner.clock()
            polls.end_run(
                store,
                run,
                now=now,
                outcome=outcome,
                complete_through=complete,
                unknown_fields=self.unknown,
                error=error,
            )
            drift.note(store, run, self.had, self.told, now)
            self.runner.after_batch(store, set(), now, self.stream.kind, set())


@contextmanager
def connected(configured: Configured) -> Iterator[SystemConnection]:
    """An open connection that is closed whatever happens."""
    with closing(configured.connect()) as connection:
        yield connection
