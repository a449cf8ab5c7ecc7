"""Approved time and materials that no rate prices, at the standard rates of the people who worked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from sandbox import money
from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.relief import billable, live_shares
from sandbox.worth import billed_parts

KEY = "time_without_rate"


def gaps(books: Books) -> Iterator[Gap]:
    """Open hours without a rate, per project, contract line and currency of the standard rate."""
    people = {person.id: person for person in books.resources}
    billed = billed_parts(books, live_shares(books))
    sums: dict[tuple[str, str | None, str], Decimal] = defaultdict(Decimal)
    for item in billable(books):
        entry, line = item.entry, item.line
        agreed = line.rate if line else item.project.rate
        part = 1 - min(billed[entry.id], Fraction(1))
        if entry.rate is not None or agreed is not None or not part or not entry.hours:
            continue
        hours = Decimal((Fraction(entry.hours) * part).numerator) / (Fraction(entry.hours) * part).denominator
        person = people.get(entry.resource_id or "")
        key = (item.project.id, line.id if line else None, item.currency or "XXX")
        if person and person.bill_rate is not None and person.currency:
            key = (*key[:2], person.currency)
            sums[key] += money.rounded(hours * person.bill_rate, person.currency)
        else:
            sums[key] += 0
    for (project, contract_line, currency), amount in sums.items():
        yield Gap(KEY, "psa", "project", project, contract_line, amount, currency)
