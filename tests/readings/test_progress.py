"""C5: revenue over time against the progress that delivery estimates."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Cast, about

KEY = "revenue_differs_from_progress"
NOW = "2026-11-20T18:00Z"


@pytest.fixture
def firm(firm: Cast) -> Cast:
    """Project P1 sells 1000.00 GBP over time; 300.00 are posted after an estimate of 30 percent."""
    firm.rules = about(KEY)
    firm.contract()
    fee(firm)
    firm.project(contract_id="C1")
    firm.job()
    estimate(firm, "0.3")
    post(firm, "R1", "300")
    return firm


def fee(firm: Cast, identifier: str = "CL1", **fields: Any) -> None:
    firm.promise(identifier, **{"kind": "fixed_fee", "amount": "1000", "recognition": "over_time", **fields})


def estimate(firm: Cast, complete: str | None, identifier: str = "E1", **fields: Any) -> None:
    defaults = {"project_id": "P1", "estimated_on": "2026-10-28", "percent_complete": complete}
    firm.put("estimate", identifier, "psa", **{**defaults, **fields})


def post(firm: Cast, identifier: str, amount: str, **fields: Any) -> None:
    firm.revenue(identifier, amount, **{"contract_line_id": "CL1", "posted_on": "2026-10-31", **fields})


def listed(firm: Cast) -> list[tuple[str, str, str | None, str, str]]:
    found = firm.judge(NOW)
    assert firm.drift(NOW) == {}
    return found


def apart(amount: str) -> list[tuple[str, str, str | None, str, str]]:
    return [(KEY, "P1", None, amount, "GBP")]


@pytest.mark.parametrize(
    ("complete", "difference"),
    [
        ("0.3", None),
        ("0.28", None),
        ("0.32", None),
        ("0.2799", "20.10"),
        ("0.5", "200.00"),
        ("1.4", "700.00"),
    ],
)
def test_over_two_percent_of_the_price_either_way_is_a_difference(
    firm: Cast, complete: str, difference: str | None
) -> None:
    estimate(firm, complete)

    assert listed(firm) == ([] if difference is None else apart(difference))


def test_the_reason_tells_both_values(firm: Cast) -> None:
    estimate(firm, "0.5")
    listed(firm)

    told = "Revenue of 300.00 GBP is posted; the work is 50 % complete, which earns 500.00 GBP."
    assert firm.one()["reason"] == told


def test_a_catch_up_clears_it(firm: Cast) -> None:
    estimate(firm, "0.5")
    assert listed(firm) == apart("200.00")
    identifier = firm.one()["id"]

    post(firm, "R2", "200", posted_on="2026-11-15")
    assert listed(firm) == []
    assert firm.changes(identifier) == ["opened", "cleared"]


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_reversal_takes_back_and_its_deletion_gives_back(firm: Cast, sign: str) -> None:
    post(firm, "R2", f"{sign}100", reverses_id="R1")
    assert listed(firm) == apart("100.00")

    firm.delete("revenue_line", "rev", "R2")
    assert listed(firm) == []


def test_scheduled_revenue_is_not_posted(firm: Cast) -> None:
    post(firm, "R2", "700", state="scheduled", posted_on=None)

    assert listed(firm) == []


def test_an_estimate_later_than_the_last_posting_is_not_held_against_it(firm: Cast) -> None:
    estimate(firm, "0.5", "E2", estimated_on="2026-11-01")

    assert listed(firm) == []


@pytest.mark.parametrize(
    "line",
    [
        {"recognition": "as_invoiced"}, {"recognition": None}, {"kind": "retainer"}, {"amount": None},
        {"currency": "EUR"},
    ],
)  # fmt: skip
def test_a_line_that_does_not_earn_by_progress_makes_the_price_unknown(
    firm: Cast, line: dict[str, Any]
) -> None:
    estimate(firm, "0.5")
    fee(firm, "CL2", **line)

    assert listed(firm) == []


def test_several_projects_share_a_price_nobody_can_split(firm: Cast) -> None:
    estimate(firm, "0.5")
    firm.project("P2", contract_id="C1")

    assert listed(firm) == []


def test_what_is_not_told_or_over_or_in_another_currency_proves_nothing(firm: Cast) -> None:
    estimate(firm, None)
    assert listed(firm) == []

    estimate(firm, "0.5")
    firm.project(contract_id="C1", status="closed")
    assert listed(firm) == []

    firm.project(contract_id="C1")
    post(firm, "R2", "1", currency="EUR")
    assert listed(firm) == []
