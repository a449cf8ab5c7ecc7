"""What several KPIs measure alike: sold, worked, invoiced, recognised, and hours people are there.

Each function composes rows of :data:`metrics.kpi.SHAPE`, or a table such rows are made of. Only systems
that play the role named count: two systems' views of one record are not added up.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.selectable import FromClause

from metrics.kpi import row
from queries.periods import Span
from queries.schema import RECORD_TABLES, system_role
from queries.types import HOURS_SCALE

opportunity, contract = RECORD_TABLES["opportunity"], RECORD_TABLES["contract"]
contract_line, project = RECORD_TABLES["contract_line"], RECORD_TABLES["project"]
entry, milestone = RECORD_TABLES["time_entry"], RECORD_TABLES["milestone"]
invoice, invoice_line = RECORD_TABLES["invoice"], RECORD_TABLES["invoice_line"]
revenue, resource = RECORD_TABLES["revenue_line"], RECORD_TABLES["resource"]
absence, allocation = RECORD_TABLES["absence"], RECORD_TABLES["allocation"]

#: no month
_NONE = literal("")
HOUR = 10**HOURS_SCALE
#: hours of a full week where nobody says otherwise
_WEEK = 40 * HOUR
_WORKDAYS = 5


def plays(table: FromClause, role: str) -> ColumnElement[bool]:
    """Records of systems with this role."""
    return exists().where(system_role.c.system == table.c.system, system_role.c.role == role)


def sold_minor() -> ColumnElement[Any]:
    """What a deal is worth as services; blank means all of it."""
    return func.coalesce(opportunity.c.services_amount, opportunity.c.amount, 0)


def sold(span: Span) -> Select[Any]:
    """Deals won in the month, in minor units."""
    o = opportunity.c
    return row(
        span,
        opportunity.join(span.month, span.within(o.legal_entity, o.won_at)),
        part="won",
        numerator=sold_minor(),
        subject=(o.system, "opportunity", o.id),
        entity=o.legal_entity,
        currency=o.currency,
        engagement=o.engagement_id,
    ).where(o.status == "won", o.deleted_at.is_(None), plays(opportunity, "crm"))


def value_minor(found: FromClause = entry) -> ColumnElement[Any]:
    """What an entry's hours are worth at its own rate, else its line's: 0 without any."""
    return func.coalesce(found.c.open_minor, 0) + func.coalesce(found.c.relieved_minor, 0)


def bills_by_time() -> tuple[FromClause, ColumnElement[bool]]:
    """Time entries with what says how they are billed, and the condition that it is by time and materials."""
    tables = entry.outerjoin(
        contract_line,
        and_(contract_line.c.system == entry.c.contract_line_system,
             contract_line.c.id == entry.c.contract_line_id),
    ).outerjoin(
        project, and_(project.c.system == entry.c.project_system, project.c.id == entry.c.project_id)
    )  # fmt: skip
    method = case((entry.c.contract_line_id.is_(None), project.c.billing_method))
    return tables, func.coalesce(contract_line.c.kind, method) == "time_and_materials"


def approved() -> ColumnElement[bool]:
    """Approved, billable time that was neither written off nor deleted."""
    e = entry.c
    return and_(e.status == "approved", e.billable, e.written_off.is_(False), e.deleted_at.is_(None))


def worked_value(span: Span, part: str) -> Select[Any]:
    """Approved billable time of time-and-materials work by month worked: one row a project and currency."""
    tables, by_time = bills_by_time()
    e = entry.c
    keys = (e.legal_entity, e.project_system, e.project_id, e.open_currency, e.engagement_id)
    month = span.month_of(e.legal_entity, e.work_date)
    return (
        row(
            span,
            tables,
            month=month,
            part=part,
            numerator=func.sum(value_minor()),
            subject=(e.project_system, "project", e.project_id),
            entity=e.legal_entity,
            currency=e.open_currency,
            engagement=e.engagement_id,
        )
        .where(approved(), by_time, span.in_range(e.work_date), month != literal(""))
        .group_by(month, *keys)
    )


def accepted(span: Span, part: str) -> Select[Any]:
    """Milestones accepted in the month."""
    m = milestone.c
    return row(
        span,
        milestone.join(span.month, span.within(m.legal_entity, m.accepted_at)),
        part=part,
        numerator=func.coalesce(m.amount, 0),
        subject=(m.system, "milestone", m.id),
        entity=m.legal_entity,
        currency=m.currency,
        engagement=m.engagement_id,
    ).where(m.status == "accepted", m.deleted_at.is_(None), plays(milestone, "psa"))


def invoiced_lines(span: Span) -> tuple[FromClause, ColumnElement[bool]]:
    """Live invoice lines with the month their invoice was issued in, and the condition that they are live."""
    line, head = invoice_line.c, invoice.c
    headed = invoice_line.outerjoin(
        invoice, and_(head.system == line.invoice_system, head.id == line.invoice_id)
    )
    month = span.month.c
    issued = and_(head.issued_on >= month.start_on, head.issued_on <= month.end_on)
    at = func.coalesce(head.posted_at, line.source_updated_at)
    undated = and_(head.issued_on.is_(None), at >= month.since, at < month.until)
    join = headed.join(span.month, and_(span.of(line.legal_entity), or_(issued, undated)))
    return join, and_(line.live_minor.is_not(None), line.live_minor != 0, line.deleted_at.is_(None))


def invoiced(span: Span, part: str) -> Select[Any]:
    """Live invoice lines, net of what credits take back, in the month their invoice was issued."""
    line = invoice_line.c
    tables, live = invoiced_lines(span)
    return row(
        span,
        tables,
        part=part,
        numerator=line.live_minor,
        subject=(line.system, "invoice_line", line.id),
        entity=line.legal_entity,
        currency=line.currency,
        engagement=line.engagement_id,
    ).where(live)


def postings() -> Subquery:
    """Revenue posted and taken back, each with its day: a reversal takes its amount from its posting."""
    posted, back = revenue.alias("posting"), revenue.alias("reversal")
    tables = posted.outerjoin(
        back, and_(back.c.system == posted.c.reverses_system, back.c.id == posted.c.reverses_id)
    )
    amount = func.abs(posted.c.amount)
    taken = case((back.c.amount >= 0, -amount), else_=amount)
    own = case((posted.c.reverses_id.is_(None), posted.c.amount), (back.c.reverses_id.is_not(None), -taken),
               else_=taken)  # fmt: skip
    p = posted.c
    # a posting whose own state says it was reversed counts nothing, and neither does what reversed it
    counts = or_(
        and_(p.reverses_id.is_(None), p.state == "posted"),
        and_(p.reverses_id.is_not(None), p.state != "scheduled", back.c.state == "posted",
             back.c.deleted_at.is_(None)),
    )  # fmt: skip
    return (
        select(
            p.system, p.id, p.legal_entity, p.currency, p.engagement_id, p.posted_on, p.period,
            own.label("amount"),
        )
        .select_from(tables)
        .where(p.deleted_at.is_(None), counts)
        .subquery("revenue_posted")
    )  # fmt: skip


def recognised(span: Span, part: str) -> Select[Any]:
    """Revenue posted in the month, net of reversals posted in it; without a day, by its period."""
    p, month = (found := postings()).c, span.month.c
    during = and_(p.posted_on >= month.start_on, p.posted_on <= month.end_on)
    named = and_(p.posted_on.is_(None), p.period == month.month)
    return row(
        span,
        found.join(span.month, and_(span.of(p.legal_entity), or_(during, named))),
        part=part,
        numerator=p.amount,
        subject=(p.system, "revenue_line", p.id),
        entity=p.legal_entity,
        currency=p.currency,
        engagement=p.engagement_id,
    )


# ---- hours people are there ----------------------------------------------------------------------


def person(owner: FromClause) -> tuple[FromClause, ColumnElement[Any], ColumnElement[Any]]:
    """A table joined to the person its ``resource_id`` means in the system of record: join, system, id."""
    same = resource.alias("same_person")
    tables = owner.outerjoin(
        same, and_(same.c.system == owner.c.resource_system, same.c.id == owner.c.resource_id)
    )
    system = func.coalesce(same.c.resource_system, owner.c.resource_system)
    return tables, system, func.coalesce(same.c.resource_id, owner.c.resource_id)


def _daily() -> ColumnElement[Any]:
    """Hours of one of a person's business days, at the scale of hours."""
    return cast(func.coalesce(resource.c.weekly_hours, _WEEK) // _WORKDAYS, BigInteger)


def _absent(span: Span) -> Subquery:
    """Person and month -> ``days`` of whole absence on business days, and ``hours`` of partial absence."""
    away, system, identifier = person(absence)
    a, month, day = absence.c, span.month.c, span.workday.c
    who = (system.label("system"), identifier.label("id"))
    holds = and_(a.status == "approved", a.deleted_at.is_(None))
    within = and_(
        day.legal_entity == span.entity(a.legal_entity), day.month != _NONE, day.day >= a.start_on,
        day.day <= a.end_on,
    )  # fmt: skip
    # days of two absences that overlap are away once
    whole = (
        select(day.month, *who, day.day)
        .select_from(away.join(span.workday, within))
        .where(holds, a.hours.is_(None))
        .distinct()
        .subquery("away")
    )
    some = and_(span.of(a.legal_entity), a.start_on >= month.start_on, a.start_on <= month.last_on)
    zero = literal(0, BigInteger)
    both = union_all(
        select(whole.c.month, whole.c.system, whole.c.id, literal(1, BigInteger).label("days"),
               zero.label("hours")),
        select(month.month, *who, zero, a.hours)
        .select_from(away.join(span.month, some))
        .where(holds, a.hours.is_not(None)),
    ).subquery("absences")  # fmt: skip
    keys = (both.c.month, both.c.system, both.c.id)
    sums = func.sum(both.c.days).label("days"), func.sum(both.c.hours).label("hours")
    return select(*keys, *sums).group_by(*keys).subquery("absent")


def capacity(span: Span) -> Subquery:
    """Person and month -> ``hours`` they are there: business days that have come, less absence.

    Only people of the system of record; cut at the days they began and left. Whole days of absence take
    a day's hours each, absence of some hours takes them in the month it begins.
    """
    r, day = resource.c, span.workday.c
    there = and_(
        day.legal_entity == span.entity(r.legal_entity), day.month != _NONE,
        or_(r.start_on.is_(None), day.day >= r.start_on), or_(r.end_on.is_(None), day.day <= r.end_on),
    )  # fmt: skip
    who = (day.month, r.system, r.id, r.legal_entity, r.practice, r.region)
    employed = (
        select(*who, _daily().label("daily"), func.count().label("days"))
        .select_from(resource.join(span.workday, there))
        .where(r.deleted_at.is_(None), r.resource_id.is_(None), plays(resource, "hcm"))
        .group_by(*who, r.weekly_hours)
        .subquery("employed")
    )
    e, off = employed.c, _absent(span)
    same = and_(off.c.month == e.month, off.c.system == e.system, off.c.id == e.id)
    away = func.coalesce(off.c.days, 0) * e.daily + func.coalesce(off.c.hours, 0)
    left = e.days * e.daily - away
    return (
        select(e.month, e.system, e.id, e.legal_entity, e.practice, e.region,
               case((left > 0, left), else_=0).label("hours"))
        .select_from(employed.outerjoin(off, same))
        .subquery("capacity")
    )  # fmt: skip


def capacity_rows(span: Span, part: str) -> Select[Any]:
    """The hours people are there, as the denominator of a part."""
    c = (there := capacity(span)).c
    month = span.month.c
    return row(
        span,
        there.join(span.month, and_(month.month == c.month, span.of(c.legal_entity))),
        part=part,
        numerator=literal(0, BigInteger),
        denominator=c.hours,
        subject=(c.system, "resource", c.id),
        entity=c.legal_entity,
        practice=c.practice,
        region=c.region,
    )


def added(*rows: Select[Any]) -> Select[Any]:
    """Rows that say the same of one subject, added up: one row a subject, month, currency and part."""
    found = union_all(*rows).subquery("said").c
    keys = [found[name] for name in (
        "month", "legal_entity", "practice", "region", "currency", "part",
    )]  # fmt: skip
    rest = [found[name] for name in ("subject_system", "subject_kind", "subject_id", "engagement_id")]
    return select(
        *keys,
        func.sum(found.numerator).label("numerator"),
        func.sum(found.denominator).label("denominator"),
        *rest,
    ).group_by(*keys, *rest)
