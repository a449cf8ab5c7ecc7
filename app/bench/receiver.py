"""Spans as the receiver takes them in, against a plain insert of the rows they become."""

from __future__ import annotations

from functools import partial

from sqlalchemy import Engine

from app.bench._firm import NOW
from app.bench._measure import Line, Result, best, timed
from app.bench._rows import plain_insert
from app.bench._shop import Shop, opened, servers
from app.bench._telling import request, rows
from collectors.business_keys import namings
from collectors.otlp import JSON, decode
from queries.spans import SpanRow, store_spans
from queries.store import writing

#: spans one exporter sends at a time
_BATCH = 512


def measure(shop: Shop) -> list[Result]:
    """OTLP requests decoded, their business keys found, both stored in a transaction a request."""
    return [_engine(shop, kind) for kind in shop.engines()]


def _engine(shop: Shop, kind: str) -> Result:
    count = shop.sizes.received
    bodies = [request(first, min(_BATCH, count - first)) for first in range(0, count, _BATCH)]
    plain = [tuple(row) for row, _ in rows(count)]
    ours, limit = [], []
    for _ in range(shop.sizes.rounds):
        limit.append(plain_insert(shop, kind, SpanRow._fields, plain, "span", _BATCH))
        with shop.copy(shop.store(kind, shop.sizes.base)) as url, opened(url) as engine:
            ours.append(timed(partial(_take_in, engine, bodies), servers(engine)))
    mine, least = best(ours), best(limit)
    return Result(
        line="receiver",
        ratio=least.wall_s / mine.wall_s,
        target=None,
        aim=None,
        better="more",
        ours=mine,
        limit=least,
        rows=count,
        engine=kind,
        notes=f"{count / mine.wall_s:,.0f} spans/s in requests of {_BATCH}; OTLP/JSON",
    )


def _take_in(engine: Engine, bodies: list[bytes]) -> None:
    names = namings()
    for body in bodies:
        found = decode(body, JSON, names)
        with writing(engine) as connection:
            store_spans(connection, found.spans, found.keys, NOW)


LINE = Line("receiver", measure)
