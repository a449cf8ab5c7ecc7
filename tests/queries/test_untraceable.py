"""Untraceable time is found alike on both engines, by looking entries up."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy import text

from queries.exceptions import Total
from queries.untraceable import Untraceable, by_entity, statement
from tests.cast import Cast, casting


def test_every_kind_of_untraceable_time_is_found(firm: Cast) -> None:
    firm.project(legal_entity="UK01")
    firm.time("T1")
    firm.time("T2", contract_line_id="CL9", rate=None)
    firm.time("T3", project_id=None)
    firm.time("T4", project_id="P9", currency="EUR")

    assert by_entity(firm.connection) == {
        "": Untraceable(
            2,
            Decimal(16),
            totals=(Total("EUR", 1, Decimal("800.00")), Total("GBP", 1, Decimal("800.00"))),
        ),
        "UK01": Untraceable(2, Decimal(16), Decimal(8), (Total("GBP", 1, Decimal("800.00")),)),
    }


@pytest.fixture
def embedded() -> Iterator[Cast]:
    """A firm in the embedded store, which says how it would answer."""
    yield from casting()


def test_open_entries_are_looked_up_and_not_searched_for(embedded: Cast) -> None:
    firm = embedded
    sql = statement().compile(firm.connection, compile_kwargs={"literal_binds": True})
    plan = [row[3] for row in firm.connection.execute(text(f"EXPLAIN QUERY PLAN {sql}"))]

    steps = [step for step in plan if "time_entry" in step]
    assert len(steps) == 3
    assert all(step.endswith("(engagement_id=? AND is_open=? AND contract_line_id=?)") for step in steps)
