"""What hours are worth at the rate their engagement was sold at, worked out the plain way."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from sandbox import money
from sandbox.books import Books
from sandbox.records import Project
from sandbox.ties import Node, engagements, psa_project


class Rates:
    """The one rate of an engagement's contract lines, else that of the project."""

    def __init__(self, books: Books) -> None:
        self.engagement = engagements(books)
        self.rates: dict[tuple[Node, str], set[Decimal]] = defaultdict(set)
        for line in books.contract_lines:
            if line.rate and not line.deleted_at:
                node = ("contract line", line.id)
                self.rates[self.engagement.get(node, node), line.currency].add(line.rate)

    def worth(self, project: Project, hours: Decimal) -> tuple[Decimal, str]:
        """The amount, and its currency; nothing where no rate is known."""
        currency = project.currency or "XXX"
        found = self.rates[self.engagement[psa_project(project)], currency]
        rate = found.copy().pop() if len(found) == 1 else project.rate
        return money.rounded(hours * (rate or Decimal(0)), currency), currency
