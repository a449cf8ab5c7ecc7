"""Milestones and their revenue: accepted, scheduled, posted, reversed, and what goes wrong between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

from sandbox import days, money
from sandbox.billing import add_line, own_invoice, shared_invoice
from sandbox.job import Job
from sandbox.records import BillingEvent, ContractLine, Milestone, Project, RevenueLine

_NAMES = ("design signed off", "pilot live", "data migrated", "rollout accepted", "handover complete")
#: from this age on an accepted milestone without revenue is an exception once it is older
WATCH = 3


@dataclass(slots=True)
class Plan:
    """The milestones of one contract line, and how their revenue is written down."""

    job: Job
    project: Project
    line: ContractLine
    scheduled: bool
    names_milestone: bool
    shared: bool


def deliver(plan: Plan, start: date, end: date, twist: str) -> None:
    """Write milestones from start to end; a twist, if it is one of milestones, befalls the last accepted."""
    job = plan.job
    count = job.rng.randint(2, 5)
    amounts = _split(plan.line.amount or Decimal(0), count, job)
    dates = [start + (end - start) * (step + 1) // count for step in range(count)]
    target_day = _target_day(job, twist)
    if target_day:
        reached = max(1, sum(day < target_day for day in dates))
        spare = timedelta(days=7)
        dates = [target_day - spare * (reached - 1 - step) for step in range(reached)]
        dates += [job.today + spare * (4 + step) for step in range(count - reached)]
    for day, amount, name in zip(dates, amounts, _NAMES, strict=False):
        befallen = twist if target_day and day == target_day else ""
        _one(plan, day, amount, name, befallen)


def _target_day(job: Job, twist: str) -> date | None:
    if twist not in TWISTS:
        return None
    edge = {"at_threshold": WATCH, "just_past": WATCH + 1}
    return job.ago(edge.get(twist) or job.rng.randint(WATCH + 2, 30))


def _split(total: Decimal, count: int, job: Job) -> list[Decimal]:
    part = money.share(total, Fraction(1, count), job.currency)
    return [part] * (count - 1) + [total - part * (count - 1)]


def _one(plan: Plan, day: date, amount: Decimal, name: str, twist: str) -> None:
    job = plan.job
    row = job.put(
        Milestone(
            id=job.new_id("MS"),
            name=name,
            project_system="psa",
            project_id=plan.project.id,
            contract_line_id=plan.line.id,
            status="planned",
            currency=job.currency,
            amount=amount,
            source_updated_at=job.at(min(day, job.today) - timedelta(days=5)),
        )
    )
    _promise(plan, row, day)
    if plan.scheduled:
        _revenue(plan, row, amount, "scheduled")
    if twist == "not_accepted":
        row.status = "reached"
        row.reached_at = row.source_updated_at = days.local_time(job.company, day, days.NOON)
        return
    if day >= job.today:
        return
    row.status = "accepted"
    row.accepted_at = job.edge(day) if twist in AT_EDGE and job.chance(0.7) else job.at(day)
    row.source_updated_at = row.accepted_at
    _bill(plan, row, day)
    (TWISTS[twist] if twist else _recognise)(plan, row)


def _promise(plan: Plan, row: Milestone, day: date) -> None:
    """Some contracts have milestones of their own, which those of delivery name."""
    row.due_on = day
    if Random(f"{plan.job.seed}/plan/{plan.line.id}").random() < 0.8:
        promised = replace(row, id=f"{plan.line.id}-{row.id}", project_system=None, project_id=None)
        promised.source_updated_at = plan.line.source_updated_at
        row.milestone_system, row.milestone_id = "clm", plan.job.put(promised, "clm").id


def _bill(plan: Plan, row: Milestone, day: date) -> None:
    """Released for the billing run, a draft until then; billing proves nothing about revenue."""
    job = plan.job
    event = job.put(
        BillingEvent(
            id=job.new_id("BE"),
            project_system="psa",
            project_id=plan.project.id,
            contract_line_id=plan.line.id,
            milestone_id=row.id,
            status="released",
            released_at=row.accepted_at,
            currency=row.currency,
            amount=row.amount or Decimal(0),
            source_updated_at=row.source_updated_at,
        )
    )
    due = days.after(job.company, day, job.rng.randint(1, 5))
    if due > job.today:
        _wait(event)
        return
    if job.chance(0.05):
        return
    month_end = days.add_months(due.replace(day=1), 1) - timedelta(days=1)
    invoice = shared_invoice(job, month_end) if plan.shared else own_invoice(job, due)
    if invoice is None:
        _wait(event)
        return
    event.status = "invoiced"
    names = {"project_system": "psa", "project_id": plan.project.id, "contract_line_id": plan.line.id}
    told = {"milestone_system": "psa", "milestone_id": row.id, "billing_event_id": event.id}
    add_line(job, invoice, row.amount or Decimal(0), "milestone", **told, **names)


def _wait(event: BillingEvent) -> None:
    """The event waits in PSA for the run that will bill it."""
    event.status, event.released_at = "draft", None


def _revenue(
    plan: Plan, row: Milestone, amount: Decimal, state: str, *, on_line: bool = False
) -> RevenueLine:
    job = plan.job
    accepted = days.local_day(job.company, row.accepted_at) if row.accepted_at else job.today
    day = min(days.after(job.company, accepted, job.rng.randint(0, 2)), job.today)
    return job.put(
        RevenueLine(
            id=job.new_id("RL"),
            contract_id=plan.line.contract_id,
            contract_line_id=plan.line.id,
            milestone_system=None if on_line else "psa",
            milestone_id=None if on_line else row.id,
            state=state,
            currency=row.currency,
            amount=amount,
            period=f"{day:%Y-%m}",
            posted_on=None if state == "scheduled" else day,
            source_updated_at=job.at(day),
        )
    )


def _recognise(plan: Plan, row: Milestone) -> None:
    """The healthy way: posted within two days, in one piece or two, naming the milestone or just the line."""
    amount, job = row.amount or Decimal(0), plan.job
    keys = (("milestone", "psa", row.id), ("project", "psa", plan.project.id))
    job.hand_off("milestone_to_revenue", row.source_updated_at, *keys)
    first = money.share(amount, Fraction(3, 5), row.currency) if job.chance(0.2) else amount
    for part in filter(None, (first, amount - first)):
        _revenue(plan, row, part, "posted", on_line=not plan.names_milestone)


def _nothing(plan: Plan, row: Milestone) -> None:
    if plan.job.chance(0.5):
        keys = (("milestone", "psa", row.id), ("project", "psa", plan.project.id))
        plan.job.hand_off("milestone_to_revenue", row.source_updated_at, *keys, dead=True)


def _part(plan: Plan, row: Milestone) -> Decimal:
    part = plan.job.rng.choice((Fraction(1, 3), Fraction(1, 2)))
    return money.share(row.amount or Decimal(0), part, row.currency)


def _partly(plan: Plan, row: Milestone) -> None:
    _revenue(plan, row, _part(plan, row), "posted")


def _short(plan: Plan, row: Milestone) -> None:
    _revenue(plan, row, _part(plan, row), "posted", on_line=True)


def _reversed(plan: Plan, row: Milestone) -> None:
    _revenue(plan, row, row.amount or Decimal(0), "reversed", on_line=not plan.names_milestone)


def _taken_back(plan: Plan, row: Milestone) -> None:
    """A posting and a second line that takes it back, written in either of the two customary ways."""
    amount = row.amount or Decimal(0)
    first = _revenue(plan, row, amount, "posted")
    state = plan.job.rng.choice(("posted", "reversed"))
    _revenue(plan, row, -amount, state).reverses_id = first.id


def _reposted(plan: Plan, row: Milestone) -> None:
    _taken_back(plan, row)
    _revenue(plan, row, row.amount or Decimal(0), "posted")


def _deleted(plan: Plan, row: Milestone) -> None:
    posting = _revenue(plan, row, row.amount or Decimal(0), "posted")
    posting.deleted_at = posting.source_updated_at


def _allocated(posted: Fraction) -> Callable[[Plan, Milestone], None]:
    """The price was allocated anew: the schedule says 90 % of the milestone, or its amount was left blank."""

    def befall(plan: Plan, row: Milestone) -> None:
        amount = row.amount or Decimal(0)
        allocated = money.share(amount, Fraction(9, 10), row.currency)
        part = money.share(allocated, Fraction(2, 3), row.currency)
        for piece in (part, allocated - part):
            _revenue(plan, row, piece, "scheduled")
        if posted:
            _revenue(plan, row, money.share(allocated, posted, row.currency), "posted")
        row.amount = None if plan.job.chance(0.3) else amount

    return befall


def _on_line(plan: Plan, row: Milestone) -> None:
    for part in _split(row.amount or Decimal(0), 2, plan.job):
        _revenue(plan, row, part, "posted", on_line=True)


TWISTS: dict[str, Callable[[Plan, Milestone], None]] = {
    "no_posting": _nothing,
    "just_past": _nothing,
    "at_threshold": _nothing,
    "over_time": _nothing,
    "no_policy": _nothing,
    "not_accepted": _nothing,
    "partly_posted": _partly,
    "short_on_line": _short,
    "reversed": _reversed,
    "taken_back": _taken_back,
    "reposted": _reposted,
    "posting_deleted": _deleted,
    "schedule_unposted": _allocated(Fraction(0)),
    "schedule_partly": _allocated(Fraction(1, 2)),
    "schedule_posted": _allocated(Fraction(1)),
    "on_line": _on_line,
}
AT_EDGE = frozenset({"at_threshold", "just_past"})
#: twists in which postings of a contract line name only the line, and those that write their own schedule
ON_LINE = frozenset({"short_on_line", "on_line"})
OWN_SCHEDULE = frozenset({"schedule_unposted", "schedule_partly", "schedule_posted"})
