"""Revenue was posted for a contract that no system knows; some of it is only scheduled, or quite new."""

from __future__ import annotations

from sandbox.job import Job
from sandbox.records import RevenueLine

SHARE = 0.04


def befall(job: Job) -> None:
    """Post revenue of a contract of the old numbers."""
    day = job.ago(job.rng.choice((1, 2, 3, 5, 8, 15)))
    posted = job.chance(0.85)
    job.put(
        RevenueLine(
            id=job.new_id("RL"),
            contract_id=f"VOID-{job.number}",
            state="posted" if posted else "scheduled",
            currency=job.currency,
            amount=job.price(900, 40_000),
            period=f"{day:%Y-%m}",
            posted_on=day if posted else None,
            source_updated_at=job.at(day),
        )
    )
