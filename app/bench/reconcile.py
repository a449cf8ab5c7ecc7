"""Reconciling a period of many lines, against pandas reading the same rows and merging them in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from itertools import islice
from typing import Any

import pandas as pd
from sqlalchemy import Engine

from app.bench._firm import NOW
from app.bench._measure import Line, Result, best, timed
from app.bench._shop import Shop, opened, servers
from metrics.reconcile import reconcile, scope_of
from metrics.tieout import tie_outs
from queries import polls
from queries.close_periods import Period, periods
from queries.schema import RECORD_TABLES
from queries.store import reading, writing
from queries.types import day, to_micros
from queries.write import insert

_TIE_OUT = "revenue_to_gl"
#: one piece of work in this many differs
_WRONG = 1000
_LINES_EACH = 4
_FILL = 100_000
_STREAMS = {"rev": ("revenue", "revenue_line"), "erp": ("erp", "ledger_entry")}


def measure(shop: Shop) -> list[Result]:
    """Half of the lines on either side of one tie-out."""
    return [_engine(shop, kind) for kind in shop.engines()]


def _engine(shop: Shop, kind: str) -> Result:
    size = shop.sizes.flat[-1]
    ours, peer = [], []
    told: set[tuple[int, int]] = set()
    with opened(shop.empty(kind)) as engine:
        period = _fill(engine, size // 2)
        for _ in range(shop.sizes.rounds):
            peer.append(timed(partial(_pandas, engine, period, told), servers(engine)))
            ours.append(timed(partial(_reconcile, engine, period, told), servers(engine)))
    mine, merged = best(ours), best(peer)
    equal = "equal" if len(told) == 1 else f"DIFFERENT: {sorted(told)}"
    return Result(
        line="reconcile",
        ratio=merged.wall_s / mine.wall_s if len(told) == 1 else None,
        target=1,
        aim=None,
        better="more",
        ours=mine,
        limit=merged,
        rows=size,
        engine=kind,
        notes=f"{size / mine.wall_s:,.0f} lines/s, kept; beside it pandas' merge, what both find is {equal}",
    )


def _fill(engine: Engine, count: int) -> Period:
    with writing(engine) as connection:
        streams = [
            polls.StreamConfig(s, k, k, timedelta(minutes=5), timedelta(hours=1))
            for s, (_, k) in _STREAMS.items()
        ]
        roles = [polls.RoleConfig(s, role, "*", "bench") for s, (role, _) in _STREAMS.items()]
        polls.configure(connection, streams, roles)
        for one in streams:
            run = polls.start_run(connection, one.system, one.stream, NOW, None)
            polls.end_run(connection, run, now=NOW, outcome="ok", complete_through=NOW)
        first = day(date(2026, 10, 1), connection.dialect), day(date(2026, 10, 31), connection.dialect)
        table, columns = RECORD_TABLES["period"], ("system", "id", "start_on", "end_on")
        same = {"legal_entity": "B01", "ledger": "", "name": "2026-10", "status": "open"}
        insert(connection, table, columns, [("erp", "B01-10", *first)], same={**_ALWAYS, **same})
    for side, shift in (("rev", 0), ("erp", 1)):
        rows = _rows(side, shift, count)
        while chunk := list(islice(rows, _FILL)):
            with writing(engine) as connection:
                columns = ("system", "id", "engagement_id", "amount")
                more = {"posted_on": "2026-10-14", "legal_entity": "B01", "currency": "GBP", "digest": ""}
                own = {"state": "posted", "disputed": False} if side == "rev" else {"account": "revenue"}
                insert(
                    connection,
                    RECORD_TABLES[_STREAMS[side][1]],
                    columns,
                    chunk,
                    same={**_ALWAYS, **more, **own},
                )
    with reading(engine) as connection:
        return periods(connection, "B01")[0]


_ALWAYS: dict[str, Any] = {
    "source_updated_at": to_micros(NOW) - 90 * 86_400 * 10**6,
    "collected_at": to_micros(NOW),
    "digest": "",
}


def _rows(side: str, shift: int, count: int) -> Iterator[tuple[str, str, str, int]]:
    for number in range(count):
        work = number // _LINES_EACH
        wrong = 500 * shift if number % (_WRONG * _LINES_EACH) == 0 else 0
        yield side, f"{side}-{number:08d}", f"work-{work:08d}", 10_000 + number % 997 + wrong


def _reconcile(engine: Engine, period: Period, told: set[tuple[int, int]]) -> None:
    with writing(engine) as connection:
        found = reconcile(connection, tie_outs()[_TIE_OUT], period, [period], NOW)
        told.add((found.differences, sum(total.left_minor - total.right_minor for total in found.totals)))


def _pandas(engine: Engine, period: Period, told: set[tuple[int, int]]) -> None:
    key, one = ["match_key", "currency"], tie_outs()[_TIE_OUT]
    with reading(engine) as connection:
        scope = scope_of(connection, period)
        left, right = (
            pd.read_sql(side.rows(scope), connection)[[*key, "amount_minor"]].groupby(key).sum().reset_index()
            for side in (one.left, one.right)
        )
    both = left.merge(right, on=key, how="outer", suffixes=("_left", "_right")).fillna(0)
    both["difference"] = both["amount_minor_left"] - both["amount_minor_right"]
    wrong = both[both["difference"].abs() > _LINES_EACH / 2]
    told.add((len(wrong), int(both["difference"].sum())))


LINE = Line("reconcile", measure)
