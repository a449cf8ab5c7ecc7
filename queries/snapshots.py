"""What the figures were on each day: the memory behind trends, changes, and the counts of the stage strip.

A day has one set of rows, replaced while the day lasts. Metrics:

* ``open:CHECK`` - open exceptions of a check: count, and amount in their own currency;
* ``group:CHECK`` - those of them that a rate could convert, in the reporting currency;
* ``stage:STAGE`` - engagements whose furthest stage it is: count, and what they were sold for;
* ``worth:STAGE`` - the same in the reporting currency, as far as rates go;
* ``transit:STAGE`` - how long a stage took from the one before: count is how many did, and
  ``amount_minor`` the median in seconds. Legal entity ``*`` is all of them.
* ``kpi:...`` - see :mod:`queries.kpi_snapshots`, which keeps them.

``''`` as legal entity or currency means that the record names none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from statistics import median
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select

from queries import kpi_snapshots, stages
from queries.exceptions import SNOOZED
from queries.fx import Rates
from queries.schema import finding, metric_snapshot

ALL = "*"
_table = metric_snapshot
_FIGURE = tuple(_table.c[name] for name in ("metric", "legal_entity", "currency", "count", "amount_minor"))


class Figure(NamedTuple):
    """One number of one day; ``amount_minor`` is in minor units of the currency, or in seconds."""

    metric: str
    legal_entity: str
    currency: str
    items: int
    amount_minor: int


def take(connection: Connection, now: datetime, checks: Sequence[str], rates: Rates) -> int:
    """Write down today's figures, in place of those of earlier today; how many rows they are.

    ``rates`` are those of today (:func:`queries.fx.rates`); their currency is the reporting currency.
    How long stages take is worked out once a day only: it reads through the whole history.
    """
    day = now.astimezone(UTC).date()
    figures = [*_open(connection, checks, rates.currency), *standing(connection, rates)]
    here = _table.c.taken_on == day
    timed = _table.c.metric.startswith("transit:")
    if not connection.execute(select(func.count()).where(here, timed)).scalar_one():
        figures += _transits(connection)
    of_kpis = _table.c.metric.startswith(kpi_snapshots.PREFIX)
    connection.execute(delete(_table).where(here, ~timed, ~of_kpis))
    for metric, entity, currency, items, minor in figures:
        key = {"metric": metric, "taken_on": day, "legal_entity": entity, "currency": currency}
        connection.execute(insert(_table).values(**key, count=items, amount_minor=minor, taken_at=now))
    return len(figures)


def _open(connection: Connection, checks: Sequence[str], reporting_currency: str | None) -> list[Figure]:
    entity = func.coalesce(finding.c.legal_entity, "")
    query = (
        select(
            finding.c.check_key, entity, finding.c.currency, func.count(), func.sum(finding.c.amount_minor),
            func.count(finding.c.group_minor), func.coalesce(func.sum(finding.c.group_minor), 0),
        )
        .where(finding.c.is_open, finding.c.status != SNOOZED)
        .group_by(finding.c.check_key, entity, finding.c.currency)
    )  # fmt: skip
    # a check with nothing open has a figure too: none is not the same as not known
    found = [Figure(f"open:{key}", "", "", 0, 0) for key in checks]
    group: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for key, code, currency, count, minor, converted, worth in connection.execute(query):
        found.append(Figure(f"open:{key}", code, currency, int(count), int(minor)))
        sums = group[key, code]
        sums[0] += int(converted)
        sums[1] += int(worth)
    if reporting_currency is not None:
        found += [
            Figure(f"group:{key}", "", reporting_currency, 0, 0) for key in checks if (key, "") not in group
        ]
        found += [Figure(f"group:{k}", code, reporting_currency, *sums) for (k, code), sums in group.items()]
    return found


def standing(connection: Connection, rates: Rates) -> list[Figure]:
    """How many engagements stand at each stage now, and what they were sold for, converted too."""
    found = []
    group: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in stages.standings(connection):
        found.append(Figure(f"stage:{row.stage}", *row[1:]))
        converted = rates.convert(row.amount_minor, row.currency)
        if converted is not None:
            sums = group[row.stage, row.legal_entity]
            sums[0] += row.engagements
            sums[1] += converted
    if rates.currency is not None:
        found += [Figure(f"worth:{s}", code, rates.currency, *sums) for (s, code), sums in group.items()]
    return found


def _transits(connection: Connection) -> list[Figure]:
    found = []
    for stage, lags in stages.transits(connection).items():
        everyone = [seconds for part in lags.values() for seconds in part]
        for entity, seconds in ((ALL, everyone), *lags.items()):
            found.append(Figure(f"transit:{stage}", entity, "", len(seconds), int(median(seconds or [0]))))
    return found


class Day(NamedTuple):
    """The figures of a metric on one day, over the legal entities and currencies asked for."""

    on: date
    items: int
    amount_minor: int


def trend(
    connection: Connection, metrics: Sequence[str], legal_entity: str | None, since: date
) -> dict[str, list[Day]]:
    """Metric -> its figures day by day, oldest first. A day nobody took is left out.

    Amounts are summed over currencies: ask for metrics of one currency only.
    """
    query = select(_table.c.taken_on, *_FIGURE).where(
        _table.c.metric.in_(metrics), _table.c.taken_on >= since
    )
    found: dict[str, dict[date, Day]] = {metric: {} for metric in metrics}
    for on, metric, entity, _, items, minor in connection.execute(query):
        day = found[metric].get(on, Day(on, 0, 0))
        if legal_entity in (None, entity):
            day = Day(on, day.items + items, day.amount_minor + minor)
        found[metric][on] = day
    return {metric: [days[on] for on in sorted(days)] for metric, days in found.items()}


def latest(connection: Connection, metrics: Sequence[str]) -> tuple[datetime | None, list[Figure]]:
    """When the newest figures of these metrics were taken, and the figures of that day."""
    mine = _table.c.metric.in_(metrics)
    day = connection.execute(select(func.max(_table.c.taken_on)).where(mine)).scalar()
    if day is None:
        return None, []
    query = select(*_FIGURE, _table.c.taken_at).where(mine, _table.c.taken_on == day)
    rows = connection.execute(query).all()
    return max(row.taken_at for row in rows), [Figure(*row[:5]) for row in rows]
