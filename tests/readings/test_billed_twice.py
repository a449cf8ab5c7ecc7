"""C8: what a second live invoice line bills again. One case each, amounts by hand."""

from __future__ import annotations

import pytest

from tests.cast import Cast, about

KEY = "billed_twice"
NOW = "2026-11-20T18:00Z"


@pytest.fixture
def billed(firm: Cast) -> Cast:
    """Entry T1 of 800.00 GBP, and all of it on line L1 of an invoice of 2 November."""
    firm.rules = about(KEY)
    firm.project(billing_method="time_and_materials")
    firm.time()
    firm.invoice(issued_on="2026-11-02", posted_at="2026-11-02T12:00Z")
    firm.line("L1", "800", entries=["T1"])
    firm.invoice("I2", issued_on="2026-11-10", posted_at="2026-11-10T12:00Z")
    return firm


def listed(firm: Cast) -> list[tuple[str, str]]:
    return [(subject, amount) for _, subject, _, amount, _ in firm.judge(NOW)]


def test_the_later_line_is_the_one_too_many(billed: Cast) -> None:
    billed.line("A1", "800", invoice="I2", entries=["T1"])

    assert listed(billed) == [("A1", "800.00")]
    assert (
        billed.one()["reason"] == "It bills 8 h, such as time entry T1, a second time, after invoice line L1."
    )


def test_it_is_listed_at_once_and_cleared_by_a_credit(billed: Cast) -> None:
    billed.invoice("I2", issued_on="2026-11-20", posted_at="2026-11-20T17:00Z")
    billed.line("L2", "800", invoice="I2", entries=["T1"])
    assert listed(billed) == [("L2", "800.00")]
    identifier = billed.one()["id"]

    billed.invoice("N1", kind="credit_note")
    billed.line("C1", "800", invoice="N1", credits_line_id="L2")
    assert listed(billed) == []
    assert billed.changes(identifier) == ["opened", "cleared"]
    assert billed.drift(NOW) == {}


def test_only_hours_beyond_the_whole_are_too_many(billed: Cast) -> None:
    billed.line("L2", "300", invoice="I2", entries=[("T1", "3")])

    assert listed(billed) == [("L2", "300.00")]


def test_parts_that_add_up_are_fine(billed: Cast) -> None:
    billed.line("L1", "500", entries=[("T1", "5")])
    billed.line("L2", "300", invoice="I2", entries=[("T1", "3")])

    assert listed(billed) == []


def test_a_line_cannot_bill_too_much_beyond_its_own_amount(billed: Cast) -> None:
    billed.line("L2", "120", invoice="I2", entries=["T1"])

    assert listed(billed) == [("L2", "120.00")]


def test_several_entries_of_a_line_are_one_finding(billed: Cast) -> None:
    billed.time("T2", hours="2")
    billed.line("L1", "1000", entries=["T1", "T2"])
    billed.line("L2", "1000", invoice="I2", entries=["T1", "T2"])

    assert listed(billed) == [("L2", "1000.00")]


def test_an_entry_and_a_line_that_name_each_other_are_one_billing(billed: Cast) -> None:
    billed.time(invoice_line_id="L1")

    assert listed(billed) == []


@pytest.mark.parametrize("status", ["draft", "pending_approval", "void"])
def test_what_is_not_live_bills_nothing(billed: Cast, status: str) -> None:
    billed.invoice("I2", status)
    billed.line("L2", "800", invoice="I2", entries=["T1"])

    assert listed(billed) == []


def test_a_line_credited_in_part_is_not_judged(billed: Cast) -> None:
    billed.line("L2", "800", invoice="I2", entries=["T1"])
    billed.invoice("N1", kind="credit_note")
    billed.line("C1", "100", invoice="N1", credits_line_id="L2")

    assert listed(billed) == []


@pytest.mark.parametrize("gone", [("time_entry", "psa", "T1"), ("invoice_line", "erp", "L2")])
def test_what_is_deleted_is_not_billed_twice(billed: Cast, gone: tuple[str, str, str]) -> None:
    billed.line("L2", "800", invoice="I2", entries=["T1"])
    billed.delete(*gone)

    assert listed(billed) == []
    assert billed.drift(NOW) == {}


def test_hours_are_worth_what_the_entry_says_in_its_own_currency(billed: Cast) -> None:
    billed.time(currency="EUR")
    billed.line("L2", "700", invoice="I2", entries=["T1"])

    assert [row[1:] for row in billed.judge(NOW)] == [("L2", None, "800.00", "EUR")]


# ---- milestones and events -------------------------------------------------------------------


@pytest.fixture
def delivered(firm: Cast) -> Cast:
    """Milestone M1 of 1000.00 GBP with its event B1, on line L1."""
    firm.rules = about(KEY)
    firm.promise(kind="milestone")
    firm.project(contract_id="C1")
    firm.milestone()
    event(firm, "B1", "M1", "1000")
    firm.invoice(issued_on="2026-11-02", posted_at="2026-11-02T12:00Z")
    firm.line("L1", "1000", billing_event_id="B1", covers="milestone")
    firm.invoice("I2", issued_on="2026-11-10", posted_at="2026-11-10T12:00Z")
    return firm


def event(firm: Cast, identifier: str, milestone: str | None, amount: str) -> None:
    told = {"status": "released", "currency": "GBP", "amount": amount}
    firm.put("billing_event", identifier, "psa", project_id="P1", milestone_id=milestone, **told)


def test_an_event_processed_twice(delivered: Cast) -> None:
    delivered.line("L2", "1000", invoice="I2", billing_event_id="B1", covers="milestone")

    assert listed(delivered) == [("L2", "1000.00")]
    assert "milestone M1 a second time, after invoice line L1" in delivered.one()["reason"]


def test_two_events_of_one_milestone(delivered: Cast) -> None:
    event(delivered, "B2", "M1", "1000")
    delivered.line("L2", "1000", invoice="I2", billing_event_id="B2", covers="milestone")

    assert listed(delivered) == [("L2", "1000.00")]


def test_an_event_of_no_milestone(delivered: Cast) -> None:
    event(delivered, "B2", None, "500")
    delivered.line("F1", "500", billing_event_id="B2", covers="fee")
    delivered.line("F2", "200", invoice="I2", billing_event_id="B2", covers="fee")

    assert listed(delivered) == [("F2", "200.00")]


def test_one_line_that_is_too_high_is_not_billed_twice(delivered: Cast) -> None:
    delivered.line("L1", "1700", billing_event_id="B1", covers="milestone")

    assert listed(delivered) == []


def test_a_milestone_of_another_currency_or_of_no_amount_says_nothing(delivered: Cast) -> None:
    delivered.line("L2", "1000", invoice="I2", milestone_id="M1", covers="milestone")
    delivered.milestone(currency="EUR")
    assert listed(delivered) == []

    delivered.milestone(amount=None)
    assert listed(delivered) == []
