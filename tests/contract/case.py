"""What the contract asks of a vendor, and a poll of it over real HTTP into a real store."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from collectors.contract import Connection, Stream
from collectors.discovery import systems
from collectors.runner import Configured, Outcome, Runner
from queries import polls
from queries.rows import Source
from queries.schema import RECORD_TABLES, collection_run, reject, stream_state
from queries.store import reading, writing
from sandbox.apis.api import Api, Fault
from sandbox.apis.serving import serving
from sandbox.apis.shelf import Shelf
from tests.contract import vendors

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PAGE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A row as the vendor documents it, and what it means: canonical fields, written by hand.

    ``beside`` are rows of other tables that it refers to: table -> id -> fields.
    """

    table: str
    fields: Mapping[str, Any]
    means: Mapping[str, Any]
    id: str = "1"
    deleted: bool = False
    beside: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One vendor.

    ``stream`` is the one most tests read, filled from ``table`` with ``row(number)`` under ``id(number)``;
    ``known_as`` is the id the record then has. ``changes`` is (vendor field, new value, canonical column,
    stored value). ``passing`` are answers that ask for patience, ``stopping`` those that say an allowance
    is used up, ``refusing`` those that mean "no" and never "nothing there". ``unstamped`` is after how long
    a change that left no stamp is found, where the vendor has such.
    """

    api: type[Api]
    settings: Callable[[str, Path], Mapping[str, Any]]
    stream: str
    table: str
    row: Callable[[int], Mapping[str, Any]]
    changes: tuple[str, Any, str, Any]
    samples: Mapping[str, Sample]
    env: Mapping[str, str] = field(default_factory=dict)
    id: Callable[[int], str] = str
    known_as: Callable[[int], str] = str
    passing: tuple[Fault, ...] = ()
    stopping: tuple[Fault, ...] = ()
    refusing: tuple[Fault, ...] = ()
    wrong_in_200: tuple[Fault, ...] = ()
    deletes: str = "hard"
    has_tokens: bool = False
    is_incremental: bool = True
    unstamped: timedelta | None = None
    prepare: Callable[[Api], None] = lambda _api: None

    @property
    def kind(self) -> str:
        """The system's kind."""
        return self.api.vendor


def cases() -> dict[str, Case]:
    """Every vendor's case, by kind."""
    names = [info.name for info in pkgutil.iter_modules(vendors.__path__)]
    found = {}
    for name in sorted(names):
        for case in importlib.import_module(f"{vendors.__name__}.{name}").CASES:
            assert case.kind not in found, case.kind
            found[case.kind] = case
    return found


class Watch:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass(slots=True)
class Bench:
    """A vendor's running API, and polls of it."""

    case: Case
    engine: Engine
    base: str
    folder: Path
    api: Api
    watch: Watch
    slept: list[float] = field(default_factory=list)
    batch_rows: int = 1
    settings: dict[str, Any] = field(default_factory=dict)

    def fill(self, count: int, *, stamp: datetime | None = None, first: int = 1) -> None:
        """Rows of the stream, each stamped a second after the one before, or all at once."""
        for number in range(first, first + count):
            at = stamp or self.api.shelf.clock() - timedelta(hours=1) + timedelta(seconds=number)
            self.api.shelf.put(self.case.table, self.case.id(number), self.case.row(number), stamp=at)

    def connection(self) -> Connection:
        """A way in, as configured."""
        return self.configured().connect()

    def configured(self) -> Configured:
        """The system as a firm would set it up."""
        system = systems()[self.case.kind]
        told = {**self.case.settings(self.base, self.folder), **self.settings}
        settings = system.settings.model_validate(told)
        hour = timedelta(hours=1)
        return Configured(
            self.case.kind, system, settings, Source(self.case.kind), system.roles, ("*",), 5 * MINUTE, hour
        )

    def stream(self, connection: Connection, name: str | None = None) -> Stream:
        """One of the declared streams."""
        wanted = name or self.case.stream
        return next(stream for stream in connection.streams() if stream.name == wanted)

    def poll(
        self, name: str | None = None, wrap: Callable[[Connection], Connection] | None = None
    ) -> Outcome:
        """One pass over the stream."""
        runner = Runner(
            self.engine, self.watch, lambda *_: None, "here:1", self.slept.append, self.watch, self.batch_rows
        )
        connection = self.connection()
        try:
            stream = self.stream(connection, name)
            config = polls.StreamConfig(
                self.case.kind, stream.name, stream.kind, 5 * MINUTE, timedelta(hours=1)
            )
            with writing(self.engine) as store:
                polls.configure(store, [config], [])
            return runner.poll(self.configured(), stream, wrap(connection) if wrap else connection)
        finally:
            connection.close()

    # ---- what the store holds ----------------------------------------------------------------

    def rows(self, kind: str | None = None) -> dict[str, dict[str, Any]]:
        """Stored records of the stream's kind by id, deleted ones too."""
        with reading(self.engine) as store:
            found = store.execute(select(RECORD_TABLES[kind or self.kind()])).mappings()
            return {row["id"]: dict(row) for row in found}

    def ids(self) -> set[str]:
        """Ids of the records that are not deleted."""
        return {name for name, row in self.rows().items() if row["deleted_at"] is None}

    def wanted(self, *numbers: int) -> set[str]:
        """The ids that rows of these numbers have."""
        return {self.case.known_as(number) for number in numbers}

    def kind(self) -> str:
        """The record kind of the stream."""
        connection = self.connection()
        try:
            return self.stream(connection).kind
        finally:
            connection.close()

    def complete_through(self) -> datetime | None:
        """How far the stream is believed."""
        with reading(self.engine) as store:
            found: datetime | None = store.execute(select(stream_state.c.complete_through)).scalar_one()
            return found

    def reasons(self) -> list[str]:
        """Why rows wait in quarantine."""
        with reading(self.engine) as store:
            return list(
                store.execute(select(reject.c.reason).where(reject.c.resolved_at.is_(None))).scalars()
            )

    def missing_fields(self) -> list[str]:
        """Fields the stream is mapped from that its rows have no more, without what they stand in."""
        with reading(self.engine) as store:
            query = select(stream_state.c.missing_fields).where(stream_state.c.stream == self.case.stream)
            found: str | None = store.execute(query).scalar_one()
        return [name.rpartition(".")[2] for name in json.loads(found or "[]")]

    def unknown_fields(self) -> str | None:
        """Fields of the last run nobody expected, or missed."""
        with reading(self.engine) as store:
            query = select(collection_run.c.unknown_fields).order_by(collection_run.c.id.desc()).limit(1)
            found: str | None = store.execute(query).scalar_one()
            return found


@contextmanager
def running(case: Case, engine: Engine, folder: Path) -> Iterator[Bench]:
    """The vendor's API on a port of its own."""
    watch = Watch()
    api = case.api(Shelf(watch))
    if hasattr(api, "page_cap"):
        api.page_cap = PAGE
    case.prepare(api)
    with serving(api.app()) as base:
        yield Bench(case, engine, base, folder, api, watch)
