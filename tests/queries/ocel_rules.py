"""What the OCEL 2.0 standard asks of a relational log, each rule as a question to the file itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

_COLUMNS = {
    "event": {"ocel_id": "TEXT", "ocel_type": "TEXT"},
    "object": {"ocel_id": "TEXT", "ocel_type": "TEXT"},
    "event_map_type": {"ocel_type": "TEXT", "ocel_type_map": "TEXT"},
    "object_map_type": {"ocel_type": "TEXT", "ocel_type_map": "TEXT"},
    "event_object": {"ocel_event_id": "TEXT", "ocel_object_id": "TEXT", "ocel_qualifier": "TEXT"},
    "object_object": {"ocel_source_id": "TEXT", "ocel_target_id": "TEXT", "ocel_qualifier": "TEXT"},
}
_KEYS = {
    "event": ["ocel_id"],
    "object": ["ocel_id"],
    "event_map_type": ["ocel_type"],
    "object_map_type": ["ocel_type"],
    "event_object": ["ocel_event_id", "ocel_object_id", "ocel_qualifier"],
    "object_object": ["ocel_source_id", "ocel_target_id", "ocel_qualifier"],
}
_FOREIGN = {
    "event": {("ocel_type", "event_map_type", "ocel_type")},
    "object": {("ocel_type", "object_map_type", "ocel_type")},
    "event_object": {("ocel_event_id", "event", "ocel_id"), ("ocel_object_id", "object", "ocel_id")},
    "object_object": {("ocel_source_id", "object", "ocel_id"), ("ocel_target_id", "object", "ocel_id")},
}
_ATTRIBUTES = {"TEXT", "TIMESTAMP", "INTEGER", "REAL", "BOOLEAN"}
_HELD: dict[str, set[type]] = {
    "TEXT": {str},
    "TIMESTAMP": {str},
    "INTEGER": {int},
    "REAL": {float, int},
    "BOOLEAN": {int},
}


def rows(path: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """What a file answers."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
        return list(database.execute(query, values))


def broken(path: Path) -> list[str]:
    """The rules a file breaks, one sentence each."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
        found = [*_tables(database), *_contents(database)]
        for of in ("event", "object"):
            for name, short in database.execute(f"SELECT * FROM {of}_map_type").fetchall():
                found.extend(_of_type(database, of, name, short))
    return found


def _columns(database: sqlite3.Connection, table: str) -> dict[str, str]:
    return {row[1]: row[2] for row in database.execute(f'PRAGMA table_info("{table}")')}


def _key(database: sqlite3.Connection, table: str) -> list[str]:
    rows = database.execute(f'PRAGMA table_info("{table}")').fetchall()
    return [row[1] for row in sorted(rows, key=lambda row: row[5]) if row[5]]


def _foreign(database: sqlite3.Connection, table: str) -> set[tuple[str, str, str]]:
    return {(row[3], row[2], row[4]) for row in database.execute(f'PRAGMA foreign_key_list("{table}")')}


def _tables(database: sqlite3.Connection) -> Iterator[str]:
    for table, columns in _COLUMNS.items():
        if _columns(database, table) != columns:
            yield f"{table} has other columns: {_columns(database, table)}"
        if _key(database, table) != _KEYS[table]:
            yield f"{table} has another key"
        if _foreign(database, table) != _FOREIGN.get(table, set()):
            yield f"{table} refers elsewhere"
    named = {
        f"{of}_{short}"
        for of in ("event", "object")
        for (short,) in database.execute(f"SELECT ocel_type_map FROM {of}_map_type")
    }
    there = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if there != named | set(_COLUMNS):
        yield f"tables without a type, or types without a table: {there ^ (named | set(_COLUMNS))}"


def _contents(database: sqlite3.Connection) -> Iterator[str]:
    yield from (f"leads nowhere: {row}" for row in database.execute("PRAGMA foreign_key_check"))
    yield from (f"damaged: {row}" for (row,) in database.execute("PRAGMA integrity_check") if row != "ok")
    for table, columns in _COLUMNS.items():
        for column in columns:
            empty = f"SELECT count(*) FROM {table} WHERE {column} IS NULL OR trim({column}) = ''"
            if database.execute(empty).fetchone()[0]:
                yield f"{table}.{column} is empty somewhere"
    lost = "SELECT ocel_id FROM event WHERE ocel_id NOT IN (SELECT ocel_event_id FROM event_object)"
    yield from (f"event {row} is about nothing" for (row,) in database.execute(lost))


def _of_type(database: sqlite3.Connection, of: str, name: str, short: str) -> Iterator[str]:
    table = f"{of}_{short}"
    columns = _columns(database, table)
    if not columns:
        return
    fixed = {"ocel_id": "TEXT", "ocel_time": "TIMESTAMP"}
    fixed |= {"ocel_changed_field": "TEXT"} if of == "object" else {}
    if {key: columns.get(key) for key in fixed} != fixed:
        yield f"{table} lacks a column of the standard"
    if _foreign(database, table) != {("ocel_id", of, "ocel_id")}:
        yield f"{table} refers elsewhere"
    if of == "event" and _key(database, table) != ["ocel_id"]:
        yield f"{table} has another key"
    attributes = {key: held for key, held in columns.items() if key not in fixed}
    if not set(attributes.values()) <= _ATTRIBUTES:
        yield f"{table} has an attribute of a type that is not the standard's"
    mine = {row[0] for row in database.execute(f"SELECT ocel_id FROM {of} WHERE ocel_type = ?", (name,))}
    first = "" if of == "event" else " WHERE ocel_changed_field IS NULL"
    described = [row[0] for row in database.execute(f'SELECT ocel_id FROM "{table}"{first}')]
    if sorted(described) != sorted(mine):
        yield f"{table} does not describe each {name} once"
    cursor = database.execute(f'SELECT * FROM "{table}"')
    names = [column[0] for column in cursor.description]
    for row in cursor:
        yield from _values(table, attributes, dict(zip(names, row, strict=True)))


def _values(table: str, attributes: dict[str, str], row: dict[str, Any]) -> Iterator[str]:
    moment = datetime.fromisoformat(row["ocel_time"])
    if moment.tzinfo is None:
        yield f"{table} {row['ocel_id']} has a time without a zone"
    if table.startswith("object_") and (row["ocel_changed_field"] is None) != (moment.year == 1970):
        yield f"{table} {row['ocel_id']}: only what an object has from the start stands in 1970"
    changed = row.get("ocel_changed_field")
    if changed is not None and changed not in attributes:
        yield f"{table} {row['ocel_id']} changed a field it does not have"
    for name, held_as in attributes.items():
        value = row[name]
        if value is not None and type(value) not in _HELD[held_as]:
            yield f"{table} {row['ocel_id']}: {name} is no {held_as}: {value!r}"
        if value is not None and held_as == "TIMESTAMP":
            datetime.fromisoformat(value)
        if held_as == "BOOLEAN" and value is not None and value not in {0, 1}:
            yield f"{table} {row['ocel_id']}: {name} is neither true nor false"
