"""C39: more approved work was drawn on a retainer line than was bought with it.

Drawn is the value of the line's approved billable time in its currency, billed by the month or not; bought is
the line's amount. Where the money is not exceeded but the line says how many hours were sold, the hours
count: those too many are worth the line's rate, or nothing where it states none. Age runs from the day it ran
out.

Not listed: lines that say neither what they cost nor how many hours they hold; time that is not approved, not
billable, held, written off or deleted.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Select, Subquery, and_, case, cast, func, literal, not_, null, or_, select

from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.pricing import priced
from metrics.worked import hours_in_words, worth
from queries.schema import RECORD_TABLES

_line = RECORD_TABLES["contract_line"]
_entry = RECORD_TABLES["time_entry"]


def _drawn(scope: Scope) -> Subquery:
    """Retainers' entries, each with what was drawn up to it in order of the days worked."""
    key = (_line.c.system, _line.c.id)
    order = (_entry.c.work_date, _entry.c.system, _entry.c.id)
    value = case((_entry.c.open_currency == _line.c.currency, worth(_entry)), else_=0)

    def so_far(what: Any) -> Any:
        return func.sum(what).over(partition_by=key, order_by=order, rows=(None, 0))

    own = and_(
        _line.c.system == _entry.c.contract_line_system,
        _line.c.id == _entry.c.contract_line_id,
        _line.c.engagement_id == _entry.c.engagement_id,
    )
    return (
        select(
            *(_line.c[name] for name in ("system", "id", "currency", "engagement_id", "legal_entity")),
            *(_line.c[name] for name in ("source_url", "amount", "rate")),
            func.coalesce(_line.c.name, _line.c.id).label("line_name"),
            _line.c.hours.label("sold"),
            _entry.c.work_date,
            _entry.c.hours.label("worked"),
            value.label("value"),
            so_far(value).label("value_so_far"),
            so_far(_entry.c.hours).label("hours_so_far"),
        )
        .select_from(_entry.join(_line, own))
        .where(
            scope.covers(_entry.c.engagement_id),
            _entry.c.status == "approved",
            _entry.c.billable,
            not_(_entry.c.held),
            not_(_entry.c.written_off),
            _entry.c.deleted_at.is_(None),
            _line.c.kind == "retainer",
            _line.c.deleted_at.is_(None),
        )
        .subquery("drawn")
    )


def _select(scope: Scope) -> Select[Any]:
    d = _drawn(scope).c
    keys = (
        d.system, d.id, d.currency, d.engagement_id, d.legal_entity, d.source_url, d.amount, d.rate,
        d.line_name, d.sold,
    )  # fmt: skip
    out = or_(and_(d.amount > 0, d.value_so_far > d.amount), and_(d.sold > 0, d.hours_so_far > d.sold))
    lines = (
        select(
            *keys,
            func.min(case((out, d.work_date))).label("ran_out"),
            cast(func.sum(d.value), BigInteger).label("value"),
            cast(func.sum(d.worked), BigInteger).label("hours"),
        )
        .group_by(*keys)
        .subquery("lines")
    ).c
    too_dear = and_(lines.amount > 0, lines.value > lines.amount)
    too_long = and_(lines.sold > 0, lines.hours > lines.sold)
    by_hours = func.coalesce(priced(lines.hours - lines.sold, lines.rate, lines.currency), 0)
    return select(
        lines.system.label("subject_system"),
        literal("contract_line").label("subject_kind"),
        lines.id.label("subject_id"),
        null().label("contract_line"),
        lines.currency,
        lines.engagement_id,
        lines.legal_entity,
        lines.ran_out.label("since"),
        case((too_dear, lines.value - lines.amount), else_=by_hours).label("amount_minor"),
        lines.source_url,
        lines.line_name,
        case((too_dear, "money"), else_="hours").label("measure"),
        lines.hours,
        case((too_long, lines.hours - lines.sold), else_=0).label("hours_over"),
    ).where(or_(too_dear, too_long))


def _explain(row: Row, age: int) -> Explanation:
    over = f", {hours_in_words(row['hours_over'])} more than were sold" if row["hours_over"] else ""
    return Explanation(
        reason=f"The retainer ran out {age} business days ago:"
        f" {hours_in_words(row['hours'])} were drawn on it{over}.",
        expected="work within what the client bought, or a new purchase",
        actual=f"the {row['measure']} bought with it are used up and work goes on",
        first_broken_handoff="delivery to contract",
    )


CHECK = Check(
    key="retainer_overdrawn",
    title="Retainer overdrawn",
    question="Which retainers have more work drawn on them than was bought?",
    reads=(Need("contract", "contract_line"), Need("time", "time_entry")),
    subject="contract_line",
    amount="value of the work beyond what was bought; hours too many count at the line's rate",
    acts="account lead",
    remedy="Sell the client a new retainer, or bill the excess by the hour.",
    watch=0,
    act=5,
    select=_select,
    explain=_explain,
    needs_amount=False,
    at_once=True,
    source="C39",
)
