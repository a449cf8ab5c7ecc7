"""K2: approved, billable time on time-and-materials work that no live invoice line relieves.

Age runs from the end of the work week, or from the line's billing date when it has a billing
calendar. Lines that name entries relieve them by hours; the others relieve the oldest open entries
of the same contract line or project, by amount. An entry that names no contract line goes by its
project's billing method; with neither it is untraceable, which is not this check's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Subquery,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.selectable import FromClause

from metrics.calendar import Calendar, billing_date
from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.relief import give_back, relieve
from queries.project_views import subject_of
from queries.schema import NOTHING, RECORD_TABLES
from queries.types import NO_CURRENCY

_entry = RECORD_TABLES["time_entry"]
_invoice_line = RECORD_TABLES["invoice_line"]
_contract_line = RECORD_TABLES["contract_line"]
_project = RECORD_TABLES["project"]


def _is_pooled(entry: FromClause) -> ColumnElement[bool]:
    """Whether invoice lines of the entry's engagement relieve by amount: only then does order matter."""
    line = _invoice_line.alias("relieving")
    return exists().where(line.c.engagement_id == entry.c.engagement_id, line.c.pool_minor != NOTHING)


#: what places an entry: entries that agree on all of it are told as one
_PLACE = (
    "engagement_id", "work_date", "project_system", "project_id", "contract_line_system", "contract_line_id",
    "open_currency", "legal_entity",
)  # fmt: skip


def _measures() -> dict[str, ColumnElement[Any]]:
    """What adds up over entries."""
    unrated = case((_entry.c.open_minor.is_(None), _entry.c.open_hours), else_=0)
    return {
        "entries": literal(1),
        "open_hours": _entry.c.open_hours,
        "unrated_hours": unrated,
        "relieved_minor": _entry.c.relieved_minor,
        "flagged": case((_entry.c.billed, 1), else_=0),
        "value": func.coalesce(_entry.c.open_minor, 0),
    }


def _open(scope: Scope) -> ColumnElement[bool]:
    return and_(scope.covers(_entry.c.engagement_id), _entry.c.is_open, _entry.c.deleted_at.is_(None))


def _summed(scope: Scope) -> Subquery:
    """Open entries of work that nothing relieves by amount, added up before they are placed."""
    place = [_entry.c[name] for name in _PLACE]
    sums = [func.sum(value).label(name) for name, value in _measures().items()]
    worth = or_(_entry.c.open_minor != 0, and_(_entry.c.open_minor.is_(None), _entry.c.open_hours != 0))
    query = select(*place, *sums).where(_open(scope), worth, not_(_is_pooled(_entry)))
    return query.group_by(*place).subquery("summed")


def _single(scope: Scope) -> Subquery:
    """Open entries of work that something relieves by amount, one by one."""
    place = [_entry.c[name] for name in _PLACE]
    values = [value.label(name) for name, value in _measures().items()]
    key = (_entry.c.system.label("entry_system"), _entry.c.id.label("entry_id"))
    return select(*place, *values, *key).where(_open(scope), _is_pooled(_entry)).subquery("single")


