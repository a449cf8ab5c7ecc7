"""Figures for the pages, the command line and the API: what is asked, and its stable JSON form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, NamedTuple

from sqlalchemy import Connection

from app.settings import Settings
from metrics import figures
from metrics.figures import HISTORY, Figure, Terms, Value, shown
from metrics.kpi import Kpi, Unit, kpis
from queries import periods
from queries.types import NO_CURRENCY, from_minor, iso

#: the months of what was sold, in the order of the way from a deal to revenue
EXECUTIVE = ("sold", "staffed_capacity", "delivered", "invoiced", "recognised")


class Tile(NamedTuple):
    """A KPI with its months, oldest first, and when they were worked out."""

    kpi: Kpi
    figures: tuple[Figure, ...]
    taken_at: datetime

    @property
    def running(self) -> bool:
        """Whether the newest month is still going on."""
        return self.now.month == periods.name_of(self.taken_at.astimezone(UTC).date())

    @property
    def now(self) -> Figure:
        """The newest month."""
        return self.figures[-1]


def terms(settings: Settings) -> Terms:
    """What figures are worked out under, as configured."""
    days_off = {entity: frozenset(table.days_off) for entity, table in settings.calendar.items()}
    return Terms(days_off, settings.money.reporting_currency, settings.money.rate_type)


def months(now: datetime, period: str | None = None) -> list[str]:
    """The months of a history that ends with a period, the running one unless said otherwise.

    Raises ValueError for what is no period, or one that has not come.
    """
    running = periods.name_of(now.astimezone(UTC).date())
    if period is not None and periods.first_day(period) > periods.first_day(running):
        raise ValueError(f"{period} has not come yet: the newest period is {running}")
    return periods.names(period or running, HISTORY)


def tiles(
    connection: Connection, now: datetime, terms_: Terms, period: str | None = None,
    legal_entity: str | None = None, only: str | None = None, *, live: bool = False,
) -> list[Tile]:  # fmt: skip
    """Every KPI (or one) with its history; ``live`` works it out now, whatever was written down."""
    found = figures.setting(connection, now, months(now, period), terms_)
    tiles_ = []
    for key, kpi in kpis().items():
        if only not in (None, key):
            continue
        taken_at, cells = (
            (now, figures.cells(connection, kpi, found)) if live else figures.stored(connection, kpi, found)
        )
        mine = figures.history(connection, kpi, found, cells, legal_entity)
        tiles_.append(Tile(kpi, tuple(mine), taken_at))
    return tiles_


def snapshot(
    connection: Connection, now: datetime, terms_: Terms
) -> tuple[figures.Setting, Mapping[str, Any]]:
    """All KPIs worked out over all months: what the worker writes down for the pages."""
    found = figures.setting(connection, now, months(now), terms_)
    return found, {key: figures.cells(connection, kpi, found) for key, kpi in kpis().items()}


# ---- JSON ----------------------------------------------------------------------------------------


def kpi_list(
    connection: Connection, now: datetime, terms_: Terms, period: str | None = None,
    legal_entity: str | None = None, *, live: bool = False,
) -> list[dict[str, Any]]:  # fmt: skip
    """Every KPI in one period, with the twelve months before it."""
    found = tiles(connection, now, terms_, period, legal_entity, live=live)
    return [as_json(tile, terms_, legal_entity) for tile in found]


def as_json(tile: Tile, terms_: Terms, legal_entity: str | None) -> dict[str, Any]:
    """One KPI: its definition, its figure, its parts, its history."""
    kpi, figure = tile.kpi, tile.now
    return {
        "key": kpi.key,
        "title": kpi.title,
        "question": kpi.question,
        "formula": kpi.formula,
        "unit": kpi.unit,
        "good": kpi.good,
        "owner": kpi.owner,
        "source": kpi.source,
        "version": kpi.version,
        "limits": kpi.limits or None,
        "streams": [{"role": n.role, "kind": n.kind, "required": n.required} for n in kpi.reads],
        "legal_entity": legal_entity,
        "period": figure.month,
        "outcome": outcome(figure),
        "reason": figure.reason,
        **_value(kpi.unit, figure.whole),
        "change": plain(kpi.unit, change(tile), figure.whole.currency if figure.whole else None),
        "rate_type": terms_.rate_type if figure.rates_on else None,
        "rates_on": figure.rates_on.isoformat() if figure.rates_on else None,
        "parts": {
            part: {
                "title": kpi.parts[part].title,
                "unit": kpi.unit_of(part),
                **_value(kpi.unit_of(part), value),
            }
            for part, value in figure.parts.items()
        },
        "history": [
            {"period": f.month, "outcome": outcome(f), **_brief(kpi.unit, f.whole)} for f in tile.figures
        ],
        "worked_out_at": iso(tile.taken_at),
    }


def outcome(figure: Figure) -> str:
    """``known``, ``nothing`` where there is nothing to tell of, or ``unknown`` where streams do not reach."""
    if figure.reason is not None:
        return "unknown"
    whole = figure.whole
    known = whole is not None and (whole.value is not None or any(a.value is not None for a in whole.amounts))
    return "known" if known else "nothing"


def change(tile: Tile) -> Fraction | None:
    """What a figure changed by since the month before; None where either is not one known number."""
    if len(tile.figures) < 2:  # noqa: PLR2004 - a change has two ends
        return None
    before, now = tile.figures[-2].whole, tile.figures[-1].whole
    if before is None or now is None or before.value is None or now.value is None:
        return None
    return now.value - before.value if before.currency == now.currency else None


def plain(unit: Unit, value: Fraction | None, currency: str | None) -> str | None:
    """A value as text: money with its currency's digits, anything else with at most four decimals."""
    if value is None:
        return None
    if unit == "money":
        return str(from_minor(whole_minor(value), currency or NO_CURRENCY))
    return shown(value)


def whole_minor(value: Fraction) -> int:
    """Whole minor units, half up."""
    size = int(abs(value) + Fraction(1, 2))
    return size if value >= 0 else -size


def _brief(unit: Unit, value: Value | None) -> dict[str, Any]:
    if value is None:
        return {"value": None, "currency": None}
    return {"value": plain(unit, value.value, value.currency), "currency": value.currency}


def _value(unit: Unit, value: Value | None) -> dict[str, Any]:
    amounts: Sequence[Any] = () if value is None else value.amounts
    return {
        **_brief(unit, value),
        "p90": None if value is None else plain(unit, value.p90, value.currency),
        "rows": 0 if value is None else value.rows,
        "by_currency": [
            {"currency": a.currency, "value": plain(unit, a.value, a.currency), "rows": a.rows}
            for a in amounts
        ],
        "unconverted": [] if value is None else list(value.unconverted),
    }
