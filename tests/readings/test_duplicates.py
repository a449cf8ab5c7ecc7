"""Two live records of one system that name the same project of another: all but the first are duplicates."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.cast import Cast, utc

KEY = "duplicate_project"
NOW = "2026-11-20T18:00Z"


@pytest.fixture
def twice(firm: Cast) -> Cast:
    """Project P1 of the PSA, which the ERP keeps as J1 and as J2."""
    firm.project()
    firm.job("J1")
    firm.job("J2")
    return firm


def found(firm: Cast, now: str = NOW) -> list[tuple[str, str, str]]:
    firm.judge(now)
    return [(r[1], r[3], r[4]) for r in firm.exceptions() if r[0] == KEY]


def test_the_second_record_is_the_duplicate_and_names_the_first(twice: Cast) -> None:
    assert found(twice) == [("J2", "0", "XXX")]
    (row,) = twice.rows()
    assert "erp has J1 and J2 for one and the same project P1 of psa" in row["reason"]
    assert row["owner"] == "data steward"


def test_which_is_the_first_does_not_turn_when_it_is_updated(twice: Cast) -> None:
    twice.job("J1", at="2026-11-19T00:00Z")
    assert [name for name, *_ in found(twice)] == ["J2"]

    twice.job("J10")
    assert [name for name, *_ in found(twice, "2026-11-20T18:10Z")] == ["J10", "J2"]


def test_its_amount_is_what_is_invoiced_on_it(twice: Cast) -> None:
    twice.invoice()
    twice.line("L1", "300", project_system="erp", project_id="J1")
    twice.line("L2", "120.50", project_system="erp", project_id="J2")
    twice.line(
        "L3", "9", project_system="erp", project_id="J2", currency="EUR", deleted_at="2026-11-19T00:00Z"
    )

    assert found(twice) == [("J2", "120.50", "GBP")]


def test_without_an_invoice_it_is_nought_of_its_own_currency(twice: Cast) -> None:
    twice.job("J2", currency="USD")

    assert found(twice) == [("J2", "0.00", "USD")]


@pytest.mark.parametrize("change", [{"status": "cancelled"}, {"project": "P2"}, {"project": None}])
def test_it_clears_when_one_of_them_goes(twice: Cast, change: dict[str, str | None]) -> None:
    assert found(twice) != []
    identifier = twice.one()["id"]
    twice.job("J1", **change)

    assert found(twice, "2026-11-20T18:10Z") == []
    assert twice.changes(identifier) == ["opened", "cleared"]
    assert twice.drift("2026-11-20T18:10Z") == {}


def test_a_deleted_record_duplicates_nothing(twice: Cast) -> None:
    twice.delete("project", "erp", "J2")

    assert found(twice) == []


def test_two_systems_views_of_one_project_are_no_duplicates(firm: Cast) -> None:
    firm.project()
    firm.job("J1")
    firm.project("P2", project_system="erp", project_id="J9")

    assert found(firm) == []


def test_a_number_that_happens_to_be_the_same_duplicates_nothing(firm: Cast) -> None:
    firm.project(customer_id="A")
    firm.job("J1", customer_system="psa", customer_id="A", link_method="same_number")
    firm.job("J2", customer_system="psa", customer_id="B", link_method="same_number")

    assert found(firm) == []


def test_it_is_unknown_while_the_erp_is_stale(twice: Cast) -> None:
    found(twice)
    twice.through = {"erp": utc(NOW)}
    twice.judge("2026-11-20T20:00Z")

    assert [name for _, name, *_ in twice.grey()] == ["J2"]
    assert twice.state(KEY)["outcome"] == "unknown"


def test_it_is_urgent_after_a_business_day(twice: Cast) -> None:
    twice.job("J2", at="2026-11-20T09:00Z")
    found(twice)
    since = twice.one()["since"]

    assert since < utc(NOW) - timedelta(days=30), "the record was active when it was first seen"
    assert twice.one()["act_at"] < utc(NOW)
