"""From JSON on the wire to typed records, against orjson making plain dictionaries of the same bytes."""

from __future__ import annotations

import orjson

from app.bench._feed import source, stream
from app.bench._firm import Firm
from app.bench._measure import Line, Result, Timing, best, timed
from app.bench._shop import Shop
from collectors.decode import decode


def measure(shop: Shop) -> list[Result]:
    """One page of time entries: dates, instants, money and all, validated."""
    psa, entries = source("psa"), stream("psa", "time_entry")
    pages = [orjson.dumps(list(Firm(shop.sizes.page).history()))] * max(shop.sizes.wire // shop.sizes.page, 1)

    def typed() -> None:
        for page in pages:
            decode(entries, psa, orjson.loads(page))

    def plain() -> None:
        for page in pages:
            orjson.loads(page)

    ours: list[Timing] = []
    limit: list[Timing] = []
    for _ in range(shop.sizes.rounds):
        limit.append(timed(plain))
        ours.append(timed(typed))
    mine, least = best(ours), best(limit)
    rows = shop.sizes.page * len(pages)
    return [
        Result(
            line="decode",
            ratio=least.cpu_s / mine.cpu_s,
            target=1.3,
            aim=None,
            better="more",
            ours=mine,
            limit=least,
            rows=rows,
            engine="-",
            notes=f"{rows / mine.wall_s:,.0f} records/s, {len(pages[0]) // shop.sizes.page} bytes each",
        )
    ]


LINE = Line("decode", measure)
