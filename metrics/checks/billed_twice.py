"""C8: hours of a time entry, a milestone or a billing event are on a second live invoice line.

The subject is the later line (by invoice date, then id): the one to credit. What it bills too much is its
part of what goes beyond the entry's hours, at the entry's value and at most the line's own amount, or of
what goes beyond the milestone's amount, or the event's where there is no milestone behind it. So the same
event processed twice shows as well. Parts that add up are fine. Not listed: lines of which anything was
credited (nobody can say what is left of them), hours without a rate, other currencies than the milestone's
or the event's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Select,
    String,
    Subquery,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.selectable import FromClause

from metrics.check import SHAPE, Check, Explanation, Need, Row, Scope
from metrics.relief import positive
from queries.schema import RECORD_TABLES, billed_time

_line = RECORD_TABLES["invoice_line"]
_invoice = RECORD_TABLES["invoice"]
_entry = RECORD_TABLES["time_entry"]
_milestone = RECORD_TABLES["milestone"]
_event = RECORD_TABLES["billing_event"]

#: hours and values below it can be multiplied in 64 bits; an entry beyond is no entry
_SANE = 10**9
_LONG_AGO = date(1970, 1, 1)


def _smaller(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((one < other, one), else_=other)


def _standing(scope: Scope) -> ColumnElement[bool]:
    """Live lines of which nothing was credited."""
    return and_(
        scope.covers(_line.c.engagement_id), _line.c.live_minor > 0, _line.c.live_minor == _line.c.amount
    )


def _with_header(tables: FromClause) -> FromClause:
    own = and_(_invoice.c.system == _line.c.invoice_system, _invoice.c.id == _line.c.invoice_id)
    return tables.outerjoin(_invoice, own)


def _told() -> list[ColumnElement[Any]]:
    return [
        _line.c.system.label("line_system"),
        _line.c.id.label("line_id"),
        _line.c.engagement_id,
        _line.c.legal_entity,
        _line.c.source_url,
        _line.c.currency.label("line_currency"),
        _line.c.amount.label("line_amount"),
        func.coalesce(_invoice.c.posted_at, _line.c.source_updated_at).label("since"),
        func.coalesce(_invoice.c.issued_on, literal(_LONG_AGO, Date)).label("issued"),
    ]


def _in_turn(lines: Subquery, whole: Sequence[str], part: str, limit: str) -> Subquery:
    """Lines with what each bills beyond the limit, after those before it, and the first of them."""
    c = lines.c
    partition = [c[name] for name in whole]
    order = (c.issued, c.line_system, c.line_id)
    before = func.coalesce(func.sum(c[part]).over(partition_by=partition, order_by=order, rows=(None, -1)), 0)
    beyond = _smaller(c[part], positive(before + c[part] - c[limit]))
    first = func.first_value(c.line_id).over(partition_by=partition, order_by=order)
    ranked = select(*c, before.label("before"), beyond.label("beyond"), first.label("first_line"))
    turn = ranked.subquery()
    return select(*turn.c).where(turn.c.before > 0, turn.c.beyond > 0).subquery()


def _entries(scope: Scope) -> Subquery:
    """Each entry with each line that bills it, where there are several."""
    told, other = billed_time, billed_time.alias("other")
    several = exists().where(
        other.c.entry_system == told.c.entry_system,
        other.c.entry_id == told.c.entry_id,
        or_(other.c.line_system != told.c.line_system, other.c.line_id != told.c.line_id),
    )
    key = (told.c.entry_system, told.c.entry_id, _entry.c.open_currency, _entry.c.hours)
    values = (_entry.c.open_minor, _entry.c.relieved_minor)
    mine = and_(told.c.line_system == _line.c.system, told.c.line_id == _line.c.id)
    entry = and_(
        _entry.c.system == told.c.entry_system,
        _entry.c.id == told.c.entry_id,
        _entry.c.engagement_id == _line.c.engagement_id,
    )
    return (
        select(
            *_told(),
            *key,
            (_entry.c.open_minor + _entry.c.relieved_minor).label("value"),
            # an entry and a line may name each other: the one with hours knows better
            func.coalesce(func.max(told.c.hours), _entry.c.hours).label("billed_hours"),
        )
        .select_from(_with_header(_line.join(told, mine).join(_entry, entry)))
        .where(
            _standing(scope),
            _entry.c.deleted_at.is_(None),
            _entry.c.hours > 0,
            _entry.c.open_minor.is_not(None),
            several,
        )
        .group_by(
            _line.c.system, _line.c.id, _line.c.engagement_id, _line.c.legal_entity, _line.c.source_url,
            _line.c.currency, _line.c.amount, _line.c.source_updated_at, _invoice.c.posted_at,
            _invoice.c.issued_on, *key, *values,
        )
        .subquery("of_entries")
    )  # fmt: skip


def _time(scope: Scope) -> Select[Any]:
    turn = _in_turn(_entries(scope), ("entry_system", "entry_id"), "billed_hours", "hours").c
    # a sum is no whole number to every engine until it is told
    doubled = cast(2 * turn.value * turn.beyond + turn.hours, BigInteger)
    part = doubled // cast(2 * turn.hours, BigInteger)
    small = and_(turn.value < _SANE, turn.hours < _SANE)
    worth = case((turn.beyond >= turn.hours, turn.value), (small, part), else_=0)
    key = (
        turn.line_system, turn.line_id, turn.engagement_id, turn.legal_entity, turn.source_url,
        turn.line_currency, turn.line_amount, turn.since, turn.open_currency,
    )  # fmt: skip
    total = func.sum(worth)
    capped = case((turn.line_currency == turn.open_currency, _smaller(total, turn.line_amount)), else_=total)
    return _shaped(turn, turn.open_currency, capped).add_columns(
        literal("time").label("what"),
        func.min(turn.entry_id).label("named"),
        func.min(turn.first_line).label("first_line"),
        func.sum(turn.beyond).label("hours_twice"),
    ).group_by(*key)  # fmt: skip


def _documents(scope: Scope) -> Subquery:
    """Lines that name a milestone or a billing event, with what it is worth."""
    event = and_(
        _event.c.system == _line.c.billing_event_system,
        _event.c.id == _line.c.billing_event_id,
        _event.c.engagement_id == _line.c.engagement_id,
    )
    milestone = and_(
        _milestone.c.system == func.coalesce(_line.c.milestone_system, _event.c.milestone_system),
        _milestone.c.id == func.coalesce(_line.c.milestone_id, _event.c.milestone_id),
        _milestone.c.engagement_id == _line.c.engagement_id,
    )
    is_milestone = _milestone.c.id.is_not(None)
    limit = case((is_milestone, _milestone.c.amount), else_=_event.c.amount)
    currency = case((is_milestone, _milestone.c.currency), else_=_event.c.currency)
    return (
        select(
            *_told(),
            case((is_milestone, "milestone"), else_="billing event").label("what"),
            case((is_milestone, _milestone.c.system), else_=_event.c.system).label("named_system"),
            case((is_milestone, _milestone.c.id), else_=_event.c.id).label("named"),
            _line.c.live_minor.label("part"),
            limit.label("worth"),
        )
        .select_from(_with_header(_line.outerjoin(_event, event).outerjoin(_milestone, milestone)))
        .where(
            _standing(scope),
            or_(_line.c.milestone_id.is_not(None), _line.c.billing_event_id.is_not(None)),
            limit > 0,
            currency == _line.c.currency,
        )
        .subquery("of_documents")
    )


def _other(scope: Scope) -> Select[Any]:
    turn = _in_turn(_documents(scope), ("what", "named_system", "named"), "part", "worth").c
    return _shaped(turn, turn.line_currency, turn.beyond).add_columns(
        turn.what, turn.named, turn.first_line, literal(0).label("hours_twice")
    )


def _shaped(turn: Any, currency: ColumnElement[Any], amount: ColumnElement[Any]) -> Select[Any]:
    return select(
        turn.line_system.label("subject_system"),
        literal("invoice_line").label("subject_kind"),
        turn.line_id.label("subject_id"),
        cast(null(), String).label("contract_line"),
        currency.label("currency"),
        turn.engagement_id,
        turn.legal_entity,
        turn.since,
        amount.label("amount_minor"),
        turn.source_url,
    )


def _select(scope: Scope) -> Select[Any]:
    found = union_all(_time(scope), _other(scope)).subquery("found").c
    return select(*(found[name] for name in (*SHAPE, "what", "named", "first_line", "hours_twice")))


def _explain(row: Row, _age: int) -> Explanation:
    if row["what"] == "time":
        hours = f"{row['hours_twice'] / 1_000_000:g} h"
        what = f"{hours}, such as time entry {row['named']},"
    else:
        what = f"{row['what']} {row['named']}"
    return Explanation(
        reason=f"It bills {what} a second time, after invoice line {row['first_line']}.",
        expected="one live invoice line, or parts that add up to the whole",
        actual=f"billed again after line {row['first_line']}",
        first_broken_handoff="delivery to ERP billing",
    )


CHECK = Check(
    key="billed_twice",
    title="Billed twice",
    question="Which invoice lines bill time, milestones or events that another line bills already?",
    reads=(
        Need("erp", "invoice_line"),
        Need("erp", "invoice", required=False),
        Need("time", "time_entry", required=False),
        Need("psa", "milestone", required=False),
        Need("psa", "billing_event", required=False),
    ),
    subject="invoice_line",
    amount="what the later line bills too much",
    acts="billing",
    remedy="Credit the line that bills it again; find out why the hand-off was processed twice.",
    watch=0,
    act=0,
    select=_select,
    explain=_explain,
    at_once=True,
    source="C8",
)
