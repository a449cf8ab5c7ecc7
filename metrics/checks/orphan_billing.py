"""C16: an invoice line stands, and what it names was never seen: no contract, no project, no delivery.

A line whose time entries are known has its evidence in these; records that were deleted since were seen. Two
business days are given for a record that is only on its way. Lines that name nothing at all are told apart.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, exists, func, literal, null, select

from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.orphans import EVIDENCE, named, without_evidence
from queries.schema import NOTHING, RECORD_TABLES, billed_time

_line = RECORD_TABLES["invoice_line"]
_invoice = RECORD_TABLES["invoice"]
_entry = RECORD_TABLES["time_entry"]


def _select(scope: Scope) -> Select[Any]:
    header = and_(_invoice.c.system == _line.c.invoice_system, _invoice.c.id == _line.c.invoice_id)
    worked = exists().where(
        billed_time.c.line_system == _line.c.system,
        billed_time.c.line_id == _line.c.id,
        _entry.c.system == billed_time.c.entry_system,
        _entry.c.id == billed_time.c.entry_id,
        # what a line says of another piece of work is not looked at when that one changes
        _entry.c.engagement_id == _line.c.engagement_id,
    )
    return (
        select(
            _line.c.system.label("subject_system"),
            literal("invoice_line").label("subject_kind"),
            _line.c.id.label("subject_id"),
            null().label("contract_line"),
            _line.c.currency,
            _line.c.engagement_id,
            _line.c.legal_entity,
            func.coalesce(_invoice.c.posted_at, _line.c.source_updated_at).label("since"),
            _line.c.live_minor.label("amount_minor"),
            _line.c.source_url,
            _invoice.c.number,
            func.coalesce(*named(_line)).label("named"),
        )
        .select_from(_line.outerjoin(_invoice, header))
        .where(
            scope.covers(_line.c.engagement_id),
            _line.c.live_minor > NOTHING,
            without_evidence(_line),
            ~worked,
        )
    )


def _explain(row: Row, _age: int) -> Explanation:
    invoice = f" of invoice {row['number']}" if row["number"] else ""
    return Explanation(
        reason=f"The line{invoice} bills {row['named']}, which no system knows.",
        expected="a contract, project or delivery that the line bills",
        actual="nothing that was ever read",
        first_broken_handoff="delivery to billing",
    )


CHECK = Check(
    key="orphan_billing",
    title="Billing without evidence",
    question="Which invoice lines bill something that no system knows?",
    reads=(
        Need("erp", "invoice_line"),
        Need("erp", "invoice", required=False),
        Need("time", "time_entry", required=False),
        *EVIDENCE,
    ),
    subject="invoice_line",
    amount="what of the line is live",
    acts="billing",
    remedy="Correct what the line names, or credit it.",
    watch=2,
    act=5,
    select=_select,
    explain=_explain,
    source="C16",
)
