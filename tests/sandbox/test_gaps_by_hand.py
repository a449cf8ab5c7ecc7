"""The truth's rules on firms small enough to work out on paper."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from tests.sandbox import tiny
from tests.sandbox.tiny import OLD_WEEK, TENTH_DAY_WEEK, at, money

Gaps = list[tuple[str, str | None, str]]

# K1 ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("won_at", "listed"),
    [(at(18), False), (at(17), True), (at(14), False and True or True)],
)
def test_a_deal_is_listed_from_its_third_business_day(won_at: datetime, listed: bool) -> None:
    firm = tiny.books()
    tiny.sold(firm, won_at=won_at)
    assert tiny.gaps(firm) == ([("D1", None, "1000.00")] if listed else [])
