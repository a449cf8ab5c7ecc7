"""A record names another system's for certain, and they differ in client, currency or company."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sandbox.books import Books
from sandbox.gap import NO_CURRENCY, Gap
from sandbox.records import Contract, Opportunity, Project
from sandbox.ties import PROOF

KEY = "linked_records_disagree"


def gaps(books: Books) -> Iterator[Gap]:
    """Contracts and projects that say otherwise than another system's record they name for certain."""
    deals = {deal.id: deal for deal in books.opportunities}
    contracts = {contract.id: contract for contract in books.contracts}
    projects = {project.id: project for project in books.psa_projects}
    for contract in books.contracts:
        if _differs(contract, [deals.get(contract.opportunity_id or "")]):
            yield Gap(KEY, "clm", "contract", contract.id, None, Decimal(0), NO_CURRENCY)
    for row in books.psa_projects:
        if _differs(row, [deals.get(row.opportunity_id or ""), contracts.get(row.contract_id or "")]):
            yield Gap(KEY, "psa", "project", row.id, None, Decimal(0), NO_CURRENCY)
    for row in books.erp_projects:
        if _differs(row, [projects.get(row.project_id or "")]):
            yield Gap(KEY, "erp", "project", row.id, None, Decimal(0), NO_CURRENCY)


def _differs(row: Contract | Project, named: list[Any]) -> bool:
    if not _stands(row) or row.link_method not in PROOF:
        return False
    told = ("customer_id", "currency", "legal_entity")
    return any(
        None not in (getattr(row, name), getattr(other, name)) and getattr(row, name) != getattr(other, name)
        for other in named
        if other is not None and _stands(other)
        for name in told
    )


def _stands(row: Contract | Project | Opportunity) -> bool:
    return not row.deleted_at and row.status != "cancelled"
