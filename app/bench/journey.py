"""The whole way of one engagement among a million spans, against the bare indexed reads behind it."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import Engine

from app.bench._firm import NOW
from app.bench._measure import Line, Result, Timing, middle, timed
from app.bench._shop import Shop, opened, servers
from app.bench._telling import PER_DEAL, rows
from app.report import trace
from queries.journey import resolve
from queries.records import ANCHORS, NODE_KINDS
from queries.spans import store_spans
from queries.store import reading, writing

_FILL = 20_000
_SHOWN = 200


def measure(shop: Shop) -> list[Result]:
    """`trace` of one deal after another by the id its CRM gives it."""
    return [_engine(shop, kind) for kind in shop.engines()]


def _engine(shop: Shop, kind: str) -> Result:
    with shop.copy(shop.store(kind, shop.sizes.base)) as url, opened(url) as engine:
        _fill(engine, shop.sizes.spans)
        ours: list[Timing] = []
        limit: list[Timing] = []
        for number in range(shop.sizes.repeats):
            deal = f"O-{number:06d}"
            limit.append(timed(partial(_bare, engine, deal), servers(engine)))
            ours.append(timed(partial(_trace, engine, deal), servers(engine)))
    mine, least = middle(ours), middle(limit)
    return Result(
        line="journey",
        ratio=mine.wall_s / least.wall_s,
        target=3,
        aim=None,
        better="less",
        ours=mine,
        limit=least,
        rows=shop.sizes.spans,
        engine=kind,
        notes=f"medians of {shop.sizes.repeats}: {mine.wall_s * 1000:.1f} ms for {PER_DEAL} spans"
        f" and the records, bare reads {least.wall_s * 1000:.1f} ms",
    )


def _fill(engine: Engine, count: int) -> None:
    told = rows(count)
    while part := list(islice(told, _FILL)):
        with writing(engine) as connection:
            store_spans(connection, [row for row, _ in part], [key for _, key in part], NOW)


def _trace(engine: Engine, deal: str) -> None:
    with reading(engine) as connection:
        found = resolve(connection, deal)
        trace(connection, found[0], found[1:])


def _bare(engine: Engine, deal: str) -> None:
    """The same rows by their indexes, as the driver hands them out."""
    mark = "?" if engine.dialect.name == "sqlite" else "%s"

    def ask(sql: str, *values: Any) -> list[Any]:
        cursor.execute(sql.replace("?", mark), values)
        return list(cursor.fetchall())

    with reading(engine) as connection, closing(connection.connection.cursor()) as cursor:
        [(name,)] = ask("SELECT engagement_id FROM node WHERE id = ?", deal)
        for kind in (*NODE_KINDS, *ANCHORS):
            ask(f"SELECT * FROM {kind} WHERE engagement_id = ? LIMIT {_SHOWN}", name)  # noqa: S608 - own names
        ask("SELECT * FROM finding WHERE engagement_id = ?", name)
        ask("SELECT count(*), sum(hours) FROM time_entry WHERE engagement_id = ?", name)
        keys = ask("SELECT kind, system, id FROM node WHERE engagement_id = ?", name)
        line = "SELECT DISTINCT invoice_system, invoice_id FROM invoice_line WHERE engagement_id = ?"
        keys += [("invoice", *key) for key in ask(line, name)]
        traces = set()
        for key in keys:
            ask("SELECT * FROM link WHERE from_kind = ? AND from_system = ? AND from_id = ?", *key)
            ask("SELECT * FROM link WHERE to_kind = ? AND to_system = ? AND to_id = ?", *key)
            probe = "SELECT DISTINCT trace_id FROM span_key WHERE kind = ? AND id = ?"
            traces |= {row[0] for row in ask(probe, key[0], key[2])}
        for found in sorted(traces):
            ask("SELECT * FROM span WHERE trace_id = ?", found)


LINE = Line("journey", measure)
