"""What several records say together - live and pooled invoice lines, open time - comes out the same in any order."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import pytest

from queries.polls import RoleConfig, StreamConfig, configure
from tests.cast import FIVE_MINUTES, SYSTEMS, Cast
from tests.queries.looking import row

Step = Callable[[Cast], None]
EARLY, LATE = "2026-11-01T00:00Z", "2026-11-02T00:00Z"


def live(firm: Cast, line: str = "L1") -> tuple[int, int]:
    """What a line bills after credits, and what of it relieves time by amount, in pence."""
    found = row(firm, "invoice_line", line)
    return found["live_minor"] or 0, found["pool_minor"]


def open_time(firm: Cast, entry: str = "T1") -> tuple[bool, int | None, float]:
    """Whether an entry is open, for how much, and for how many hours."""
    found = row(firm, "time_entry", entry)
    return bool(found["is_open"]), found["open_minor"], found["open_hours"] / 1_000_000


@pytest.mark.parametrize(
    ("status", "minor"),
    [("draft", 0), ("pending_approval", 0), ("void", 0), ("posted", 10000), ("sent", 10000), ("paid", 10000)],
)
def test_a_line_counts_while_its_invoice_is_out(firm: Cast, status: str, minor: int) -> None:
    firm.line("L1", "100.00")
    assert live(firm) == (0, 0)

    firm.invoice("I1", status)

    assert live(firm) == (minor, minor)


def test_a_line_of_an_invoice_that_left_counts_no_more_and_again_when_it_returns(firm: Cast) -> None:
    firm.invoice("I1", at=EARLY)
    firm.line("L1", "100.00")
    firm.delete("invoice", "erp", "I1")
    assert live(firm) == (0, 0)

    firm.invoice("I1", at=EARLY)
    assert live(firm) == (10000, 10000)


def test_a_line_that_left_counts_no_more(firm: Cast) -> None:
    firm.invoice("I1")
    firm.line("L1", "100.00")
    firm.delete("invoice_line", "erp", "L1")

    assert live(firm) == (0, 0)


def test_a_line_moves_from_a_draft_to_a_posted_invoice(firm: Cast) -> None:
    firm.invoice("I1", "draft")
    firm.invoice("I2", "posted")
    firm.line("L1", "100.00", invoice="I1")
    assert live(firm) == (0, 0)

    firm.line("L1", "100.00", invoice="I2")
    assert live(firm) == (10000, 10000)


def test_lines_of_a_system_that_keeps_no_headers_stand_for_themselves(firm: Cast) -> None:
    streams = [
        StreamConfig(name, kind, kind, FIVE_MINUTES, FIVE_MINUTES)
        for name, (_, kinds, _) in SYSTEMS.items()
        for kind in kinds
        if kind != "invoice"
    ]
    configure(firm.connection, streams, [RoleConfig("erp", "erp", "*", "files")])
    firm.line("L1", "100.00", invoice="I1")
    firm.line("L2", "50.00", invoice=None)

    assert (live(firm, "L1"), live(firm, "L2")) == ((10000, 10000), (5000, 5000))


def test_only_lines_about_time_that_name_no_entry_relieve_by_amount(firm: Cast) -> None:
    firm.invoice("I1")
    firm.line("fee", "100.00", covers="fee")
    firm.line("expense", "100.00", covers="expense")
    firm.line("milestone", "100.00", milestone_id="M1")
    firm.line("named", "100.00", entries=["T1"])
    firm.line("plain", "100.00")

    assert {name: live(firm, name)[1] for name in ("fee", "expense", "milestone", "named", "plain")} == {
        "fee": 0, "expense": 0, "milestone": 0, "named": 0, "plain": 10000,
    }  # fmt: skip


# ---- credits ---------------------------------------------------------------------------------


def test_a_credit_takes_back_from_the_line_it_names(firm: Cast) -> None:
    firm.invoice("I1")
    firm.line("L1", "100.00")
    firm.line("L2", "50.00")
    firm.invoice("N1", kind="credit_note")
    firm.line("NL1", "30.00", invoice="N1", credits_line_id="L1")

    assert (live(firm, "L1"), live(firm, "L2"), live(firm, "NL1")) == ((7000, 7000), (5000, 5000), (0, 0))


def test_a_header_credit_is_shared_by_weight_to_the_last_penny(firm: Cast) -> None:
    firm.invoice("I1")
    for name in ("L1", "L2", "L3"):
        firm.line(name, "33.33")
    firm.invoice("N1", kind="credit_note", credits_id="I1", amount="10.00")

    found = [live(firm, name)[0] for name in ("L1", "L2", "L3")]
    assert sum(found) == 9999 - 1000
    assert max(found) - min(found) <= 1


def test_a_credit_takes_back_no_more_than_there_was(firm: Cast) -> None:
    firm.invoice("I1")
    firm.line("L1", "100.00")
    firm.invoice("N1", kind="credit_note", credits_id="I1", amount="500.00")

    assert live(firm) == (0, 0)


@pytest.mark.parametrize("status", ["draft", "void"])
def test_a_credit_that_is_not_out_takes_nothing(firm: Cast, status: str) -> None:
    firm.invoice("I1")
    firm.line("L1", "100.00")
    firm.invoice("N1", status, kind="credit_note", credits_id="I1", amount="40.00")

    assert live(firm) == (10000, 10000)


def test_a_credit_that_left_gives_back(firm: Cast) -> None:
    firm.invoice("I1")
    firm.line("L1", "100.00")
    firm.invoice("N1", kind="credit_note", credits_id="I1", amount="40.00")
    assert live(firm) == (6000, 6000)

    firm.delete("invoice", "erp", "N1")
    assert live(firm) == (10000, 10000)


# ---- time ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "draft"}, {"status": "submitted"}, {"status": "rejected"}, {"billable": "false"},
        {"held": "true"}, {"written_off": "true"}, {"deleted_at": "2026-11-01T00:00Z"},
    ],
    ids=lambda fields: next(iter(fields)) + "=" + next(iter(fields.values())),
)  # fmt: skip
def test_only_approved_billable_work_is_open(firm: Cast, fields: dict[str, str]) -> None:
    firm.time("T1")
    assert open_time(firm) == (True, 80000, 8)

    firm.time("T1", **fields)
    assert not open_time(firm)[0]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (["T1"], (False, 0, 0)),
        ([("T1", "3")], (True, 50000, 5)),
        ([("T1", "3"), ("T1", "2")], (True, 30000, 3)),
        ([("T1", "9")], (False, 0, 0)),
        ([("T9", "8")], (True, 80000, 8)),
    ],
)
def test_a_line_relieves_the_hours_it_names(
    firm: Cast, entries: list[object], expected: tuple[bool, int, float]
) -> None:
    firm.time("T1")
    firm.invoice("I1")
    firm.line("L1", "800.00", entries=entries)

    assert open_time(firm) == expected


def test_a_line_that_no_longer_names_an_entry_lets_it_go(firm: Cast) -> None:
    firm.time("T1")
    firm.time("T2")
    firm.invoice("I1")
    firm.line("L1", "800.00", entries=["T1"])

    firm.line("L1", "800.00", entries=["T2"])

    assert (open_time(firm, "T1"), open_time(firm, "T2")) == ((True, 80000, 8), (False, 0, 0))


def test_an_entry_may_name_its_own_line_and_take_it_back(firm: Cast) -> None:
    firm.invoice("I1")
    firm.line("L1", "800.00")
    firm.time("T1", invoice_line_id="L1")
    assert (open_time(firm)[0], live(firm)) == (False, (80000, 0))

    firm.time("T1", invoice_line_id=None)
    assert (open_time(firm), live(firm)) == ((True, 80000, 8), (80000, 80000))


def test_a_credited_line_gives_its_hours_back_in_proportion(firm: Cast) -> None:
    firm.time("T1")
    firm.invoice("I1")
    firm.line("L1", "800.00", entries=["T1"])
    firm.invoice("N1", kind="credit_note")
    firm.line("NL1", "200.00", invoice="N1", credits_line_id="L1")

    assert open_time(firm) == (True, 20000, 2)


def test_negative_hours_are_a_correction_and_count_against(firm: Cast) -> None:
    firm.time("T1", hours="-2.5")

    assert open_time(firm) == (True, -25000, -2.5)


@pytest.mark.parametrize("first", ["entry", "line"])
def test_an_entry_without_rate_takes_its_lines_and_follows_it(firm: Cast, first: str) -> None:
    firm.project("P1", contract_id="C1")
    steps: list[Step] = [
        lambda f: f.time("T1", rate=None, currency=None, contract_line_id="CL1"),
        lambda f: f.promise("CL1", rate="100"),
    ]
    for step in steps if first == "entry" else reversed(steps):
        step(firm)
    assert open_time(firm) == (True, 80000, 8)

    firm.promise("CL1", rate="120.50")
    assert open_time(firm) == (True, 96400, 8)


def test_hours_nobody_can_price_stay_open_without_a_value(firm: Cast) -> None:
    firm.time("T1", rate=None)

    assert open_time(firm) == (True, None, 8)


def test_a_rate_that_is_no_money_leaves_the_hours_unpriced_and_stops_nothing(firm: Cast) -> None:
    firm.project("P1", contract_id="C1")
    firm.promise("CL1", rate="9000000000000")
    firm.time("T1", rate=None, currency=None, contract_line_id="CL1", hours="9000000000")

    assert open_time(firm)[:2] == (True, None)


def test_many_partial_reliefs_leave_no_rounding_behind(firm: Cast) -> None:
    firm.time("T1", hours="1", rate="0.10")
    firm.invoice("I1")
    for part in range(3):
        firm.line(f"L{part}", "0.03", entries=[("T1", "0.333333")])

    opened, minor, hours = open_time(firm)
    assert (opened, minor, round(hours, 6)) == (True, 0, 0.000001)


# ---- any order -------------------------------------------------------------------------------

STORY: tuple[Step, ...] = (
    lambda f: f.time("T1", at=EARLY),
    lambda f: f.line("L1", "800.00", entries=["T1"], at=EARLY),
    lambda f: f.invoice("I1", at=EARLY),
    lambda f: f.line("NL1", "200.00", invoice="N1", credits_line_id="L1", at=EARLY),
    lambda f: f.invoice("N1", kind="credit_note", at=EARLY),
)


@pytest.mark.parametrize("order", list(permutations(range(5)))[::5])
def test_billing_comes_to_the_same_in_any_order(firm: Cast, order: tuple[int, ...]) -> None:
    for step in order:
        STORY[step](firm)

    assert open_time(firm) == (True, 20000, 2)
    assert live(firm) == (60000, 0)


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_versions_of_a_draft_that_is_posted_come_to_the_same_in_any_order(
    firm: Cast, order: tuple[int, ...]
) -> None:
    steps: tuple[Step, ...] = (
        lambda f: f.invoice("I1", "draft", at=EARLY),
        lambda f: f.invoice("I1", "posted", at=LATE),
        lambda f: f.line("L1", "700.00", entries=[("T1", "7")], at=EARLY),
        lambda f: f.line("L1", "800.00", entries=["T1"], at=LATE),
    )
    firm.time("T1")
    for step in order:
        steps[step](firm)

    assert (open_time(firm), live(firm)) == ((False, 0, 0), (80000, 0))
