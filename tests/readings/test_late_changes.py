"""C18: time approved after its period was closed. Amounts by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Cast, about
from tests.closing_firm import calendar, period

LATE = "late_change_to_closed_period"
NOW = "2026-11-20T18:00Z"
OCTOBER: dict[str, Any] = {"start": "2026-10-01", "end": "2026-10-31", "status": "closed"}


@pytest.fixture
def firm(lines: Cast) -> Cast:
    """Project P1 of UK01, whose October was closed on 6 November."""
    lines.rules = about(LATE)
    calendar(lines, P09="closed")
    close(lines)
    return lines


def close(firm: Cast, name: str = "2026-10", **fields: Any) -> None:
    period(firm, name, **{**OCTOBER, "closed_at": "2026-11-06T12:00Z", **fields})


def work(firm: Cast, identifier: str = "T1", **fields: Any) -> None:
    late = {"contract_line_id": "CL1", "legal_entity": "UK01", "approved_at": "2026-11-10T12:00Z"}
    firm.time(identifier, **{**late, **fields})


def listed(firm: Cast) -> list[tuple[str, str | None, str, str]]:
    found = [row[1:] for row in firm.judge(NOW)]
    assert firm.drift(NOW) == {}
    return found


def test_late_time_of_a_project_is_added_up(firm: Cast) -> None:
    work(firm)
    work(firm, "T2", hours="2")
    work(firm, "T3", hours="1", approved_at="2026-11-11T12:00Z")

    # 8 h + 2 h + 1 h at 100.00
    assert listed(firm) == [("P1", "CL1", "1100.00", "GBP")]
    assert firm.one()["reason"] == (
        "11 h in 3 entries were approved after their period (2026-10) had been closed."
    )


@pytest.mark.parametrize(("currency", "amount"), [("JPY", "800"), ("KWD", "800.000")])
def test_it_is_told_in_the_currency_of_the_time(firm: Cast, currency: str, amount: str) -> None:
    work(firm, currency=currency)

    assert listed(firm) == [("P1", "CL1", amount, currency)]


@pytest.mark.parametrize(
    "fields",
    [
        {"approved_at": "2026-11-06T12:00Z"}, {"approved_at": None}, {"work_date": "2026-11-02"}, {"billable": "false"},
        {"written_off": "true"}, {"status": "submitted"}, {"rate": "0"}, {"legal_entity": "DE01"},
        {"legal_entity": None},
    ],
)  # fmt: skip
def test_what_was_in_time_or_worth_nothing_is_not_listed(firm: Cast, fields: dict[str, Any]) -> None:
    work(firm, **fields)

    assert listed(firm) == []


@pytest.mark.parametrize(
    "fields",
    [{"status": "soft_closed"}, {"status": "open", "closed_at": None}, {"closed_at": None}],
)
def test_a_period_that_is_not_closed_or_does_not_say_when_is_no_evidence(
    firm: Cast, fields: dict[str, Any]
) -> None:
    close(firm, **fields)
    work(firm)

    assert listed(firm) == []


def test_another_ledger_that_closes_later_still_takes_nothing_in_here(firm: Cast) -> None:
    work(firm)
    close(firm, "2026-10T", ledger="TAX", closed_at="2026-11-12T12:00Z")

    assert listed(firm) == [("P1", "CL1", "800.00", "GBP")]


def test_the_next_close_takes_it_in(firm: Cast) -> None:
    work(firm)
    listed(firm)
    found = str(firm.one()["id"])

    november = {"start": "2026-11-01", "end": "2026-11-15", "closed_at": "2026-11-16T12:00Z"}
    close(firm, "2026-11", **november)

    assert listed(firm) == []
    assert firm.changes(found) == ["opened", "cleared"]


def test_a_period_that_is_opened_again_or_gone_clears_it(firm: Cast) -> None:
    work(firm)
    listed(firm)
    found = str(firm.one()["id"])

    firm.delete("period", "erp", "UK01-2026-10")

    assert listed(firm) == []
    assert firm.changes(found) == ["opened", "cleared"]


def test_deleted_time_is_cleared(firm: Cast) -> None:
    work(firm)
    listed(firm)
    found = str(firm.one()["id"])

    firm.delete("time_entry", "psa", "T1")

    assert listed(firm) == []
    assert firm.changes(found) == ["opened", "cleared"]
