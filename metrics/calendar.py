"""Business days on a legal entity's own calendar.

An age is the number of business days after an event's local date, today included: won on Friday at
17:00 and looked at on Tuesday at 18:00 is two days. Something is "more than n days" old from local
midnight of business day n + 1 on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

_DAY = timedelta(days=1)
# sources write 9999-12-31 for "never" and 0001-01-01 for "always": counting needs room on both sides
_FIRST, _LAST = date(1900, 1, 1), date(9990, 1, 1)


def _within(day: date) -> date:
    return min(max(day, _FIRST), _LAST)


@dataclass(frozen=True)
class Calendar:
    """The zone, public holidays and work week of one legal entity. Unknown parts stay plain UTC weekdays."""

    timezone: str | None = None
    country: str | None = None
    subdivision: str | None = None
    work_week_end: int = 7
    days_off: frozenset[date] = field(default_factory=frozenset)
    # the same few dates are asked for thousands of times in one evaluation
    _starts: dict[tuple[int, date], datetime] = field(default_factory=dict, repr=False, compare=False)
    _midnights: dict[date, datetime] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def _zone(self) -> ZoneInfo:
        try:
            return ZoneInfo(self.timezone or "UTC")
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("UTC")

    @cached_property
    def _holidays(self) -> holidays.HolidayBase:
        for subdivision in (self.subdivision, None):
            try:
                return holidays.country_holidays(self.country or "", subdiv=subdivision)
            except NotImplementedError:
                continue
        return holidays.HolidayBase()

    def local_date(self, instant: datetime) -> date:
        """The date on the entity's wall when it happened."""
        if not _FIRST.year < instant.year < _LAST.year:
            return _within(instant.date())
        return instant.astimezone(self._zone).date()

    def is_business_day(self, day: date) -> bool:
        """No weekend and no public holiday of the country, no day off of the company."""
        rests = day.weekday() in self._holidays.weekend or day in self._holidays
        return not rests and day not in self.days_off

    def age(self, since: date, instant: datetime) -> int:
        """Business days after ``since`` up to and including the local date of ``instant``."""
        day, until, days = _within(since), self.local_date(instant), 0
        while day < until:
            day += _DAY
            days += self.is_business_day(day)
        return days

    def more_than(self, days: int, since: date) -> datetime:
        """The instant from which the age is more than ``days``: local midnight, in UTC."""
        found = self._starts.get((days, since))
        if found is None:
            day, left = _within(since), days + 1
            while left:
                day += _DAY
                left -= self.is_business_day(day)
            found = self._starts[days, since] = self.midnight(day)
        return found

    def midnight(self, day: date) -> datetime:
        """When a local date begins, in UTC."""
        found = self._midnights.get(day)
        if found is None:
            start = datetime.combine(_within(day), time(), self._zone)
            found = self._midnights[day] = start.astimezone(UTC)
        return found

    def work_week_of(self, day: date) -> date:
        """The last day of the work week a date lies in."""
        day = _within(day)
        return day + timedelta(days=(self.work_week_end - day.isoweekday()) % 7)


def billing_date(day: date, calendar: str, anchor: date) -> date:
    """The first billing date on or after a day, stepping whole periods from a known billing date."""
    day, anchor = _within(day), _within(anchor)
    if calendar == "weekly":
        return anchor + timedelta(days=7 * -((anchor - day).days // 7))
    step = {"monthly": 1, "quarterly": 3}[calendar]
    months = (day.year - anchor.year) * 12 + day.month - anchor.month
    found = _add_months(anchor, months // step * step)
    return found if found >= day else _add_months(anchor, months // step * step + step)


def _add_months(anchor: date, months: int) -> date:
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    first_of_next = date(year + (month == 11), (month + 1) % 12 + 1, 1)  # noqa: PLR2004 - December
    return min(date(year, month + 1, 1) + timedelta(days=anchor.day - 1), first_of_next - _DAY)
