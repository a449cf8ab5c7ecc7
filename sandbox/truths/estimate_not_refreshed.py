"""The latest estimate of an active project with a fixed fee is more than 21 business days old."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from sandbox import money
from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.records import ContractLine, Project
from sandbox.ties import engagements, psa_project
from sandbox.truths import age

KEY = "estimate_not_refreshed"
WATCH = 21


def gaps(books: Books) -> Iterator[Gap]:
    """What is left of the price of each such project, by currency."""
    engagement = engagements(books)
    lines: dict[object, list[ContractLine]] = defaultdict(list)
    for line in books.contract_lines:
        if not line.deleted_at and (line.kind == "fixed_fee" or line.recognition == "over_time"):
            lines[engagement["contract line", line.id]].append(line)
    for project in books.psa_projects:
        dates = [row for row in books.estimates if row.project_id == project.id and not row.deleted_at]
        if project.status != "active" or project.deleted_at or not dates:
            continue
        last = max(dates, key=lambda row: (row.estimated_on, row.id))
        if age(books, project.legal_entity, last.estimated_on) > WATCH:
            mine = lines[engagement[psa_project(project)]]
            yield from _left(project, mine, max(1 - (last.percent_complete or Decimal(0)), Decimal(0)))


def _left(project: Project, lines: list[ContractLine], part: Decimal) -> Iterator[Gap]:
    prices: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        if project.contract_id in {None, line.contract_id}:
            prices[line.currency] += line.amount or Decimal(0)
    for currency, price in prices.items():
        yield Gap(KEY, "psa", "project", project.id, None, money.rounded(price * part, currency), currency)
