"""C12, C39: what may be billed at most, and what was bought ahead. Amounts by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Cast, about

CAP, RETAINER = "cap_nearly_used", "retainer_overdrawn"
NOW = "2026-11-20T18:00Z"


@pytest.fixture
def firm(lines: Cast) -> Cast:
    """Project P1 with two time-and-materials lines; eight hours at 100.00 GBP are open on CL1."""
    lines.rules = about(CAP, RETAINER)
    lines.time(contract_line_id="CL1")
    return lines


def listed(firm: Cast) -> list[tuple[str, str, str | None, str, str]]:
    found = firm.judge(NOW)
    assert firm.drift(NOW) == {}
    return found


# ---- caps ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cap", "amount"),
    [
        ("941.18", None),  # 85 % are 800.003
        ("941.17", "0.01"),  # 85 % are 799.9945, rounded to 799.99
        ("900", "35.00"),
        ("800", "120.00"),
        ("500", "375.00"),
    ],
)
def test_what_lies_beyond_85_percent_is_listed(firm: Cast, cap: str, amount: str | None) -> None:
    firm.promise("CL1", cap=cap)

    assert listed(firm) == ([] if amount is None else [(CAP, "CL1", None, amount, "GBP")])


def test_exactly_85_percent_is_near_already(firm: Cast) -> None:
    firm.time(contract_line_id="CL1", hours="8.5")
    firm.promise("CL1", cap="1000")

    assert listed(firm) == [(CAP, "CL1", None, "0.00", "GBP")]
    assert "used to 85 %: 85 % of it waits to be billed" in firm.one()["reason"]


def test_billed_and_open_work_add_up(firm: Cast) -> None:
    firm.promise("CL1", cap="1000")
    firm.invoice()
    firm.line("L1", "250", contract_line_id="CL1", covers="expense")

    # 250 + 800 - 850
    assert listed(firm) == [(CAP, "CL1", None, "200.00", "GBP")]
    assert "used to 105 % and is overrun" in firm.one()["reason"]


@pytest.mark.parametrize("named", [["T1"], []])
def test_billing_the_work_does_not_count_it_twice(firm: Cast, named: list[str]) -> None:
    firm.promise("CL1", cap="900")
    firm.invoice()
    firm.line("L1", "800", contract_line_id="CL1", entries=named)

    assert listed(firm) == [(CAP, "CL1", None, "35.00", "GBP")]


def test_a_credit_gives_room_again_once_the_time_is_written_off(firm: Cast) -> None:
    firm.promise("CL1", cap="900")
    firm.invoice()
    firm.line("L1", "800", contract_line_id="CL1", entries=["T1"])
    listed(firm)
    identifier = firm.one()["id"]
    firm.invoice("N1", kind="credit_note")
    firm.line("X1", "800", invoice="N1", credits_line_id="L1", contract_line_id="CL1")
    firm.time(contract_line_id="CL1", written_off=True)

    assert listed(firm) == []
    assert firm.changes(identifier) == ["opened", "cleared"]


@pytest.mark.parametrize(
    "state",
    [{"cap": None}, {"cap": "0"}, {"cap": "800", "kind": "fixed_fee"}, {"cap": "800", "currency": "EUR"}],
)
def test_lines_without_a_cap_on_hours_in_their_currency_have_none_to_reach(
    firm: Cast, state: dict[str, Any]
) -> None:
    firm.promise("CL1", **state)

    assert listed(firm) == []


@pytest.mark.parametrize("state", [{"held": True}, {"billable": False}, {"status": "submitted"}])
def test_time_that_is_not_to_be_billed_now_uses_nothing(firm: Cast, state: dict[str, Any]) -> None:
    firm.promise("CL1", cap="800")
    firm.time(contract_line_id="CL1", **state)

    assert listed(firm) == []


def test_a_deleted_line_and_a_draft_invoice_count_nothing(firm: Cast) -> None:
    firm.promise("CL1", cap="1000")
    firm.invoice(status="draft")
    firm.line("L1", "500", contract_line_id="CL1")
    assert listed(firm) == []

    firm.promise("CL1", cap="800")
    assert len(listed(firm)) == 1
    firm.delete("contract_line", "clm", "CL1")
    assert listed(firm) == []


# ---- retainers -------------------------------------------------------------------------------


def retainer(firm: Cast, **fields: Any) -> None:
    firm.promise("CL1", kind="retainer", **fields)


def test_work_beyond_what_was_paid_for_is_the_excess(firm: Cast) -> None:
    firm.time("T2", contract_line_id="CL1", work_date="2026-10-12", hours="2")
    retainer(firm, amount="900")

    # 1000 drawn; it ran out on 12 October
    assert listed(firm) == [(RETAINER, "CL1", None, "100.00", "GBP")]
    assert firm.one()["since"].date().isoformat() == "2026-10-12"


def test_hours_beyond_those_sold_count_at_the_lines_rate(firm: Cast) -> None:
    retainer(firm, hours="6.5", rate="90.01", amount="5000")

    # 1.5 x 90.01 = 135.015
    assert listed(firm) == [(RETAINER, "CL1", None, "135.02", "GBP")]
    assert "1.5 h more than were sold" in firm.one()["reason"]


def test_without_a_rate_the_hours_are_told_and_count_nothing(firm: Cast) -> None:
    retainer(firm, hours="6.5")

    assert listed(firm) == [(RETAINER, "CL1", None, "0.00", "GBP")]


@pytest.mark.parametrize("state", [{"amount": "800"}, {"hours": "8"}, {}])
def test_what_is_just_used_up_or_says_nothing_is_not_overdrawn(firm: Cast, state: dict[str, str]) -> None:
    retainer(firm, **state)

    assert listed(firm) == []


@pytest.mark.parametrize(
    "state", [{"status": "submitted"}, {"billable": False}, {"held": True}, {"written_off": True}]
)
def test_work_that_does_not_count_draws_nothing(firm: Cast, state: dict[str, Any]) -> None:
    retainer(firm, amount="700")
    assert len(listed(firm)) == 1
    identifier = firm.one()["id"]
    firm.time(contract_line_id="CL1", **state)

    assert listed(firm) == []
    assert firm.changes(identifier) == ["opened", "cleared"]


def test_time_in_another_currency_draws_hours_only(firm: Cast) -> None:
    firm.time(contract_line_id="CL1", currency="EUR")
    retainer(firm, amount="700")

    assert listed(firm) == []
