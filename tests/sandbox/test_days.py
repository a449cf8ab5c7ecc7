"""Calendars of the firm's companies."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from sandbox import days


def test_friday_to_tuesday_is_two_business_days() -> None:
    assert days.business_days("UK01", date(2026, 11, 13), date(2026, 11, 17)) == 2


@pytest.mark.parametrize(
    ("company", "holiday"),
    [
        ("US01", date(2026, 11, 11)),
        ("JP01", date(2026, 11, 3)),
        ("AU01", date(2026, 11, 3)),
        ("DE01", date(2027, 3, 8)),
    ],
)
def test_public_holidays_are_the_companys_own(company: str, holiday: date) -> None:
    assert days.is_business_day("UK01", holiday)
    assert not days.is_business_day(company, holiday)


def test_an_evening_in_new_york_is_the_next_day_in_utc() -> None:
    instant = datetime(2026, 11, 18, 3, 30, tzinfo=UTC)
    assert days.local_day("US01", instant) == date(2026, 11, 17)


@pytest.mark.parametrize(
    ("company", "day", "end"),
    [
        ("UK01", date(2026, 11, 1), date(2026, 11, 1)),
        ("UK01", date(2026, 11, 2), date(2026, 11, 8)),
        ("US01", date(2026, 11, 1), date(2026, 11, 7)),
    ],
)
def test_a_work_week_ends_when_the_company_says(company: str, day: date, end: date) -> None:
    assert days.week_end(company, day) == end


@pytest.mark.parametrize(
    ("calendar", "anchor", "day", "expected"),
    [
        ("monthly", date(2026, 12, 15), date(2026, 11, 15), date(2026, 11, 15)),
        ("monthly", date(2026, 12, 15), date(2026, 11, 16), date(2026, 12, 15)),
        ("monthly", date(2026, 1, 31), date(2026, 2, 3), date(2026, 2, 28)),
        ("monthly", date(2026, 1, 31), date(2026, 3, 1), date(2026, 3, 31)),
        ("weekly", date(2026, 11, 20), date(2026, 11, 7), date(2026, 11, 13)),
        ("weekly", date(2026, 10, 2), date(2026, 11, 13), date(2026, 11, 13)),
        ("quarterly", date(2026, 12, 31), date(2026, 7, 1), date(2026, 9, 30)),
        ("quarterly", date(2026, 3, 31), date(2026, 10, 1), date(2026, 12, 31)),
    ],
)
def test_billing_dates_step_whole_periods_from_the_anchor(
    calendar: str, anchor: date, day: date, expected: date
) -> None:
    assert days.billing_day(calendar, anchor, day) == expected


def test_the_day_of_an_age_has_that_age() -> None:
    today = date(2026, 11, 20)
    for company in days.COMPANY:
        for age in range(12):
            assert days.business_days(company, days.day_aged(company, today, age), today) == age
