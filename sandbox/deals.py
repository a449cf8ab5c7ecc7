"""The way of a deal up to its project: opportunity, contract, contract lines, both views of a project."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from sandbox import names
from sandbox.job import Job
from sandbox.records import Contract, ContractLine, Opportunity, Project

_LICENCE_SHARE = 0.25


def opportunity(
    job: Job, amount: Decimal, status: str = "won", won_at: datetime | None = None
) -> Opportunity:
    """A deal; some carry licences beside the services, and some leave the services part blank."""
    job.counts["deal"] += 1
    index = job.counts["deal"]
    licences = job.price(5_000, 60_000) if job.chance(_LICENCE_SHARE) else Decimal(0)
    says_part = bool(licences) or job.chance(0.5)
    row = Opportunity(
        id=names.crm_id("006", job.number * 8 + index),
        number=f"OPP-{job.number}-{index}",
        name=f"{job.customer.name}: {names.work(job.rng)}",
        customer_id=job.customer.id,
        customer_name=job.customer.name,
        status=status,
        won_at=won_at,
        currency=job.currency,
        amount=amount + licences,
        services_amount=amount if says_part else None,
        owner=names.person(job.rng),
        source_updated_at=won_at or job.at(job.today - timedelta(days=job.rng.randint(1, 90))),
    )
    return job.put(row)


def services(deal: Opportunity) -> Decimal:
    """What of a deal is consulting work."""
    said = deal.amount if deal.services_amount is None else deal.services_amount
    return said or Decimal(0)


def contract(
    job: Job, deal: Opportunity | None, amount: Decimal, start: date, status: str = "active"
) -> Contract:
    """A statement of work, tied to its deal unless there is none to tie it to."""
    job.counts["contract"] += 1
    index = job.counts["contract"]
    signed_at = None if status == "draft" else job.at(start - timedelta(days=job.rng.randint(1, 4)))
    return job.put(
        Contract(
            id=f"CTR-{job.number}" + (f"-A{index - 1}" if index > 1 else ""),
            number=f"SOW {job.number}/{index}",
            name=f"{job.customer.name} statement of work",
            opportunity_id=deal.id if deal else None,
            customer_id=job.customer.id,
            status=status,
            signed_at=signed_at,
            start_on=start,
            end_on=start + timedelta(days=job.rng.choice((182, 365, 730))),
            currency=job.currency,
            amount=amount,
            link_method=job.rng.choice(("native_reference",) * 6 + ("external_id", "crosswalk_file")),
            source_updated_at=signed_at or job.at(job.today - timedelta(days=1)),
        )
    )


def contract_line(job: Job, parent: Contract, kind: str, amount: Decimal, recognition: str) -> ContractLine:
    """One promise of the contract; billing calendar and rate are filled in by whoever delivers it."""
    job.counts[parent.id] += 1
    return job.put(
        ContractLine(
            id=f"{parent.id}-L{job.counts[parent.id]}",
            contract_id=parent.id,
            name=kind.replace("_", " "),
            kind=kind,
            recognition=recognition,
            currency=job.currency,
            amount=amount,
            source_updated_at=parent.source_updated_at,
        )
    )


def project(job: Job, parent: Contract | None, deal: Opportunity | None, status: str, start: date) -> Project:
    """PSA's view. It names its contract, its deal, or both: each is enough to tie it."""
    job.counts["project"] += 1
    index = job.counts["project"]
    began = status not in {"planned", "cancelled"}
    stamped = began and (job.chance(0.7) or status == "active")
    names_deal = deal is not None and (parent is None or job.chance(0.5))
    return job.put(
        Project(
            id=f"PRJ-{job.number}" + (f"-{index}" if index > 1 else ""),
            number=f"P{job.number}" + (f".{index}" if index > 1 else ""),
            name=f"{job.customer.name} {names.work(job.rng)}",
            customer_id=job.customer.id,
            contract_id=parent.id if parent else None,
            opportunity_id=deal.id if deal and names_deal else None,
            status=status,
            activated_at=job.at(start) if stamped else None,
            currency=job.currency,
            manager=names.person(job.rng),
            source_updated_at=job.at(min(start, job.today)),
        ),
        system="psa",
    )


def ledger_project(job: Job, psa: Project, status: str, start: date) -> Project:
    """The ERP's own view of a PSA project, under an id of its own."""
    job.counts["ledger"] += 1
    began = status not in {"planned", "cancelled"}
    return job.put(
        Project(
            id=str(400_000 + job.number * 4 + job.counts["ledger"]),
            number=psa.number,
            name=psa.name,
            customer_id=job.customer.id,
            project_system="psa",
            project_id=psa.id,
            status=status,
            activated_at=job.at(start + timedelta(days=1)) if began and job.chance(0.8) else None,
            currency=job.currency,
            link_method=job.rng.choice(("native_reference",) * 4 + ("external_id",)),
            source_updated_at=job.at(min(start, job.today)),
        ),
        system="erp",
    )
