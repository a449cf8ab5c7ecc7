"""C4: what the PSA released for billing is what the ERP invoiced for it, event by event.

Lines that name no billing event are not released by one: other tie-outs hold them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select

from metrics.check import Need
from metrics.sides import billed, identity, record, reference
from metrics.tieout import Scope, Side, TieOut
from queries.schema import RECORD_TABLES

_event = RECORD_TABLES["billing_event"]
_line = RECORD_TABLES["invoice_line"]


def _released(scope: Scope) -> Select[Any]:
    return record(
        _event,
        "billing_event",
        key=identity(_event, "billing_event"),
        amount=_event.c.amount,
        at=_event.c.released_at,
    ).where(
        scope.entity(_event.c.legal_entity),
        scope.at(_event.c.released_at),
        _event.c.status.in_(("released", "invoiced", "error")),
        _event.c.deleted_at.is_(None),
    )


def _invoiced(scope: Scope) -> Select[Any]:
    return billed(scope, reference(_line, "billing_event"), _line.c.billing_event_id.is_not(None))


TIE_OUT = TieOut(
    key="billing_events_to_invoices",
    title="PSA released billing = ERP billed",
    left=Side("psa", "released billing events", _released),
    right=Side("erp", "invoice lines of billing events", _invoiced),
    match="billing event",
    reads=(Need("psa", "billing_event"), Need("erp", "invoice_line"), Need("erp", "invoice")),
    owner="billing",
    remedy="Release the event again or invoice it; credit a line that bills an event twice.",
    is_single=True,
    source="C4",
)
