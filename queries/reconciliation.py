"""Reconciliations as they are kept: one run a tie-out and period, its totals, and every difference.

A run is never changed; the newest of a tie-out and period is the one shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, insert, select

from queries import read
from queries.close_schema import reconciliation_difference, reconciliation_run, reconciliation_total

CLASSES = ("missing_left", "missing_right", "amount", "duplicate", "timing", "currency")
_BATCH = 1000


class Total(NamedTuple):
    """Both sides of a tie-out in one currency; left less right = the differences + the rounding."""

    currency: str
    left_minor: int
    right_minor: int
    left_items: int
    right_items: int
    matched: int
    differing: int
    rounding_minor: int


class Difference(NamedTuple):
    """One key whose sides disagree in one currency; ``kind`` is one of CLASSES."""

    match_key: str
    currency: str
    kind: str
    left_minor: int
    right_minor: int
    engagement_id: str | None
    explanation: str
    records: Sequence[Mapping[str, Any]]

    @property
    def minor(self) -> int:
        """Left less right, in minor units."""
        return self.left_minor - self.right_minor


class Head(NamedTuple):
    """What was compared, when, how far both sides are complete, and the outcome."""

    tie_out: str
    legal_entity: str
    ledger: str
    period: str
    run_at: datetime
    as_of: datetime | None
    outcome: str
    reason: str | None
    uncovered: int
    uncovered_reason: str | None


def stream(connection: Connection, statement: Select[Any]) -> Iterator[Mapping[str, Any]]:
    """The rows of a statement, one after another, without holding all of them."""
    result = connection.execute(statement.execution_options(yield_per=_BATCH))
    names = [column.name for column in statement.selected_columns]
    for row in result:
        yield dict(zip(names, row, strict=True))


def store(
    connection: Connection, head: Head, totals: Sequence[Total], differences: Iterable[Difference]
) -> tuple[int, int]:
    """Keep a run with its totals and differences; its number, and how many differences there were."""
    key = connection.execute(insert(reconciliation_run).values(head._asdict())).inserted_primary_key
    assert key is not None
    number = int(key[0])
    if totals:
        rows = [{"run_id": number, **total._asdict()} for total in totals]
        connection.execute(insert(reconciliation_total), rows)
    place = 0
    batch: list[dict[str, Any]] = []
    for difference in differences:
        batch.append(_row(number, place, difference))
        place += 1
        if len(batch) == _BATCH:
            connection.execute(insert(reconciliation_difference), batch)
            batch = []
    if batch:
        connection.execute(insert(reconciliation_difference), batch)
    return number, place


def _row(run: int, place: int, found: Difference) -> dict[str, Any]:
    return {
        "run_id": run,
        "place": place,
        "match_key": found.match_key,
        "currency": found.currency,
        "class": found.kind,
        "left_minor": found.left_minor,
        "right_minor": found.right_minor,
        "difference_minor": found.minor,
        "engagement_id": found.engagement_id,
        "explanation": found.explanation,
        "records": json.dumps(list(found.records)),
    }


class Run(NamedTuple):
    """A kept run: its number, what it says, totals by currency, and classes by currency."""

    id: int
    head: Head
    totals: Sequence[Total]
    classes: Sequence[tuple[str, str, int, int]]
    """Class, currency, how many, and their sum in minor units."""


_HEAD = [reconciliation_run.c[name] for name in Head._fields]


def latest(connection: Connection, key: tuple[str, str, str], tie_out: str | None = None) -> list[Run]:
    """The newest run of each tie-out of a period (legal entity, ledger, name), in order of their keys."""
    run = reconciliation_run
    at = (run.c.legal_entity == key[0], run.c.ledger == key[1], run.c.period == key[2])
    newest = select(func.max(run.c.id)).where(*at).group_by(run.c.tie_out)
    query = select(run.c.id, *_HEAD).where(run.c.id.in_(newest)).order_by(run.c.tie_out)
    if tie_out is not None:
        query = query.where(run.c.tie_out == tie_out)
    return [_run(connection, row[0], Head(*row[1:])) for row in connection.execute(query).all()]


def _run(connection: Connection, number: int, head: Head) -> Run:
    total, item = reconciliation_total, reconciliation_difference
    totals = connection.execute(
        select(*(total.c[name] for name in Total._fields))
        .where(total.c.run_id == number)
        .order_by(total.c.currency)
    )
    grouped = item.c["class"], item.c.currency
    classes = connection.execute(
        select(*grouped, func.count(), func.sum(item.c.difference_minor))
        .where(item.c.run_id == number)
        .group_by(*grouped)
        .order_by(*grouped)
    )
    return Run(
        number,
        head,
        [Total(*row) for row in totals],
        [(kind, currency, int(count), int(minor)) for kind, currency, count, minor in classes],
    )


def differences(
    connection: Connection, run: int, *, limit: int, offset: int = 0, kind: str | None = None
) -> list[Difference]:
    """A page of a run's differences, the largest first."""
    item = reconciliation_difference
    query = select(item).where(item.c.run_id == run)
    if kind is not None:
        query = query.where(item.c["class"] == kind)
    query = query.order_by(func.abs(item.c.difference_minor).desc(), item.c.place)
    return [
        Difference(
            row["match_key"], row["currency"], row["class"], row["left_minor"], row["right_minor"],
            row["engagement_id"], row["explanation"], json.loads(row["records"]),
        )
        for row in read.rows(connection, query.limit(limit).offset(offset))
    ]  # fmt: skip
