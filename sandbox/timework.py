"""Time of a project on one contract line: who worked when, at what rate, approved or not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import Decimal

from sandbox import days, money
from sandbox.job import Job
from sandbox.records import Allocation, ContractLine, Project, Resource, TimeEntry

_HOURS = tuple(Decimal(hours) for hours in ("8", "8", "8", "7.5", "6", "4", "4.25"))
_ROUNDINGS = (None,) * 24 + ("half_up", "half_even", "down")
_ATTENDANCE = 0.88
_WEEKEND_WORK = 0.015
_FOREIGN_STAFF = 0.2
_SUBMITTED = time(17)
#: business days after which nobody of a firm in order holds time any more
_HOLD = 9


@dataclass(slots=True)
class Run:
    """The entries that become billable together, on ``day``."""

    day: date
    entries: list[TimeEntry] = field(default_factory=list)


@dataclass(slots=True)
class TimeLine:
    """Time and materials of one project: on a contract line, or on the project itself (``line`` None).

    ``mode`` says how its invoices point at time; ``shared``: they are consolidated with the client's
    other engagements.
    """

    job: Job
    project: Project
    ledger_id: str | None
    line: ContractLine | None
    mode: str
    shared: bool = False
    entries: list[TimeEntry] = field(default_factory=list)

    def run_day(self, day: date) -> date:
        """When work of a day becomes billable: the line's billing calendar, else the end of the work week."""
        line = self.line
        if line and line.billing_calendar and line.next_billing_on:
            return days.billing_day(line.billing_calendar, line.next_billing_on, day)
        return days.week_end(self.job.company, day)

    def runs(self) -> list[Run]:
        """The entries by billing day, oldest first."""
        found: dict[date, Run] = {}
        for entry in sorted(self.entries, key=lambda entry: (entry.work_date, entry.id)):
            day = self.run_day(entry.work_date)
            found.setdefault(day, Run(day)).entries.append(entry)
        return list(found.values())

    def price(self, entry: TimeEntry) -> Decimal:
        """What an invoice asks for an entry; 0 without any rate."""
        default = self.line.rate if self.line else self.project.rate
        rate = entry.rate if entry.rate is not None else default
        value = entry.hours * (rate or Decimal(0))
        return money.rounded(value, entry.currency or self.job.currency, entry.rounding)


def hourly(job: Job) -> Decimal:
    """A rate of 80 to 290 dollars an hour; a few agreements carry fractions of a minor unit."""
    fine = money.unit(job.currency) / (100 if job.chance(0.1) else 1)
    dollars = Decimal(job.rng.randint(8_000, 29_000)) / 100
    return (dollars * money.PER_DOLLAR[job.currency]).quantize(fine)


def crew(job: Job, project: Project, start: date, end: date) -> list[Resource]:
    """One to three consultants, mostly of the project's own company, booked on the project."""
    everyone = job.books.resources
    at_home = [person for person in everyone if person.legal_entity == job.company and person.active]
    people = job.rng.sample(at_home, job.rng.randint(1, 3))
    if job.chance(_FOREIGN_STAFF):
        people[0] = job.rng.choice([person for person in everyone if person.active and person not in people])
    for person in people:
        job.put(
            Allocation(
                id=job.new_id("ASG"),
                project_system="psa",
                project_id=project.id,
                resource_id=person.id,
                start_on=start,
                end_on=end,
                percent=Decimal(job.rng.choice((50, 80, 100))),
                source_updated_at=job.at(start),
            )
        )
    return people


def work(line: TimeLine, people: list[Resource], start: date, end: date, *, own_rates: bool) -> None:
    """Write timesheets from ``start`` to ``end`` or today: holidays are kept, weekends mostly."""
    job = line.job
    rates = {person.id: hourly(job) for person in people}
    for number in range(start.toordinal(), min(end, job.today).toordinal() + 1):
        day = date.fromordinal(number)
        attendance = _ATTENDANCE if days.is_business_day(job.company, day) else _WEEKEND_WORK
        for person in people:
            if job.chance(attendance):
                line.entries.append(_entry(line, person, day, rates[person.id] if own_rates else None))


def _entry(line: TimeLine, person: Resource, day: date, rate: Decimal | None) -> TimeEntry:
    job = line.job
    status, approved_at, changed = "submitted", None, job.at(day)
    closes = days.week_end(job.company, day)
    if closes < job.today:
        approved_at = job.at(closes + timedelta(days=1), time(9, job.rng.randint(0, 59)))
        status, changed = "approved", approved_at
    elif closes > job.today:
        status = job.rng.choice(("draft", "submitted"))
    submitted_at = None if status == "draft" else job.at(min(closes, job.today), _SUBMITTED)
    return job.put(
        TimeEntry(
            id=job.new_id("TE"),
            project_system="psa",
            project_id=line.project.id,
            contract_line_id=line.line.id if line.line else None,
            resource_id=person.id,
            work_date=day,
            hours=job.rng.choice(_HOURS),
            status=status,
            submitted_at=submitted_at,
            approved_at=approved_at,
            currency=job.currency if rate is not None else None,
            rate=rate,
            rounding=job.rng.choice(_ROUNDINGS),
            source_updated_at=changed,
        )
    )


def blemish(line: TimeLine) -> None:
    """What happens to time anywhere: some is held, rejected, written off, deleted, or not billable.

    Nothing is held for long: what was not released is written off.
    """
    job = line.job
    oldest_hold = days.day_aged(job.company, job.today, _HOLD)
    for entry in line.entries:
        dice = job.rng.random()
        if entry.status != "approved" or dice > 0.06:
            continue
        if dice < 0.01:
            entry.status, entry.approved_at = "rejected", None
        elif dice < 0.02:
            entry.held = entry.work_date >= oldest_hold
            entry.written_off = not entry.held
        elif dice < 0.025:
            entry.written_off = True
        elif dice < 0.03:
            entry.deleted_at = entry.source_updated_at
        else:
            entry.billable = False
