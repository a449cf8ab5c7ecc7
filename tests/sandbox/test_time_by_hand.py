"""Unbilled time on firms small enough to work out on paper. An old entry is 8 hours at 100: 800.00."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from sandbox.books import Books
from tests.sandbox import tiny
from tests.sandbox.tiny import OLD_WEEK, TENTH_DAY_WEEK, at, money

_NEXT_DAY = OLD_WEEK + timedelta(days=1)


def _working(**terms: Any) -> Books:
    firm = tiny.books()
    tiny.running(firm)
    tiny.line(firm, **terms)
    return firm


def _open(firm: Books) -> list[str]:
    return [amount for _, _, amount in tiny.gaps(firm)]


def test_old_approved_time_on_no_invoice_is_listed_by_project_and_line() -> None:
    firm = _working()
    tiny.worked(firm)
    tiny.worked(firm, hours="1.5")
    assert tiny.gaps(firm) == [("P1", "K1-L1", "950.00")]


def test_ten_business_days_after_the_week_it_is_not_listed_yet_nor_counted_in() -> None:
    firm = _working()
    tiny.worked(firm, TENTH_DAY_WEEK)
    assert _open(firm) == []
    tiny.worked(firm, OLD_WEEK)
    assert _open(firm) == ["800.00"]


@pytest.mark.parametrize(
    ("calendar", "anchor", "expected"),
    [
        ("monthly", date(2026, 11, 6), []),  # the 6th is ten business days before the 20th
        ("monthly", date(2026, 12, 6), []),
        ("monthly", date(2026, 11, 5), ["800.00"]),
        ("monthly", date(2026, 2, 5), ["800.00"]),
        ("quarterly", date(2026, 12, 1), []),  # first billed on 1 December
        ("weekly", date(2026, 11, 25), ["800.00"]),  # a Wednesday, as the day of work
    ],
)
def test_a_billing_calendar_says_from_when_it_ages(calendar: str, anchor: date, expected: list[str]) -> None:
    firm = _working(billing_calendar=calendar, next_billing_on=anchor)
    tiny.worked(firm)
    assert _open(firm) == expected


@pytest.mark.parametrize(
    "flag",
    [
        {"held": True},
        {"written_off": True},
        {"billable": False},
        {"status": "rejected"},
        {"status": "submitted"},
        {"deleted_at": at(5)},
    ],
)
def test_time_set_aside_is_not_listed(flag: dict[str, Any]) -> None:
    firm = _working()
    tiny.worked(firm, **flag)
    assert _open(firm) == []


def test_the_entrys_own_rate_comes_before_the_lines_and_without_any_it_counts_nothing() -> None:
    firm = _working()
    tiny.worked(firm, hours="2", rate=money("150"))
    tiny.worked(firm, hours="1")
    assert _open(firm) == ["400.00"]
    firm.contract_lines[0].rate = None
    assert _open(firm) == ["300.00"]
    firm.time_entries[0].rate = None
    assert _open(firm) == []


def test_each_currency_is_a_gap_of_its_own_in_its_own_digits() -> None:
    firm = _working()
    tiny.worked(firm)
    tiny.worked(firm, hours="0.25", rate=money("33.333"), currency="KWD")
    tiny.worked(firm, hours="1.5", rate=money("10001"), currency="JPY")
    assert _open(firm) == ["800.00", "15002", "8.333"]


@pytest.mark.parametrize(
    ("mode", "expected"), [(None, "0.13"), ("half_up", "0.13"), ("half_even", "0.12"), ("down", "0.12")]
)
def test_a_value_is_rounded_as_its_source_says(mode: str | None, expected: str) -> None:
    firm = _working()
    tiny.worked(firm, hours="1", rate=money("0.125"), rounding=mode)
    assert _open(firm) == [expected]


def test_a_project_without_lines_bills_by_its_own_method_and_without_one_not_at_all() -> None:
    firm = tiny.books()
    project = tiny.running(firm)
    project.rate = money("50")
    tiny.worked(firm)
    assert tiny.gaps(firm) == []
    project.billing_method = "time_and_materials"
    assert tiny.gaps(firm) == [("P1", None, "400.00")]


def test_time_on_a_fixed_fee_is_never_billed_by_the_hour() -> None:
    firm = _working(kind="fixed_fee")
    tiny.worked(firm)
    assert _open(firm) == []


def test_corrections_net_and_what_nets_to_nothing_is_no_gap() -> None:
    firm = _working()
    tiny.worked(firm)
    tiny.worked(firm, hours="-3")
    assert _open(firm) == ["500.00"]
    tiny.worked(firm, hours="-5")
    assert _open(firm) == []


@pytest.mark.parametrize("status", ["draft", "pending_approval", "void"])
def test_an_invoice_that_is_not_issued_relieves_nothing(status: str) -> None:
    firm = _working()
    tiny.worked(firm)
    tiny.invoiced(firm, status)
    tiny.billed(firm, "800.00", ("T1", None))
    assert _open(firm) == ["800.00"]


def test_hours_named_relieve_that_part_of_the_entry() -> None:
    firm = _working()
    tiny.worked(firm)
    tiny.invoiced(firm)
    tiny.billed(firm, "300.00", ("T1", "3"))
    assert _open(firm) == ["500.00"]
    tiny.billed(firm, "500.00", ("T1", "5"))
    assert _open(firm) == []


def test_relief_is_rounded_half_up_once_for_an_entry() -> None:
    firm = _working()
    tiny.worked(firm, hours="1", rate=money("100.01"))
    tiny.invoiced(firm)
    tiny.billed(firm, "25.00", ("T1", "0.25"))
    tiny.billed(firm, "25.00", ("T1", "0.25"))
    assert _open(firm) == ["50.00"]  # half of 100.01 is 50.005, relieved as 50.01


def test_an_entry_may_name_the_line_it_was_billed_on() -> None:
    firm = _working()
    tiny.worked(firm, invoice_line_id="L1")
    tiny.invoiced(firm)
    row = tiny.billed(firm, "1.00")
    assert _open(firm) == []
    row.deleted_at = at(12)
    assert _open(firm) == ["800.00"]


def test_a_credited_line_gives_back_its_part() -> None:
    firm = _working()
    tiny.worked(firm)
    tiny.invoiced(firm)
    tiny.billed(firm, "800.00", ("T1", None))
    note = tiny.invoiced(firm, "draft", "credit_note", credits_id="I1")
    tiny.billed(firm, "240.00", credits_line_id="L1")
    assert _open(firm) == []
    note.status = "posted"
    assert _open(firm) == ["240.00"]


@pytest.mark.parametrize("with_line", [True, False])
def test_a_credit_of_the_whole_invoice_gives_back_pro_rata(with_line: bool) -> None:
    firm = _working()
    tiny.worked(firm)
    tiny.invoiced(firm)
    tiny.billed(firm, "800.00", ("T1", None))
    tiny.billed(firm, "200.00", covers="expense")
    tiny.invoiced(firm, "posted", "credit_note", credits_id="I1", amount=money("250.00"))
    if with_line:
        tiny.billed(firm, "250.00", project_id=None)
    assert _open(firm) == ["200.00"]  # a quarter of 800


def test_lines_without_references_pay_for_the_oldest_first() -> None:
    firm = _working()
    tiny.worked(firm, TENTH_DAY_WEEK)
    tiny.worked(firm, OLD_WEEK)
    tiny.invoiced(firm)
    tiny.billed(firm, "900.00", contract_line_id="K1-L1")
    assert _open(firm) == []
    firm.invoice_lines[0].amount = money("700.00")
    assert _open(firm) == ["100.00"]


def test_an_expense_line_pays_for_no_time() -> None:
    firm = _working()
    tiny.worked(firm)
    tiny.invoiced(firm)
    tiny.billed(firm, "800.00", covers="expense")
    assert _open(firm) == ["800.00"]


def test_lines_of_the_contract_line_pay_before_those_of_the_project() -> None:
    firm = _working()
    tiny.worked(firm, OLD_WEEK)
    tiny.line(firm)
    tiny.worked(firm, _NEXT_DAY)
    tiny.invoiced(firm)
    tiny.billed(firm, "600.00")
    tiny.billed(firm, "300.00", contract_line_id="K1-L2")
    # L2 pays 300 of its own; the project's 600 then meet the older entry of L1
    assert tiny.gaps(firm) == [("P1", "K1-L1", "200.00"), ("P1", "K1-L2", "500.00")]


def test_a_line_may_name_the_project_as_the_ledger_knows_it() -> None:
    firm = _working()
    tiny.worked(firm)
    tiny.invoiced(firm)
    tiny.billed(firm, "650.00", project_system="erp", project_id=firm.erp_projects[0].id)
    assert _open(firm) == ["150.00"]
