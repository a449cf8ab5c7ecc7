"""Bulk writing and key look-ups, one body per engine behind one call.

SQLite takes sorted ``executemany`` batches; PostgreSQL takes COPY into a temporary table and one
``INSERT .. ON CONFLICT``. Rows are tuples in the order of ``columns``, values as the driver wants
them (see :mod:`queries.rows`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date
from operator import itemgetter
from types import MappingProxyType
from typing import Any

import msgspec
from sqlalchemy import Connection, Table

Row = tuple[Any, ...]
NONE: Mapping[str, Any] = MappingProxyType({})


def upsert(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: list[Row],
    same: Mapping[str, Any] = NONE,
) -> None:
    """Insert rows, or replace those already there unless the stored version is newer.

    ``same`` are the values of further columns that do not vary.
    """
    if not rows:
        return
    keys = [c.name for c in table.primary_key.columns]
    kept = [name for name in (*columns, *same) if name not in keys and name not in INSERT_ONLY]
    assign = ", ".join(f"{name} = excluded.{name}" for name in kept)
    guard = ""
    if "source_updated_at" in kept:
        guard = f" WHERE excluded.source_updated_at >= {table.name}.source_updated_at"
    action = (
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {assign}{guard}" if kept else "ON CONFLICT DO NOTHING"
    )
    insert(connection, table, columns, rows, action, same)


#: columns that only an insert sets: they are lowered by a statement of their own afterwards
INSERT_ONLY = frozenset({"first_active_at"})


def insert(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: list[Row],
    action: str = "",
    same: Mapping[str, Any] = NONE,
) -> None:
    """Insert rows in key order; ``action`` is what happens on a conflict, ``same`` what does not vary."""
    if not rows:
        return
    rows, names = _in_key_order(table, columns, rows), ", ".join(columns)
    # binding a value costs as much as writing it: what never varies is part of the statement
    into = f"INSERT INTO {table.name} ({', '.join((*columns, *same))})"
    constants = [_literal(value) for value in same.values()]
    if connection.dialect.name == "sqlite":
        values = ", ".join((*"?" * len(columns), *constants))
        connection.exec_driver_sql(f"{into} VALUES ({values}) {action}", rows)
        return
    staging = f"staging_{table.name}"
    connection.exec_driver_sql(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {staging} (LIKE {table.name}) ON COMMIT DELETE ROWS"
    )
    _relax(connection, staging)
    with (
        closing(connection.connection.cursor()) as cursor,
        cursor.copy(f"COPY {staging} ({names}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)
    picked = ", ".join((*columns, *(constant.replace("%", "%%") for constant in constants)))
    connection.exec_driver_sql(f"{into} SELECT {picked} FROM {staging} {action}")
    connection.exec_driver_sql(f"TRUNCATE {staging}")


def _literal(value: Any) -> str:
    """A value as SQL that both engines read alike; text that holds NUL never comes this far."""
    if value is None or isinstance(value, bool):
        return {None: "NULL", True: "TRUE", False: "FALSE"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str | date):
        return "'" + str(value).replace("'", "''") + "'"
    raise TypeError(f"{type(value).__name__} has no literal here")


def _relax(connection: Connection, staging: str) -> None:
    # LIKE copies NOT NULL; an identity column is not part of what we write
    missing = connection.exec_driver_sql(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnotnull AND attnum > 0",
        (staging,),
    ).scalars()
    for name in list(missing):
        connection.exec_driver_sql(f"ALTER TABLE {staging} ALTER COLUMN {name} DROP NOT NULL")


def _in_key_order(table: Table, columns: Sequence[str], rows: list[Row]) -> list[Row]:
    # sorted batches touch each index page once: 1.4 times the rows per CPU second on SQLite
    places = [columns.index(c.name) for c in table.primary_key.columns if c.name in columns]
    return sorted(rows, key=itemgetter(*places)) if places else rows


def rows_by_id(
    connection: Connection, table: Table, columns: Sequence[str], system: str, ids: Sequence[str]
) -> list[Row]:
    """The given columns, ``id`` the first of them, of one system's records, for the ids that are stored."""
    if not ids:
        return []
    near = _stretch(connection, table, columns, system, ids) if len(ids) >= _MANY else None
    return _picked(connection, table.name, columns, {"id": ids}, {"system": system}) if near is None else near


#: so many ids that it is worth a look whether they lie side by side
_MANY = 100


