from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from app import words
from queries.exceptions import Total
from queries.untraceable import Untraceable
from tests.app.firm import NOW
from tests.cast import utc

MOMENT = utc(NOW)


@pytest.mark.parametrize(
    ("amount", "whole", "short"),
    [
        ("0", "GBP 0", "GBP 0"),
        ("133283.00", "GBP 133,283.00", "GBP 133 k"),
        ("-1250.5", "GBP \N{MINUS SIGN}1,250.5", "GBP \N{MINUS SIGN}1,250"),
        ("9999.99", "GBP 9,999.99", "GBP 10,000"),
        ("10000", "GBP 10,000", "GBP 10.0 k"),
        ("999500", "GBP 999,500", "GBP 1.00 M"),
        ("12345678", "GBP 12,345,678", "GBP 12.3 M"),
        ("4200000000", "GBP 4,200,000,000", "GBP 4.20 bn"),
    ],
)
def test_an_amount_carries_its_currency_and_groups_its_digits(amount: str, whole: str, short: str) -> None:
    assert words.money(Decimal(amount), "GBP") == whole
    assert words.short(Decimal(amount), "GBP") == short


def test_minor_units_follow_the_currency() -> None:
    said = [words.minor(123456, code) for code in ("EUR", "JPY", "KWD")]
    assert said == ["EUR 1,234.56", "JPY 123,456", "KWD 123.456"]


@pytest.mark.parametrize(
    ("hours", "said"), [("8.000000", "8 h"), ("1234.500000", "1,234.5 h"), ("100", "100 h"), ("0", "0 h")]
)
def test_hours_have_no_zeros_that_say_nothing(hours: str, said: str) -> None:
    assert words.hours(Decimal(hours)) == said


def test_untraceable_time_is_told_with_its_money_and_what_has_none() -> None:
    found = Untraceable(2, Decimal("12.5"), Decimal("4.5"), (Total("GBP", 1, Decimal("800.00")),))

    told, _, why = words.untraceable(found).partition(": ")
    assert told == "12.5 h in 2 approved entries, GBP 800.00, 4.5 h without a rate"
    assert why.startswith("neither a contract line")


def test_currencies_are_listed_and_never_added_up() -> None:
    found = [Total("GBP", 1, Decimal("1.00")), Total("USD", 1, Decimal("2.00"))]

    assert words.totals(found) == "USD 2.00 · GBP 1.00"
    assert words.totals([]) == words.NONE


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"), (59, "59 s"), (90, "2 min"), (3600, "1 h"), (5400, "1.5 h"), (36_000, "10 h"),
        (86_400, "1 d"), (100_000, "1.2 d"), (8_640_000, "100 d"),
        (-7200, "\N{MINUS SIGN}2 h"), (None, words.NONE),
    ],
)  # fmt: skip
def test_a_length_of_time_is_said_in_its_largest_unit(seconds: float | None, said: str) -> None:
    assert words.span(seconds) == said


def test_an_instant_is_said_in_utc() -> None:
    assert words.instant(MOMENT) == "20 Nov 2026 18:00 UTC"
    assert words.ago(MOMENT - timedelta(hours=3), MOMENT) == "3 h ago"
    assert (words.ago(MOMENT, MOMENT), words.ago(None, MOMENT)) == ("just now", "never")


@pytest.mark.parametrize(
    ("nanoseconds", "said"),
    [(420_000, "0.42 ms"), (5_000_000, "5 ms"), (310_000_000, "310 ms"), (4_200_000_000, "4,200 ms"),
     (37_500_000_000, "37.5 s"), (120_000_000_000, "2 min")],
)  # fmt: skip
def test_a_span_is_said_in_milliseconds_or_seconds(nanoseconds: int, said: str) -> None:
    assert words.milliseconds(nanoseconds) == said


def test_a_client_is_not_said_twice() -> None:
    assert words.deal("Northwind - Northwind: grid") == "Northwind: grid"
    assert words.deal("Northwind - Grid for Northwind") == "Grid for Northwind"
    assert words.deal("Northwind - Harbour") == "Northwind - Harbour"
    assert words.deal("no dash") == "no dash"
