"""Whatever a firm holds: a figure is the sum of its rows, and all legal entities together are the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metrics import drill, figures
from metrics.drill import Cut
from metrics.kpi import Kpi, kpis
from queries.kpi_snapshots import Cell
from tests.cast import Cast, casting
from tests.figures import NOW, setting

ENTITIES, CURRENCIES = ("UK01", "DE01", None), ("GBP", "EUR", "JPY")
DAYS = st.integers(1, 28).map(lambda day: f"2026-{10 + day % 2}-{day:02}")
WORK = st.lists(
    st.fixed_dictionaries({
        "kind": st.sampled_from(["deal", "time", "line", "revenue", "milestone"]),
        "entity": st.sampled_from(ENTITIES),
        "currency": st.sampled_from(CURRENCIES),
        "amount": st.integers(1, 10**6),
        "day": DAYS,
    }),
    max_size=12,
)  # fmt: skip


def _play(firm: Cast, work: Sequence[Mapping[str, Any]]) -> None:
    for code in ("UK01", "DE01"):
        firm.entity(code, timezone="Europe/Berlin")
    firm.contract(amount="5000", signed_at="2026-09-01T12:00Z")
    firm.promise("CL1", kind="milestone")
    firm.promise("CL2")
    firm.project(contract_id="C1")
    for number, one in enumerate(work):
        shared = {"legal_entity": one["entity"], "currency": one["currency"]}
        amount, day, at = str(one["amount"]), one["day"], f"{one['day']}T12:00Z"
        match one["kind"]:
            case "deal":
                firm.deal(f"O{number}", won_at=at, amount=amount, **shared)
            case "time":
                hours = str(1 + one["amount"] % 9)
                firm.time(
                    f"T{number}", work_date=day, approved_at=at, hours=hours, contract_line_id="CL2", **shared
                )
            case "line":
                firm.invoice(f"I{number}", issued_on=day, posted_at=at, amount=amount, **shared)
                firm.line(f"L{number}", amount, f"I{number}", **shared)
            case "revenue":
                firm.revenue(f"V{number}", amount, contract_id="C1", posted_on=day, **shared)
            case _:
                firm.milestone(f"M{number}", accepted_at=at, amount=amount, **shared)
    firm.judge(NOW)


def _sums(cells: Sequence[Cell], *, entities: bool) -> Counter[tuple[str, ...]]:
    sums: Counter[tuple[str, ...]] = Counter()
    for cell in cells:
        whose = (cell.legal_entity,) if entities else ()
        sums[(cell.month, cell.part, cell.currency, "n", *whose)] += cell.numerator
        sums[(cell.month, cell.part, cell.currency, "d", *whose)] += cell.denominator
    return sums


@pytest.mark.parametrize(
    "kpi", [kpi for kpi in kpis().values() if not figures.medians(kpi)], ids=lambda k: k.key
)
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(work=WORK)
def test_rows_breakdowns_and_legal_entities_add_up(kpi: Kpi, work: Sequence[Mapping[str, Any]]) -> None:
    for firm in casting():
        _play(firm, work)
        whole = figures.cells(firm.connection, kpi, setting(firm))
        for month in ("2026-10", "2026-11"):
            one = setting(firm, only=month)
            told = _sums([cell for cell in whole if cell.month == month], entities=False)
            rows: Counter[tuple[str, ...]] = Counter()
            for row in drill.page(firm.connection, kpi, one, Cut(), limit=10_000).rows:
                key = (row["month"], row["part"], row["currency"])
                rows[*key, "n"] += int(row["numerator"])
                rows[*key, "d"] += int(row["denominator"])
            groups = drill.breakdown(firm.connection, kpi, one, Cut(), "legal_entity")
            parts = [cell for cells in groups.values() for cell in cells]
            assert rows == told == _sums(parts, entities=False)
            assert all(cell.legal_entity == code for code, cells in groups.items() for cell in cells)
