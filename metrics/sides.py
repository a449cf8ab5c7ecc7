"""The reports that tie-outs compare, as selects a record a row (:data:`metrics.tieout.COLUMNS`).

What the ERP billed is told by documents: an invoice line at its invoice's date, what was credited of it at
the date of the latest credit note that names it or its invoice, so that a credit never rewrites a month gone.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Select,
    Text,
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

from metrics.tieout import Scope
from queries.schema import RECORD_TABLES
from queries.types import UtcInstant

_line = RECORD_TABLES["invoice_line"]
_invoice = RECORD_TABLES["invoice"]
_entry = RECORD_TABLES["ledger_entry"]

LIVE = ("posted", "sent", "paid")
NO_DAY = cast(null(), Date)
NO_INSTANT = cast(null(), UtcInstant)
NO_NUMBER = cast(null(), Text)


def record(  # noqa: PLR0913 - the columns that differ from report to report
    table: FromClause,
    kind: str,
    *,
    key: ColumnElement[Any],
    amount: ColumnElement[Any],
    on_date: ColumnElement[Any] = NO_DAY,
    at: ColumnElement[Any] = NO_INSTANT,
    number: ColumnElement[Any] = NO_NUMBER,
    currency: ColumnElement[Any] | None = None,
) -> Select[Any]:
    """A row a record of one table, in the columns of a side."""
    own = literal(f"{kind}:") + table.c.system + ":" + table.c.id
    return select(
        func.coalesce(key, own).label("match_key"),
        (table.c.currency if currency is None else currency).label("currency"),
        cast(amount, BigInteger).label("amount_minor"),
        table.c.system,
        literal(kind).label("kind"),
        table.c.id,
        number.label("number"),
        table.c.engagement_id,
        on_date.label("on_date"),
        at.label("at"),
        table.c.source_updated_at.label("changed_at"),
        table.c.source_url,
    )


def reference(table: FromClause, name: str) -> ColumnElement[Any]:
    """``kind:system:id`` of what a record refers to; null where it names none."""
    return literal(f"{name}:") + table.c[f"{name}_system"] + ":" + table.c[f"{name}_id"]


def identity(table: FromClause, kind: str) -> ColumnElement[Any]:
    """``kind:system:id`` of a record itself, as others refer to it."""
    return literal(f"{kind}:") + table.c.system + ":" + table.c.id


def work(table: FromClause) -> ColumnElement[Any]:
    """The engagement a record belongs to: it ties whatever reference each system keeps."""
    return literal("engagement:") + table.c.engagement_id


# ---- what the ERP billed ---------------------------------------------------------------------


def billed(scope: Scope, key: ColumnElement[Any], *conditions: ColumnElement[bool]) -> Select[Any]:
    """Issued invoice lines of the period, and what was credited of any line in it; amounts without tax."""
    rows = union_all(_documents(scope, key, conditions), _credited(scope, key, conditions)).subquery("billed")
    return select(rows)


def _issued(scope: Scope, conditions: tuple[ColumnElement[bool], ...]) -> list[ColumnElement[bool]]:
    return [
        scope.entity(_line.c.legal_entity), _line.c.live_minor.is_not(None), _invoice.c.status.in_(LIVE),
        *conditions,
    ]  # fmt: skip


def _with_header() -> FromClause:
    header = and_(_invoice.c.system == _line.c.invoice_system, _invoice.c.id == _line.c.invoice_id)
    return _line.join(_invoice, header)


def _documents(
    scope: Scope, key: ColumnElement[Any], conditions: tuple[ColumnElement[bool], ...]
) -> Select[Any]:
    # a line of a credit note that gives back something named is told where it takes from
    amount = case((_invoice.c.kind == "credit_note", _line.c.live_minor), else_=_line.c.amount)
    found = record(
        _line, "invoice_line", key=key, amount=amount, on_date=_invoice.c.issued_on, number=_invoice.c.number
    )
    return found.select_from(_with_header()).where(
        *_issued(scope, conditions), scope.on_day(_invoice.c.issued_on), amount != 0
    )


def _credited(
    scope: Scope, key: ColumnElement[Any], conditions: tuple[ColumnElement[bool], ...]
) -> Select[Any]:
    note, naming = _invoice.alias("note"), _line.alias("naming")
    names_line = (
        exists()
        .where(
            naming.c.invoice_system == note.c.system,
            naming.c.invoice_id == note.c.id,
            naming.c.credits_line_system == _line.c.system,
            naming.c.credits_line_id == _line.c.id,
        )
        # the line is two selects further out: said, it is not taken for a table of its own
        .correlate(note, _line)
    )
    names_invoice = and_(
        note.c.credits_system == _line.c.invoice_system, note.c.credits_id == _line.c.invoice_id
    )
    day = (
        select(func.max(note.c.issued_on))
        .where(
            or_(names_invoice, names_line), note.c.kind == "credit_note", note.c.status.in_(LIVE),
            note.c.deleted_at.is_(None),
        )
        .correlate(_line)
        .scalar_subquery()
    )  # fmt: skip
    amount = _line.c.live_minor - _line.c.amount
    found = record(_line, "invoice_line", key=key, amount=amount, on_date=day, number=_invoice.c.number)
    return found.select_from(_with_header()).where(
        *_issued(scope, conditions), _invoice.c.kind == "invoice", amount < 0, scope.on_day(day)
    )


# ---- what the ledger says --------------------------------------------------------------------


def posted(scope: Scope, account: str, key: ColumnElement[Any]) -> Select[Any]:
    """Postings of one account in the period, in the account's natural sign."""
    return record(_entry, "ledger_entry", key=key, amount=_entry.c.amount, on_date=_entry.c.posted_on).where(
        scope.entity(_entry.c.legal_entity),
        scope.of_ledger(_entry.c.ledger),
        scope.on_day(_entry.c.posted_on, _entry.c.period),
        _entry.c.account == account,
        _entry.c.deleted_at.is_(None),
    )
