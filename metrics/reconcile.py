"""Reconciling a tie-out over a period: totals, and every difference in exactly one class.

One statement adds both sides up by key and currency; a second one streams the records of the keys that
disagree, with those of the neighbouring periods, so that memory does not grow with what agrees. The sum of
the differences and of the rounding within tolerance is exactly left less right, in every currency.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    case,
    func,
    literal,
    or_,
    select,
    union_all,
)

from metrics.calendar import Calendar
from metrics.classify import Item, Tolerance, classify
from metrics.tieout import COLUMNS, Scope, TieOut
from queries import findings, polls, read, reconciliation
from queries.close_periods import Period, gaps, neighbours
from queries.polls import Reads
from queries.reconciliation import Difference, Head, Total

_DAY = timedelta(days=1)
#: places of the periods looked at: this one, the one before, the one after
_HERE, _BEFORE, _AFTER = 0, -1, 1


class Reconciled(NamedTuple):
    """A kept run: its number and head, totals by currency, and how many differences there are."""

    run: int
    head: Head
    totals: Sequence[Total]
    differences: int


def reconcile(
    connection: Connection, tie_out: TieOut, period: Period, all_periods: Sequence[Period], now: datetime
) -> Reconciled:
    """Compare both sides of a tie-out over a period as known at ``now``, and keep the run.

    While a stream it reads is stale the outcome is unknown: totals are kept, differences are not claimed.
    """
    scopes = _scopes(connection, period, all_periods)
    reads = [Reads(*need) for need in tie_out.reads]
    cover = polls.coverage(connection, reads, [period.legal_entity], now)[period.legal_entity]
    reason = cover.reason or (None if cover.as_of else "nothing has been read yet")
    groups = _groups(tie_out, scopes[_HERE])
    totals = [
        Total(str(row["currency"]), *(int(row[name] or 0) for name in Total._fields[1:]))
        for row in read.rows(connection, _summary(tie_out, groups))
    ]
    differs = any(total.differing for total in totals)
    claimed = differs and cover.as_of is not None and reason is None
    told = _differences(connection, tie_out, groups, scopes, cover.as_of or now) if claimed else iter(())
    uncovered, why = _uncovered(connection, tie_out, period, all_periods)
    outcome = "unknown" if reason else "differs" if differs else "matched"
    head = Head(tie_out.key, *period.key, now, cover.as_of, outcome, reason, uncovered, why)
    number, count = reconciliation.store(connection, head, totals, told)
    return Reconciled(number, head, totals, count)


# ---- periods as conditions -------------------------------------------------------------------


def scope_of(connection: Connection, period: Period) -> Scope:
    """A period as the condition that keeps a side inside it."""
    return _scope(_calendar(connection, period.legal_entity), period)


def _calendar(connection: Connection, legal_entity: str) -> Calendar:
    known = findings.legal_entities(connection).get(legal_entity)
    return Calendar(known["timezone"] if known else None)


def _scope(calendar: Calendar, period: Period) -> Scope:
    return Scope(*period.key, period.days, _instants(calendar, period.days))


def _instants(calendar: Calendar, days: Sequence[tuple[date, date]]) -> tuple[tuple[datetime, datetime], ...]:
    return tuple(
        (calendar.midnight(start), calendar.midnight(end + _DAY if end < date.max else end))
        for start, end in days
    )


def _scopes(connection: Connection, period: Period, all_periods: Sequence[Period]) -> dict[int, Scope]:
    calendar = _calendar(connection, period.legal_entity)
    before, after = neighbours(all_periods, period)
    places = {_HERE: period, _BEFORE: before, _AFTER: after}
    return {place: _scope(calendar, found) for place, found in places.items() if found is not None}


def _uncovered(
    connection: Connection, tie_out: TieOut, period: Period, all_periods: Sequence[Period]
) -> tuple[int, str | None]:
    """Records of either side on dates that no period of the ledger covers: how many, and in words."""
    mine = [other for other in all_periods if other.key[:2] == period.key[:2]]
    days = gaps(mine)
    calendar = _calendar(connection, period.legal_entity)
    names = tuple(other.name for other in mine)
    scope = Scope(*period.key[:2], None, days, _instants(calendar, days), names)
    count, first = 0, ""
    for side in (tie_out.left, tie_out.right):
        rows = side.rows(scope).subquery("uncovered")
        columns = (func.count(), func.min(rows.c.on_date), func.min(rows.c.at), func.min(rows.c.id))
        found = read.rows(
            connection, select(*(c.label(n) for c, n in zip(columns, ("n", "d", "a", "y"), strict=True)))
        )[0]
        if found["n"]:
            count += int(found["n"])
            when = found["d"] or (calendar.local_date(found["a"]) if found["a"] else None)
            first = first or f"no period covers {when or 'the period named'} ({side.title}, {found['y']})"
    return count, first or None


# ---- statements ------------------------------------------------------------------------------


def _groups(tie_out: TieOut, scope: Scope) -> Any:
    """Key and currency with what each side comes to, and whether that is within tolerance."""
    halves = []
    for side, is_left in ((tie_out.left, True), (tie_out.right, False)):
        row = side.rows(scope).subquery(side.role + "_side")
        amount, one, none = row.c.amount_minor, literal(1), literal(0)
        halves.append(
            select(
                row.c.match_key,
                row.c.currency,
                (amount if is_left else none).label("l"),
                (none if is_left else amount).label("r"),
                (one if is_left else none).label("nl"),
                (none if is_left else one).label("nr"),
            )
        )
    both = union_all(*halves).subquery("both_sides")
    sums = [func.sum(both.c[name]).label(name) for name in ("l", "r", "nl", "nr")]
    return (
        select(both.c.match_key, both.c.currency, *sums)
        .group_by(both.c.match_key, both.c.currency)
        .cte("groups")
    )


def _within(tie_out: TieOut, groups: Any) -> ColumnElement[bool]:
    """The same rule as :class:`metrics.classify.Tolerance`, in SQL."""
    c, rule = groups.c, Tolerance.of(tie_out)
    size = func.abs(c.l - c.r)
    least = case((c.nl > c.nr, c.nl), else_=c.nr)
    absolute = or_(size <= 1, 2 * size <= least) if rule.absolute is None else size <= rule.absolute
    larger = case((func.abs(c.l) > func.abs(c.r), func.abs(c.l)), else_=func.abs(c.r))
    if not rule.basis_points:
        return absolute
    return or_(absolute, size * 10_000 <= larger * rule.basis_points)


def _summary(tie_out: TieOut, groups: Any) -> Select[Any]:
    c, within = groups.c, _within(tie_out, groups)
    return (
        select(
            c.currency,
            func.sum(c.l).label("left_minor"),
            func.sum(c.r).label("right_minor"),
            func.sum(c.nl).label("left_items"),
            func.sum(c.nr).label("right_items"),
            func.sum(case((within, 1), else_=0)).label("matched"),
            func.sum(case((within, 0), else_=1)).label("differing"),
            func.sum(case((within, c.l - c.r), else_=0)).label("rounding_minor"),
        )
        .group_by(c.currency)
        .order_by(c.currency)
    )


def _members(tie_out: TieOut, groups: Any, scopes: Mapping[int, Scope]) -> Select[Any]:
    """The records of the keys that disagree, in this period and its neighbours, key by key."""
    bad = select(groups.c.match_key).where(~_within(tie_out, groups)).distinct().subquery("bad")
    parts = []
    for place, scope in sorted(scopes.items()):
        for side, name in ((tie_out.left, "left"), (tie_out.right, "right")):
            row = side.rows(scope).subquery()
            parts.append(
                select(
                    literal(place).label("place"), literal(name).label("side"), *(row.c[n] for n in COLUMNS)
                ).where(row.c.match_key.in_(select(bad.c.match_key)))
            )
    found = union_all(*parts).subquery("members")
    c = found.c
    return select(found).order_by(c.match_key, c.currency, c.side, c.place, c.system, c.kind, c.id)


def _differences(
    connection: Connection, tie_out: TieOut, groups: Any, scopes: Mapping[int, Scope], as_of: datetime
) -> Iterator[Difference]:
    rows = reconciliation.stream(connection, _members(tie_out, groups, scopes))
    for key, members in groupby(rows, key=lambda row: row["match_key"]):
        items = [Item.of(row) for row in members]
        yield from classify(tie_out, key, items, as_of)
