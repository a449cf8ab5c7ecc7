"""A booking without a person starts within two weeks, on a project that is planned or active."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.sold_rates import Rates
from sandbox.truths import age

KEY = "roles_unfilled"


def gaps(books: Books) -> Iterator[Gap]:
    """The unfilled hours of each project, at the rate they were sold."""
    rates, projects = Rates(books), {row.id: row for row in books.psa_projects}
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in books.allocations:
        project = projects[row.project_id or ""]
        start = row.start_on or project.start_on
        if row.resource_id or row.deleted_at or not start or project.status not in {"planned", "active"}:
            continue
        if age(books, project.legal_entity, start - timedelta(days=14)) > 0:
            sums[project.id] += rates.worth(project, row.hours or Decimal(0))[0]
    for identifier, amount in sums.items():
        yield Gap(KEY, "psa", "project", identifier, None, amount, projects[identifier].currency or "XXX")
