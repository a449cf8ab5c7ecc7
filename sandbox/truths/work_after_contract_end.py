"""Unbilled work later than the last day of its contract or line, and bookings that run past that day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction

from sandbox import days, money
from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.records import Contract
from sandbox.relief import live_shares
from sandbox.ties import Node, engagements
from sandbox.worth import Worth, billed_parts, standing

KEY = "work_after_contract_end"
_UNDER_WAY = frozenset({"planned", "active", "on_hold"})


def gaps(books: Books) -> Iterator[Gap]:
    """Open value per contract and currency; a booking alone is worth nothing, in the contract's currency."""
    contracts = {row.id: row for row in books.contracts if not row.deleted_at}
    engagement = engagements(books)
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for contract, currency, amount in [
        *_work(books, contracts, engagement),
        *_bookings(books, contracts, engagement),
    ]:
        sums[contract, currency] += amount
    for (key, currency), amount in sums.items():
        yield Gap(KEY, "clm", "contract", key, None, amount, currency)


Late = tuple[str, str, Decimal]


def _work(books: Books, contracts: dict[str, Contract], engagement: dict[Node, Node]) -> Iterator[Late]:
    billed = billed_parts(books, live_shares(books))
    for item in standing(books, "submitted", "approved"):
        contract = contracts.get((item.line.contract_id if item.line else item.project.contract_id) or "")
        if contract is None or not _signed(contract) or item.entry.written_off:
            continue
        part = min(billed[item.entry.id], Fraction(1))
        waits = item.entry.status == "submitted" or (part < 1 and not item.entry.held)
        if (
            waits
            and _too_late(item, contract)
            and (item.line or not _prolonged(contracts, contract, engagement, item.entry.work_date))
        ):
            value = item.value or Decimal(0)
            yield contract.id, item.currency, value - money.share(value, part, item.currency)


def _bookings(books: Books, contracts: dict[str, Contract], engagement: dict[Node, Node]) -> Iterator[Late]:
    projects = {row.id: row for row in books.psa_projects}
    for row in books.allocations:
        project = projects.get(row.project_id or "")
        if project is None or project.status not in _UNDER_WAY or row.deleted_at or not row.resource_id:
            continue
        contract = contracts.get(project.contract_id or "")
        if contract is None or not _signed(contract) or not row.end_on or not contract.end_on:
            continue
        ended = contract.end_on <= days.local_day(contract.legal_entity or "", books.as_of)
        runs_on = row.end_on > contract.end_on
        if ended and runs_on and not _prolonged(contracts, contract, engagement, row.end_on):
            yield contract.id, contract.currency, Decimal(0)


def _signed(contract: Contract) -> bool:
    return contract.status in {"signed", "active", "closed"}


def _too_late(item: Worth, contract: Contract) -> bool:
    end = (item.line.end_on if item.line else None) or contract.end_on
    return end is not None and item.entry.work_date > end


def _prolonged(
    contracts: dict[str, Contract], own: Contract, engagement: dict[Node, Node], day: date
) -> bool:
    mine = engagement["contract", own.id]
    others = [row for row in contracts.values() if row is not own and row.status in {"signed", "active"}]
    return any(
        engagement.get(("contract", row.id)) == mine and (row.end_on is None or row.end_on >= day)
        for row in others
    )