def _stretch(
    connection: Connection, table: Table, columns: Sequence[str], system: str, ids: Sequence[str]
) -> list[Row] | None:
    """The same where the table holds little else between the first and the last id; None where it holds more.

    What a poll brings was mostly numbered one after another: to read on costs a fraction of looking up
    each. Only SQLite is known to sort as Python does.
    """
    if connection.dialect.name != "sqlite":
        return None
    there = f"FROM {table.name} WHERE system = ? AND id BETWEEN ? AND ?"
    ends, most = (system, min(ids), max(ids)), len(ids) + len(ids) // 4
    ((count,),) = select_rows(
        connection, f"SELECT count(*) FROM (SELECT 1 {there} LIMIT ?)", (*ends, most + 1)
    )
    if count > most:
        return None
    wanted = set(ids)
    with closing(connection.exec_driver_sql(f"SELECT {', '.join(columns)} {there}", ends)) as result:
        return [row for row in result.cursor.fetchall() if row[0] in wanted]


def rows_by(
    connection: Connection,
    source: str,
    columns: Sequence[str],
    key: tuple[str, ...],
    values: Sequence[Row],
    *,
    distinct: bool = False,
) -> list[Row]:
    """Rows of a table whose key columns equal one of the given tuples. One statement, any number of keys."""
    if not values:
        return []
    parts = dict(zip(key, zip(*values, strict=True), strict=True))
    # most batches are of one kind and one system: what never varies is said once
    varying = {name: part for name, part in parts.items() if not is_same(part)} or {key[-1]: parts[key[-1]]}
    fixed = {name: part[0] for name, part in parts.items() if name not in varying}
    return _picked(connection, source, columns, varying, fixed, distinct=distinct)


def _picked(
    connection: Connection,
    source: str,
    columns: Sequence[str],
    varying: Mapping[str, Sequence[Any]],
    fixed: Mapping[str, Any],
    *,
    distinct: bool = False,
) -> list[Row]:
    if connection.dialect.name == "sqlite":
        mark, (keys, wanted, given) = "?", _json_keys(list(varying.values()))
    else:
        mark, (keys, wanted, given) = "%s", _array_keys(list(varying.values()))
    conditions = [f"t.{name} = {key}" for name, key in zip(varying, keys, strict=True)]
    conditions += [f"t.{name} = {mark}" for name in fixed]
    picked = ", ".join(f"t.{name}" for name in columns)
    only = "DISTINCT " if distinct else ""
    sql = f"SELECT {only}{picked} FROM {wanted} CROSS JOIN {source} t WHERE {' AND '.join(conditions)}"
    with closing(connection.exec_driver_sql(sql, (*given, *fixed.values()))) as result:
        # the driver's own tuples: a page asks for tens of thousands
        return list(result.cursor.fetchall())


def is_same(values: Sequence[Any]) -> bool:
    """Whether there are values and all of them are equal; most that are not differ at an end."""
    return bool(values) and values[0] == values[-1] and values.count(values[0]) == len(values)


def _json_keys(parts: list[Sequence[Any]]) -> tuple[list[str], str, Row]:
    """Names of the wanted keys, the table they come from, and its parameters; SQLite."""
    if len(parts) == 1:
        return ["w.value"], "json_each(?) w", (_json(parts[0]),)
    places = range(len(parts))
    names = ", ".join(f"value ->> {i} AS k{i}" for i in places)
    keys = _json(list(zip(*parts, strict=True)))
    return [f"w.k{i}" for i in places], f"(SELECT {names} FROM json_each(?)) w", (keys,)


def _array_keys(parts: list[Sequence[Any]]) -> tuple[list[str], str, Row]:
    """The same for PostgreSQL."""
    places = range(len(parts))
    arrays, names = ", ".join("%s::text[]" for _ in places), ", ".join(f"k{i}" for i in places)
    return [f"w.k{i}" for i in places], f"unnest({arrays}) AS w({names})", tuple(list(p) for p in parts)


def _json(value: object) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        # half a surrogate pair, which only a row in quarantine can hold: no key has one, none is found
        return json.dumps(value)


def execute_many(connection: Connection, sql: str, rows: Sequence[Row]) -> None:
    """One statement for many parameter tuples; ``?`` marks the parameters on every engine."""
    if rows:
        text = sql if connection.dialect.name == "sqlite" else sql.replace("?", "%s")
        connection.exec_driver_sql(text, list(rows))


def select_rows(connection: Connection, sql: str, values: Row = ()) -> list[Row]:
    """Rows of one raw statement; ``?`` marks the parameters on every engine."""
    text = sql if connection.dialect.name == "sqlite" else sql.replace("?", "%s")
    return [tuple(row) for row in connection.exec_driver_sql(text, values)]
