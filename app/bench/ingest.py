"""Time entries through the whole path against a plain insert of the same rows, and dlt's merge beside it."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec

from sqlalchemy import Engine

from app.bench._feed import Wire, poll
from app.bench._firm import Firm, Row
from app.bench._measure import Line, Result, Timing, best, timed
from app.bench._peers import merge_with_dlt
from app.bench._rows import Tuples, as_told, plain_insert, stored
from app.bench._shop import Shop, opened, servers, warm
from queries.schema import RECORD_TABLES
from queries.store import writing
from queries.write import upsert

_TARGETS = {"sqlite": (0.25, 0.35), "postgresql": (0.20, 0.25)}


def measure(shop: Shop) -> list[Result]:
    """Half of a batch changed, half new, onto a history: decode, upsert, link, open items, watermark."""
    rows = Firm(shop.sizes.base).week(shop.sizes.batch)
    found = [_engine(shop, kind, rows) for kind in shop.engines()]
    return [*found, _peer(shop, found[0])]


def _engine(shop: Shop, kind: str, rows: list[Row]) -> Result:
    wire, base = Wire(rows, shop.sizes.page), shop.store(kind, shop.sizes.base)
    columns, values = stored(rows, sqlite=kind == "sqlite")
    fields, told = as_told(rows)
    ours, limit, narrow, keyed = [], [], [], []
    for _ in range(shop.sizes.rounds):
        limit.append(plain_insert(shop, kind, columns, values))
        if kind == "sqlite":
            narrow.append(plain_insert(shop, kind, fields, told))
        with shop.copy(base) as url, opened(url) as engine:
            warm(engine)
            ours.append(timed(partial(poll, engine, "psa", "time_entry", wire), servers(engine)))
        with shop.copy(base) as url, opened(url) as engine:
            keyed.append(timed(partial(_write, engine, columns, values), servers(engine)))
    target, aim = _TARGETS[kind]
    mine, plain = best(ours), best(limit)
    notes = (
        f"{len(rows) / mine.wall_s:,.0f} rows/s onto {shop.sizes.base:,};"
        f" limit: the stored rows, {len(columns)} columns, without key or index;"
        f" their upsert alone, with key and index: {plain.wall_s / best(keyed).wall_s:.3f}"
    )
    if narrow:
        least = best(narrow).wall_s
        notes += f"; against only the {len(fields)} fields told: {least / mine.wall_s:.3f}"
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
        notes=notes,
    )


def _write(engine: Engine, columns: tuple[str, ...], rows: Tuples) -> None:
    with writing(engine) as connection:
        upsert(connection, RECORD_TABLES["time_entry"], columns, rows)


def _peer(shop: Shop, ours: Result) -> Result:
    """How many of our rows dlt merges in the time we take: a smaller batch, for it takes minutes."""
    if find_spec("dlt") is None:
        nothing = Timing(0.0, 0.0)
        why = "dlt is not installed: pip install sightglass[bench]"
        return Result("ingest", None, None, None, "more", nothing, nothing, 0, "dlt, sqlite", why)
    firm = Firm(shop.sizes.base)
    rows = firm.week(shop.sizes.peer)
    taken = merge_with_dlt(shop, list(firm.history()), rows)
    mine = Timing(*(seconds * len(rows) / ours.rows for seconds in ours.ours))
    notes = f"merge of {len(rows):,} rows onto {shop.sizes.base:,}, ours scaled from {ours.rows:,}"
    return Result(
        "ingest", taken.wall_s / mine.wall_s, 200, None, "more", mine, taken, len(rows), "dlt, sqlite", notes
    )


LINE = Line("ingest", measure)
