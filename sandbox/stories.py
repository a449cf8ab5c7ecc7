"""The stories engagements tell, by chapter. Each function writes one engagement's rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from sandbox import deals, delivery
from sandbox.job import Job
from sandbox.records import BillingEvent, Contract, Opportunity, Project

_DAY = timedelta(days=1)
_TWO_DAYS = 2
_TM = "time_and_materials"

# Pipeline ------------------------------------------------------------------------------------------


def _pipeline(job: Job) -> None:
    lost = job.twist == "lost"
    deal = deals.opportunity(job, job.price(10_000, 900_000), "lost" if lost else "open")
    if job.twist == "open_with_draft":
        deals.contract(job, deal, deal.amount or Decimal(0), job.today + 20 * _DAY, "draft")


# Deals won, and what became of their projects ------------------------------------------------------


def _won(job: Job, age: int | None = None, *, edge: bool = False) -> Opportunity:
    """A deal won so many business days ago, by default long enough to be an exception."""
    day = job.ago(job.rng.randint(4, 35) if age is None else age)
    edge = edge or (age is None and job.chance(0.15))
    return deals.opportunity(job, job.price(15_000, 900_000), won_at=job.edge(day) if edge else job.at(day))


def _signed(job: Job, deal: Opportunity) -> Contract:
    start = job.today + timedelta(days=job.rng.randint(-10, 20))
    contract = deals.contract(job, deal, deals.services(deal), start, "signed")
    kind = job.rng.choice((_TM, "milestone", "fixed_fee"))
    deals.contract_line(job, contract, kind, deals.services(deal), "over_time")
    return contract


def _views(job: Job, contract: Contract | None, deal: Opportunity, psa: str, erp: str | None) -> Project:
    """A project in PSA with one status and, if given, in the ERP with another."""
    start = job.today - timedelta(days=job.rng.randint(1, 4))
    project = deals.project(job, contract, deal, psa, start)
    if erp:
        deals.ledger_project(job, project, erp, start)
    return project


def _dead(job: Job, deal: Opportunity, *others: tuple[str, str, str]) -> None:
    at = deal.won_at or job.at(job.today)
    job.hand_off("opportunity_to_project", at, ("opportunity", "crm", deal.id), *others, dead=True)


def _no_contract(job: Job) -> None:
    _won(job)


def _one_past(job: Job) -> None:
    """Three days old; counted in UTC, a late evening in New York would make it two."""
    _won(job, _TWO_DAYS + 1, edge=job.company == "US01")


def _threshold(job: Job) -> None:
    """Two days old; counted in UTC, an early morning east of London would make it three."""
    _won(job, _TWO_DAYS, edge=job.company != "US01")


def _fresh(job: Job) -> None:
    _won(job, job.rng.randint(0, 1))


def _no_psa_project(job: Job) -> None:
    deal = _won(job)
    _signed(job, deal)
    _dead(job, deal)


def _no_erp_project(job: Job) -> None:
    deal = _won(job)
    project = _views(job, _signed(job, deal), deal, "active", None)
    _dead(job, deal, ("project", "psa", project.id))


def _in_part(psa: str, erp: str) -> Callable[[Job], None]:
    def tell(job: Job) -> None:
        deal = _won(job)
        _views(job, _signed(job, deal), deal, psa, erp)

    return tell


def _two_halves(job: Job) -> None:
    """Two projects, each active in one system only: neither runs."""
    deal = _won(job)
    contract = _signed(job, deal)
    _views(job, contract, deal, "active", "planned")
    _views(job, contract, deal, "planned", "active")


def _wrong_number(job: Job) -> None:
    """A project matched by number only, of another client: it must not stand in for the missing one."""
    deal = _won(job)
    project = _views(job, None, deal, "active", "active")
    project.link_method = "same_number"
    project.customer_id = _other_client(job)


def _other_client(job: Job) -> str:
    rows = job.books.customers
    return next((row.id for row in rows if row.id != job.customer.id), f"{job.customer.id[:-3]}AAB")


def _unlinked(job: Job) -> None:
    """Contract and project exist and run, but nothing ties the deal to them."""
    deal = _won(job)
    contract = _signed(job, deal)
    contract.opportunity_id = None
    _views(job, contract, deal, "active", "active").opportunity_id = None


def _two_months_late(job: Job) -> None:
    """No ERP project, while delivery has been working and writing time for weeks."""
    work = delivery.begin(job, _TM, running=True, in_ledger=False)
    delivery.deliver_time(work, work.lines[0], "stopped")


def _amendment_apart(job: Job) -> None:
    """An amendment of a running engagement, sold on paper that nobody tied to the project."""
    work = delivery.begin(job, "fixed_fee", running=True)
    delivery.deliver_fee(work, work.lines[0])
    _signed(job, _won(job))


def _lost_after_won(job: Job) -> None:
    deal = _won(job)
    deal.status = "lost"
    deal.source_updated_at = job.at(job.today - _DAY)
    contract = _signed(job, deal)
    contract.status = "cancelled"
    if job.chance(0.5):
        _views(job, contract, deal, "cancelled", None)


def _deleted(job: Job) -> None:
    """A duplicate that sales merged away."""
    deal = _won(job)
    deal.deleted_at = deal.source_updated_at = job.at(job.today - _DAY)


def _no_services(job: Job) -> None:
    """Licences only."""
    deal = _won(job)
    deal.services_amount = Decimal(0)


def _won_again(job: Job) -> None:
    """Lost a month after it was first won, and won again: the clock starts anew."""
    deal = _won(job, job.rng.randint(0, 1))
    _signed(job, deal)


def _stamped(job: Job) -> None:
    """Cancelled or back in planning today, but both systems once had it active."""
    deal = _won(job)
    project = _views(job, _signed(job, deal), deal, "cancelled", "planned")
    for view in (project, job.books.erp_projects[-1]):
        view.activated_at = deal.won_at


def _resting(job: Job) -> None:
    deal = _won(job)
    statuses = (("on_hold", "complete"), ("complete", "closed"), ("closed", "closed"), ("on_hold", "active"))
    _views(job, _signed(job, deal), deal, *job.rng.choice(statuses))


_DEALS: dict[str, Callable[[Job], None]] = {
    "no_contract": _no_contract,
    "no_psa_project": _no_psa_project,
    "no_erp_project": _no_erp_project,
    "erp_planned": _in_part("active", "planned"),
    "psa_planned": _in_part("planned", "active"),
    "two_halves": _two_halves,
    "wrong_number": _wrong_number,
    "one_past": _one_past,
    "amendment_apart": _amendment_apart,
    "unlinked": _unlinked,
    "two_months_late": _two_months_late,
    "fresh": _fresh,
    "threshold": _threshold,
    "lost_after_won": _lost_after_won,
    "deleted": _deleted,
    "no_services": _no_services,
    "won_again": _won_again,
    "resting": _resting,
    "stamped": _stamped,
}


# Work under way ------------------------------------------------------------------------------------


def _time(job: Job) -> None:
    bare = job.twist in {"no_lines", "untraceable"}
    kinds = () if bare else (_TM, _TM) if job.twist == "two_lines" else (_TM,)
    work = delivery.begin(job, *kinds, running=True)
    if not work.lines:
        delivery.deliver_time(work, None, job.twist)
    for line in work.lines:
        delivery.deliver_time(work, line, job.twist)


def _milestone(job: Job) -> None:
    work = delivery.begin(job, "milestone", running=True)
    delivery.deliver_milestones(work, work.lines[0], job.twist)


_KINDS: dict[str, tuple[str, ...]] = {
    "time": (_TM,),
    "no_lines": (),
    "milestone": ("milestone",),
    "fee": ("fixed_fee",),
    "retainer": ("retainer",),
    "mixed": (_TM, "milestone"),
    "fee_and_time": ("fixed_fee", _TM),
    "amendment": ("fixed_fee",),
}


def _delivery(job: Job) -> None:
    work = delivery.begin(job, *_KINDS[job.twist])
    if not work.lines:
        delivery.deliver_time(work, None)
    for line in work.lines:
        if line.kind == _TM:
            delivery.deliver_time(work, line)
        elif line.kind == "milestone":
            delivery.deliver_milestones(work, line)
        else:
            delivery.deliver_fee(work, line)
    if job.twist == "amendment":
        _amend(work, job.today - timedelta(days=job.rng.randint(1, 40)))


def _amend(work: delivery.Work, won_on: date) -> None:
    """More work sold on the same project: the project serves both deals.

    Tied either because PSA now names the second deal, or by what is billed on the second contract.
    """
    job = work.job
    deal = deals.opportunity(job, job.price(10_000, 200_000), won_at=job.at(won_on))
    more = deals.services(deal)
    for view in filter(None, (work.project, work.ledger)):
        view.amount = (view.amount or Decimal(0)) + more
    if job.chance(0.5):
        work.project.opportunity_id = deal.id
        return
    contract = deals.contract(job, deal, more, won_on + _DAY)
    line = deals.contract_line(job, contract, "fixed_fee", more, "over_time")
    delivery.sell_hours(job, work.project, line)
    job.put(
        BillingEvent(
            id=job.new_id("BE"),
            project_system="psa",
            project_id=work.project.id,
            contract_line_id=line.id,
            status="draft",
            currency=job.currency,
            amount=more,
            source_updated_at=job.at(won_on + _DAY),
        )
    )


CHAPTERS: dict[str, Callable[[Job], None]] = {
    "pipeline": _pipeline,
    "deal": lambda job: _DEALS[job.twist](job),
    "time": _time,
    "milestone": _milestone,
    "delivery": _delivery,
}
