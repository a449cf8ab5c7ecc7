"""What every builder of one engagement works with: its dice, its company, its client, its books."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Literal

from sandbox import days, money
from sandbox.books import STREAMS, Books, R
from sandbox.records import Customer, Invoice

Flow = Literal["opportunity_to_project", "time_to_billing", "milestone_to_revenue"]

_FIRST_NUMBER = 10000
_WEEKEND_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Handoff:
    """A passage of work from one system to the next, as the middleware saw it.

    ``dead``: given up after its retries, the message lies in a dead-letter queue. ``keys`` are
    (object, system, id) of what was handed over. ``status`` and ``attempt`` are the message's own where
    it neither came through at once nor lies dead.
    """

    flow: Flow
    at: datetime
    legal_entity: str
    keys: tuple[tuple[str, str, str], ...]
    dead: bool = False
    status: str = ""
    attempt: int = 0
    correlation: str | None = None


@dataclass(slots=True)
class Job:
    """Engagement ``n`` while it is being written."""

    books: Books
    shared: dict[str, Invoice]
    handoffs: list[Handoff]
    seed: int
    n: int
    rng: Random
    twist: str
    company: str
    customer: Customer
    customer_no: int
    currency: str
    began: dict[str, int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def today(self) -> date:
        """The company's date at the moment the exports were taken."""
        return days.local_day(self.company, self.books.as_of)

    @property
    def number(self) -> int:
        """The five digits all ids of this engagement carry."""
        return _FIRST_NUMBER + self.n

    def put(self, row: R, system: str | None = None) -> R:
        """Write a row of this engagement's company."""
        return self.books.put(row, self.company, system)

    def own(self, kind: type[R]) -> list[R]:
        """The rows of a kind this engagement wrote; views of projects are those of PSA."""
        name = next(name for name, row in STREAMS.values() if row is kind)
        rows: list[R] = getattr(self.books, name)
        return rows[self.began.get(name, 0) :]

    def handed(self) -> list[Handoff]:
        """What of this engagement the middleware carried over."""
        return [row for row in self.handoffs[self.began.get("handoffs", 0) :] if not row.dead]

    def new_id(self, prefix: str) -> str:
        """The next id of a kind of row, such as TE-10417-0003."""
        self.counts[prefix] += 1
        return f"{prefix}-{self.number}-{self.counts[prefix]:04d}"

    def chance(self, probability: float) -> bool:
        """A throw of the dice."""
        return self.rng.random() < probability

    def ago(self, age: int) -> date:
        """A day exactly ``age`` business days old; now and then on a weekend, where that is the same age."""
        latest = days.day_aged(self.company, self.today, age)
        day = latest
        while not days.is_business_day(self.company, day):
            day -= timedelta(days=1)
        same_age = days.business_days(self.company, day, self.today) == age
        return day if same_age and not self.chance(_WEEKEND_SHARE) else latest

    def at(self, day: date, clock: time | None = None) -> datetime:
        """An instant of a local working day, never later than the exports."""
        clock = clock or time(self.rng.randint(8, 18), self.rng.randint(0, 59), self.rng.randint(0, 59))
        return min(days.local_time(self.company, day, clock), self.books.as_of)

    def edge(self, day: date) -> datetime:
        """An instant of the local day that falls on another day in UTC, where the company's zone has one."""
        late = time(23, self.rng.randint(5, 55))
        early = time(0, self.rng.randint(5, 55))
        return self.at(day, late if self.company == "US01" else early)

    def price(self, low: int, high: int) -> Decimal:
        """An amount between two round numbers of dollars, in the engagement's currency."""
        return money.priced(self.rng.randint(low, high), self.currency)

    def hand_off(self, flow: Flow, at: datetime, *keys: tuple[str, str, str], dead: bool = False) -> None:
        """Note that the middleware carried, or failed to carry, something over."""
        self.handoffs.append(Handoff(flow, at, self.company, keys, dead))
