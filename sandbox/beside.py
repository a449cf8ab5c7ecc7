"""What stands beside the chain in a firm that runs: leave, plans, estimates, the ledger, messages.

None of it is wrong: what is, is an incident. Its dice are its own, so that the stories stay as they are.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random

from sandbox import days
from sandbox.books import Books
from sandbox.job import Handoff, Job
from sandbox.ledger import ledger
from sandbox.records import Project
from sandbox.side_records import Absence, Estimate, Forecast, Message

_DAY = timedelta(days=1)
_MONTHS_AHEAD = 3
_SUBJECTS = ("project", "opportunity", "milestone", "billing_event")


def plans(job: Job) -> None:
    """A forecast for this month and the next ones, and an estimate, of every active project."""
    rng = Random(f"{job.seed}/{job.n}/plans")
    for project in job.own(Project):
        if project.status != "active":
            continue
        began = days.local_day(job.company, project.source_updated_at)
        estimated = max(began, job.today - rng.randint(0, 20) * _DAY)
        job.put(
            Estimate(
                id=f"EST-{project.id}",
                project_system="psa",
                project_id=project.id,
                estimated_on=estimated,
                percent_complete=Decimal(rng.randint(5, 95)) / 100,
                hours_left=Decimal(rng.randint(20, 900)),
                source_updated_at=job.at(estimated),
            )
        )
        for ahead in range(_MONTHS_AHEAD):
            month = days.add_months(job.today.replace(day=1), ahead)
            job.put(
                Forecast(
                    id=f"FC-{project.id}-{month:%Y-%m}",
                    project_system="psa",
                    project_id=project.id,
                    period=f"{month:%Y-%m}",
                    hours=Decimal(rng.randint(0, 30) * 4),
                    source_updated_at=job.at(job.today),
                )
            )


def leave(books: Books, seed: int) -> None:
    """A week or two off for every consultant, behind or ahead."""
    for person in books.resources:
        rng = Random(f"{seed}/leave/{person.id}")
        start = books.as_of.date() + rng.randint(-120, 60) * _DAY
        row = Absence(
            id=f"ABS-{person.id}",
            resource_id=person.id,
            start_on=start,
            end_on=start + rng.choice((4, 6, 11)) * _DAY,
            reason="annual leave",
            source_updated_at=min(books.as_of, days.local_time(person.legal_entity or "", start, days.NOON)),
        )
        books.put(row, person.legal_entity)


def messages(books: Books, handoffs: list[Handoff]) -> None:
    """One delivery for every passage the middleware saw."""
    for number, passage in enumerate(handoffs):
        told: dict[str, str] = {}
        for kind, system, identifier in passage.keys:
            if kind in _SUBJECTS and f"{kind}_id" not in told:
                told |= {f"{kind}_system": system, f"{kind}_id": identifier}
        row = Message(
            id=f"MSG-{number + 1:06d}",
            flow=passage.flow,
            status=passage.status or ("dead" if passage.dead else "succeeded"),
            attempt=passage.attempt or (5 if passage.dead else 1),
            started_at=passage.at,
            ended_at=passage.at,
            error="no answer after five tries" if passage.dead else None,
            correlation_id=passage.correlation,
            source_updated_at=passage.at,
            **told,  # type: ignore[arg-type]
        )
        books.put(row, passage.legal_entity)


def write(books: Books, handoffs: list[Handoff], seed: int) -> None:
    """Everything that is told of the whole firm, when all engagements are written."""
    leave(books, seed)
    messages(books, handoffs)
    ledger(books, seed)
