"""Sold work being delivered: projects with time, milestones, fees, and several of these at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from sandbox import days, deals, fees, milestones, timestories, timework
from sandbox.billing import REFERENCED
from sandbox.job import Job
from sandbox.records import Contract, ContractLine, Opportunity, Project

_DAY = timedelta(days=1)
_RECOGNITION = {
    "time_and_materials": "as_invoiced",
    "milestone": "milestone",
    "fixed_fee": "over_time",
    "retainer": "over_time",
}
_MODES = (*REFERENCED, "whole", "hours", "line", "project")
_LONG, _SHORT = (75, 240), (60, 150)


@dataclass(slots=True)
class Work:
    """A project under way, with its contract and the lines to deliver."""

    job: Job
    deal: Opportunity
    contract: Contract
    lines: list[ContractLine]
    project: Project
    ledger: Project | None
    start: date
    end: date


def begin(job: Job, *kinds: str, running: bool = False, in_ledger: bool = True) -> Work:
    """Sell, sign and open a project with one contract line of each kind; some are over by now.

    Without ``in_ledger`` the message to the ERP died and its view of the project was never made.
    """
    start = job.today - timedelta(days=job.rng.randint(*_LONG))
    over = not running and job.chance(0.2)
    end = job.today + timedelta(days=job.rng.randint(-40, -25) if over else job.rng.randint(15, 200))
    amounts = [job.price(20_000, 600_000) for _ in kinds]
    won_on = start - timedelta(days=job.rng.randint(5, 30))
    deal = deals.opportunity(job, sum(amounts, Decimal(0)), won_at=job.at(won_on))
    contract = deals.contract(job, deal, deals.services(deal), start)
    contract.end_on = max(contract.end_on or end, end)
    lines = [
        deals.contract_line(job, contract, kind, amount, _RECOGNITION[kind])
        for kind, amount in zip(kinds, amounts, strict=True)
    ]
    status = job.rng.choice(("complete", "closed")) if over else "active"
    if not over and job.chance(0.06):
        status = "on_hold"
    project = deals.project(job, contract, deal, status, start)
    project.start_on, project.end_on = start, end
    ledger = deals.ledger_project(job, project, status, start) if in_ledger else None
    for view in filter(None, (project, ledger)):
        view.amount = deals.services(deal) or None
    for line in lines:
        sell_hours(job, project, line)
    keys = (("opportunity", "crm", deal.id), ("project", "psa", project.id))
    at = project.activated_at or job.at(start)
    job.hand_off("opportunity_to_project", at, *keys, dead=not in_ledger)
    return Work(job, deal, contract, lines, project, ledger, start, end)


def sell_hours(job: Job, project: Project, line: ContractLine) -> None:
    """Say what hours a line sells, and plan as many more on its project."""
    line.hours = Decimal(Random(f"{job.seed}/hours/{line.id}").randint(4, 120) * 10)
    project.planned_hours = (project.planned_hours or Decimal(0)) + line.hours


def deliver_time(work: Work, line: ContractLine | None, twist: str = "") -> None:
    """Write, bill and recognise the time of one line, or of the project itself when ``line`` is None."""
    job = work.job
    referenced = job.rng.choice(timestories.MODES.get(twist, REFERENCED if twist else _MODES))
    shared = not twist and line is not None and job.chance(0.7)
    ledger_id = work.ledger.id if work.ledger else None
    timeline = timework.TimeLine(job, work.project, ledger_id, line, referenced, shared)
    _agree(timeline, twist)
    own_rates = twist in {"unrated", "some_unrated"} or (_rate(timeline) is None)
    start, end = _span(work, twist)
    timework.work(timeline, timework.crew(job, work.project, start, end), start, end, own_rates=own_rates)
    timework.blemish(timeline)
    before = len(job.books.invoice_lines)
    timestories.bill_all(timeline, twist)
    if line and line.recognition == "as_invoiced":
        fees.recognise_as_invoiced(job, line, job.books.invoice_lines[before:])
    fees.spend(job, work.project, line, start, end)


def _rate(line: timework.TimeLine) -> Decimal | None:
    return line.line.rate if line.line else line.project.rate


def _span(work: Work, twist: str) -> tuple[date, date]:
    """Twists need weeks that are neither too fresh nor over; the rest may start late or be over."""
    if twist:
        return work.start, work.job.today + _DAY
    latest = work.job.today - timedelta(days=work.job.rng.randint(*_SHORT))
    return max(work.start, latest), work.end


def _agree(timeline: timework.TimeLine, twist: str) -> None:
    """Settle the line's rate and its billing calendar. Unrated stories leave the rate to the entries."""
    job, line = timeline.job, timeline.line
    rated = twist not in {"unrated", "some_unrated"} and job.chance(0.6)
    rate = timework.hourly(job) if rated else None
    if line is None:
        timeline.project.rate = rate
        if twist != "untraceable":
            timeline.project.billing_method = "time_and_materials"
        return
    line.rate = rate
    if twist in timestories.AT_EDGE:
        age = timestories.WATCH + (twist == "just_past")
        line.billing_calendar, line.next_billing_on = "monthly", job.ago(age)
        if job.chance(0.5):
            _write_ahead(line)
    elif timeline.shared:
        line.billing_calendar, line.next_billing_on = "monthly", _client_day(job)
    elif job.chance(0.3):
        line.billing_calendar = job.rng.choice(("weekly", "weekly", "monthly", "quarterly"))
        line.next_billing_on = job.today + timedelta(days=job.rng.randint(-40, 40))


def _write_ahead(line: ContractLine) -> None:
    """The contract system may already show the next date; stepping back finds the one that was missed."""
    anchor = line.next_billing_on
    if anchor and days.add_months(days.add_months(anchor, 1), -1) == anchor:
        line.next_billing_on = days.add_months(anchor, 1)


def _client_day(job: Job) -> date:
    """All consolidated lines of a client bill on one day of the month; the date shown may lag behind."""
    day = (1, 15, 25, 28, 31)[job.customer_no % 5]
    first = days.add_months(job.today.replace(day=1), job.rng.choice((-2, 0, 1)))
    return first.replace(day=min(day, 28)) if day != 31 else days.add_months(first, 1) - _DAY


def deliver_milestones(work: Work, line: ContractLine, twist: str = "") -> None:
    """Write the milestones of one line with their invoices and revenue."""
    job = work.job
    own = twist in milestones.OWN_SCHEDULE
    if twist in {"over_time", "no_policy"}:
        line.recognition = "over_time" if twist == "over_time" else None
    plan = milestones.Plan(
        job,
        work.project,
        line,
        scheduled=not own and job.chance(0.5),
        names_milestone=twist not in milestones.ON_LINE and job.chance(0.7),
        shared=job.chance(0.7),
    )
    milestones.deliver(plan, work.start, work.end, twist)


def deliver_fee(work: Work, line: ContractLine) -> None:
    """Monthly fee; whoever works on it writes time that no invoice will ever name."""
    job = work.job
    fees.deliver(fees.Fee(job, work.project, line, shared=job.chance(0.7)), work.start, work.end)
    if job.chance(0.4):
        start = max(work.start, job.today - timedelta(days=job.rng.randint(20, 50)))
        timeline = timework.TimeLine(job, work.project, None, line, "whole")
        people = timework.crew(job, work.project, start, work.end)
        timework.work(timeline, people, start, work.end, own_rates=job.chance(0.5))
