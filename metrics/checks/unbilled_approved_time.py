"""K2: approved, billable time on time-and-materials work that no live invoice line relieves.

Age runs from the end of the work week, or from the line's billing date when it has a billing
calendar. Lines that name entries relieve them by hours; the others relieve the oldest open entries
of the same contract line or project, by amount. An entry that names no contract line goes by its
project's billing method; with neither it is untraceable, which is not this check's business.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Integer, Select, case, cast, func, select

from metrics.calendar import Calendar, billing_date
from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.open_time import open_time


def _select(scope: Scope) -> Select[Any]:
    e = open_time(scope).c
    keys = (
        e.project_system, e.project_id, e.line_system, e.line_id, e.currency, e.engagement_id,
        e.legal_entity, e.work_date, e.source_url, e.project, e.billing_calendar, e.next_billing_on,
        e.total_relieved,
    )  # fmt: skip
    return select(
        func.coalesce(e.project_system, e.line_system).label("subject_system"),
        case((e.project_id.is_(None), "contract_line"), else_="project").label("subject_kind"),
        func.coalesce(e.project_id, e.line_id).label("subject_id"),
        func.nullif(e.line_id, "").label("contract_line"),
        e.currency,
        e.engagement_id,
        e.legal_entity,
        e.work_date.label("since"),
        func.sum(e.rest).label("amount_minor"),
        e.source_url,
        e.project,
        e.billing_calendar,
        e.next_billing_on,
        cast(func.sum(e.entries), Integer).label("entries"),
        func.sum(e.open_hours).label("hours"),
        func.sum(e.unrated_hours).label("unrated_hours"),
        func.sum(e.relieved_minor).label("relieved_by_reference"),
        e.total_relieved.label("total_relieved_by_amount"),
        func.sum(e.flagged).label("flagged_billed"),
    ).group_by(*keys)


def _since(row: Row, calendar: Calendar) -> date:
    worked: date = row["since"]
    if row["next_billing_on"] is None:
        return calendar.work_week_of(worked)
    if row["billing_calendar"] is None:
        # one known billing date and no rhythm: it can only speak for the work before it
        week = calendar.work_week_of(worked)
        return max(week, row["next_billing_on"]) if worked <= row["next_billing_on"] else week
    return billing_date(worked, row["billing_calendar"], row["next_billing_on"])


def _explain(row: Row, age: int) -> Explanation:
    hours = row["hours"] / 1_000_000
    entries = row["entries"]
    notes = []
    if row["total_relieved_by_amount"] or row["relieved_by_reference"]:
        notes.append("partly billed before")
    if row["unrated_hours"]:
        notes.append(f"{row['unrated_hours'] / 1_000_000:g} h have no rate and count 0.00")
    if row["flagged_billed"]:
        notes.append(f"PSA calls {row['flagged_billed']} of them billed, ERP does not")
    more = f" ({'; '.join(notes)})" if notes else ""
    return Explanation(
        reason=f"{hours:g} h in {entries} approved entries are on no live invoice,"
        f" the oldest for {age} business days{more}.",
        expected="a posted or sent invoice line for every approved billable hour",
        actual=f"{hours:g} h approved and not billed",
        first_broken_handoff="time to ERP billing",
    )


CHECK = Check(
    key="unbilled_approved_time",
    title="Unbilled approved time",
    question="Which approved time and materials work has not been invoiced?",
    reads=(
        Need("psa", "project"),
        Need("time", "time_entry"),
        Need("erp", "invoice_line"),
        Need("erp", "invoice", required=False),
        Need("contract", "contract_line", required=False),
    ),
    subject="project",
    amount="open value of the entries past the threshold: hours at the entry's or the contract line's rate",
    acts="billing",
    remedy="Bill the hours, post the draft invoice that holds them, or hold or write them off with a reason.",
    watch=10,
    act=30,
    select=_select,
    explain=_explain,
    since=_since,
    source="K2",
)
