"""Time entries as the store keeps them, and the plain writes they are held against."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import psycopg
from sqlalchemy import make_url

from app.bench._feed import as_lines, source, typed
from app.bench._firm import NOW, Row
from app.bench._measure import Timing, timed
from app.bench._shop import Shop, dsn
from queries.rows import Encoded, digested, encode
from queries.store import ROOM

Tuples = list[tuple[Any, ...]]


def encoded(lines: bytes, *, sqlite: bool) -> Encoded:
    """Lines of the wire as the columns the store writes."""
    psa = source("psa")
    told = digested(psa, typed("time_entry", lines))
    return encode("time_entry", psa, told.records, told.digests, NOW, sqlite=sqlite)


def stored(rows: Sequence[Row], *, sqlite: bool) -> tuple[tuple[str, ...], Tuples]:
    """Every column that holds anything, and the rows as tuples of them."""
    found = encoded(as_lines(rows), sqlite=sqlite)
    same = {name: value for name, value in found.same.items() if value is not None}
    return (*found.columns, *same), [(*row, *same.values()) for row in found.rows()]


def as_told(rows: Sequence[Row]) -> tuple[tuple[str, ...], Tuples]:
    """The fields a system tells, and the rows as tuples of them."""
    names = tuple(dict.fromkeys(name for row in rows for name in row))
    return names, [tuple(row.get(name) for name in names) for row in rows]


def plain_insert(
    shop: Shop, kind: str, columns: Sequence[str], rows: Tuples, table: str = "time_entry", page: int = 0
) -> Timing:
    """Rows into a table without key or index, one transaction a page: nothing can write them faster."""
    size = page or shop.sizes.page
    pages = [rows[start : start + size] for start in range(0, len(rows), size)]
    if kind == "sqlite":
        return _executemany(str(make_url(shop.empty("sqlite")).database), columns, pages)
    return _copy(dsn(shop.store(kind, shop.sizes.base)), table, columns, pages)


def _executemany(path: str, columns: Sequence[str], pages: Sequence[Tuples]) -> Timing:
    statement = f"INSERT INTO plain VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 - marks only
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        for pragma in ROOM:
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(f"CREATE TABLE plain ({', '.join(columns)})")

        def write() -> None:
            for page in pages:
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(statement, page)
                connection.execute("COMMIT")

        return timed(write)


def _copy(address: str, table: str, columns: Sequence[str], pages: Sequence[Tuples]) -> Timing:
    fields = ", ".join(columns)
    statement = f"COPY plain ({fields}) FROM STDIN".encode()
    with closing(psycopg.connect(address)) as connection:
        connection.execute("DROP TABLE IF EXISTS plain")
        connection.execute(f"CREATE TABLE plain AS SELECT {fields} FROM {table} LIMIT 0".encode())  # noqa: S608
        connection.commit()

        def write() -> None:
            for page in pages:
                with connection.cursor().copy(statement) as copy:
                    for row in page:
                        copy.write_row(row)
                connection.commit()

        taken = timed(write, (connection.info.backend_pid,))
        connection.execute("DROP TABLE plain")
        connection.commit()
    return taken
