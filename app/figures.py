"""What the page of KPIs asks: kept until the store changes, for one scope and no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import streamlit as st
from sqlalchemy import Connection

from app import filters, kpi_report
from app.kpi_report import Tile
from app.reads import PAGE_SIZE
from app.store import store
from metrics import drill, figures
from metrics.drill import Cut
from metrics.figures import Figure, Terms
from metrics.kpi import Kpi, kpis

_TTL_S = 60
_ENTRIES = 64


class Board(NamedTuple):
    """Every KPI with its months, and what they are told in."""

    tiles: Sequence[Tile]
    terms: Terms
    months: Sequence[str]
    now: datetime

    def of(self, key: str) -> Tile:
        """The tile of a KPI."""
        return next(tile for tile in self.tiles if tile.kpi.key == key)


class Asked(NamedTuple):
    """What the address asks for: a KPI and its cut, a period, what to break it down by, a page of rows."""

    key: str | None
    period: str | None
    by: str
    cut: Cut
    page: int

    def month(self, board: Board) -> str:
        """The month looked at: the running one where the address names none of the history."""
        return next((month for month in board.months if month == self.period), board.months[-1])


def asked() -> Asked:
    """What the address says; what cannot be one is left out."""
    found = filters.value
    key, by = found("kpi"), found("by")
    kpi = kpis().get(key or "")
    part = found("part")
    cut = Cut(
        filters.current().legal_entity, found("practice"), found("region"), found("customer"),
        found("currency"), part if kpi and part in kpi.parts else None,
    )  # fmt: skip
    return Asked(
        kpi.key if kpi else None, found("period"), by if by in drill.DIMENSIONS else "legal_entity", cut,
        filters.page(),
    )  # fmt: skip


def board(legal_entity: str | None, period: str | None) -> Board:
    """Every KPI for one legal entity or all; a period that is none, or has not come, is the running month."""
    with store() as (here, connection, key):
        now = here.now()
        try:
            names = kpi_report.months(now, period)
        except ValueError:
            period, names = None, kpi_report.months(now)
        minute = now.replace(second=0, microsecond=0)
        found = _tiles(key, minute, legal_entity, names[-1], connection, here.terms)
        return Board(found, here.terms, kpi_report.months(now), now)


@st.cache_data(ttl=_TTL_S, max_entries=_ENTRIES, show_spinner=False)
def _tiles(
    key: str, now: datetime, legal_entity: str | None, period: str, _connection: Connection, _terms: Terms
) -> Sequence[Tile]:
    del key
    return kpi_report.tiles(_connection, now, _terms, period, legal_entity)


class Detail(NamedTuple):
    """One KPI in one month under a cut: what it comes to, by a dimension, and the rows behind it."""

    kpi: Kpi
    figure: Figure
    groups: Mapping[str, Figure]
    rows: Sequence[Mapping[str, Any]]
    items: int

    @property
    def pages(self) -> int:
        """How many pages of rows there are, at least one."""
        return max(1, -(-self.items // PAGE_SIZE))


def detail(key: str, month: str, by: str, cut: Cut, page: int) -> Detail:
    """One KPI in one month, worked out from its rows now, so that they always add up to it."""
    with store() as (here, connection, version):
        minute = here.now().replace(second=0, microsecond=0)
        figure, groups, rows, items = _detail(
            version, minute, key, month, by, tuple(cut), page, connection, here.terms
        )
        return Detail(kpis()[key], figure, groups, rows, items)


@st.cache_data(ttl=_TTL_S, max_entries=_ENTRIES, show_spinner=False)
def _detail(  # noqa: PLR0917 - the keys of the cache
    version: str, now: datetime, key: str, month: str, by: str, cut: tuple[str | None, ...], page: int,
    _connection: Connection, _terms: Terms,
) -> tuple[Figure, dict[str, Figure], list[dict[str, Any]], int]:  # fmt: skip
    del version
    kpi, wanted = kpis()[key], Cut(*cut)
    running = kpi_report.months(now)
    names = running if month in running else kpi_report.months(now, month)
    found = figures.setting(_connection, now, names, _terms, month)
    why = figures.unknown(_connection, kpi, found, wanted.legal_entity).get(month)
    if why is not None:
        return Figure(month, why, None, {}, None), {}, [], 0
    rates = found.rates[month]
    whole = figures.figure(kpi, month, drill.cells(_connection, kpi, found, wanted), rates)
    groups = {
        value: figures.figure(kpi, month, cells, rates)
        for value, cells in drill.breakdown(_connection, kpi, found, wanted, by).items()
    }
    rows = drill.page(_connection, kpi, found, wanted, limit=PAGE_SIZE, offset=PAGE_SIZE * (page - 1))
    return whole, groups, rows.rows, rows.items
