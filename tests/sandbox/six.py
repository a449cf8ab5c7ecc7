"""The six systems of the living firm on a port, and Sightglass reading them as configured, into a store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from app.bootstrap import App, application
from app.report import exception_list
from collectors.runner import Outcome, Runner, connected
from metrics.evaluate import evaluate
from queries.exceptions import Filters
from queries.fields import FIELDS
from queries.schema import RECORD_TABLES
from queries.store import open_engine, reading, writing
from queries.types import HOURS_SCALE, RATE_SCALE, to_minor, to_scaled
from sandbox.apis.serving import serving
from sandbox.living.clock import Clock
from sandbox.living.configuration import SECRETS, configuration, prepare
from sandbox.living.system import LivingSystem, mounted, systems
from sandbox.records import Record

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
_SCALES = {"hours": HOURS_SCALE, "rate": RATE_SCALE}


class Six:
    """The firm at ``now``; ``slept`` is how long polls waited, which also moves the clock of limits."""

    def __init__(self, folder: Path) -> None:
        self.now = NOW
        self.folder = folder
        self.systems: dict[str, LivingSystem] = systems(lambda: self.now)
        self.address = ""
        self.slept: list[float] = []
        for system in self.systems.values():
            system.api.ticks = lambda: sum(self.slept)

    def put(self, system: str, *rows: Record, late: timedelta | None = None) -> None:
        """Write rows into a system."""
        for row in rows:
            self.systems[system].put(row, late=late)

    @contextmanager
    def app(self) -> Iterator[App]:
        """Sightglass as configured, its clock standing at the firm's."""
        Clock(self.now, self.now, speed=0).write(self.folder / "clock.json")
        path = self.folder / "sightglass.toml"
        path.write_text(configuration(self.address, "clock.json"), encoding="utf-8")
        with application(path) as found:
            yield found

    def poll(self, *names: str) -> dict[str, Outcome]:
        """One pass over every stream of these systems, or of all: how each ended, by system/stream."""
        found = {}
        with self.app() as app, ExitStack() as stack:
            runner = Runner(app.engine, app.now, app.judge, "here:1", self.slept.append, app.now)
            for one in app.systems:
                if names and one.name not in names:
                    continue
                way = stack.enter_context(connected(one))
                for stream in app.streams[one.name]:
                    found[f"{one.name}/{stream.name}"] = runner.poll(one, stream, way)
            with writing(app.engine) as store:
                evaluate(store, (), app.now(), app.rules)
        return found

    def read(self, *names: str) -> dict[str, Outcome]:
        """As :meth:`poll`; every stream must have been read well."""
        found = self.poll(*names)
        assert {key: one.error for key, one in found.items() if one.outcome != "ok"} == {}
        return found

    @contextmanager
    def store(self) -> Iterator[Connection]:
        """What Sightglass knows."""
        engine = open_engine(f"sqlite:///{self.folder / 'sightglass.db'}")
        try:
            with reading(engine) as found:
                yield found
        finally:
            engine.dispose()

    def stored(self, system: str, kind: str) -> dict[str, dict[str, Any]]:
        """A system's records that are not deleted, by id."""
        table = RECORD_TABLES[kind]
        query = select(table).where(table.c.system == system, table.c.deleted_at.is_(None))
        with self.store() as store:
            return {row["id"]: dict(row) for row in store.execute(query).mappings()}

    def exceptions(self, check: str) -> list[tuple[str, str, str, str]]:
        """Listed exceptions of a check: (system, id) of the subject, amount, currency."""
        with self.store() as store:
            rows = exception_list(store, Filters(check=check))
        return sorted(
            (row["subject"]["system"], row["subject"]["id"], row["amount"], row["currency"]) for row in rows
        )


@contextmanager
def running(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Six]:
    """The firm's systems on a port, empty."""
    for name in SECRETS:
        # set first, so that it is taken away again: the secrets come from the file the configuration names
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    six = Six(folder)
    six.systems["erp"].api.certificate = prepare(folder)  # type: ignore[attr-defined]
    with serving(mounted(six.systems)) as address:
        six.address = address
        yield six


def as_stored(system: str, kind: str, row: Record, fields: str) -> dict[str, Any]:
    """What the store must hold of a row: exact integers for money, and whom its references mean."""
    found: dict[str, Any] = {}
    for name in fields.split():
        value = getattr(row, name)
        found[name] = _as_stored(FIELDS[kind][name], value, getattr(row, "currency", None))
        if name.endswith("_id"):
            reference = f"{name.removesuffix('_id')}_system"
            found[reference] = (getattr(row, reference) or system) if value is not None else None
    return found


def _as_stored(unit: str | None, value: Any, currency: str | None) -> Any:
    match value:
        case Decimal() if unit == "money":
            assert currency is not None
            return to_minor(value, currency)
        case Decimal():
            return to_scaled(value, _SCALES[unit or ""])
        case datetime():
            return value
        case date():
            return value
    return value
