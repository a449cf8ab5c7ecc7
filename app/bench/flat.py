"""Cost grows with what changed and what is open, not with history: the same work on ever larger stores."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from itertools import count

from sqlalchemy import Connection, Engine, Select, case, func, select

from app.bench._feed import RULES, Wire, poll, store
from app.bench._firm import NOW, Firm, Row
from app.bench._measure import Line, Result, Timing, middle, timed
from app.bench._shop import Shop, opened, servers
from metrics.evaluate import evaluate
from queries import read
from queries.schema import open_item
from queries.store import reading, writing

#: one open entry in this many is changed: 1,000 of 5,000
_CHANGED = 5


def measure(shop: Shop) -> list[Result]:
    """Evaluation after 1,000 changed records, and the KPI of open items, at every size in turn."""
    return [result for kind in shop.engines() for result in _engine(shop, kind)]


def _engine(shop: Shop, kind: str) -> list[Result]:
    versions = count(1)
    found: dict[str, dict[int, list[Timing]]] = {"evaluation": {}, "kpi": {}}
    with ExitStack() as stack:
        stores: dict[int, Engine] = {}
        for size in shop.sizes.flat:
            url = stack.enter_context(shop.copy(shop.store(kind, size)))
            stores[size] = stack.enter_context(opened(url))
            poll(stores[size], "psa", "time_entry", Wire(Firm(size).backlog(shop.sizes.backlog)))
        for _ in range(shop.sizes.repeats):
            version = next(versions)
            for size, engine in stores.items():
                found["evaluation"].setdefault(size, []).append(
                    _evaluation(engine, Firm(size).backlog(shop.sizes.backlog, version))
                )
                found["kpi"].setdefault(size, []).append(_kpi(engine))
    return [_result(shop, kind, what, timings) for what, timings in found.items()]


def _result(shop: Shop, kind: str, what: str, timings: dict[int, list[Timing]]) -> Result:
    sizes = shop.sizes.flat
    medians = {size: middle(timings[size]) for size in sizes}
    mine, least = medians[sizes[-1]], medians[sizes[0]]
    told = ", ".join(f"{size:,}: {medians[size].wall_s * 1000:.1f} ms" for size in sizes)
    return Result(
        line=f"flat.{what}",
        ratio=mine.wall_s / least.wall_s,
        target=1.5,
        aim=None,
        better="less",
        ours=mine,
        limit=least,
        rows=shop.sizes.backlog // _CHANGED if what == "evaluation" else shop.sizes.backlog,
        engine=kind,
        notes=f"medians of {shop.sizes.repeats}, alternating; {told}",
    )


def _evaluation(engine: Engine, backlog: list[Row]) -> Timing:
    with writing(engine) as connection:
        touched = store(connection, backlog[::_CHANGED])
        work: Callable[[], None] = partial(evaluate, connection, touched, NOW, RULES)
        return timed(work, servers(engine))


def _kpi(engine: Engine) -> Timing:
    with reading(engine) as connection:
        return timed(partial(_read_kpi, connection), servers(engine))


def _read_kpi(connection: Connection) -> int:
    return len(read.rows(connection, open_items()))


def open_items() -> Select[tuple[object, ...]]:
    """Open items by check, legal entity, currency and age: how many, how much, since when."""
    item = open_item.c
    age = case((item.act_at <= NOW, "act"), (item.watch_at <= NOW, "watch"), else_="young")
    groups = (item.check_key, item.legal_entity, item.currency, age)
    return select(*groups, func.count(), func.sum(item.amount_minor), func.min(item.since)).group_by(*groups)


LINE = Line("flat", measure)
