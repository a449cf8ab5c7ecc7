"""Billable time on a contract that is a draft, or worked before the contract started or was signed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.records import Contract
from sandbox.relief import live_shares
from sandbox.worth import Worth, billed_parts, standing

KEY = "work_without_contract"


def gaps(books: Books) -> Iterator[Gap]:
    """Value of the work per contract and currency; what is billed counts only while nobody has signed."""
    contracts = {row.id: row for row in books.contracts if not row.deleted_at}
    billed = billed_parts(books, live_shares(books))
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for item in standing(books, "submitted", "approved"):
        name = item.line.contract_id if item.line else item.project.contract_id
        contract = contracts.get(name or "")
        if contract is None or item.entry.written_off or item.project.internal:
            continue
        open_still = item.entry.status == "submitted" or (not item.entry.held and billed[item.entry.id] < 1)
        if contract.status == "draft" or (open_still and _early(contract, item)):
            sums[contract.id, item.currency] += item.value or Decimal(0)
    for (key, currency), amount in sums.items():
        yield Gap(KEY, "clm", "contract", key, None, amount, currency)


def _early(contract: Contract, item: Worth) -> bool:
    handed_in = item.entry.submitted_at or item.entry.approved_at
    before_start = contract.start_on is not None and item.entry.work_date < contract.start_on
    before_signed = bool(handed_in and contract.signed_at and handed_in < contract.signed_at)
    return contract.status != "cancelled" and (before_start or before_signed)
