"""Revenue posted since the last estimate is over two percent of the price away from the progress it tells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from sandbox import money
from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.ledger import recognised
from sandbox.records import ContractLine, RevenueLine
from sandbox.ties import Node, engagements, psa_project

KEY = "revenue_differs_from_progress"
_TOLERANCE = Decimal("0.02")


def gaps(books: Books) -> Iterator[Gap]:
    """The difference of each engagement with one project and nothing sold but work over time."""
    where = engagements(books)
    sold, projects = _sold(books, where), defaultdict(list)
    for project in books.psa_projects:
        if not project.deleted_at:
            projects[where[psa_project(project)]].append(project)
    postings = _postings(books, where)
    for node, found in projects.items():
        rows, lines = postings[node], sold[node]
        if len(found) != 1 or found[0].status != "active" or not rows or not _by_progress(lines):
            continue
        currency, price = lines[0].currency, sum((line.amount or Decimal(0) for line in lines), Decimal(0))
        own = [row for row in books.estimates if row.project_id == found[0].id and not row.deleted_at]
        last = max(own, key=lambda row: (row.estimated_on, row.id), default=None)
        dates = [row.posted_on for row, _ in rows if row.posted_on]
        if last is None or last.percent_complete is None or not dates or max(dates) < last.estimated_on:
            continue
        if {row.currency for row, _ in rows} == {currency}:
            earned = money.rounded(price * min(max(last.percent_complete, Decimal(0)), Decimal(1)), currency)
            apart = abs(sum((amount for _, amount in rows), Decimal(0)) - earned)
            if apart > price * _TOLERANCE:
                yield Gap(KEY, "psa", "project", found[0].id, None, apart, currency)


def _sold(books: Books, where: dict[Node, Node]) -> dict[Node, list[ContractLine]]:
    open_ = {row.id for row in books.contracts if not row.deleted_at}
    open_ -= {row.id for row in books.contracts if row.status in {"draft", "cancelled"}}
    found: dict[Node, list[ContractLine]] = defaultdict(list)
    for line in books.contract_lines:
        if not line.deleted_at and line.contract_id in open_:
            found[where["contract line", line.id]].append(line)
    return found


def _by_progress(lines: list[ContractLine]) -> bool:
    kinds = {(line.recognition, line.kind) for line in lines}
    whole = all(line.amount and line.amount > 0 for line in lines)
    told = kinds <= {("over_time", "fixed_fee"), ("over_time", "milestone")}
    return bool(lines) and whole and told and len({line.currency for line in lines}) == 1


def _postings(books: Books, where: dict[Node, Node]) -> dict[Node, list[tuple[RevenueLine, Decimal]]]:
    found: dict[Node, list[tuple[RevenueLine, Decimal]]] = defaultdict(list)
    for row, amount in recognised(books):
        node = where.get(("contract line", row.contract_line_id or ""))
        node = node or where.get(("contract", row.contract_id or ""))
        node = node or where.get(("psa project", row.project_id or ""))
        if node:
            found[node].append((row, amount))
    return found
