"""C2: approved, billable time-and-materials work that no rate prices, neither its own nor an agreed one.

An entry is priced by its own rate, else by its contract line's, else, where it names no line, by its
project's. What none of them prices is listed at the standard rate of whoever worked, in that rate's currency;
where that is not known either, the hours are told and count nothing.

Not listed: time that is not approved, not billable, held, written off or billed whole by a line that names
it; work that does not bill by the hour; time of which nothing says how it bills.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.sql.selectable import FromClause

from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.pricing import priced
from metrics.worked import hours_in_words, worked
from queries.schema import RECORD_TABLES


def _standard(
    own: FromClause, known: FromClause
) -> tuple[ColumnElement[Any], ColumnElement[Any], ColumnElement[Any]]:
    """A person's standard rate and its currency, and whether both are known."""
    usable = and_(own.c.bill_rate.is_not(None), own.c.currency.is_not(None))
    rate = case((usable, own.c.bill_rate), else_=known.c.bill_rate)
    currency = case((usable, own.c.currency), else_=known.c.currency)
    return rate, currency, and_(rate.is_not(None), currency.is_not(None))


def _select(scope: Scope) -> Select[Any]:
    w = worked()
    entry = w.entry.c
    own, known = RECORD_TABLES["resource"].alias("own"), RECORD_TABLES["resource"].alias("known")
    rate, currency, has_standard = _standard(own, known)
    shape = w.shape() | {"currency": case((has_standard, currency), else_=w.currency)}
    amount = case((has_standard, func.coalesce(priced(entry.open_hours, rate, currency), 0)), else_=0)
    tables = w.tables.outerjoin(
        own, and_(own.c.system == entry.resource_system, own.c.id == entry.resource_id)
    ).outerjoin(known, and_(known.c.system == own.c.resource_system, known.c.id == own.c.resource_id))
    unknown = case((has_standard, 0), else_=entry.open_hours)
    rows = (
        select(
            *(column.label(name) for name, column in shape.items()),
            entry.work_date.label("worked_on"),
            w.source_url.label("url"),
            amount.label("amount"),
            entry.open_hours.label("hours"),
            unknown.label("unknown"),
        )
        .select_from(tables)
        .where(
            scope.covers(entry.engagement_id),
            entry.is_open,
            entry.deleted_at.is_(None),
            entry.open_minor.is_(None),
            or_(entry.open_hours > 0, entry.open_hours < 0),
            w.kind == "time_and_materials",
        )
        .subquery("unpriced")
    )
    keys = [rows.c[name] for name in shape]
    return select(
        *keys,
        func.min(rows.c.worked_on).label("since"),
        func.sum(rows.c.amount).label("amount_minor"),
        func.min(rows.c.url).label("source_url"),
        func.count().label("entries"),
        func.sum(rows.c.hours).label("hours"),
        func.sum(rows.c.unknown).label("unknown_hours"),
    ).group_by(*keys)


def _explain(row: Row, age: int) -> Explanation:
    hours = hours_in_words(row["hours"])
    more = ""
    if row["unknown_hours"]:
        more = f" ({hours_in_words(row['unknown_hours'])} of people without a standard rate count 0.00)"
    return Explanation(
        reason=f"{hours} in {row['entries']} approved entries have no rate,"
        f" the oldest worked {age} business days ago{more}.",
        expected="a rate on the entry or on its contract line",
        actual=f"{hours} approved that no rate prices",
        first_broken_handoff="contract to rate card",
    )


CHECK = Check(
    key="time_without_rate",
    title="Time without a rate",
    question="Which approved time has no rate to bill it at?",
    reads=(
        Need("time", "time_entry"),
        Need("psa", "project"),
        Need("contract", "contract_line", required=False),
        Need("hcm", "resource", required=False),
        Need("erp", "invoice_line", required=False),
        Need("erp", "invoice", required=False),
    ),
    subject="project",
    amount="hours at the standard rate of whoever worked them; hours of people without one count 0.00",
    acts="contract admin",
    remedy="Put the rate on the contract line or on the entries; make work that is not charged not billable.",
    watch=0,
    act=5,
    select=_select,
    explain=_explain,
    needs_amount=False,
    at_once=True,
    source="C2",
)
