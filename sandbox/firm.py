"""A simulated consulting firm: what all its systems hold at one moment, always the same for the same seed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from sandbox import beside, receivables, reference
from sandbox.books import STREAMS, Books
from sandbox.credits import credit_shared
from sandbox.days import COMPANIES, COMPANY
from sandbox.incidents import strike
from sandbox.job import Handoff, Job
from sandbox.plot import story
from sandbox.records import Customer, Invoice
from sandbox.stories import CHAPTERS

#: engagements of one client; consolidated invoices hold lines of up to so many
PER_CLIENT = 4
_FOREIGN = ("EUR", "USD", "GBP", "KWD")


@dataclass(slots=True)
class Firm:
    """The firm's books, every passage between systems that its middleware saw, and who met which incident."""

    seed: int
    engagements: int
    books: Books
    handoffs: list[Handoff]
    struck: dict[int, list[str]] = field(default_factory=dict)


def build(seed: int, engagements: int, as_of: datetime) -> Firm:
    """Write the books of a firm with so many engagements, as they stand at ``as_of``.

    Engagement ``n`` has dice of its own and does not depend on the total, but for the consolidated
    invoices it shares with the client's other engagements. Raises ValueError for a time without zone.
    """
    if as_of.tzinfo is None:
        raise ValueError(f"as-of {as_of.isoformat()} has no time zone: write it with Z or an offset")
    books = Books(as_of.astimezone(UTC))
    reference.write(books, seed)
    firm = Firm(seed, engagements, books, [])
    shared: dict[str, Invoice] = {}
    for n in range(engagements):
        if n % PER_CLIENT == 0:
            client = reference.customer(books, seed, n // PER_CLIENT)
        job = _job(firm, shared, n, client)
        CHAPTERS[story(seed, n).chapter](job)
        beside.plans(job)
        firm.struck[n] = strike(job)
    credit_shared(books, shared, seed)
    receivables.collect(books)
    beside.write(books, firm.handoffs, seed)
    return firm


def _job(firm: Firm, shared: dict[str, Invoice], n: int, client: Customer) -> Job:
    rng = Random(f"{firm.seed}/{n}")
    home = client.legal_entity or COMPANIES[0].id
    company = home if rng.random() < 0.9 else rng.choice(COMPANIES).id
    currency = COMPANY[company].currency if rng.random() < 0.88 else rng.choice(_FOREIGN)
    twist = story(firm.seed, n).twist
    return Job(
        firm.books,
        shared,
        firm.handoffs,
        firm.seed,
        n,
        rng,
        twist,
        company,
        client,
        n // PER_CLIENT,
        currency,
        {
            "handoffs": len(firm.handoffs),
            **{name: len(getattr(firm.books, name)) for name, _ in STREAMS.values()},
        },
    )