def _placed(entry: Subquery, more: Sequence[str] = ()) -> Select[Any]:
    """Open time with the project and contract line it is listed under, if it is time and materials."""
    view, subject, line = _project.alias("view"), _project.alias("subject"), _contract_line
    project_id = func.coalesce(subject.c.id, entry.c.project_id)
    billing_method = func.coalesce(subject.c.billing_method, view.c.billing_method)
    method = case((entry.c.contract_line_id.is_(None), billing_method))
    own_line = and_(line.c.system == entry.c.contract_line_system, line.c.id == entry.c.contract_line_id)
    own_view = and_(view.c.system == entry.c.project_system, view.c.id == entry.c.project_id)
    entity = func.coalesce(subject.c.legal_entity, view.c.legal_entity, entry.c.legal_entity)
    return (
        select(
            *(entry.c[name] for name in ("engagement_id", "work_date", *_measures(), *more)),
            func.coalesce(subject.c.system, entry.c.project_system).label("project_system"),
            project_id.label("project_id"),
            func.coalesce(entry.c.contract_line_system, "").label("line_system"),
            func.coalesce(entry.c.contract_line_id, "").label("line_id"),
            func.coalesce(entry.c.open_currency, line.c.currency, NO_CURRENCY).label("currency"),
            entity.label("legal_entity"),
            func.coalesce(subject.c.source_url, view.c.source_url).label("source_url"),
            func.coalesce(subject.c.number, view.c.number, project_id).label("project"),
            line.c.billing_calendar,
            line.c.next_billing_on,
            entry.c.value.label("rest"),
        )
        .select_from(
            entry.outerjoin(line, own_line)
            .outerjoin(view, own_view)
            .outerjoin(subject, subject_of(view, subject))
        )
        .where(func.coalesce(line.c.kind, method) == "time_and_materials")
    )


def _pools(scope: Scope) -> Subquery:
    view, subject, line = _project.alias("pool_view"), _project.alias("pool_subject"), _invoice_line
    named = and_(view.c.system == line.c.project_system, view.c.id == line.c.project_id)
    tables = line.outerjoin(view, named).outerjoin(subject, subject_of(view, subject))
    return (
        select(
            func.coalesce(subject.c.system, line.c.project_system).label("project_system"),
            func.coalesce(subject.c.id, line.c.project_id).label("project_id"),
            line.c.contract_line_system.label("line_system"),
            line.c.contract_line_id.label("line_id"),
            line.c.currency,
            line.c.pool_minor,
        )
        .select_from(tables)
        .where(scope.covers(line.c.engagement_id), line.c.pool_minor != NOTHING)
        .subquery("pooled")
    )


def _tier(pools: Subquery, group: tuple[str, ...], *, project: bool, line: bool) -> Subquery:
    names_project = pools.c.project_id.is_not(None) if project else pools.c.project_id.is_(None)
    names_line = pools.c.line_id.is_not(None) if line else pools.c.line_id.is_(None)
    keys = [pools.c[name] for name in group]
    return (
        select(*keys, func.sum(pools.c.pool_minor).label("pool"))
        .where(names_project, names_line)
        .group_by(*keys)
    ).subquery()


_PROJECT, _LINE = ("project_system", "project_id"), ("line_system", "line_id")
_ORDER = ("work_date", "entry_system", "entry_id")


def _relieved(scope: Scope) -> Subquery:
    """Entries one by one with what invoice lines leave of them, and what those took of their group."""
    pools, entries = _pools(scope), _placed(_single(scope), ("entry_system", "entry_id")).subquery("placed")
    # the most precise pool first: project and line, then the line, then the project
    for group, project, line in (
        ((*_PROJECT, *_LINE, "currency"), True, True),
        ((*_LINE, "currency"), False, True),
        ((*_PROJECT, "currency"), True, False),
    ):
        tier = _tier(pools, group, project=project, line=line)
        entries = relieve(entries, tier, group, _ORDER).subquery()
    # a credit that says of no line what it takes back is a project's pool below zero
    entries = give_back(entries, tier, group, _ORDER).subquery()
    relieved = func.sum(entries.c.value - entries.c.rest).over(
        partition_by=[entries.c[name] for name in (*_PROJECT, *_LINE, "currency")]
    )
    return select(*entries.c, relieved.label("total_relieved")).subquery("relieved")


def _select(scope: Scope) -> Select[Any]:
    whole = _placed(_summed(scope)).add_columns(literal(0).label("total_relieved")).subquery("whole")
    singles = _relieved(scope)
    still = select(*(singles.c[column.name] for column in whole.c)).where(
        or_(singles.c.rest != 0, singles.c.unrated_hours != 0)
    )
    e = union_all(select(whole), still).subquery("e").c
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
