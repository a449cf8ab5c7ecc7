"""The projects of an engagement plan over five percent more hours than its contract lines sell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.records import Project
from sandbox.sold_rates import Rates
from sandbox.ties import Node, psa_project
from sandbox.truths import age

KEY = "scope_grew"
WATCH = 2


def gaps(books: Books) -> Iterator[Gap]:
    """The hours on top, on the project with the most of them."""
    rates = Rates(books)
    ended = {row.id for row in books.contracts if row.status in {"draft", "cancelled"}}
    sold: dict[Node, list[Decimal | None]] = defaultdict(list)
    for line in books.contract_lines:
        if not line.deleted_at and line.contract_id not in ended:
            sold[rates.engagement["contract line", line.id]].append(line.hours)
    plans: dict[Node, list[Project]] = defaultdict(list)
    for row in books.psa_projects:
        if row.planned_hours and not row.deleted_at and row.status != "cancelled":
            plans[rates.engagement[psa_project(row)]].append(row)
    for head, projects in plans.items():
        hours = sold[head]
        known = sum((part or Decimal(0) for part in hours), Decimal(0))
        added = sum((row.planned_hours or Decimal(0) for row in projects), Decimal(0)) - known
        biggest = min(projects, key=lambda row: (-(row.planned_hours or Decimal(0)), row.id))
        late = age(books, biggest.legal_entity, biggest.source_updated_at) > WATCH
        if None not in hours and known > 0 and added * 20 > known and late:
            amount, currency = rates.worth(biggest, added)
            yield Gap(KEY, "psa", "project", biggest.id, None, amount, currency)
