"""The verb that tells the figures."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from app import kpi_report, words
from app.cli import AsJson, opened, write_json, write_table
from app.kpi_report import Tile
from collectors.errors import ConfigError
from queries.store import reading


def kpis(
    period: Annotated[str | None, typer.Option("--period", help="Year and month, such as 2026-10.")] = None,
    legal_entity: Annotated[str | None, typer.Option("--legal-entity", help="Only this one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Every KPI of a period: its value, its change, and why it is unknown where it is."""
    with opened() as app, reading(app.engine) as connection:
        terms = kpi_report.terms(app.settings)
        try:
            found = kpi_report.tiles(connection, app.now(), terms, period, legal_entity, live=True)
        except ValueError as error:
            raise ConfigError(f"--period: {error}", remedy="name a period such as 2026-10") from error
    if as_json:
        write_json([kpi_report.as_json(tile, terms, legal_entity) for tile in found])
        return
    rows = [_row(tile) for tile in found]
    title = f"KPIs of {found[0].now.month}" if found else "KPIs"
    write_table(title, ("KPI", "value", "change", "rows", "why"), rows)


def _row(tile: Tile) -> tuple[Any, ...]:
    figure = tile.now
    value = words.kpi_value(tile.kpi.unit, figure.whole) if figure.whole else words.NONE
    change = words.kpi_change(tile.kpi.unit, kpi_report.change(tile), figure.whole)
    return tile.kpi.title, value, change, figure.whole.rows if figure.whole else "", figure.reason
