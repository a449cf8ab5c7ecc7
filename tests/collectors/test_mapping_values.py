"""Numbers, days, instants and yes or no, as others write them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.mapping import (
    Format,
    UnreadError,
    plain,
)
from collectors.mapping.values import day_reader, flag_reader, instant_reader, number_reader
from tests.collectors.exports import GERMAN


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.234.567,89", "1234567.89"),
        ("-5", "-5"),
        ("5-", "-5"),
        ("(1.000,50)", "-1000.50"),
        ("\u22127,5", "-7.5"),
        (",5", "0.5"),
        ("12.34.567,8", "1234567.8"),
        (12.1, "12.1"),
        (0.1 + 0.2, "0.3"),
        (7, "7"),
    ],
)
def test_numbers_are_exact(text: Any, number: str) -> None:
    assert number_reader(Format(decimal=",", thousands="."))(text) == Decimal(number)


@pytest.mark.parametrize(
    "text", ["", "1.5", "1,2,3", "12.34", "1e5", "NaN", "5%", "-5-", "(5", True, "1" * 99]
)
def test_what_may_be_another_number_is_refused(text: Any) -> None:
    with pytest.raises(UnreadError, match="is not a number"):
        number_reader(Format(decimal=",", thousands="."))(text)


def test_a_space_between_thousands_may_be_any_space() -> None:
    read = number_reader(Format(decimal=",", thousands=" "))

    assert {read(f"1{space}234,5") for space in (" ", "\u00a0", "\u202f")} == {Decimal("1234.5")}


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=2))
def test_a_native_number_survives_quarantine_in_any_format(number: Decimal) -> None:
    fmt = Format(decimal=",", thousands=".")

    assert number_reader(fmt)(plain(number, fmt.decimal)) == number


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("29.03.2026 03:30", "2026-03-29T01:30:00Z"),
        ("25.10.2026 02:30", "2026-10-25T00:30:00Z"),
        ("20.11.2026", "2026-11-19T23:00:00Z"),
        ("2026-11-20T18:00:00+02:00", "2026-11-20T16:00:00Z"),
        ("2026-11-20 18:00:00", "2026-11-20T17:00:00Z"),
        (datetime(2026, 11, 20, 18), "2026-11-20T17:00:00Z"),  # noqa: DTZ001 - naive on purpose
    ],
)
def test_instants_are_taken_in_the_zone_they_were_written_in(text: Any, instant: str) -> None:
    read = instant_reader(Format.model_validate(GERMAN))

    assert read(text) == datetime.fromisoformat(instant)


def test_an_instant_without_any_zone_is_refused() -> None:
    with pytest.raises(UnreadError, match="no time zone: set zone"):
        instant_reader(Format())("2026-11-20 18:00:00")


def test_epochs_are_instants_too() -> None:
    read = instant_reader(Format(instants=("epoch_ms",)))

    assert read(1_795_197_600_500) == read("1795197600500")
    assert read("1795197600500").microsecond == 500_000


@pytest.mark.parametrize(
    ("text", "zone", "instant"),
    [
        ("/Date(1795197600500)/", None, "2026-11-20T18:00:00.500Z"),
        ("/Date(1795197600000+0000)/", None, "2026-11-20T18:00:00Z"),
        ("/Date(1795197600000-0300)/", "Europe/Berlin", "2026-11-20T18:00:00Z"),
        ("/Date(1795197600000)/", "Europe/Berlin", "2026-11-20T17:00:00Z"),
        ("/Date(-86400000)/", None, "1969-12-31T00:00:00Z"),
    ],
)
def test_milliseconds_of_odata_mean_one_moment(text: str, zone: str | None, instant: str) -> None:
    read = instant_reader(Format(instants=("odata_ms",), zone=zone))

    assert read(text) == datetime.fromisoformat(instant)


@pytest.mark.parametrize("zone", [None, "America/Los_Angeles", "Pacific/Auckland"])
def test_a_day_of_odata_is_the_day_written_wherever_one_is(zone: str | None) -> None:
    assert day_reader(Format(instants=("odata_ms",), zone=zone))("/Date(1793404800000)/") == date(
        2026, 10, 31
    )


@pytest.mark.parametrize("text", ["/Date()/", "/Date(1e3)/", "Date(1)", "1795197600500", "/Date(1+9999)/"])
def test_what_only_looks_like_milliseconds_of_odata_is_refused(text: str) -> None:
    with pytest.raises(UnreadError, match="is not a date"):
        instant_reader(Format(instants=("odata_ms",)))(text)


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("1.2.2026", date(2026, 2, 1)),
        ("20.11.2026 23:30", date(2026, 11, 20)),
        ("2026-11-20T23:30:00Z", date(2026, 11, 21)),
        ("2026-11-20", date(2026, 11, 20)),
        (date(2026, 1, 2), date(2026, 1, 2)),
    ],
)
def test_days_are_local(value: Any, day: date) -> None:
    assert day_reader(Format.model_validate(GERMAN))(value) == day


@pytest.mark.parametrize("value", ["31.02.2026", "11/20/2026", "45980", "heute", 45980])
def test_what_is_no_day_is_refused(value: Any) -> None:
    with pytest.raises(UnreadError, match="is not a date"):
        day_reader(Format.model_validate(GERMAN))(value)


def test_words_for_true_and_false_are_the_formats_and_natives() -> None:
    read = flag_reader(Format(true=("X",), false=("O",)))

    assert [read(value) for value in ("x", True, "true", "o", False)] == [True, True, True, False, False]
    with pytest.raises(UnreadError, match=r"'yes' is neither true \['X'\] nor false \['O'\]"):
        read("yes")


def test_the_milliseconds_of_odata_are_utc_whatever_offset_they_carry() -> None:
    fmt = Format(instants=("odata_ms",))

    assert instant_reader(fmt)("/Date(1518685950940+0100)/").isoformat() == "2018-02-15T09:12:30.940000+00:00"
    assert instant_reader(fmt)("/Date(-1000)/").isoformat() == "1969-12-31T23:59:59+00:00"
    assert day_reader(fmt)("/Date(1539993600000+0000)/").isoformat() == "2018-10-20"
    with pytest.raises(UnreadError, match="odata_ms"):
        instant_reader(fmt)("/Date(soon)/")
