"""What belongs to no engagement: companies, consultants, clients, accounting periods, exchange rates."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from random import Random

from sandbox import days, money, names
from sandbox.books import Books
from sandbox.records import Customer, FxRate, LegalEntity, Period, Resource

_DAY = timedelta(days=1)
_MONTHS_BACK = 24
_CONSULTANTS = 40
_LEAVERS = 3
_SOFT_CLOSE = 5
#: days after its end on which a month is closed for good: its last week is approved by then
_CLOSE = timedelta(days=9)


def write(books: Books, seed: int) -> None:
    """Write the reference streams; they do not depend on how many engagements there are."""
    began = books.as_of - timedelta(days=800)
    for company in days.COMPANIES:
        books.put(legal_entity(company, began), company.id)
        _consultants(books, company.id, seed, began)
        _periods(books, company.id)
    _standard_rates(books, seed)
    _rates(books, seed)


def legal_entity(company: days.Company, at: datetime) -> LegalEntity:
    """A company of the firm as the ERP knows it."""
    return LegalEntity(
        id=company.id,
        name=company.name,
        country=company.country,
        subdivision=company.subdivision,
        timezone=company.zone,
        currency=company.currency,
        work_week_end=company.week_end,
        legal_entity=company.id,
        source_updated_at=at,
    )


def _consultants(books: Books, company: str, seed: int, began: datetime) -> None:
    rng = Random(f"{seed}/people/{company}")
    for number in range(_CONSULTANTS):
        left = number < _LEAVERS
        row = Resource(
            id=f"W-{company}-{number + 1:03d}",
            name=names.person(rng),
            active=not left,
            start_on=began.date() - rng.randint(0, 2000) * _DAY,
            end_on=books.as_of.date() - rng.randint(5, 300) * _DAY if left else None,
            source_updated_at=began,
        )
        books.put(row, company)


def _standard_rates(books: Books, seed: int) -> None:
    """What most people are charged at where no contract says otherwise, in their company's currency."""
    for person in books.resources:
        rng = Random(f"{seed}/standard rate/{person.id}")
        if rng.random() < 0.85:
            currency = days.COMPANY[person.legal_entity or ""].currency
            dollars = Decimal(rng.randint(18, 56) * 5)
            person.currency = currency
            person.bill_rate = money.rounded(dollars * money.PER_DOLLAR[currency], currency)


def customer(books: Books, seed: int, number: int) -> Customer:
    """A client and the company that looks after it."""
    rng = Random(f"{seed}/customer/{number}")
    company = rng.choice(("UK01", "UK01", "US01", "US01", "US01", "DE01", "DE01", "JP01", "IN01", "AU01"))
    row = Customer(
        id=names.crm_id("001", 50_000 + number),
        name=f"{names.client(rng)} {number + 1}",
        source_updated_at=books.as_of - timedelta(days=rng.randint(200, 900)),
    )
    return books.put(row, company)


def _month(as_of: datetime, back: int) -> date:
    return days.add_months(as_of.date().replace(day=1), -back)


def _periods(books: Books, company: str) -> None:
    today = days.local_day(company, books.as_of)
    for back in range(_MONTHS_BACK, -2, -1):
        start, end = _month(books.as_of, back), _month(books.as_of, back - 1) - _DAY
        age = days.business_days(company, end, today)
        soft = "soft_closed" if age >= _SOFT_CLOSE else "open"
        is_closed = back > 1
        changed = days.local_time(
            company, end + _CLOSE if is_closed else min(end + 3 * _DAY, today), days.NOON
        )
        row = Period(
            id=f"{company}-{start:%Y-%m}",
            ledger=company,
            name=f"{start:%Y-%m}",
            start_on=start,
            end_on=end,
            status="closed" if is_closed else soft,
            closed_at=changed if is_closed else None,
            source_updated_at=changed,
        )
        books.put(row, company)


def _rates(books: Books, seed: int) -> None:
    """Month-start rates between all currencies: the group's ``corporate`` set, of no one company."""
    for back in range(_MONTHS_BACK, -1, -1):
        day = _month(books.as_of, back)
        rng = Random(f"{seed}/rates/{day}")
        drift = {code: 1 + Decimal(rng.randint(-300, 300)) / 10_000 for code in sorted(money.PER_DOLLAR)}
        worth = {code: money.PER_DOLLAR[code] * (drift[code] if code != "USD" else 1) for code in drift}
        for (base, one), (other, two) in permutations(worth.items(), 2):
            _rate(books, day, base, other, two / one)


def _rate(books: Books, day: date, base: str, other: str, rate: Decimal) -> None:
    row = FxRate(
        id=f"corporate-{base}-{other}-{day}",
        rate_type="corporate",
        base_currency=base,
        currency=other,
        valid_on=day,
        rate=rate.quantize(Decimal("0.000001")),
        source_updated_at=days.local_time("UK01", day, days.NOON),
    )
    books.put(row, None)
