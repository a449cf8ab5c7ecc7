"""C3, C4: billing events against the ERP's documents. One case each, amounts by hand."""

from __future__ import annotations

import pytest

from tests.cast import Cast, about

LOST, DIFFERS = "billing_handoff_lost", "billing_event_differs"
NOW = "2026-11-20T18:00Z"


@pytest.fixture
def released(firm: Cast) -> Cast:
    """Event B1 of 1000.00 GBP for milestone M1, released on Monday 16 November 2026: four business days ago."""
    firm.rules = about(LOST, DIFFERS)
    firm.promise(kind="milestone")
    firm.project(contract_id="C1")
    firm.milestone()
    event(firm)
    return firm


def event(firm: Cast, identifier: str = "B1", **fields: str | None) -> None:
    usual = {
        "project_id": "P1", "contract_line_id": "CL1", "milestone_id": "M1", "status": "released",
        "released_at": "2026-11-16T12:00Z", "currency": "GBP", "amount": "1000",
    }  # fmt: skip
    firm.put("billing_event", identifier, "psa", **{**usual, **fields})


def billed(firm: Cast, amount: str = "1000", identifier: str = "L1", **fields: str | None) -> None:
    names: dict[str, str | None] = {"billing_event_id": "B1", "covers": "milestone", **fields}
    firm.line(identifier, amount, **names)


def listed(firm: Cast, key: str) -> list[tuple[str, str]]:
    return [(subject, amount) for check, subject, _, amount, _ in firm.judge(NOW) if check == key]


def test_a_released_event_without_a_document_is_lost(released: Cast) -> None:
    assert listed(released, LOST) == [("B1", "1000.00")]
    assert "no document" in released.one()["reason"]


@pytest.mark.parametrize(("day", "is_listed"), [("18", True), ("19", False)])
def test_the_erp_has_one_business_day(released: Cast, day: str, is_listed: bool) -> None:
    event(released, released_at=f"2026-11-{day}T12:00Z")

    assert bool(listed(released, LOST)) is is_listed


def test_a_draft_proves_the_hand_off(released: Cast) -> None:
    released.invoice(status="draft")
    billed(released)

    assert listed(released, LOST) == []


def test_a_void_or_deleted_document_is_none(released: Cast) -> None:
    released.invoice(status="void")
    billed(released)
    released.invoice("I2")
    billed(released, identifier="L2", invoice="I2")
    released.delete("invoice_line", "erp", "L2")

    assert listed(released, LOST) == [("B1", "1000.00")]


def test_a_line_of_its_milestone_or_of_its_very_amount_may_be_the_document(released: Cast) -> None:
    event(released, "B2", milestone_id=None, amount="250")
    released.invoice()
    billed(released, billing_event_id=None, milestone_id="M1")
    billed(released, "250", "L2", billing_event_id=None, contract_line_id="CL1")

    assert listed(released, LOST) == []


def test_what_the_psa_calls_invoiced_is_not_believed(released: Cast) -> None:
    event(released, status="invoiced")

    assert listed(released, LOST) == [("B1", "1000.00")]
    assert "though the PSA calls it invoiced" in released.one()["reason"]


def test_an_error_counts_until_a_live_line_bills_it(released: Cast) -> None:
    event(released, status="error", error="The client is blocked.")
    released.invoice(status="draft")
    billed(released)
    assert listed(released, LOST) == [("B1", "1000.00")]
    assert released.one()["reason"].endswith("failed 4 business days ago: The client is blocked.")
    identifier = released.one()["id"]

    released.invoice(status="posted")
    assert listed(released, LOST) == []
    assert released.changes(identifier) == ["opened", "cleared"]
    assert released.drift(NOW) == {}


@pytest.mark.parametrize("state", [{"status": "draft"}, {"status": "cancelled"}, {"amount": "0"}])
def test_drafts_cancelled_and_empty_events_owe_nothing(released: Cast, state: dict[str, str]) -> None:
    event(released, **state)

    assert listed(released, LOST) == []


def test_a_deleted_event_owes_nothing(released: Cast) -> None:
    released.delete("billing_event", "psa", "B1")

    assert listed(released, LOST) == []


def test_a_billing_calendar_says_when_it_is_due(released: Cast) -> None:
    released.promise(kind="milestone", billing_calendar="monthly", next_billing_on="2026-11-30")

    assert listed(released, LOST) == []
    assert [row[0] for row in released.judge("2026-12-03T18:00Z")] == [LOST]


# ---- the amounts -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "found"),
    [("940", [("B1", "60.00")]), ("1060", [("B1", "60.00")]), ("1001", []), ("999", []), ("998.99", [("B1", "1.01")])],
)  # fmt: skip
def test_a_difference_of_more_than_one_unit_is_listed(
    released: Cast, amount: str, found: list[tuple[str, str]]
) -> None:
    released.invoice()
    billed(released, amount)

    assert listed(released, DIFFERS) == found


def test_lines_that_add_up_agree(released: Cast) -> None:
    released.invoice()
    billed(released, "600")
    billed(released, "400", "L2")

    assert listed(released, DIFFERS) == []


def test_a_draft_says_no_amount_and_a_posted_one_clears_it(released: Cast) -> None:
    released.invoice()
    billed(released, "600")
    released.invoice("I2", "draft")
    billed(released, "400", "L2", invoice="I2")
    assert listed(released, DIFFERS) == [("B1", "400.00")]
    identifier = released.one()["id"]

    released.invoice("I2", "posted")
    assert listed(released, DIFFERS) == []
    assert released.changes(identifier) == ["opened", "cleared"]
    assert released.drift(NOW) == {}


def test_a_credit_makes_a_difference(released: Cast) -> None:
    released.invoice()
    billed(released)
    released.invoice("N1", kind="credit_note")
    released.line("C1", "250", invoice="N1", credits_line_id="L1", covers="milestone")

    assert listed(released, DIFFERS) == [("B1", "250.00")]


def test_another_currency_is_not_compared(released: Cast) -> None:
    released.invoice(currency="EUR")
    billed(released, "1150", currency="EUR")

    assert listed(released, DIFFERS) == []


def test_too_much_on_two_lines_is_left_to_billed_twice(released: Cast) -> None:
    released.invoice()
    billed(released)
    billed(released, identifier="L2")

    assert listed(released, DIFFERS) == []


def test_one_unit_of_yen_is_one_yen(released: Cast) -> None:
    event(released, currency="JPY", amount="1000")
    released.invoice(currency="JPY")
    billed(released, "998", currency="JPY")

    assert listed(released, DIFFERS) == [("B1", "2")]
