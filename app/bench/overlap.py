"""A poll that reads its overlap again: nearly everything it brings is stored already."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sqlalchemy import Engine

from app.bench._feed import Wire, as_lines, leave, poll
from app.bench._firm import Firm, chunks
from app.bench._measure import Line, Result, best, timed
from app.bench._rows import encoded
from app.bench._shop import Shop, opened, servers
from queries.schema import RECORD_TABLES
from queries.store import writing
from queries.write import upsert

#: one row in this many is news
_NEWS = 20


def measure(shop: Shop) -> list[Result]:
    """19 of 20 rows unchanged: the poll, against decoding, encoding and upserting all of them."""
    return [_engine(shop, kind) for kind in shop.engines()]


def _engine(shop: Shop, kind: str) -> Result:
    firm = Firm(shop.sizes.base)
    first = firm.entries - shop.sizes.batch
    rows = [
        firm.entry(n, "billed" if n < firm.billed else "submitted", version=int(n % _NEWS == 0))
        for n in range(first, firm.entries)
    ]
    pages = [as_lines(part) for part in chunks(rows, shop.sizes.page)]
    wire, base = Wire(rows, shop.sizes.page), shop.store(kind, firm.entries)
    ours, limit = [], []
    for _ in range(shop.sizes.rounds):
        with shop.copy(base) as url, opened(url) as engine:
            limit.append(timed(partial(_upsert_all, engine, pages), servers(engine)))
        with shop.copy(base) as url, opened(url) as engine:
            ours.append(timed(partial(poll, engine, "psa", "time_entry", wire, leave), servers(engine)))
    mine, plain_time = best(ours), best(limit)
    return Result(
        line="overlap",
        ratio=plain_time.wall_s / mine.wall_s,
        target=2,
        aim=None,
        better="more",
        ours=mine,
        limit=plain_time,
        rows=len(rows),
        engine=kind,
        notes=f"{len(rows) / mine.wall_s:,.0f} rows/s; beside it: the same pages decoded and all upserted",
    )


def _upsert_all(engine: Engine, pages: Sequence[bytes]) -> None:
    table = RECORD_TABLES["time_entry"]
    for page in pages:
        found = encoded(page, sqlite=engine.dialect.name == "sqlite")
        with writing(engine) as connection:
            upsert(connection, table, tuple(found.columns), found.rows(), found.same)


LINE = Line("overlap", measure)
