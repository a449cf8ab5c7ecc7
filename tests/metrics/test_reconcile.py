"""What holds of every reconciliation: its classes add up to the difference, and a frozen figure stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metrics.classify import Tolerance
from metrics.close import CloseRules, as_closed, sides
from metrics.tieout import COLUMNS, Scope, TieOut, tie_outs
from queries import closing
from queries.reconciliation import CLASSES
from tests.cast import Cast, casting, utc
from tests.closing_firm import EVENTS, NOW, bill, calendar, differences, event, of, run

DAYS = ("2026-09-28", "2026-10-02", "2026-10-15", "2026-10-30", "2026-11-03")
amounts = st.integers(-3, 40).map(lambda n: str(Decimal(n) / 4))
events = st.lists(
    st.tuples(st.sampled_from("ABCD"), amounts, st.sampled_from(DAYS), st.sampled_from(("GBP", "JPY"))),
    max_size=6,
)
lines = st.lists(
    st.tuples(
        st.sampled_from("ABCDE"),
        amounts,
        st.sampled_from(DAYS),
        st.sampled_from(("GBP", "JPY")),
        st.booleans(),
    ),
    max_size=8,
)
quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@contextmanager
def a_firm() -> Iterator[Cast]:
    made = casting()
    try:
        yield next(made)
    finally:
        next(made, None)


def play(firm: Cast, released: list[Any], billed: list[Any]) -> None:
    for key, amount, day, currency in released:
        event(firm, key, amount, f"{day}T12:00Z", currency=currency)
    for number, (key, amount, day, currency, is_credit) in enumerate(billed):
        kind = "credit_note" if is_credit else "invoice"
        bill(firm, f"L{number}", amount, day, billing_event_id=key, currency=currency, kind=kind)


@quick
@given(events, lines)
def test_the_classes_are_the_whole_difference(released: list[Any], billed: list[Any]) -> None:
    with a_firm() as firm:
        calendar(firm)
        play(firm, released, billed)
        for name in ("2026-09", "2026-10", "2026-11"):
            found = run(firm, EVENTS, name)
            told = differences(firm, found)
            by_currency: dict[str, int] = defaultdict(int)
            for one in told:
                by_currency[one.currency] += one.minor
                assert one.kind in CLASSES
            assert len({(one.match_key, one.currency) for one in told}) == len(told)
            assert len(told) == found.differences == sum(total.differing for total in found.totals)
            for total in found.totals:
                whole = total.left_minor - total.right_minor
                assert whole == by_currency[total.currency] + total.rounding_minor


@quick
@given(events, lines, lines)
def test_what_was_frozen_never_moves_and_late_changes_explain_the_rest(
    released: list[Any], billed: list[Any], later: list[Any]
) -> None:
    rules = CloseRules({EVENTS: tie_outs()[EVENTS]})
    with a_firm() as firm:
        calendar(firm)
        play(firm, released, billed)
        one, _ = of(firm)
        statements = sides(firm.connection, rules, one)
        assert closing.freeze(firm.connection, one.key, utc(NOW), "test", statements)
        made = closing.frozen(firm.connection, one.key)
        assert made is not None
        before = closing.totals(firm.connection, made.id)
        play(firm, [], later)
        assert not closing.freeze(firm.connection, one.key, utc(NOW), "again", statements)

        found = as_closed(firm.connection, rules, one)

        assert found is not None
        assert (found.freeze, closing.totals(firm.connection, made.id)) == (made, before)
        moved: dict[tuple[str, str], int] = defaultdict(int)
        for change in found.changes:
            moved[change.side, change.currency] += change.now_minor - change.closed_minor
        for figure in found.figures:
            assert figure.now_minor - figure.closed_minor == moved[figure.side, figure.currency]


@pytest.mark.parametrize(
    ("absolute", "relative", "left", "right", "items", "holds"),
    [
        (None, 0, 100, 99, 1, True),
        (None, 0, 100, 98, 3, False),
        (None, 0, 100, 98, 4, True),
        (0, 0, 100, 99, 9, False),
        (5, 0, 100, 95, 1, True),
        (0, 100, 10000, 9900, 1, True),
        (0, 100, 10000, 9899, 1, False),
        (0, 100, -10000, -9900, 1, True),
    ],
)
def test_what_two_sums_may_differ_by(
    absolute: int | None, relative: int, left: int, right: int, items: int, holds: bool
) -> None:
    assert Tolerance(absolute, relative).holds(left, right, items) is holds


@pytest.mark.parametrize("one", tie_outs().values(), ids=list(tie_outs()))
def test_every_tie_out_says_all_it_must(one: TieOut) -> None:
    scope = Scope("UK01", "", "2026-10", (), ())
    for side in (one.left, one.right):
        assert tuple(column.name for column in side.rows(scope).selected_columns) == COLUMNS
        assert {need.role for need in one.reads} >= {side.role} - {"psa"}
    assert all((one.title, one.owner, one.match, one.settle))
    assert one.remedy.endswith(".")
