"""C18: billable time was approved after the period it was worked in had been closed.

Nobody counts time before it is approved, so its value was missing from the period that holds its work date
and stands closed. A period counts as closed from the moment its ledger's table says so; the next close of the
same ledger takes the time in with everything else, and it is listed no longer, nor once the period is open
again. A period that does not say when it was closed, time that does not say when it was approved, time that
is not billable, written off, deleted or worth nothing, and periods that are only soft-closed are not listed.

Invoices and credit notes are documents of their own date and posted in an open period; revenue lines and
estimates do not say when they were made. What of a frozen close moved at all is told by the page Close.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Subquery, and_, func, not_, select

from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.worked import hours_in_words, worked, worth
from queries.schema import RECORD_TABLES

_period = RECORD_TABLES["period"]
_entry = RECORD_TABLES["time_entry"]


def _last_closes() -> Subquery:
    """When each ledger was closed for the last time."""
    closed = (
        select(
            _period.c.system,
            _period.c.legal_entity,
            func.coalesce(_period.c.ledger, "").label("ledger"),
            _period.c.closed_at,
        )
        .where(_period.c.status == "closed", _period.c.deleted_at.is_(None))
        .subquery("closed")
    )
    keys = (closed.c.system, closed.c.legal_entity, closed.c.ledger)
    return (
        select(*keys, func.max(closed.c.closed_at).label("closed_at")).group_by(*keys).subquery("last_close")
    )


def _late(scope: Scope) -> Subquery:
    """Entries approved after the last close of a ledger that has closed the period they were worked in."""
    last, period = _last_closes(), _period.alias("held_by")
    same = and_(
        period.c.system == last.c.system,
        period.c.legal_entity == last.c.legal_entity,
        func.coalesce(period.c.ledger, "") == last.c.ledger,
        period.c.status == "closed",
        period.c.closed_at.is_not(None),
        period.c.deleted_at.is_(None),
        _entry.c.work_date.between(period.c.start_on, period.c.end_on),
    )
    after = and_(last.c.legal_entity == _entry.c.legal_entity, _entry.c.approved_at > last.c.closed_at)
    return (
        select(
            _entry.c.system,
            _entry.c.id,
            func.min(period.c.name).label("period"),
            func.min(period.c.closed_at).label("closed_at"),
        )
        .select_from(_entry.join(last, after).join(period, same))
        .where(
            scope.covers(_entry.c.engagement_id),
            _entry.c.status == "approved",
            _entry.c.deleted_at.is_(None),
            _entry.c.billable,
            not_(_entry.c.written_off),
        )
        .group_by(_entry.c.system, _entry.c.id)
        .subquery("late")
    )


def _select(scope: Scope) -> Select[Any]:
    w, late = worked(), _late(scope)
    found = (
        select(
            *(column.label(name) for name, column in w.shape().items()),
            w.entry.c.approved_at.label("since"),
            worth(w.entry).label("value"),
            w.source_url.label("url"),
            late.c.period,
            w.entry.c.hours,
        )
        .select_from(w.tables.join(late, and_(late.c.system == w.entry.c.system, late.c.id == w.entry.c.id)))
        .where(scope.covers(w.entry.c.engagement_id), worth(w.entry) != 0)
        .subquery("found")
    ).c
    keys = [found[name] for name in w.shape()]
    return select(
        *keys,
        found.since,
        func.sum(found.value).label("amount_minor"),
        func.min(found.url).label("source_url"),
        func.min(found.period).label("period"),
        func.count().label("entries"),
        func.sum(found.hours).label("hours"),
    ).group_by(*keys, found.since)


def _explain(row: Row, _age: int) -> Explanation:
    hours = hours_in_words(row["hours"])
    return Explanation(
        reason=f"{hours} in {row['entries']} entries were approved after their period ({row['period']})"
        " had been closed.",
        expected="time approved before its period is closed",
        actual=f"{hours} that the closed period does not hold",
        first_broken_handoff="time approval to period close",
    )


CHECK = Check(
    key="late_change_to_closed_period",
    title="Late change to a closed period",
    question="Which approved time belongs to a period that was closed before?",
    reads=(
        Need("time", "time_entry"),
        Need("erp", "period"),
        Need("psa", "project", required=False),
        Need("contract", "contract_line", required=False),
    ),
    subject="project",
    amount="value of the late entries: hours at the entry's or the contract line's rate",
    acts="controller",
    remedy="Book the revenue of the work in the open period, or open the closed one again.",
    watch=0,
    act=2,
    select=_select,
    explain=_explain,
    at_once=True,
    source="C18",
)
