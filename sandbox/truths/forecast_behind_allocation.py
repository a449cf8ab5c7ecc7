"""A booking changed over a business day ago, after the newest forecast of its project."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.sold_rates import Rates
from sandbox.truths import age

KEY = "forecast_behind_allocation"
WATCH = 1


def gaps(books: Books) -> Iterator[Gap]:
    """The hours booked anew of each project, at the rate they were sold."""
    rates, projects = Rates(books), {row.id: row for row in books.psa_projects}
    forecast: dict[str, datetime] = {}
    for plan in books.forecasts:
        if not plan.deleted_at:
            key = plan.project_id or ""
            forecast[key] = max(forecast.get(key, plan.source_updated_at), plan.source_updated_at)
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in books.allocations:
        project = projects[row.project_id or ""]
        changed = max(row.deleted_at or row.source_updated_at, row.source_updated_at)
        live = project.status in {"planned", "active", "on_hold"}
        behind = live and project.id in forecast and changed > forecast[project.id]
        if behind and age(books, project.legal_entity, changed) > WATCH:
            sums[project.id] += rates.worth(project, row.hours or Decimal(0))[0]
    for identifier, amount in sums.items():
        yield Gap(KEY, "psa", "project", identifier, None, amount, projects[identifier].currency or "XXX")
