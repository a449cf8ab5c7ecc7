"""Approved work drawn on a retainer is worth more, or takes more hours, than was bought."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from sandbox import money
from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.records import ContractLine
from sandbox.worth import standing

KEY = "retainer_overdrawn"


def gaps(books: Books) -> Iterator[Gap]:
    """What was drawn beyond each retainer."""
    lines: dict[str, ContractLine] = {}
    value: dict[str, Decimal] = defaultdict(Decimal)
    hours: dict[str, Decimal] = defaultdict(Decimal)
    for item in standing(books, "approved"):
        line, entry = item.line, item.entry
        if line and line.kind == "retainer" and not (line.deleted_at or entry.held or entry.written_off):
            lines[line.id] = line
            hours[line.id] += entry.hours
            if item.currency == line.currency:
                value[line.id] += item.value or Decimal(0)
    for key, line in lines.items():
        excess = None
        if line.amount and value[key] > line.amount:
            excess = value[key] - line.amount
        elif line.hours and hours[key] > line.hours:
            excess = money.rounded((hours[key] - line.hours) * (line.rate or Decimal(0)), line.currency)
        if excess is not None:
            yield Gap(KEY, "clm", "contract_line", key, None, excess, line.currency)
