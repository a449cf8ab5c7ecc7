"""Invoices as subjects: a header belongs to no piece of work, so it is listed under that of its first line.

Whatever changes on a header or a line touches the work of all lines of that invoice, so that the first one
is always found anew. A header without lines, or with lines that name nothing, belongs to no work: it is
not looked at.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, null, or_, select

from metrics.check import Scope
from queries.schema import RECORD_TABLES

invoice = RECORD_TABLES["invoice"]
_line = RECORD_TABLES["invoice_line"]


def _is_first() -> ColumnElement[bool]:
    earlier = _line.alias("earlier")
    before = or_(
        earlier.c.system < _line.c.system, and_(earlier.c.system == _line.c.system, earlier.c.id < _line.c.id)
    )
    return ~exists().where(
        earlier.c.invoice_system == _line.c.invoice_system,
        earlier.c.invoice_id == _line.c.invoice_id,
        earlier.c.deleted_at.is_(None),
        earlier.c.engagement_id.is_not(None),
        before,
    )


def of_lines() -> ColumnElement[Any]:
    """The sum of an invoice's lines, for one whose header has no amount."""
    part = _line.alias("part")
    return (
        select(func.sum(part.c.amount))
        .where(
            part.c.invoice_system == invoice.c.system,
            part.c.invoice_id == invoice.c.id,
            part.c.deleted_at.is_(None),
        )
        .correlate(invoice)
        .scalar_subquery()
    )


def headers(scope: Scope, *, since: ColumnElement[Any], amount: ColumnElement[Any]) -> Select[Any]:
    """Invoices (not credit notes) in the shape of checks, each once, with its number as a fact."""
    return (
        select(
            invoice.c.system.label("subject_system"),
            literal("invoice").label("subject_kind"),
            invoice.c.id.label("subject_id"),
            null().label("contract_line"),
            invoice.c.currency,
            _line.c.engagement_id,
            invoice.c.legal_entity,
            since.label("since"),
            amount.label("amount_minor"),
            invoice.c.source_url,
            func.coalesce(invoice.c.number, invoice.c.id).label("invoice_number"),
            invoice.c.status.label("invoice_status"),
            invoice.c.currency.label("money"),
        )
        .select_from(
            _line.join(
                invoice,
                and_(invoice.c.system == _line.c.invoice_system, invoice.c.id == _line.c.invoice_id),
            )
        )
        .where(
            scope.covers(_line.c.engagement_id),
            # a line that names nothing belongs to no work
            _line.c.engagement_id.is_not(None),
            _line.c.deleted_at.is_(None),
            invoice.c.kind == "invoice",
            invoice.c.deleted_at.is_(None),
            _is_first(),
        )
    )
