"""A contract line that runs over time, or is billed, has no revenue for over two business days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from sandbox import days
from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.live import live_amounts
from sandbox.records import Contract, ContractLine, InvoiceLine
from sandbox.ties import engagements
from sandbox.truths import age

KEY = "line_without_revenue_schedule"
WATCH = 2


def gaps(books: Books) -> Iterator[Gap]:
    """Lines nobody schedules or posts revenue of, with their amount."""
    engagement, live = engagements(books), live_amounts(books)
    contracts = {row.id: row for row in books.contracts}
    posted_at = {row.id: row.posted_at for row in books.invoices}
    told, general = set(), set()
    for row in books.revenue_lines:
        if row.deleted_at or row.state == "reversed":
            continue
        told.add(row.contract_line_id)
        if not row.contract_line_id:
            general.add(engagement.get(("contract", row.contract_id or "")))
    for line in books.contract_lines:
        if line.deleted_at or line.id in told or engagement["contract line", line.id] in general:
            continue
        billed = [row for row in books.invoice_lines if row.contract_line_id == line.id and live.get(row.id)]
        since = _since(line, contracts[line.contract_id or ""], billed, posted_at)
        if since is not None and age(books, line.legal_entity, since) > WATCH:
            total = sum((live[row.id] for row in billed), Decimal(0))
            amount = total if line.amount is None else line.amount
            yield Gap(KEY, "clm", "contract_line", line.id, None, amount, line.currency)


def _since(
    line: ContractLine,
    contract: Contract,
    billed: list[InvoiceLine],
    posted_at: dict[str, datetime | None],
) -> date | None:
    """From which local day revenue is owed; None while it is not."""
    entity = line.legal_entity or ""
    if line.recognition == "over_time" and contract.status == "active" and not contract.deleted_at:
        signed = days.local_day(entity, contract.signed_at or line.source_updated_at)
        return max(filter(None, (signed, line.start_on or contract.start_on)))
    if not billed or line.recognition == "milestone":
        return None
    moments = [posted_at[row.invoice_id or ""] or row.source_updated_at for row in billed]
    return days.local_day(entity, min(moments))
