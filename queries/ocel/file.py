"""The file: tables, keys and constraints as the standard lays them down; written aside, then put in place."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from queries.errors import StoreError
from queries.ocel.model import Attributes, camel, event_types, object_types

#: SQLite's place for saying which program a file belongs to; this one is "SGOC"
APPLICATION_ID = 0x53474F43

_TABLES = """
CREATE TABLE event_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT NOT NULL UNIQUE);
CREATE TABLE object_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT NOT NULL UNIQUE);
CREATE TABLE event (
  ocel_id TEXT PRIMARY KEY, ocel_type TEXT NOT NULL REFERENCES event_map_type (ocel_type)
);
CREATE TABLE object (
  ocel_id TEXT PRIMARY KEY, ocel_type TEXT NOT NULL REFERENCES object_map_type (ocel_type)
);
CREATE TABLE event_object (
  ocel_event_id TEXT NOT NULL REFERENCES event (ocel_id),
  ocel_object_id TEXT NOT NULL REFERENCES object (ocel_id),
  ocel_qualifier TEXT NOT NULL,
  PRIMARY KEY (ocel_event_id, ocel_object_id, ocel_qualifier)
);
CREATE TABLE object_object (
  ocel_source_id TEXT NOT NULL REFERENCES object (ocel_id),
  ocel_target_id TEXT NOT NULL REFERENCES object (ocel_id),
  ocel_qualifier TEXT NOT NULL,
  PRIMARY KEY (ocel_source_id, ocel_target_id, ocel_qualifier)
);
"""


class Log:
    """An event log being written: rows are gathered by table until :meth:`flush`."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.database = database
        self._rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)

    def object(self, kind: str, identifier: str, at: str, values: Sequence[Any]) -> None:
        """An object, with the values of its attributes from the start."""
        self._rows["object"].append((identifier, camel(kind)))
        self._rows[f"object_{camel(kind)}"].append((identifier, at, None, *values))

    def change(self, kind: str, identifier: str, at: str, changed: Mapping[str, Any]) -> None:
        """Attributes that have another value from a moment on: a row for each, as the standard says."""
        names = object_types()[kind]
        for field, value in changed.items():
            values = (value if name == field else None for name in names)
            self._rows[f"object_{camel(kind)}"].append((identifier, at, field, *values))

    def event(self, name: str, identifier: str, at: str, values: Sequence[Any]) -> None:
        """An event; its objects are told by :meth:`touches`."""
        self._rows["event"].append((identifier, name))
        self._rows[f"event_{camel(name)}"].append((identifier, at, *values))

    def touches(self, event: str, identifier: str, qualifier: str) -> None:
        """An event is about an object."""
        self._rows["event_object"].append((event, identifier, qualifier))

    def relates(self, source: str, target: str, qualifier: str) -> None:
        """An object refers to another one; that may turn out not to be there."""
        if source != target:
            self._rows["object_object"].append((source, target, qualifier))

    def flush(self) -> None:
        """Write what was gathered; said twice, a relation is one."""
        for table, rows in self._rows.items():
            places = ", ".join("?" * len(rows[0]))
            again = " OR IGNORE" if table in ("event_object", "object_object") else ""
            self.database.executemany(f'INSERT{again} INTO "{table}" VALUES ({places})', rows)
        self._rows.clear()

    def count(self, table: str) -> int:
        """How many rows a table has."""
        (found,) = self.database.execute(f'SELECT count(*) FROM "{table}"').fetchone()
        return int(found)


@contextmanager
def written(target: Path, *, force: bool) -> Iterator[Log]:
    """An empty log that becomes ``target`` when the block ends well, and leaves nothing behind when not.

    Raises StoreError where something else is in its place (unless ``force``) or nothing can be written.
    """
    _refuse(target, force=force)
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        os.close(handle)
    except OSError as error:
        raise _unwritable(target, error) from error
    aside = Path(name)
    try:
        with closing(sqlite3.connect(aside, isolation_level=None)) as database:
            _prepare(database)
            yield Log(database)
        _settle(aside)
        aside.replace(target)
    except (OSError, sqlite3.OperationalError) as error:
        raise _unwritable(target, error) from error
    finally:
        aside.unlink(missing_ok=True)


def _unwritable(target: Path, error: Exception) -> StoreError:
    why = getattr(error, "strerror", None) or str(error)
    return StoreError(
        f"{target} cannot be written: {why}", remedy="name a file in a folder with room in --out"
    )


def _refuse(target: Path, *, force: bool) -> None:
    if target.is_dir():
        raise StoreError(f"{target} is a folder", remedy="name a file in --out, such as sightglass.sqlite")
    if not target.exists() or force:
        return
    if not is_ours(target):
        raise StoreError(
            f"{target} exists and was not exported by Sightglass",
            remedy="name another file in --out, or replace this one with --force",
        )


def is_ours(path: Path) -> bool:
    """Whether a file is an event log that was exported here."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            (found,) = database.execute("PRAGMA application_id").fetchone()
    except sqlite3.Error:
        return False
    return bool(found == APPLICATION_ID)


def _prepare(database: sqlite3.Connection) -> None:
    # nobody reads this file before it is whole: no journal, and references may come before what they mean
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF", "cache_size = -64000"):
        database.execute(f"PRAGMA {pragma}")
    database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    database.executescript(_TABLES)
    for name, attributes in event_types().items():
        _type(database, "event", name, camel(name), attributes)
    for kind, attributes in object_types().items():
        _type(database, "object", camel(kind), camel(kind), attributes)
    database.execute("BEGIN")


def _type(database: sqlite3.Connection, of: str, name: str, short: str, attributes: Attributes) -> None:
    database.execute(f"INSERT INTO {of}_map_type VALUES (?, ?)", (name, short))
    # an event happens once; an object has a row for each change
    key, changed = (" PRIMARY KEY", "") if of == "event" else (" NOT NULL", ", ocel_changed_field TEXT")
    columns = "".join(f', "{attribute}" {held_as}' for attribute, held_as in attributes.items())
    database.execute(
        f'CREATE TABLE "{of}_{short}" (ocel_id TEXT{key} REFERENCES {of} (ocel_id), '
        f"ocel_time TIMESTAMP NOT NULL{changed}{columns})"
    )


def _settle(path: Path) -> None:
    """The disk has it: a power cut after the file took its name must not leave it empty."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
