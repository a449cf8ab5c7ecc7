"""C14: time that carries another rate than its contract line agrees, in the line's currency.

Every difference counts, above or below; the amount is what it comes to over the hours, billed or not.

Not listed: entries without a rate of their own, lines without one, rates in another currency, work that does
not bill by the hour, drafts, rejected, written-off and deleted time, and time that is not billable.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, case, func, literal, not_, null, select

from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.pricing import absolute, priced
from metrics.worked import hours_in_words
from queries.schema import RECORD_TABLES

_entry = RECORD_TABLES["time_entry"]
_line = RECORD_TABLES["contract_line"]


def _select(scope: Scope) -> Select[Any]:
    gap = _entry.c.rate - _line.c.rate
    own = and_(
        _line.c.system == _entry.c.contract_line_system,
        _line.c.id == _entry.c.contract_line_id,
        _line.c.engagement_id == _entry.c.engagement_id,
    )
    keys = (
        _line.c.system, _line.c.id, _line.c.currency, _line.c.engagement_id, _line.c.legal_entity,
        _line.c.source_url, _line.c.name, _line.c.rate,
    )  # fmt: skip
    return (
        select(
            _line.c.system.label("subject_system"),
            literal("contract_line").label("subject_kind"),
            _line.c.id.label("subject_id"),
            null().label("contract_line"),
            _line.c.currency,
            _line.c.engagement_id,
            _line.c.legal_entity,
            func.min(_entry.c.work_date).label("since"),
            func.coalesce(func.sum(priced(_entry.c.hours, absolute(gap), _line.c.currency)), 0).label(
                "amount_minor"
            ),
            _line.c.source_url,
            func.coalesce(_line.c.name, _line.c.id).label("line_name"),
            _line.c.rate.label("total_agreed"),
            func.min(_entry.c.rate).label("total_lowest"),
            func.max(_entry.c.rate).label("total_highest"),
            func.sum(_entry.c.hours).label("hours"),
            func.sum(case((gap < 0, _entry.c.hours), else_=0)).label("hours_below"),
        )
        .select_from(_entry.join(_line, own))
        .where(
            scope.covers(_entry.c.engagement_id),
            _entry.c.status.in_(("submitted", "approved")),
            _entry.c.deleted_at.is_(None),
            _entry.c.billable,
            not_(_entry.c.written_off),
            _line.c.deleted_at.is_(None),
            _line.c.kind == "time_and_materials",
            func.coalesce(_entry.c.currency, _line.c.currency) == _line.c.currency,
            gap != 0,
        )
        .group_by(*keys)
    )


def _rate(value: Any) -> str:
    return f"{value / 1_000_000:.2f}"


def _explain(row: Row, age: int) -> Explanation:
    hours, agreed = hours_in_words(row["hours"]), _rate(row["total_agreed"])
    lowest, highest = _rate(row["total_lowest"]), _rate(row["total_highest"])
    applied = lowest if lowest == highest else f"{lowest} to {highest}"
    below = f", {hours_in_words(row['hours_below'])} of them below it" if row["hours_below"] else ""
    return Explanation(
        reason=f"{hours} carry a rate of {applied} where {agreed} is agreed{below},"
        f" the oldest worked {age} business days ago.",
        expected=f"the agreed rate of {agreed} an hour",
        actual=f"{applied} an hour on {hours}",
        first_broken_handoff="contract to time",
    )


CHECK = Check(
    key="rate_differs_from_contract",
    title="Rate differs from the contract",
    question="Which time carries another rate than its contract agrees?",
    reads=(Need("time", "time_entry"), Need("contract", "contract_line")),
    subject="contract_line",
    amount="hours at the difference between the rate applied and the rate agreed, whichever is higher",
    acts="contract admin",
    remedy="Correct the rate on the entries, or amend the contract line if the new rate was agreed.",
    watch=0,
    act=5,
    select=_select,
    explain=_explain,
    at_once=True,
    source="C14",
)
