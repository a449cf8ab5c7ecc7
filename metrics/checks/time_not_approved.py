"""C11: billable time that was handed in and that nobody has approved or rejected yet.

Its age runs from the moment it was submitted; where the time system does not say when, from the end of the
week it was worked in.

Not listed: drafts, rejected, deleted or written-off time, and time that is not billable.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Select, func, not_, select

from metrics.calendar import Calendar
from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.worked import hours_in_words, unrated, worked, worth


def _select(scope: Scope) -> Select[Any]:
    w = worked()
    entry = w.entry.c
    rows = (
        select(
            *(column.label(name) for name, column in w.shape().items()),
            entry.work_date,
            entry.submitted_at,
            w.source_url.label("url"),
            worth(w.entry).label("value"),
            entry.hours,
            unrated(w.entry).label("unrated"),
        )
        .select_from(w.tables)
        .where(
            scope.covers(entry.engagement_id),
            entry.status == "submitted",
            entry.deleted_at.is_(None),
            entry.billable,
            not_(entry.written_off),
        )
        .subquery("waiting")
    ).c
    keys = [rows[name] for name in w.shape()]
    return select(
        *keys,
        rows.work_date.label("since"),
        func.sum(rows.value).label("amount_minor"),
        func.min(rows.url).label("source_url"),
        rows.submitted_at,
        func.count().label("entries"),
        func.sum(rows.hours).label("hours"),
        func.sum(rows.unrated).label("unrated_hours"),
    ).group_by(*keys, rows.work_date, rows.submitted_at)


def _since(row: Row, calendar: Calendar) -> date:
    if row["submitted_at"] is None:
        return calendar.work_week_of(row["since"])
    return calendar.local_date(row["submitted_at"])


def _explain(row: Row, age: int) -> Explanation:
    hours = hours_in_words(row["hours"])
    more = f" ({hours_in_words(row['unrated_hours'])} have no rate)" if row["unrated_hours"] else ""
    return Explanation(
        reason=f"{hours} in {row['entries']} entries wait for approval,"
        f" the oldest for {age} business days{more}.",
        expected="submitted time approved or rejected within three business days",
        actual=f"{hours} submitted and not decided",
        first_broken_handoff="time entry to approval",
    )


CHECK = Check(
    key="time_not_approved",
    title="Time not approved",
    question="Which submitted time has nobody approved?",
    reads=(
        Need("time", "time_entry"),
        Need("psa", "project", required=False),
        Need("contract", "contract_line", required=False),
    ),
    subject="project",
    amount="value of the entries past the threshold: hours at the entry's or the contract line's rate",
    acts="project manager",
    remedy="Approve the entries, or reject them with a reason.",
    watch=3,
    act=5,
    select=_select,
    explain=_explain,
    since=_since,
    needs_amount=False,
    source="C11",
)
