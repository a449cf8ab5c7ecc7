"""Section 12, K2: time that nothing says how to bill is counted and shown, and is no exception."""

from __future__ import annotations

from decimal import Decimal

import pytest

from queries.exceptions import Total
from queries.untraceable import Untraceable, by_entity, untraceable
from tests.cast import K2, Cast, keys

NOW = "2026-12-01T12:00Z"


def found(firm: Cast, entity: str | None = None) -> tuple[int, str, str]:
    """Entries, their hours, and their worth in words."""
    told = untraceable(firm.connection, entity)
    worth = " ".join(f"{total.count} x {total.amount} {total.currency}" for total in told.totals)
    return told.entries, f"{told.hours.normalize():f}", worth


NOTHING = (0, "0", "")
#: eight hours at 100.00 GBP
ONE = (1, "8", "1 x 800.00 GBP")


def test_time_on_a_project_without_a_billing_method_is_untraceable(firm: Cast) -> None:
    firm.project()
    firm.time()

    assert firm.judge(NOW) == []
    assert found(firm) == ONE


def test_time_of_a_contract_line_nobody_read_is_untraceable(project: Cast) -> None:
    project.time(contract_line_id="CL9")
    assert found(project) == ONE
    project.promise("CL9")

    assert found(project) == NOTHING
    assert keys(project.judge(NOW)) == [(K2, "P1")]


def test_time_of_a_project_nobody_read_is_untraceable(firm: Cast) -> None:
    firm.time(project_id="P9")

    assert found(firm) == ONE


def test_time_that_names_neither_project_nor_line_is_untraceable(firm: Cast) -> None:
    firm.time(project_id=None)

    assert found(firm) == ONE


@pytest.mark.parametrize("method", ["time_and_materials", "milestone", "fixed_fee", "retainer"])
def test_a_billing_method_of_whatever_kind_places_the_time(firm: Cast, method: str) -> None:
    firm.project()
    firm.time()
    assert found(firm) == ONE
    firm.project(billing_method=method)

    assert found(firm) == NOTHING


@pytest.mark.parametrize("kind", ["time_and_materials", "milestone", "fixed_fee", "retainer"])
def test_a_contract_line_of_whatever_kind_places_the_time(firm: Cast, kind: str) -> None:
    firm.promise("CL1", kind=kind)
    firm.project()
    firm.time(contract_line_id="CL1")

    assert found(firm) == NOTHING


def test_the_method_of_the_project_a_view_stands_for_places_the_time(firm: Cast) -> None:
    firm.project(billing_method="time_and_materials")
    firm.job()
    firm.time(project_id="J1", project_system="erp")

    assert found(firm) == NOTHING
    assert keys(firm.judge(NOW)) == [(K2, "P1")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "submitted"),
        ("billable", False),
        ("held", True),
        ("written_off", True),
        ("deleted_at", "2026-10-06T00:00Z"),
    ],
)
def test_only_approved_billable_open_time_counts(firm: Cast, field: str, value: object) -> None:
    firm.project()
    firm.time("T1", **{field: value})

    assert found(firm) == NOTHING


def test_what_is_billed_by_name_counts_no_more(firm: Cast) -> None:
    firm.project()
    firm.time("T1")
    firm.time("T2")
    firm.invoice()
    firm.line("L1", "800", entries=["T1"])
    firm.line("L2", "200", entries=[("T2", "2")])

    # T1 whole, two hours of T2
    assert found(firm) == (1, "6", "1 x 600.00 GBP")


def test_hours_and_money_are_told_per_currency_and_without_a_rate(firm: Cast) -> None:
    firm.project()
    firm.time("T1")
    firm.time("T2", hours="0.25", rate="10", currency="EUR")
    firm.time("T3", hours="5", rate=None)

    told = untraceable(firm.connection)
    assert (told.entries, told.hours, told.unpriced_hours) == (3, Decimal("13.25"), Decimal(5))
    assert told.totals == (Total("EUR", 1, Decimal("2.50")), Total("GBP", 1, Decimal("800.00")))


def test_time_belongs_to_the_legal_entity_of_its_project_then_its_own_then_its_engagements(
    firm: Cast,
) -> None:
    firm.project("P1", legal_entity="UK01")
    firm.time("T1", legal_entity="DE01")
    firm.time("T2", project_id="P2", legal_entity="DE01")
    firm.deal("O3", legal_entity="US01")
    firm.project("P3", opportunity_id="O3")
    firm.time("T3", project_id="P3")
    firm.time("T4", project_id=None)

    assert {entity: told.entries for entity, told in by_entity(firm.connection).items()} == {
        "": 1, "DE01": 1, "UK01": 1, "US01": 1,
    }  # fmt: skip
    assert found(firm, "US01") == ONE
    assert found(firm, "FR01") == NOTHING
    assert found(firm) == (4, "32", "4 x 3200.00 GBP")


def test_nothing_untraceable_is_nothing(firm: Cast) -> None:
    assert by_entity(firm.connection) == {}
    assert untraceable(firm.connection) == Untraceable()
