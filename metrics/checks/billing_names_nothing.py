"""C16: an invoice line stands that names no contract, project, milestone or billing event, and bills no time.

Lines of credit notes are not listed: they take back what others bill, and that is taken off what is live.

Such lines belong to no engagement, so it is asked of the whole firm: it looks only at lines without one,
found by an index; in a healthy firm there are next to none.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, exists, func, literal, null, select

from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.orphans import names_nothing
from queries.schema import NOTHING, RECORD_TABLES, billed_time

_line = RECORD_TABLES["invoice_line"]
_invoice = RECORD_TABLES["invoice"]


def _select(_scope: Scope) -> Select[Any]:
    header = and_(_invoice.c.system == _line.c.invoice_system, _invoice.c.id == _line.c.invoice_id)
    worked = exists().where(billed_time.c.line_system == _line.c.system, billed_time.c.line_id == _line.c.id)
    return (
        select(
            _line.c.system.label("subject_system"),
            literal("invoice_line").label("subject_kind"),
            _line.c.id.label("subject_id"),
            null().label("contract_line"),
            _line.c.currency,
            literal("").label("engagement_id"),
            func.coalesce(_line.c.legal_entity, _invoice.c.legal_entity).label("legal_entity"),
            func.coalesce(_invoice.c.posted_at, _line.c.source_updated_at).label("since"),
            _line.c.live_minor.label("amount_minor"),
            _line.c.source_url,
            _invoice.c.number,
        )
        .select_from(_line.join(_invoice, header))
        .where(
            _line.c.engagement_id.is_(None),
            _line.c.deleted_at.is_(None),
            _line.c.live_minor > NOTHING,
            _invoice.c.kind == "invoice",
            names_nothing(_line),
            ~worked,
        )
    )


def _explain(row: Row, _age: int) -> Explanation:
    invoice = f" of invoice {row['number']}" if row["number"] else ""
    return Explanation(
        reason=f"The line{invoice} does not say what it bills.",
        expected="the contract, project or milestone that the line bills",
        actual="no reference at all",
        first_broken_handoff="delivery to billing",
    )


CHECK = Check(
    key="billing_names_nothing",
    title="Billing that names nothing",
    question="Which invoice lines do not say what they bill?",
    reads=(Need("erp", "invoice_line", required=False), Need("erp", "invoice", required=False)),
    subject="invoice_line",
    amount="what of the line is live",
    acts="billing",
    remedy="Name the project or contract on the line, or credit it.",
    watch=2,
    act=5,
    select=_select,
    explain=_explain,
    source="C16",
    scope="firm",
)
