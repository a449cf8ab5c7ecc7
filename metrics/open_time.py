"""Open time and materials: approved, billable time that no live invoice line relieves, where it is listed.

Lines that name entries relieve them by hours; the others relieve the oldest open entries of the same contract
line or project, by amount. An entry that names no contract line goes by its project's billing method; with
neither it is untraceable, and not here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.selectable import FromClause

from metrics.check import Scope
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


def open_time(scope: Scope) -> Subquery:
    """Open entries with the project and line they are listed under; ``rest`` is what is left to bill."""
    whole = _placed(_summed(scope)).add_columns(literal(0).label("total_relieved")).subquery("whole")
    singles = _relieved(scope)
    still = select(*(singles.c[column.name] for column in whole.c)).where(
        or_(singles.c.rest != 0, singles.c.unrated_hours != 0)
    )
    return union_all(select(whole), still).subquery("e")
