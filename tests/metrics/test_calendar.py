"""Business days: counted on the entity's own calendar, from local midnight to local midnight."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.calendar import Calendar, billing_date

LONDON = Calendar("Europe/London", "GB", "ENG")
PLAIN = Calendar()
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
ZONES = st.sampled_from(
    ["Europe/London", "America/New_York", "Asia/Tokyo", "Asia/Kolkata", "Pacific/Apia", None]
)


def at(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def day(text: str) -> date:
    """A date."""
    return date.fromisoformat(text)


def test_won_on_friday_and_seen_on_tuesday_is_two_days() -> None:
    won = LONDON.local_date(at("2026-11-13T17:00"))

    assert LONDON.age(won, at("2026-11-17T18:00")) == 2
    assert LONDON.more_than(2, won) == at("2026-11-18T00:00")


@pytest.mark.parametrize(
    ("since", "seen", "days"),
    [
        ("2026-11-13", "2026-11-13T23:59", 0),
        ("2026-11-13", "2026-11-14T12:00", 0),
        ("2026-11-13", "2026-11-16T00:00", 1),
        ("2026-11-14", "2026-11-16T00:00", 1),
        ("2026-12-24", "2026-12-29T12:00", 1),  # Christmas on a Friday, Boxing Day kept on Monday
        ("2026-11-20", "2026-11-13T12:00", 0),  # the future is no age
    ],
)
def test_ages(since: str, seen: str, days: int) -> None:
    assert LONDON.age(day(since), at(seen)) == days


@pytest.mark.parametrize(
    ("zone", "instant", "local"),
    [
        ("America/New_York", "2026-11-21T03:00", "2026-11-20"),
        ("Asia/Tokyo", "2026-11-20T15:00", "2026-11-21"),
        ("Asia/Kolkata", "2026-11-20T18:29", "2026-11-20"),
        ("Asia/Kolkata", "2026-11-20T18:30", "2026-11-21"),
        (None, "2026-11-20T23:59", "2026-11-20"),
        ("Mars/Olympus", "2026-11-20T23:59", "2026-11-20"),
        ("../etc/passwd", "2026-11-20T23:59", "2026-11-20"),
    ],
)
def test_the_date_is_the_one_on_the_entitys_wall(zone: str | None, instant: str, local: str) -> None:
    assert Calendar(zone).local_date(at(instant)) == day(local)


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        ("Europe/London", "2026-03-29", "2026-03-29T00:00"),
        ("Europe/London", "2026-03-30", "2026-03-29T23:00"),
        ("Europe/London", "2026-10-26", "2026-10-26T00:00"),
        ("America/New_York", "2026-11-01", "2026-11-01T04:00"),
        ("America/New_York", "2026-11-02", "2026-11-02T05:00"),
        ("Asia/Tokyo", "2026-11-02", "2026-11-01T15:00"),
    ],
)
def test_midnight_is_local_on_both_sides_of_a_clock_change(zone: str, local: str, utc: str) -> None:
    assert Calendar(zone).midnight(day(local)) == at(utc)


@pytest.mark.parametrize(
    ("country", "off"),
    [
        ("GB", "2026-12-28"),
        ("US", "2026-11-26"),
        ("DE", "2026-10-03"),
        ("JP", "2026-11-23"),
        ("IN", "2026-01-26"),
    ],
)
def test_a_public_holiday_is_no_business_day_where_it_is_kept(country: str, off: str) -> None:
    assert not Calendar(country=country).is_business_day(day(off))


@pytest.mark.parametrize("country", [None, "ZZ", "", "England"])
def test_a_country_nobody_knows_has_plain_weekdays(country: str | None) -> None:
    calendar = Calendar(country=country)

    assert calendar.is_business_day(day("2026-12-25"))
    assert not calendar.is_business_day(day("2026-12-26"))


def test_a_subdivision_nobody_knows_keeps_the_countrys_holidays() -> None:
    assert not Calendar(country="GB", subdivision="Atlantis").is_business_day(day("2026-12-25"))


def test_a_companys_own_day_off_is_none_either() -> None:
    calendar = Calendar(days_off=frozenset({day("2026-11-16")}))

    assert calendar.age(day("2026-11-13"), at("2026-11-17T12:00")) == 1
    assert PLAIN.age(day("2026-11-13"), at("2026-11-17T12:00")) == 2


@pytest.mark.parametrize(
    ("end", "expected"), [(7, "2026-11-22"), (5, "2026-11-20"), (4, "2026-11-26"), (1, "2026-11-23")]
)
def test_the_work_week_ends_where_the_entity_says(end: int, expected: str) -> None:
    assert Calendar(work_week_end=end).work_week_of(day("2026-11-20")) == day(expected)


@given(DAYS, st.integers(0, 40), ZONES)
def test_more_than_n_days_begins_exactly_where_the_age_says_so(
    since: date, days: int, zone: str | None
) -> None:
    calendar = Calendar(zone, "GB")
    start = calendar.more_than(days, since)

    assert calendar.age(since, start) == days + 1
    assert calendar.age(since, start - timedelta(microseconds=1)) == days


@given(DAYS, st.integers(1, 7))
def test_a_work_week_holds_its_own_day_and_seven_of_them(found: date, end: int) -> None:
    calendar = Calendar(work_week_end=end)
    last = calendar.work_week_of(found)

    assert 0 <= (last - found).days < 7
    assert last.isoweekday() == end
    assert calendar.work_week_of(last) == last


# ---- billing dates ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("worked", "rhythm", "anchor", "billed"),
    [
        ("2026-10-05", "weekly", "2026-11-06", "2026-10-09"),
        ("2026-11-06", "weekly", "2026-11-06", "2026-11-06"),
        ("2026-11-07", "weekly", "2026-11-06", "2026-11-13"),
        ("2026-10-05", "monthly", "2026-11-30", "2026-10-30"),
        ("2026-10-31", "monthly", "2026-11-30", "2026-11-30"),
        ("2026-02-28", "monthly", "2026-01-31", "2026-02-28"),
        ("2026-03-01", "monthly", "2026-01-31", "2026-03-31"),
        ("2028-02-29", "monthly", "2028-01-31", "2028-02-29"),
        ("2026-12-15", "monthly", "2026-11-10", "2027-01-10"),
        ("2026-10-05", "quarterly", "2026-12-31", "2026-12-31"),
        ("2026-09-30", "quarterly", "2026-12-31", "2026-09-30"),
        ("2026-10-01", "quarterly", "2026-09-30", "2026-12-30"),
    ],
)
def test_work_is_billed_on_the_next_date_of_its_rhythm(
    worked: str, rhythm: str, anchor: str, billed: str
) -> None:
    assert billing_date(day(worked), rhythm, day(anchor)) == day(billed)


@given(DAYS, st.sampled_from(["weekly", "monthly", "quarterly"]), DAYS)
def test_a_billing_date_is_never_before_the_work_nor_a_period_late(
    worked: date, rhythm: str, anchor: date
) -> None:
    found = billing_date(worked, rhythm, anchor)

    longest = {"weekly": 7, "monthly": 34, "quarterly": 95}[rhythm]
    assert timedelta(0) <= found - worked < timedelta(days=longest)
    assert billing_date(found, rhythm, anchor) == found


# ---- the ends of the calendar ----------------------------------------------------------------

ENDS = (date.min, date(1, 1, 2), date(202, 3, 1), date(9999, 12, 27), date.max)
NOW = at("2026-11-20T18:00")


@pytest.mark.parametrize("zone", ["Pacific/Apia", "America/New_York", "Asia/Tokyo", None])
@pytest.mark.parametrize("instant", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_the_first_and_the_last_instant_have_a_local_date(zone: str | None, instant: datetime) -> None:
    assert Calendar(zone).local_date(instant).year in {1, 1900, 9990, 9999}


@pytest.mark.parametrize("found", ENDS)
def test_a_typing_error_of_a_date_is_counted_like_any_other(found: date) -> None:
    assert LONDON.more_than(30, found).tzinfo is UTC
    assert LONDON.midnight(found).tzinfo is UTC
    assert LONDON.work_week_of(found).year >= 1
    assert LONDON.age(found, NOW) >= 0


@pytest.mark.parametrize("rhythm", ["weekly", "monthly", "quarterly"])
def test_a_billing_date_at_the_ends_of_the_calendar_is_still_a_date(rhythm: str) -> None:
    for anchor in ENDS:
        for worked in (*ENDS, date(2026, 10, 5)):
            assert isinstance(billing_date(worked, rhythm, anchor), date)


def test_the_age_of_a_wrong_century_is_found_in_no_time() -> None:
    calendar = Calendar("Europe/London", "GB")
    started = datetime.now(UTC)
    calendar.age(date(202, 3, 1), NOW)

    assert datetime.now(UTC) - started < timedelta(seconds=1)
