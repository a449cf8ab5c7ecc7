"""The firm the bench measures with: deals, projects, posted lines, and weeks of time entries.

The oldest stored entries are approved and billed, the newest are submitted. A batch is what a week
brings: submitted entries are approved (changed), others are new. Everything is told as a system would
tell it over the wire.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
#: entries one engagement has: four people, half a year
PER_ENGAGEMENT = 400
#: entries one invoice line bills: a week of four people
_PER_LINE = 20
#: engagements that have a backlog
_BEHIND = 250
_RATES = ("95", "120", "150", "187.50")
_ENTITIES = ("UK01", "US01", "DE01", "JP01")
_CURRENCIES = {"UK01": "GBP", "US01": "USD", "DE01": "EUR", "JP01": "JPY"}
_FIRST = datetime(2026, 11, 16, 8, tzinfo=UTC)
_LAST_DAY = date(2026, 11, 13)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Firm:
    """A firm with a history of some size; the last ``waiting`` entries, a quarter at most, are submitted."""

    entries: int
    waiting: int = 25_000

    @property
    def engagements(self) -> int:
        """How many pieces of sold work there are."""
        return max(self.entries // PER_ENGAGEMENT, 1)

    @property
    def billed(self) -> int:
        """How many of the stored entries are billed: the oldest ones."""
        return self.entries - min(self.entries // 4, self.waiting)

    def base(self) -> Iterator[tuple[str, str, list[Row]]]:
        """(system, kind, rows) of everything but time, in the order in which it is best read."""
        entities = [{"id": e, "name": e, **_version(0)} for e in _ENTITIES]
        yield "erp", "legal_entity", entities
        numbers = range(self.engagements)
        yield "crm", "opportunity", [_opportunity(n) for n in numbers]
        yield "psa", "project", [_project(n) for n in numbers]
        yield "erp", "project", [_erp_project(n) for n in numbers]
        weeks = range(0, -(-self.billed // self.engagements), _PER_LINE)
        yield "erp", "invoice", [_invoice(n, week) for n in numbers for week in weeks]
        yield "erp", "invoice_line", [_invoice_line(n, week) for n in numbers for week in weeks]

    def history(self) -> Iterator[Row]:
        """The stored time entries."""
        for number in range(self.entries):
            yield self.entry(number, "billed" if number < self.billed else "submitted")

    def week(self, count: int) -> list[Row]:
        """A batch: half of it approvals of stored entries, half new entries, as they happen to come."""
        approvals = range(self.billed, self.entries)[: count // 2]
        changed = [self.entry(number, "approved", 1) for number in approvals]
        new = [self.entry(self.entries + n, "submitted", 1) for n in range(count - len(changed))]
        rows = changed + new
        Random(7).shuffle(rows)  # noqa: S311 - an order, not a secret
        return rows

    def backlog(self, count: int, version: int = 0) -> list[Row]:
        """Approved time that nobody billed: the same number of items, whatever the size of the history."""
        few = min(self.engagements, _BEHIND)
        rows = []
        for number in range(count):
            row = self.entry(2 * self.entries + number, "approved", version, number % few)
            weeks = number // few % (count // few + 1)
            row["work_date"] = (_LAST_DAY - timedelta(weeks=1 + weeks)).isoformat()
            row["hours"] = f"{1 + version % 8}.5"
            rows.append(row)
        return rows

    def entry(self, number: int, state: str, version: int = 0, project: int | None = None) -> Row:
        """One time entry in a state: submitted, approved, or approved and billed."""
        project = number % self.engagements if project is None else project
        entity = _entity(project)
        back = 0 if state != "billed" else 30
        worked = _LAST_DAY - timedelta(days=back + number // self.engagements % 5)
        row: Row = {
            "id": f"TE-{number:09d}",
            "legal_entity": entity,
            "source_updated_at": (_FIRST + timedelta(days=version, milliseconds=number)).isoformat(),
            "project_id": f"P-{project:06d}",
            "resource_id": f"R-{number % 997:04d}",
            "work_date": worked.isoformat(),
            "hours": f"{1 + number % 8}.{number % 4 * 25:02d}",
            "status": "submitted" if state == "submitted" else "approved",
            "billable": True,
            "currency": _CURRENCIES[entity],
            "rate": _RATES[number % len(_RATES)],
        }
        if state != "submitted":
            row["approved_at"] = f"{(worked + timedelta(days=3)).isoformat()}T09:30:{number % 60:02d}Z"
        if state == "billed":
            row["invoice_line_id"] = _line(project, number // self.engagements)
        return row


def _entity(number: int) -> str:
    return _ENTITIES[number % len(_ENTITIES)]


def _version(version: int) -> Row:
    return {"source_updated_at": f"2026-11-{16 + version}T08:00:00Z"}


def _opportunity(number: int) -> Row:
    entity = _entity(number)
    return {
        "id": f"O-{number:06d}",
        "legal_entity": entity,
        **_version(0),
        "status": "won",
        "won_at": "2026-03-02T10:00:00Z",
        "currency": _CURRENCIES[entity],
        "amount": "250000",
    }


def _project(number: int) -> Row:
    entity = _entity(number)
    return {
        "id": f"P-{number:06d}",
        "legal_entity": entity,
        **_version(0),
        "opportunity_id": f"O-{number:06d}",
        "status": "active",
        "activated_at": "2026-03-03T10:00:00Z",
        "billing_method": "time_and_materials",
        "currency": _CURRENCIES[entity],
    }


def _erp_project(number: int) -> Row:
    return {**_project(number), "id": f"E-{number:06d}", "project_id": f"P-{number:06d}"}


def _invoice(number: int, place: int) -> Row:
    entity = _entity(number)
    return {
        "id": _line(number, place).removeprefix("IL-"),
        "legal_entity": entity,
        **_version(0),
        "status": "posted",
        "currency": _CURRENCIES[entity],
    }


def _line(project: int, place: int) -> str:
    """The invoice line of a project's entry, counted from its first: each week is invoiced."""
    return f"IL-{project:06d}-{place // _PER_LINE:03d}"


def _invoice_line(number: int, place: int) -> Row:
    entity = _entity(number)
    return {
        "id": _line(number, place),
        "legal_entity": entity,
        **_version(0),
        "invoice_id": _line(number, place).removeprefix("IL-"),
        "project_id": f"P-{number:06d}",
        "currency": _CURRENCIES[entity],
        "amount": "12000",
    }


def chunks(rows: Sequence[Row], size: int) -> Iterator[list[Row]]:
    """Pages of rows."""
    for start in range(0, len(rows), size):
        yield list(rows[start : start + size])
