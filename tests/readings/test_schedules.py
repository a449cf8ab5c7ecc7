"""Section 12, K3: how a schedule is read, in place or beside its postings, and what reversals take back."""

from __future__ import annotations

import pytest

from tests.cast import K3, Cast

NOW = "2026-12-01T12:00Z"
SOON = "2026-12-01T12:05Z"


def open_at(firm: Cast) -> list[tuple[str, str]]:
    """Milestone and amount of every exception."""
    return [(subject, amount) for check, subject, _, amount, _ in firm.judge(NOW) if check == K3]


# ---- schedules whose rows stay, and schedules whose rows turn posted -----------------------------


@pytest.fixture
def instalments(line: Cast) -> Cast:
    """A milestone of 1000.00 GBP in three scheduled instalments: 500, 300 and 200."""
    line.milestone()
    for number, amount in enumerate(("500", "300", "200"), 1):
        line.revenue(f"S{number}", amount, "scheduled", milestone_id="M1")
    return line


@pytest.mark.parametrize(
    ("turned", "left"),
    [
        ({"S1": "500"}, "500.00"),
        ({"S1": "500", "S2": "300"}, "200.00"),
        ({"S3": "200"}, "800.00"),
    ],
)
def test_rows_that_turn_posted_in_place_leave_what_is_still_scheduled(
    instalments: Cast, turned: dict[str, str], left: str
) -> None:
    assert open_at(instalments) == [("M1", "1000.00")]
    for identifier, amount in turned.items():
        instalments.revenue(identifier, amount, milestone_id="M1")

    assert instalments.judge(SOON) == [(K3, "M1", None, left, "GBP")]


def test_rows_that_turned_posted_in_place_to_the_last_close_it(instalments: Cast) -> None:
    assert open_at(instalments) == [("M1", "1000.00")]
    for identifier, amount in (("S1", "500"), ("S2", "300"), ("S3", "200")):
        instalments.revenue(identifier, amount, milestone_id="M1")

    assert instalments.judge(SOON) == []


@pytest.mark.parametrize(
    ("posted", "left"),
    [(("200",), "800.00"), (("500",), "500.00"), (("500", "300"), "200.00"), (("500", "300", "200"), None)],
)
def test_postings_beside_rows_that_stay_scheduled_count_against_them(
    instalments: Cast, posted: tuple[str, ...], left: str | None
) -> None:
    for number, amount in enumerate(posted):
        instalments.revenue(f"R{number}", amount, milestone_id="M1")

    assert open_at(instalments) == ([("M1", left)] if left else [])


def test_a_row_posted_in_part_and_split_leaves_its_remainder(instalments: Cast) -> None:
    instalments.revenue("S1", "150", milestone_id="M1")
    instalments.revenue("S4", "350", "scheduled", milestone_id="M1")

    # 350 of S1, 300 and 200
    assert open_at(instalments) == [("M1", "850.00")]


def test_a_posting_in_part_beside_a_lower_allocation_counts_against_it(line: Cast) -> None:
    line.milestone()
    line.revenue("S1", "700", "scheduled", milestone_id="M1")
    line.revenue("R1", "100", milestone_id="M1")

    # 700 - 100: nothing says that the 100 were ever scheduled
    assert open_at(line) == [("M1", "600.00")]


def test_more_posted_than_scheduled_was_scheduled_before(line: Cast) -> None:
    line.milestone()
    for identifier, amount in (("S1", "600"), ("S2", "300")):
        line.revenue(identifier, amount, "scheduled", milestone_id="M1")
    line.revenue("S1", "600", milestone_id="M1")

    # allocated: 900 of the milestone's 1000; 600 are posted
    assert open_at(line) == [("M1", "300.00")]


@pytest.mark.parametrize(("posted", "left"), [("300", "600.00"), ("900", None)])
def test_without_an_amount_the_schedule_alone_says_what_is_owed(
    line: Cast, posted: str, left: str | None
) -> None:
    line.milestone(amount=None)
    line.revenue("S1", "900", "scheduled", milestone_id="M1")
    line.revenue("R1", posted, milestone_id="M1")

    assert open_at(line) == ([("M1", left)] if left else [])


def test_without_an_amount_rows_posted_in_place_show_once_they_outweigh_the_rest(line: Cast) -> None:
    line.milestone(amount=None)
    line.revenue("S1", "600", milestone_id="M1")
    line.revenue("S2", "300", "scheduled", milestone_id="M1")

    assert open_at(line) == [("M1", "300.00")]


