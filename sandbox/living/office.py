"""Working hours of the firm's companies."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sandbox import days

OPENS, CLOSES = time(9), time(18)
_MONDAY = 1


def after(company: str, moment: datetime, hours: float) -> datetime:
    """The moment so many working hours later, on the company's own clock and calendar."""
    left = timedelta(hours=hours)
    day = days.local_day(company, moment)
    while True:
        if days.is_business_day(company, day):
            begin = max(moment, days.local_time(company, day, OPENS))
            end = days.local_time(company, day, CLOSES)
            if begin + left <= end:
                return begin + left
            left -= max(end - begin, timedelta(0))
        day += days.DAY


def on(company: str, moment: datetime, business_days: int, clock: time) -> datetime:
    """A time of day on the business day so many business days later."""
    return days.local_time(
        company, days.after(company, days.local_day(company, moment), business_days), clock
    )


def next_monday(company: str, moment: datetime, clock: time) -> datetime:
    """That time of the first Monday to come, or of the first business day after it."""
    day = days.local_day(company, moment) + days.DAY
    while day.isoweekday() != _MONDAY:
        day += days.DAY
    while not days.is_business_day(company, day):
        day += days.DAY
    return days.local_time(company, day, clock)
