"""C34: approved expenses that no live invoice line bills. One case each, amounts by hand."""

from __future__ import annotations

import pytest

from tests.cast import Cast, about

KEY = "expense_not_billed"
NOW = "2026-11-20T18:00Z"


@pytest.fixture
def spent(firm: Cast) -> Cast:
    """Expense E1 of 120.00 GBP, approved on Monday 19 October 2026."""
    firm.rules = about(KEY)
    firm.project()
    expense(firm)
    return firm


def expense(firm: Cast, identifier: str = "E1", **fields: str | None) -> None:
    usual = {
        "project_id": "P1", "incurred_on": "2026-10-12", "status": "approved", "currency": "GBP",
        "approved_at": "2026-10-19T12:00Z", "amount": "120",
    }  # fmt: skip
    firm.put("expense", identifier, "psa", **{**usual, **fields})


def listed(firm: Cast) -> list[tuple[str, str]]:
    return [(subject, amount) for _, subject, _, amount, _ in firm.judge(NOW)]


def test_nobody_billed_it(spent: Cast) -> None:
    assert listed(spent) == [("E1", "120.00")]
    assert spent.one()["actual"] == "on no invoice line"


@pytest.mark.parametrize(
    ("approved", "is_listed"), [("2026-10-29", True), ("2026-10-30", False), (None, True)]
)
def test_it_is_listed_after_fifteen_business_days(spent: Cast, approved: str | None, is_listed: bool) -> None:
    expense(spent, approved_at=approved and f"{approved}T12:00Z")

    assert bool(listed(spent)) is is_listed


def test_its_line_clears_it_and_a_credit_opens_it_in_part(spent: Cast) -> None:
    assert listed(spent) == [("E1", "120.00")]
    identifier = spent.one()["id"]
    expense(spent, invoice_line_id="L1")
    spent.invoice()
    spent.line("L1", "130", covers="expense")
    assert listed(spent) == []
    assert spent.changes(identifier) == ["opened", "cleared"]

    spent.invoice("N1", kind="credit_note")
    spent.line("C1", "60", invoice="N1", credits_line_id="L1", covers="expense")
    assert listed(spent) == [("E1", "50.00")]
    assert spent.one()["actual"] == "billed in part"
    assert spent.drift(NOW) == {}


def test_a_draft_bills_nothing(spent: Cast) -> None:
    expense(spent, invoice_line_id="L1")
    spent.invoice(status="draft")
    spent.line("L1", "120", covers="expense")

    assert listed(spent) == [("E1", "120.00")]
    assert spent.one()["actual"] == "the line it names bills nothing"


def test_a_deleted_line_bills_nothing(spent: Cast) -> None:
    expense(spent, invoice_line_id="L1")
    spent.invoice()
    spent.line("L1", "120", covers="expense")
    spent.delete("invoice_line", "erp", "L1")

    assert listed(spent) == [("E1", "120.00")]


def test_several_on_one_line_are_relieved_the_oldest_first(spent: Cast) -> None:
    expense(spent, invoice_line_id="L1")
    expense(spent, "E2", invoice_line_id="L1", incurred_on="2026-10-13", amount="80")
    spent.invoice()
    spent.line("L1", "150", covers="expense")

    assert listed(spent) == [("E2", "50.00")]


def test_lines_nobody_names_relieve_the_oldest_of_the_work(spent: Cast) -> None:
    expense(spent, "E2", incurred_on="2026-10-13", amount="80")
    spent.invoice()
    spent.line("L1", "150", covers="expense")
    spent.line("L2", "400", covers="time")

    assert listed(spent) == [("E2", "50.00")]


def test_another_currency_relieves_nothing(spent: Cast) -> None:
    spent.invoice(currency="EUR")
    spent.line("L1", "150", covers="expense", currency="EUR")

    assert listed(spent) == [("E1", "120.00")]


@pytest.mark.parametrize(
    "state",
    [
        {"held": "true"},
        {"written_off": "true"},
        {"billable": "false"},
        {"status": "submitted"},
        {"amount": "-20"},
    ],
)
def test_what_is_set_aside_or_not_approved_is_not_owed(spent: Cast, state: dict[str, str]) -> None:
    expense(spent, **state)

    assert listed(spent) == []


def test_a_deleted_expense_or_one_of_internal_work_is_not_owed(spent: Cast) -> None:
    spent.project("P2", internal="true")
    expense(spent, "E2", project_id="P2")
    spent.delete("expense", "psa", "E1")

    assert listed(spent) == []
