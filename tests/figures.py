"""Figures of a small firm in a test: worked out over its months, as the command line does."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from metrics import figures
from metrics.drill import Cut, cells
from metrics.figures import Figure, Setting, Terms
from metrics.kpi import kpis
from queries import periods
from queries.kpi_snapshots import Cell
from tests.cast import Cast, utc

NOW = "2026-11-20T18:00Z"
PLAIN = Terms({})


def setting(firm: Cast, now: str = NOW, terms: Terms = PLAIN, only: str | None = None) -> Setting:
    """Thirteen months up to the one of a moment."""
    names = periods.names(periods.name_of(utc(now).date()), figures.HISTORY)
    return figures.setting(firm.connection, utc(now), names, terms, only)


def history(
    firm: Cast, key: str, now: str = NOW, terms: Terms = PLAIN, entity: str | None = None
) -> dict[str, Figure]:
    """Month -> a KPI's figure, every stream complete up to now."""
    firm.judge(now)
    found, kpi = setting(firm, now, terms), kpis()[key]
    rows = figures.cells(firm.connection, kpi, found)
    return {f.month: f for f in figures.history(firm.connection, kpi, found, rows, entity)}


def value(figure: Figure, part: str | None = None) -> Any:
    """What a figure comes to: in its only currency, or converted."""
    assert figure.reason is None, figure.reason
    found = figure.whole if part is None else figure.parts[part]
    assert found is not None
    return found.value


def by_currency(figure: Figure) -> dict[str, Fraction | None]:
    """Currency -> value."""
    assert figure.whole is not None
    return {amount.currency: amount.value for amount in figure.whole.amounts}


def under(firm: Cast, key: str, month: str, cut: Cut, now: str = NOW) -> Sequence[Cell]:
    """What the drill-down of a month comes to."""
    return cells(firm.connection, kpis()[key], setting(firm, now, only=month), cut)
