"""The nightly audit: a full evaluation must equal the maintained state, at little more than its SQL costs."""

from __future__ import annotations

from contextlib import closing
from functools import partial

from sqlalchemy import Engine

from app.bench._feed import RULES, Wire, poll
from app.bench._firm import NOW, Firm
from app.bench._measure import Line, Result, best, timed
from app.bench._shop import Shop, opened, servers
from metrics.check import Scope
from metrics.evaluate import audit
from queries.store import writing


def measure(shop: Shop) -> list[Result]:
    """Over a store that a week's batch has just passed through."""
    return [_engine(shop, kind) for kind in shop.engines()]


def _engine(shop: Shop, kind: str) -> Result:
    size = shop.sizes.flat[-1]
    ours, limit = [], []
    with shop.copy(shop.store(kind, size)) as url, opened(url) as engine:
        poll(engine, "psa", "time_entry", Wire(Firm(size).week(shop.sizes.batch)))
        drift: set[str] = set()
        for _ in range(shop.sizes.rounds):
            limit.append(timed(partial(_bare, engine), servers(engine)))
            ours.append(timed(partial(_audit, engine, drift), servers(engine)))
    mine, least = best(ours), best(limit)
    equal = "equal" if not drift else f"DIFFERENT in {', '.join(sorted(drift))}"
    return Result(
        line="audit",
        # a full evaluation that disagrees is infinitely far from what it should be
        ratio=mine.wall_s / least.wall_s if not drift else None,
        target=1.5,
        aim=None,
        better="less",
        ours=mine,
        limit=least,
        rows=size,
        engine=kind,
        notes=f"full evaluation and maintained state are {equal}; limit: the checks' statements alone",
    )


def _audit(engine: Engine, drift: set[str]) -> None:
    with writing(engine) as connection:
        drift |= set(audit(connection, NOW, RULES))


def _bare(engine: Engine) -> None:
    with writing(engine) as connection, closing(connection.connection.cursor()) as cursor:
        for check in RULES.enabled():
            statement = check.select(Scope(None)).compile(
                dialect=engine.dialect, compile_kwargs={"literal_binds": True}
            )
            cursor.execute(str(statement).replace("%%", "%"))
            cursor.fetchall()


LINE = Line("audit", measure)
