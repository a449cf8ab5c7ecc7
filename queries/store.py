"""The way into the store: opening it, bringing it up to date, and its two kinds of transaction.

``writing`` is one writer at a time, among all processes; ``reading`` is one consistent picture, in
which nothing can be written. Both behave alike on SQLite and PostgreSQL.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError

from queries.close_schema import metadata
from queries.errors import StoreBusyError, StoreError, explain, shown, sqlite_folder

#: seconds a writer waits for the others before it gives up with StoreBusyError
WAIT_S = 10

#: a batch touches tens of megabytes: it finds them in memory (KiB), and waits for no checkpoint (pages)
ROOM = ("cache_size = -64000", "wal_autocheckpoint = 10000")

#: PostgreSQL's advisory locks are numbers; this one is "SGLS"
WRITER_LOCK = 0x53474C53

_MIGRATIONS = Path(__file__).parent / "migrations"
_INTENT = "sightglass_intent"


def open_engine(url: str) -> Engine:
    """An engine for ``sqlite:///FILE`` or ``postgresql://USER:PASSWORD@HOST/DATABASE``.

    Nothing is opened yet. Raises StoreError for any other address.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed)
    return _open_postgresql(parsed)


def _parsed(url: str) -> URL:
    remedy = "write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError("store.url is not an address of a database", remedy=remedy) from error
    backend = parsed.get_backend_name()
    if backend not in {"sqlite", "postgresql", "postgres"}:
        raise StoreError(f"store.url names {backend}, which Sightglass cannot use", remedy=remedy)
    return parsed.set(drivername="sqlite" if backend == "sqlite" else "postgresql+psycopg")


def _open_sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": WAIT_S})

    @event.listens_for(engine, "connect")
    def _prepare(connection: DBAPIConnection, _record: object) -> None:
        # The driver would begin transactions late and never for reads: we begin them ourselves.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys = ON")
        # With WAL, NORMAL survives a crash of the program; only a power cut may cost the last batch,
        # which is polled again.
        cursor.execute("PRAGMA synchronous = NORMAL")
        for pragma in ROOM:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        intent = connection.get_execution_options().get(_INTENT)
        connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if intent == 'read' else 'OFF'}")
        # Taking the lock at once: a reader that turns writer halfway cannot wait, it can only fail.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if intent == "write" else "BEGIN")

    return engine


def _open_postgresql(url: URL) -> Engine:
    names = {} if "application_name" in url.query else {"application_name": "sightglass"}
    engine = create_engine(url, connect_args=names, pool_pre_ping=True)

    @event.listens_for(engine, "connect")
    def _prepare(connection: DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("SET TIME ZONE 'UTC'")
        cursor.close()
        connection.commit()

    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes: the only one among all processes, committed when the block ends well.

    Raises StoreBusyError when others held the store for WAIT_S seconds, StoreError when it cannot be
    written at all; every other error of the block passes through after a rollback.
    """
    with _explained(engine.url), engine.connect() as plain:
        connection = plain.execution_options(**{_INTENT: "write"})
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql(
                    f"SET LOCAL lock_timeout = '{WAIT_S}s'; SELECT pg_advisory_xact_lock({WRITER_LOCK})"
                )
            yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads: one picture of the store, whatever is written meanwhile.

    Writing inside it fails on every engine.
    """
    options: dict[str, Any] = {_INTENT: "read"}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with _explained(engine.url, writes=False), engine.connect() as plain:
        yield plain.execution_options(**options)


@contextmanager
def _explained(url: URL, *, writes: bool = True) -> Iterator[None]:
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        meant = explain(getattr(error, "orig", error), url)
        if meant is None or (not writes and "is read-only" in str(meant)):
            raise
        raise meant from error


def migrate(engine: Engine) -> None:
    """Bring the store up to date; safe when several processes start at once: one does it, the others wait.

    Raises StoreError for a store that is newer than the program, holds another program's tables, or
    cannot be written.
    """
    if engine.dialect.name == "sqlite":
        _keep_a_log(engine)
    with writing(engine) as connection:
        config = migrations(connection)
        if _revision(connection, config) is None:
            _refuse_strangers(connection)
        command.upgrade(config, "head")


@contextmanager
def scratch_store() -> Iterator[Engine]:
    """An empty store in a folder of its own, gone when closed: for what is worked out and thrown away."""
    with TemporaryDirectory(prefix="sightglass-") as folder:
        engine = open_engine(f"sqlite:///{folder}/scratch.db")
        try:
            with writing(engine) as connection:
                metadata.create_all(connection)
            yield engine
        finally:
            engine.dispose()


def check_schema(engine: Engine) -> None:
    """Pass when the store can be used now: reachable, writable, of this program's revision.

    Raises StoreError (StoreBusyError when waiting may help) with the remedy.
    """
    folder = sqlite_folder(engine.url)
    if folder is not None and folder.is_dir() and not _sqlite_file(engine.url).exists():
        raise StoreError(f"the store {shown(engine.url)} does not exist yet", remedy=_START)
    with writing(engine) as connection:
        config = migrations(connection)
        found = _revision(connection, config)
        if found is not None:
            # A read-only store lets a transaction begin; only a statement that could write is refused.
            connection.exec_driver_sql("DELETE FROM alembic_version WHERE 1 = 0")
    if found is None:
        raise StoreError(f"the store {shown(engine.url)} has no tables yet", remedy=_START)
    head = ScriptDirectory.from_config(config).get_current_head()
    if found != head:
        raise StoreError(
            f"the store {shown(engine.url)} is at revision {found}, this program is at {head}", remedy=_START
        )


_START = "run `sightglass up` or `sightglass poll --once`: either brings the store up to date"


def migrations(connection: Connection) -> Config:
    """The migrations that came with this program, to be run over an open connection."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


def _revision(connection: Connection, config: Config) -> str | None:
    """The revision the store is at; StoreError when this program does not know it."""
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    heads = MigrationContext.configure(connection).get_current_heads()
    for revision in heads:
        if revision not in known:
            raise StoreError(
                f"the store {shown(connection.engine.url)} is at {revision}, newer than this program",
                remedy="install the newer Sightglass that wrote it, or name another store in store.url",
            )
    return heads[0] if heads else None


def _refuse_strangers(connection: Connection) -> None:
    taken = sorted(set(inspect(connection).get_table_names()) & set(metadata.tables))
    if taken:
        raise StoreError(
            f"the store {shown(connection.engine.url)} holds tables not Sightglass's: {', '.join(taken)}",
            remedy="name a database of its own in store.url",
        )


def _sqlite_file(url: URL) -> Path:
    return Path((url.database or "").removeprefix("file:"))


def _keep_a_log(engine: Engine) -> None:
    """Let readers and the writer work side by side (WAL); the file remembers it.

    SQLite does not wait while two processes ask for this at once: we do.
    """
    patience = time.monotonic() + WAIT_S
    while True:
        try:
            with _explained(engine.url), closing(engine.raw_connection()) as raw:
                raw.cursor().execute("PRAGMA journal_mode = WAL")
        except StoreBusyError:
            if time.monotonic() > patience:
                raise
            time.sleep(0.05)
        else:
            return
