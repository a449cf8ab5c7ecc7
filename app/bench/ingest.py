"""Time entries through the whole path against a plain insert of the same rows, and dlt's merge beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import psycopg
from sqlalchemy import make_url

from app.bench._feed import Wire, poll
from app.bench._firm import Firm, chunks
from app.bench._measure import Line, Result, Timing, best, timed
from app.bench._shop import Shop, dsn, opened, sample, servers

_TARGETS = {"sqlite": (0.25, 0.35), "postgresql": (0.20, 0.25)}


def measure(shop: Shop) -> list[Result]:
    """Half of a batch changed, half new, onto a history: decode, upsert, link, open items, watermark."""
    return [_engine(shop, kind) for kind in shop.engines()]


def _engine(shop: Shop, kind: str) -> Result:
    rows = Firm(shop.sizes.base).week(shop.sizes.batch)
    wire = Wire(rows, shop.sizes.page)
    base = shop.store(kind, shop.sizes.base)
    columns = sample(rows)
    tuples = [tuple(row.get(name) for name in columns) for row in rows]
    ours, limit = [], []
    for _ in range(shop.sizes.rounds):
        limit.append(plain_insert(shop, kind, columns, tuples))
        with shop.copy(base) as url, opened(url) as engine:
            pids = servers(engine)
            ours.append(timed(lambda: poll(engine, "psa", "time_entry", wire), pids))  # noqa: B023 - run at once
    target, aim = _TARGETS[kind]
    mine, plain = best(ours), best(limit)
    what = "executemany" if kind == "sqlite" else "COPY"
    return Result(
        line="ingest",
        ratio=plain.wall_s / mine.wall_s,
        target=target,
        aim=aim,
        better="more",
        ours=mine,
        limit=plain,
        rows=len(rows),
        engine=kind,
        notes=f"onto {shop.sizes.base:,}; limit: plain {what}, {len(columns)} columns, no key, no index;"
        f" {len(rows) / mine.wall_s:,.0f} rows/s, CPU ratio {plain.cpu_s / mine.cpu_s:.3f}",
    )


def plain_insert(shop: Shop, kind: str, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> Timing:
    """The rows as they came into a table without key or index, page by page."""
    pages = [rows[start : start + shop.sizes.page] for start in range(0, len(rows), shop.sizes.page)]
    return (_executemany if kind == "sqlite" else _copy)(shop, columns, pages)


def _executemany(shop: Shop, columns: Sequence[str], pages: list[list[tuple[Any, ...]]]) -> Timing:
    path = str(make_url(shop.empty("sqlite")).database)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"CREATE TABLE plain ({', '.join(columns)})")

        def write() -> None:
            for page in pages:
                connection.execute("BEGIN IMMEDIATE")
                marks = ", ".join("?" * len(columns))
                connection.executemany(f"INSERT INTO plain VALUES ({marks})", page)  # noqa: S608 - own names
                connection.execute("COMMIT")

        return timed(write)


def _copy(shop: Shop, columns: Sequence[str], pages: list[list[tuple[Any, ...]]]) -> Timing:
    url = shop.store("postgresql", shop.sizes.base)
    with closing(psycopg.connect(dsn(url))) as connection:
        connection.execute(f"CREATE TEMPORARY TABLE plain ({', '.join(f'{c} text' for c in columns)})".encode())
        connection.commit()

        def write() -> None:
            for page in pages:
                with connection.cursor().copy("COPY plain FROM STDIN") as copy:
                    for row in page:
                        copy.write_row(row)
                connection.commit()

        return timed(write, (connection.info.backend_pid,))


LINE = Line("ingest", measure)