def test_a_row_posted_in_place_and_taken_back_is_owed_again(instalments: Cast) -> None:
    instalments.revenue("S1", "500", milestone_id="M1")
    assert open_at(instalments) == [("M1", "500.00")]
    instalments.revenue("R1", "-500", milestone_id="M1", reverses_id="S1")

    assert instalments.judge(SOON) == [(K3, "M1", None, "1000.00", "GBP")]


# ---- reversals in part -----------------------------------------------------------------------


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("state", ["posted", "reversed"])
@pytest.mark.parametrize("names", [{"milestone_id": "M1"}, {"contract_line_id": "CL1"}])
def test_a_reversal_in_part_gives_back_its_own_amount(
    line: Cast, sign: str, state: str, names: dict[str, str]
) -> None:
    line.milestone()
    line.revenue("R1", "1000", **names)
    assert line.judge(NOW) == []
    line.revenue("R2", f"{sign}250", state, reverses_id="R1", **names)

    assert line.judge(SOON) == [(K3, "M1", None, "250.00", "GBP")]


def test_reversals_in_part_add_up_to_the_posting_and_no_further(line: Cast) -> None:
    line.milestone()
    line.revenue("R1", "600", milestone_id="M1")
    line.revenue("R2", "400", milestone_id="M1")
    line.revenue("B1", "-250", milestone_id="M1", reverses_id="R1")
    line.revenue("B2", "150", milestone_id="M1", reverses_id="R1")
    assert open_at(line) == [("M1", "400.00")]
    line.revenue("B3", "-900", milestone_id="M1", reverses_id="R1")

    # all 600 of R1 are gone, R2 stands
    assert line.judge(SOON) == [(K3, "M1", None, "600.00", "GBP")]


def test_reversals_that_name_nothing_but_their_target_are_followed_to_the_milestone(line: Cast) -> None:
    line.milestone()
    line.revenue("R1", "1000", milestone_id="M1")
    line.revenue("R2", "-1000", reverses_id="R1")
    assert open_at(line) == [("M1", "1000.00")]
    line.revenue("R3", "1000", reverses_id="R2")

    assert line.judge(SOON) == []


def test_a_reversal_only_scheduled_takes_nothing_back_yet(line: Cast) -> None:
    line.milestone()
    line.revenue("R1", "1000", milestone_id="M1")
    line.revenue("R2", "-400", "scheduled", milestone_id="M1", reverses_id="R1")

    assert open_at(line) == []


@pytest.mark.parametrize(("again", "left"), [("-300", None), ("300", None), ("-100", "200.00")])
def test_a_reversal_that_is_reversed_counts_for_what_is_left_of_it(
    line: Cast, again: str, left: str | None
) -> None:
    line.milestone()
    line.revenue("R1", "1000", milestone_id="M1")
    line.revenue("R2", "-300", milestone_id="M1", reverses_id="R1")
    assert open_at(line) == [("M1", "300.00")]
    line.revenue("R3", again, milestone_id="M1", reverses_id="R2")

    assert line.judge(SOON) == ([(K3, "M1", None, left, "GBP")] if left else [])


def test_a_chain_of_reversals_ends_as_its_last_word_says(line: Cast) -> None:
    line.milestone()
    line.revenue("R1", "1000", milestone_id="M1")
    for number in range(2, 5):
        line.revenue(f"R{number}", "1000", milestone_id="M1", reverses_id=f"R{number - 1}")

    # R4 undoes R3, so that R2 undoes R1
    assert open_at(line) == [("M1", "1000.00")]


def test_a_reversal_larger_than_what_it_reverses_makes_no_revenue(line: Cast) -> None:
    line.milestone()
    line.revenue("R1", "600", milestone_id="M1")
    line.revenue("R2", "-600", milestone_id="M1", reverses_id="R1")
    line.revenue("R3", "900", milestone_id="M1", reverses_id="R2")

    assert open_at(line) == [("M1", "400.00")]


def test_a_reversal_in_another_currency_takes_its_posting_back_whole(line: Cast) -> None:
    line.milestone()
    line.revenue("R1", "1000", milestone_id="M1")
    line.revenue("R2", "-1250", currency="USD", milestone_id="M1", reverses_id="R1")

    assert open_at(line) == [("M1", "1000.00")]


def test_a_correction_below_zero_counts_and_can_be_reversed_in_part(line: Cast) -> None:
    line.milestone()
    line.revenue("R1", "1000", milestone_id="M1")
    line.revenue("R2", "-400", milestone_id="M1")
    assert open_at(line) == [("M1", "400.00")]
    line.revenue("R3", "100", milestone_id="M1", reverses_id="R2")

    assert line.judge(SOON) == [(K3, "M1", None, "300.00", "GBP")]
