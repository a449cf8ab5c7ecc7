"""Deals, contracts, contract lines and projects of an engagement do not add up to the same sold value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.books import Books
from sandbox.deals import services
from sandbox.gap import Gap
from sandbox.records import Project
from sandbox.ties import Node, engagements, psa_project
from sandbox.truths import age

KEY = "sold_value_differs"
WATCH = 2
_UNSIGNED = {"draft", "cancelled"}
Told = dict[str, list[tuple[Decimal | None, str | None, datetime]]]


def gaps(books: Books) -> Iterator[Gap]:
    """The highest sum less the lowest, on the first deal, else contract, else project of the engagement."""
    told, members = _told(books)
    for head, sources in told.items():
        whole = [rows for rows in sources.values() if all(None not in row for row in rows)]
        sums = [sum((amount or Decimal(0) for amount, _, _ in rows), Decimal(0)) for rows in whole]
        currencies = {currency for rows in whole for _, currency, _ in rows}
        if len(currencies) != 1 or (max(sums) - min(sums)) * 200 <= max(sums):
            continue
        _, _, system, kind, row = min(members[head], key=lambda one: (*one[:3], one[4].id))
        latest = max(at for rows in whole for _, _, at in rows)
        if age(books, row.legal_entity, latest) > WATCH:
            yield Gap(KEY, system, kind, row.id, None, max(sums) - min(sums), currencies.pop() or "")


def _told(books: Books) -> tuple[dict[Node, Told], dict[Node, list[tuple[int, datetime, str, str, Any]]]]:
    engagement = engagements(books)
    told: dict[Node, Told] = defaultdict(lambda: defaultdict(list))
    members: dict[Node, list[tuple[int, datetime, str, str, Any]]] = defaultdict(list)

    def say(node: Node, source: str, row: Any, amount: Decimal | None, at: datetime | None) -> None:
        head = engagement.get(node, node)
        told[head][source].append((amount, row.currency, at or row.source_updated_at))
        rank, system, kind = _PLACES[source]
        members[head].append((rank, at or row.source_updated_at, system, kind, row))

    for deal in books.opportunities:
        if deal.status == "won" and not deal.deleted_at:
            said = services(deal) if (deal.services_amount or deal.amount) is not None else None
            say(("opportunity", deal.id), "deals", deal, said, deal.won_at)
    contracts = {row.id: row for row in books.contracts if not row.deleted_at and row.status not in _UNSIGNED}
    lines = [row for row in books.contract_lines if not row.deleted_at and row.contract_id in contracts]
    for contract in contracts.values():
        node = ("contract", contract.id)
        say(node, "contracts", contract, contract.amount, contract.signed_at)
        if all(line.contract_id != contract.id for line in lines):
            say(node, "lines", contract, None, None)
    for line in lines:
        say(("contract", line.contract_id or ""), "lines", line, line.amount, None)
    for system, node, project in _projects(books):
        say(node, system, project, project.amount, project.activated_at)
    return told, members


_PLACES = {
    "deals": (1, "crm", "opportunity"),
    "contracts": (2, "clm", "contract"),
    "lines": (3, "clm", "contract_line"),
    "psa": (4, "psa", "project"),
    "erp": (4, "erp", "project"),
}


def _projects(books: Books) -> Iterator[tuple[str, Node, Project]]:
    """Live projects of both systems, with the one of PSA that they stand for."""
    for row in books.psa_projects:
        if row.status != "cancelled" and not row.deleted_at:
            yield "psa", psa_project(row), row
    for row in books.erp_projects:
        if row.status != "cancelled" and not row.deleted_at:
            yield "erp", ("psa project", row.project_id or ""), row
