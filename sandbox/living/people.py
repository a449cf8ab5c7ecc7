"""Who works at the firm and whom it works for, and what belongs to no piece of work."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Protocol, TypeVar

from sandbox import days, money, names, reference
from sandbox.living.records import Person
from sandbox.records import Customer, FxRate, Period, Record

R = TypeVar("R", bound=Record)

_PER_COMPANY = 24
_MONTHS_BACK = 6
_SOFT_CLOSE = 5


class Writes(Protocol):
    """Writes a row into a system."""

    def __call__(self, system: str, row: R, /) -> R:
        """Write it now; the row."""


@dataclass(slots=True)
class Consultant:
    """One person: the employee code of HCM, and the ids PSA and the time system gave them."""

    code: str
    name: str
    company: str
    psa_id: str
    time_id: str


@dataclass(slots=True)
class Client:
    """A client in CRM, PSA and ERP, and in the time system once for each currency it pays in."""

    id: str
    name: str
    company: str
    number: int
    in_time: dict[str, str] = field(default_factory=dict)

    @property
    def psa_id(self) -> str:
        """The client in PSA."""
        return f"3{self.number:05d}"

    @property
    def erp_id(self) -> str:
        """The client in ERP."""
        return f"2{self.number:05d}"


def companies(put: Writes, now: datetime) -> None:
    """The firm's legal entities, in ERP."""
    for company in days.COMPANIES:
        put("erp", reference.legal_entity(company, now))


def consultants(put: Writes, seed: int, now: datetime) -> dict[str, list[Consultant]]:
    """Company -> its people, known to HCM, PSA and the time system."""
    found: dict[str, list[Consultant]] = {}
    for place, company in enumerate(days.COMPANY):
        rng = Random(f"{seed}/people/{company}")
        for number in range(_PER_COMPANY):
            tail = place * _PER_COMPANY + number
            one = Consultant(
                f"W-{company}-{number + 1:03d}",
                names.person(rng),
                company,
                f"{1100 + tail}",
                f"{2100 + tail}",
            )
            hired = now.date() - timedelta(days=rng.randint(100, 2000))
            hcm = Person(
                id=one.code, name=one.name, start_on=hired, legal_entity=company, source_updated_at=now
            )
            put("hcm", hcm)
            known(put, one, now)
            found.setdefault(company, []).append(one)
    return found


def known(put: Writes, one: Consultant, now: datetime) -> None:
    """PSA and the time system know a person by the code HCM gave."""
    for system, identifier in (("psa", one.psa_id), ("time", one.time_id)):
        row = Person(
            id=identifier, name=one.name, code=one.code, legal_entity=one.company, source_updated_at=now
        )
        put(system, row)


def client(put: Writes, seed: int, number: int, now: datetime) -> Client:
    """A new client of one of the companies."""
    rng = Random(f"{seed}/client/{number}")
    company = rng.choice(("UK01", "UK01", "US01", "US01", "US01", "DE01", "DE01", "JP01", "IN01", "AU01"))
    one = Client(names.crm_id("001", 50_000 + number), f"{names.client(rng)} {number + 1}", company, number)
    for system, identifier in (("crm", one.id), ("psa", one.psa_id), ("erp", one.erp_id)):
        put(system, Customer(id=identifier, name=one.name, legal_entity=company, source_updated_at=now))
    return one


def ledger_month(put: Writes, seed: int, first: date, now: datetime) -> None:
    """A new accounting period of every company, and its rates between the dollar and the rest."""
    last = days.add_months(first, 1) - days.DAY
    for company in days.COMPANY:
        row = Period(
            id=f"{company}-{first:%Y-%m}",
            ledger=company,
            name=f"{first:%Y-%m}",
            start_on=first,
            end_on=last,
            status="open",
            legal_entity=company,
            source_updated_at=now,
        )
        put("erp", row)
    rng = Random(f"{seed}/rates/{first}")
    for place, (code, per_dollar) in enumerate(sorted(money.PER_DOLLAR.items())):
        if code == "USD":
            continue
        worth = per_dollar * (1 + Decimal(rng.randint(-300, 300)) / 10_000)
        rate = FxRate(
            id=f"{first:%Y%m}{place:02d}:current",
            rate_type="current",
            base_currency=code,
            currency="USD",
            valid_on=first,
            rate=(1 / worth).quantize(Decimal("0.000001")),
            source_updated_at=now,
        )
        put("erp", rate)


def months_so_far(start: datetime) -> list[date]:
    """First days of the months the ledger knows when the story begins."""
    this = start.date().replace(day=1)
    return [days.add_months(this, -back) for back in range(_MONTHS_BACK, -1, -1)]
