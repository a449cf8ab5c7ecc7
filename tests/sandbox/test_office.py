"""Working hours across weekends, holidays, time zones and changes of the clock, by hand."""

from __future__ import annotations

from datetime import datetime, time

import pytest

from sandbox.living import office


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}:00+00:00")


@pytest.mark.parametrize(
    ("company", "moment", "hours", "expected"),
    [
        # within a day, up to its last minute
        ("UK01", "2026-11-23T10:00", 3, "2026-11-23T13:00"),
        ("UK01", "2026-11-23T17:00", 1, "2026-11-23T18:00"),
        # before the day begins, and after it ended
        ("UK01", "2026-11-23T03:00", 1, "2026-11-23T10:00"),
        ("UK01", "2026-11-23T20:00", 1, "2026-11-24T10:00"),
        # over a weekend, and from within one
        ("UK01", "2026-11-20T17:00", 2, "2026-11-23T10:00"),
        ("UK01", "2026-11-21T12:00", 1, "2026-11-23T10:00"),
        # three whole days
        ("UK01", "2026-11-23T09:00", 27, "2026-11-25T18:00"),
        # Christmas on Friday, Boxing Day's substitute on Monday
        ("UK01", "2026-12-24T17:30", 1, "2026-12-29T09:30"),
        # Thanksgiving, in New York's winter
        ("US01", "2026-11-25T22:30", 1, "2026-11-27T14:30"),
        # Saturday in Tokyo is still Friday in UTC; Monday is Labour Thanksgiving Day there
        ("JP01", "2026-11-20T22:00", 1, "2026-11-24T01:00"),
        # half an hour beside UTC
        ("IN01", "2026-11-20T12:00", 1, "2026-11-23T04:00"),
        # the last summer hour of Friday, the first winter hours of Monday
        ("UK01", "2026-10-23T16:00", 2, "2026-10-26T10:00"),
    ],
)
def test_hours_are_worked_at_the_companys_own_office(
    company: str, moment: str, hours: float, expected: str
) -> None:
    assert office.after(company, utc(moment), hours) == utc(expected)


@pytest.mark.parametrize(
    ("company", "moment", "days", "clock", "expected"),
    [
        ("UK01", "2026-11-20T17:00", 1, time(11), "2026-11-23T11:00"),
        # Friday evening in New York is Saturday in UTC
        ("US01", "2026-11-21T03:00", 1, time(10), "2026-11-23T15:00"),
        ("UK01", "2026-12-24T12:00", 2, time(15), "2026-12-30T15:00"),
        # on the day itself, whatever it is
        ("UK01", "2026-11-21T12:00", 0, time(15), "2026-11-21T15:00"),
        # Monday morning in Melbourne is Sunday in UTC
        ("AU01", "2026-11-20T05:00", 1, time(9), "2026-11-22T22:00"),
    ],
)
def test_a_time_of_day_some_business_days_on(
    company: str, moment: str, days: int, clock: time, expected: str
) -> None:
    assert office.on(company, utc(moment), days, clock) == utc(expected)


@pytest.mark.parametrize(
    ("company", "moment", "expected"),
    [
        ("UK01", "2026-11-20T17:00", "2026-11-23T09:00"),
        # on a Monday the next one is meant
        ("UK01", "2026-11-23T08:00", "2026-11-30T09:00"),
        # the Monday is a holiday
        ("UK01", "2026-12-24T12:00", "2026-12-29T09:00"),
        ("JP01", "2026-11-20T05:00", "2026-11-24T00:00"),
        # it is Monday already in Melbourne
        ("AU01", "2026-11-22T13:30", "2026-11-29T22:00"),
    ],
)
def test_the_next_monday_at_work(company: str, moment: str, expected: str) -> None:
    assert office.next_monday(company, utc(moment), time(9)) == utc(expected)
