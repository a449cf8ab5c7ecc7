"""The firm's companies and their calendars: local days, business days, work weeks, billing days."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

DAY = timedelta(days=1)
NOON = time(12)
_FRIDAY = 5
_MONTHS = {"monthly": 1, "quarterly": 3}


@dataclass(frozen=True, slots=True)
class Company:
    """A legal entity of the firm. ``week_end`` is the ISO weekday its work week closes on (7 = Sunday)."""

    id: str
    name: str
    country: str
    zone: str
    currency: str
    subdivision: str | None = None
    week_end: int = 7


COMPANIES = (
    Company("UK01", "Harrowgate Consulting Ltd", "GB", "Europe/London", "GBP"),
    Company("US01", "Harrowgate Consulting Inc", "US", "America/New_York", "USD", week_end=6),
    Company("DE01", "Harrowgate Beratung GmbH", "DE", "Europe/Berlin", "EUR", subdivision="BE"),
    Company("JP01", "Harrowgate Consulting KK", "JP", "Asia/Tokyo", "JPY"),
    Company("IN01", "Harrowgate Consulting Pvt Ltd", "IN", "Asia/Kolkata", "INR"),
    Company("AU01", "Harrowgate Consulting Pty Ltd", "AU", "Australia/Melbourne", "AUD", subdivision="VIC"),
)
COMPANY = {company.id: company for company in COMPANIES}


@cache
def _holidays(company_id: str) -> holidays.HolidayBase:
    company = COMPANY[company_id]
    return holidays.country_holidays(company.country, subdiv=company.subdivision)


@cache
def is_business_day(company_id: str, day: date) -> bool:
    """Monday to Friday and no public holiday of the company's country."""
    return day.isoweekday() <= _FRIDAY and day not in _holidays(company_id)


@cache
def business_days(company_id: str, since: date, until: date) -> int:
    """Business days after ``since`` up to and with ``until``; 0 when ``until`` is not later."""
    return sum(
        is_business_day(company_id, date.fromordinal(number))
        for number in range(since.toordinal() + 1, until.toordinal() + 1)
    )


def day_aged(company_id: str, today: date, age: int) -> date:
    """The latest day from which exactly ``age`` business days lead to ``today``."""
    day = today
    while business_days(company_id, day, today) < age:
        day -= DAY
    return day


def after(company_id: str, day: date, count: int) -> date:
    """The business day ``count`` business days after ``day``."""
    while count:
        day += DAY
        count -= is_business_day(company_id, day)
    return day


def local_day(company_id: str, instant: datetime) -> date:
    """The date on the company's wall calendar at an instant."""
    return instant.astimezone(ZoneInfo(COMPANY[company_id].zone)).date()


def local_time(company_id: str, day: date, clock: time) -> datetime:
    """The UTC instant of a wall-clock time at the company."""
    return datetime.combine(day, clock, ZoneInfo(COMPANY[company_id].zone)).astimezone(UTC)


def week_end(company_id: str, day: date) -> date:
    """The last day of the work week ``day`` falls in."""
    return day + timedelta(days=(COMPANY[company_id].week_end - day.isoweekday()) % 7)


def add_months(day: date, months: int) -> date:
    """``day`` moved by whole months; the 31st becomes the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def billing_day(calendar: str, anchor: date, day: date) -> date:
    """The first billing date on or after ``day``: the anchor moved by whole weeks, months or quarters."""
    if calendar == "weekly":
        return day + timedelta(days=(anchor - day).days % 7)
    step = _MONTHS[calendar]
    count = ((day.year - anchor.year) * 12 + day.month - anchor.month) // step
    while add_months(anchor, count * step) < day:
        count += 1
    return add_months(anchor, count * step)
