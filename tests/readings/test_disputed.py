"""Revenue that somebody does not accept. One case each, amounts by hand."""

from __future__ import annotations

import pytest

from tests.cast import Cast, about

KEY = "accrual_disputed"
NOW = "2026-11-20T18:00Z"


@pytest.fixture
def disputed(firm: Cast) -> Cast:
    """Revenue R1 of 500.00 GBP on project P1, posted and disputed."""
    firm.rules = about(KEY)
    firm.project()
    firm.revenue("R1", "500", project_id="P1", disputed=True, period="2026-10")
    return firm


def found(firm: Cast, now: str = NOW) -> list[tuple[str, str, str]]:
    return [(subject, amount, currency) for _, subject, _, amount, currency in firm.judge(now)]


def test_a_posting_that_is_disputed(disputed: Cast) -> None:
    assert found(disputed) == [("R1", "500.00", "GBP")]
    assert disputed.one()["reason"] == "The revenue posted of 2026-10 is disputed."


def test_a_schedule_in_another_currency(disputed: Cast) -> None:
    disputed.revenue("R1", "7000", "scheduled", project_id="P1", disputed=True, currency="JPY")

    assert found(disputed) == [("R1", "7000", "JPY")]


@pytest.mark.parametrize("state", ["posted", "reversed"])
def test_one_that_was_taken_back_is_settled(disputed: Cast, state: str) -> None:
    disputed.revenue("R2", "-500", state, project_id="P1", reverses_id="R1", disputed=True)

    assert found(disputed) == []


def test_a_reversed_or_deleted_one_is_settled(disputed: Cast) -> None:
    disputed.revenue("R1", "500", "reversed", project_id="P1", disputed=True)
    disputed.revenue("R3", "90", project_id="P1", disputed=True)
    disputed.delete("revenue_line", "rev", "R3")

    assert found(disputed) == []


def test_it_clears_when_the_dispute_is_over(disputed: Cast) -> None:
    found(disputed)
    identifier = disputed.one()["id"]
    disputed.revenue("R1", "500", project_id="P1", disputed=False)

    assert found(disputed, "2026-11-20T18:10Z") == []
    assert disputed.changes(identifier) == ["opened", "cleared"]
    assert disputed.drift("2026-11-20T18:10Z") == {}
