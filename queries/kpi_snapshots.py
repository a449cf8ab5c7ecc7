"""Figures of KPIs written down by month: what a page reads instead of walking through the history.

All months of a KPI are written together and replace what was there. A month's rows are told added up by
legal entity, currency and part (of a median: by value). ``metric`` is ``kpi:KEY:VERSION:PART:`` and ``n``
or ``d`` for numerator and denominator, or ``v`` and a value; ``taken_on`` is the month's first day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select

from queries.periods import first_day, name_of
from queries.schema import metric_snapshot, stream_state

PREFIX = "kpi:"
#: figures this much older than the newest poll are worked out anew
OUTDATED = timedelta(hours=2)
_table = metric_snapshot
_BATCH = 500


class Cell(NamedTuple):
    """Rows of one month, legal entity, currency and part, added up; of a median, those of one value."""

    month: str
    legal_entity: str
    currency: str
    part: str
    numerator: int
    denominator: int
    rows: int


class Name(NamedTuple):
    """A KPI, the version of its formula, and the parts whose values are kept one by one."""

    key: str
    version: int
    medians: frozenset[str]

    @property
    def prefix(self) -> str:
        """What its metrics begin with."""
        return f"{PREFIX}{self.key}:{self.version}:"


def keep(
    connection: Connection, name: Name, cells: Sequence[Cell], months: Sequence[str], now: datetime
) -> None:
    """Write a KPI's figures of these months down, in place of all there were of it."""
    connection.execute(
        delete(_table).where(_table.c.metric.startswith(f"{PREFIX}{name.key}:", autoescape=True))
    )
    rows = [row for cell in cells for row in _rows(name, cell)]
    # that nothing was found is a finding too: this row says it was looked for
    rows.append({"metric": f"{name.prefix}:taken", "taken_on": first_day(max(months)), "legal_entity": "",
                 "currency": "", "count": len(months), "amount_minor": 0})  # fmt: skip
    for start in range(0, len(rows), _BATCH):
        connection.execute(insert(_table), [{**row, "taken_at": now} for row in rows[start : start + _BATCH]])


def _rows(name: Name, cell: Cell) -> list[dict[str, object]]:
    base = {"taken_on": first_day(cell.month), "legal_entity": cell.legal_entity, "currency": cell.currency,
            "count": cell.rows}  # fmt: skip
    metric = f"{name.prefix}{cell.part}"
    if cell.part in name.medians:
        return [{**base, "metric": f"{metric}:v{cell.numerator}", "amount_minor": cell.numerator}]
    return [
        {**base, "metric": f"{metric}:n", "amount_minor": cell.numerator},
        {**base, "metric": f"{metric}:d", "amount_minor": cell.denominator},
    ]


def kept(connection: Connection, name: Name, months: Sequence[str]) -> tuple[datetime, list[Cell]] | None:
    """When these months were written down, and their cells; None where they were not, or are outdated."""
    marker = select(_table.c.taken_at).where(
        _table.c.metric == f"{name.prefix}:taken",
        _table.c.taken_on == first_day(max(months)),
        _table.c.count >= len(months),
    )
    taken_at = connection.execute(marker).scalar()
    newest = connection.execute(
        select(func.max(stream_state.c.last_success)).where(stream_state.c.configured)
    ).scalar()
    if taken_at is None or (newest is not None and newest - taken_at > OUTDATED):
        return None
    query = select(_table, _table.c.count.label("rows")).where(
        _table.c.metric.startswith(name.prefix, autoescape=True),
        _table.c.taken_on.in_([first_day(month) for month in months]),
    )
    found: dict[tuple[str, str, str, str, str], dict[str, int]] = {}
    for row in connection.execute(query):
        part, _, measure = row.metric.removeprefix(name.prefix).rpartition(":")
        if not part:
            continue
        value = measure if measure.startswith("v") else ""
        key = (name_of(row.taken_on), row.legal_entity, row.currency, part, value)
        found.setdefault(key, {"rows": row.rows})[measure[:1]] = row.amount_minor
    return taken_at, [_cell(key, measures) for key, measures in found.items()]


def _cell(key: tuple[str, str, str, str, str], measures: Mapping[str, int]) -> Cell:
    numerator = measures["v"] if "v" in measures else measures["n"]
    month, entity, currency, part, _ = key
    return Cell(month, entity, currency, part, numerator, measures.get("d", 0), measures["rows"])
