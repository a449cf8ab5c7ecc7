"""From JSON on the wire to typed records, against orjson making plain dictionaries of the same bytes."""

from __future__ import annotations

import orjson

from app.bench._feed import as_lines, typed
from app.bench._firm import Firm
from app.bench._measure import Line, Result, Timing, best, timed
from app.bench._shop import Shop


def measure(shop: Shop) -> list[Result]:
    """One page of time entries: dates, instants, money and all, validated."""
    rows = list(Firm(shop.sizes.page).history())
    times = max(shop.sizes.wire // shop.sizes.page, 1)
    lines, pages = [as_lines(rows)] * times, [orjson.dumps(rows)] * times

    def records() -> None:
        for page in lines:
            typed("time_entry", page)

    def plain() -> None:
        for page in pages:
            orjson.loads(page)

    ours: list[Timing] = []
    limit: list[Timing] = []
    for _ in range(shop.sizes.rounds):
        limit.append(timed(plain))
        ours.append(timed(records))
    mine, least = best(ours), best(limit)
    count = len(rows) * times
    return [
        Result(
            line="decode",
            ratio=least.cpu_s / mine.cpu_s,
            target=1.3,
            aim=None,
            better="more",
            ours=mine,
            limit=least,
            rows=count,
            engine="-",
            notes=f"{count / mine.wall_s:,.0f} records/s, {len(pages[0]) // len(rows)} bytes each",
        )
    ]


LINE = Line("decode", measure)
