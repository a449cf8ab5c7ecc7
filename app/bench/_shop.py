"""Where the bench works: a folder on disk, stores of several sizes, each made once, an engine or two."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count, islice
from pathlib import Path

import psycopg
from sqlalchemy import Engine, make_url

from app.bench._feed import PAGE, Wire, configure, judge, leave, poll
from app.bench._firm import NOW, Firm
from collectors.errors import ConfigError
from queries.store import migrate, open_engine, writing

#: rows made and stored at a time while a store is filled
_FILL = 100_000
_PREFIX = "sightglass_bench_"


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured; ``rounds`` alternate ours and the limit."""

    base: int = 100_000
    batch: int = 50_000
    flat: tuple[int, ...] = (100_000, 1_000_000)
    spans: int = 1_000_000
    wire: int = 100_000
    received: int = 50_000
    peer: int = 1_000
    fetched: int = 200_000
    backlog: int = 5_000
    page: int = PAGE
    rounds: int = 3
    repeats: int = 15


QUICK = Sizes(2_000, 1_000, (1_000, 4_000), 2_000, 1_000, 1_000, 50, 2_000, 500, 500, 1, 2)
LARGE = Sizes(flat=(100_000, 1_000_000, 10_000_000))


@dataclass(slots=True)
class Shop:
    """``postgres`` is the address of a server on which databases may be made; None leaves it out."""

    folder: Path
    sizes: Sizes
    postgres: str | None
    _made: dict[tuple[str, int], str] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=partial(count, 1))

    def engines(self) -> list[str]:
        """The engines to measure."""
        return ["sqlite", *(["postgresql"] if self.postgres else [])]

    def store(self, kind: str, entries: int) -> str:
        """The address of a filled store of a firm, made once; a line that changes it takes a :meth:`copy`."""
        key = (kind, entries)
        if key not in self._made:
            url = self._address(kind, f"base_{entries}")
            with opened(url) as engine:
                fill(engine, Firm(entries))
            self._made[key] = url
        return self._made[key]

    def empty(self, kind: str) -> str:
        """The address of a store that is not there yet."""
        return self._address(kind, f"{next(self._numbers)}")

    def _address(self, kind: str, name: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{self.folder / name}.db"
        self._server(f"DROP DATABASE IF EXISTS {_PREFIX}{name}", f"CREATE DATABASE {_PREFIX}{name}")
        return self._database(f"{_PREFIX}{name}")

    @contextmanager
    def copy(self, url: str) -> Iterator[str]:
        """A copy of a store, gone afterwards."""
        name = f"copy_{next(self._numbers)}"
        if url.startswith("sqlite"):
            path = self.folder / f"{name}.db"
            shutil.copyfile(str(make_url(url).database), path)
            try:
                yield f"sqlite:///{path}"
            finally:
                for file in self.folder.glob(f"{name}.db*"):
                    file.unlink()
            return
        whole = f"{_PREFIX}{name}"
        self._server(f"CREATE DATABASE {whole} TEMPLATE {make_url(url).database}")
        try:
            yield self._database(whole)
        finally:
            self._server(f"DROP DATABASE {whole}")

    def close(self) -> None:
        """Drop what was made on the server; the folder is the caller's."""
        made = [make_url(url).database for (kind, _), url in self._made.items() if kind != "sqlite"]
        self._server(*(f"DROP DATABASE IF EXISTS {name}" for name in made))

    def _database(self, name: str) -> str:
        return make_url(self.postgres or "").set(database=name).render_as_string(hide_password=False)

    def _server(self, *statements: str) -> None:
        if not statements:
            return
        try:
            with closing(psycopg.connect(dsn(self.postgres or ""), autocommit=True)) as connection:
                for statement in statements:
                    connection.execute(statement.encode())
        except psycopg.OperationalError as error:
            raise ConfigError(
                f"the bench's PostgreSQL: {error}",
                remedy="name a server to try: postgresql://USER:PASSWORD@HOST/DATABASE",
            ) from error
        except psycopg.errors.InsufficientPrivilege as error:
            raise ConfigError(
                f"the bench's PostgreSQL: {error}",
                remedy="give the user CREATEDB: the bench works in databases of its own",
            ) from error


def dsn(url: str) -> str:
    """The address as psycopg itself takes it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    """A store in use."""
    engine = open_engine(url)
    try:
        migrate(engine)
        yield engine
    finally:
        engine.dispose()


def fill(engine: Engine, firm: Firm, *, history: bool = True) -> None:
    """Store a firm through the runner, with its history of time or without, and judge it once."""
    configure(engine)
    for system, kind, rows in firm.base():
        poll(engine, system, kind, Wire(rows), leave)
    for system, kind in (("psa", "milestone"), ("erp", "revenue_line")):
        poll(engine, system, kind, Wire([]), leave)
    entries = firm.history() if history else iter(())
    while rows := list(islice(entries, _FILL)):
        poll(engine, "psa", "time_entry", Wire(rows, _FILL), leave)
    with writing(engine) as connection:
        judge(connection, {f"opportunity:crm:O-{n:06d}" for n in range(firm.engagements)}, NOW)


def warm(engine: Engine) -> None:
    """What a worker pays once for all polls of a day: statements put together for the first time."""
    with writing(engine) as connection:
        judge(connection, {"opportunity:crm:O-000000"}, NOW)


def servers(engine: Engine) -> Sequence[int]:
    """The process that works for an engine's only connection, where the engine is a server."""
    if engine.dialect.name == "sqlite":
        return ()
    with closing(engine.raw_connection()) as raw:
        info: psycopg.ConnectionInfo = raw.driver_connection.info  # type: ignore[union-attr]
        return (info.backend_pid,)
