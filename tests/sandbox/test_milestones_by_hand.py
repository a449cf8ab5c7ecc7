"""Milestones without revenue on firms small enough to work out on paper."""

from __future__ import annotations

from datetime import datetime

import pytest

from sandbox.books import Books
from tests.sandbox import tiny
from tests.sandbox.tiny import at, money


def _delivering(recognition: str | None = "milestone") -> Books:
    firm = tiny.books()
    tiny.running(firm)
    tiny.line(firm, "milestone", recognition=recognition)
    return firm


def _owed(firm: Books) -> list[tuple[str, str]]:
    return [(subject, amount) for subject, _, amount in tiny.gaps(firm)]


@pytest.mark.parametrize(("when", "listed"), [(at(17), False), (at(16), True), (at(13, 23), True)])
def test_it_is_listed_on_its_fourth_business_day(when: datetime, listed: bool) -> None:
    firm = _delivering()
    tiny.accepted(firm, "500.00", when)
    assert bool(_owed(firm)) is listed


@pytest.mark.parametrize("recognition", ["over_time", "as_invoiced", None])
def test_a_line_that_recognises_otherwise_owes_nothing(recognition: str | None) -> None:
    firm = _delivering(recognition)
    tiny.accepted(firm, "500.00", at(3))
    assert _owed(firm) == []


def test_postings_that_name_it_count_against_it() -> None:
    firm = _delivering()
    tiny.accepted(firm, "500.00", at(3))
    tiny.revenue(firm, "120.00", "M1")
    assert _owed(firm) == [("M1", "380.00")]
    tiny.revenue(firm, "380.00", "M1")
    assert _owed(firm) == []


def test_the_schedule_says_what_it_earns_where_there_is_one() -> None:
    firm = _delivering()
    tiny.accepted(firm, "500.00", at(3))
    tiny.revenue(firm, "300.00", "M1", "scheduled")
    tiny.revenue(firm, "150.00", "M1", "scheduled")
    assert _owed(firm) == [("M1", "450.00")]
    tiny.revenue(firm, "450.00", "M1")
    assert _owed(firm) == []


def test_a_reversed_posting_is_no_revenue() -> None:
    firm = _delivering()
    tiny.accepted(firm, "500.00", at(3))
    tiny.revenue(firm, "500.00", "M1", "reversed")
    assert _owed(firm) == [("M1", "500.00")]


@pytest.mark.parametrize("state", ["posted", "reversed"])
def test_a_reversal_takes_its_posting_back_once(state: str) -> None:
    firm = _delivering()
    tiny.accepted(firm, "500.00", at(3))
    tiny.revenue(firm, "500.00", "M1")
    reversal = tiny.revenue(firm, "-500.00", "M1", state, reverses_id="R1")
    assert _owed(firm) == [("M1", "500.00")]
    reversal.deleted_at = at(12)
    assert _owed(firm) == []


def test_postings_of_the_line_pay_milestones_in_order_of_acceptance() -> None:
    firm = _delivering()
    tiny.accepted(firm, "500.00", at(10))
    tiny.accepted(firm, "300.00", at(4))
    tiny.revenue(firm, "420.00", None)
    assert _owed(firm) == [("M1", "380.00")]  # 300 went to the one accepted first, 120 to this


def test_what_is_not_accepted_or_was_deleted_owes_nothing() -> None:
    firm = _delivering()
    tiny.accepted(firm, "500.00", at(3), status="reached")
    tiny.accepted(firm, "500.00", at(3), deleted_at=at(5))
    firm.milestones[0].amount = money("900.00")
    assert _owed(firm) == []
