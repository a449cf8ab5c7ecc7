"""The overview: what is at risk, how that changed, where work stands, and how old what is stuck is.

Every count and amount of open findings is a sum over the same rows that the exceptions page lists
under the same filters; where work stands is read from the worker's snapshot, which spares the page a
walk through the history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, case, func, or_, select

from queries import fx, snapshots
from queries.exceptions import Total
from queries.findings import check_states
from queries.journey import BROKEN, STAGES, Stage
from queries.schema import RECORD_TABLES, finding, stream_state
from queries.slices import Slice, band
from queries.snapshots import Day, Figure
from queries.types import from_minor
from queries.untraceable import Untraceable, untraceable

TREND_DAYS = 30

#: a snapshot this much older than the newest poll no longer says where work stands
_OUTDATED = timedelta(hours=1)

_rate = RECORD_TABLES["fx_rate"]


class Cell(NamedTuple):
    """Open findings of one check, ageing band, broken hand-off and currency.

    ``group_minor`` is in the reporting currency, over ``converted`` of them; ``overdue`` are past the
    day to act, ``unknown`` could not be judged lately.
    """

    check: str
    band: str
    handoff: str
    currency: str
    items: int
    amount_minor: int
    converted: int
    group_minor: int
    overdue: int
    unknown: int


class Worth(NamedTuple):
    """A number of open findings and their money, per currency and converted as far as rates go."""

    items: int
    totals: tuple[Total, ...]
    group_minor: int
    unconverted: int
    overdue: int
    unknown: int


def cells(connection: Connection, now: datetime, filters: Slice) -> list[Cell]:
    """All open findings under these filters, grouped as finely as the overview needs them."""
    groups = (finding.c.check_key, band(), finding.c.first_broken_handoff, finding.c.currency)
    query = select(
        *groups,
        func.count(),
        func.sum(finding.c.amount_minor),
        func.count(finding.c.group_minor),
        func.coalesce(func.sum(finding.c.group_minor), 0),
        func.sum(case((finding.c.act_at <= now, 1), else_=0)),
        func.sum(case((finding.c.outcome == "unknown", 1), else_=0)),
    ).where(*filters.conditions())
    rows = connection.execute(query.group_by(*groups))
    return [Cell(*row[:4], *(int(number) for number in row[4:])) for row in rows]


def worth(found: Iterable[Cell]) -> Worth:
    """The sum of some cells."""
    chosen = list(found)
    sums: dict[str, list[int]] = {}
    for cell in chosen:
        part = sums.setdefault(cell.currency, [0, 0])
        part[0] += cell.items
        part[1] += cell.amount_minor
    totals = tuple(
        Total(code, items, from_minor(minor, code)) for code, (items, minor) in sorted(sums.items())
    )
    items = sum(cell.items for cell in chosen)
    return Worth(
        items,
        totals,
        sum(cell.group_minor for cell in chosen),
        items - sum(cell.converted for cell in chosen),
        sum(cell.overdue for cell in chosen),
        sum(cell.unknown for cell in chosen),
    )


@dataclass(frozen=True, slots=True)
class Reporting:
    """What totals are converted into, and by which kind of rate; no currency means they are not."""

    currency: str | None = None
    rate_type: str | None = None


@dataclass(frozen=True, slots=True)
class CheckFigures:
    """One check, and its open exceptions day by day: in the reporting currency where there is one."""

    key: str
    worth: Worth
    states: Mapping[str, Mapping[str, Any]]
    trend: tuple[Day, ...]


@dataclass(frozen=True, slots=True)
class Station:
    """One stage: how many engagements stand there, what they were sold for, what waits to come in.

    ``group_minor`` is None where nothing could be converted; ``transit_s`` is the median time from the
    stage before, None until a snapshot has measured it.
    """

    stage: str
    title: str
    role: str
    engagements: int
    amounts: tuple[Total, ...]
    group_minor: int | None
    stuck: Worth
    transit_s: int | None


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was open at the end of an earlier day; ``group_minor`` is None without a reporting currency."""

    on: date
    items: int
    group_minor: int | None


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything on the overview that depends on what is stored. ``stood_at``: when stages were counted."""

    risk: Worth
    earlier: Earlier | None
    checks: tuple[CheckFigures, ...]
    stations: tuple[Station, ...]
    stood_at: datetime
    bars: Mapping[tuple[str, str], Worth]
    untraceable: Untraceable
    currency: str | None
    rate_type: str | None
    rates_on: date | None


def overview(
    connection: Connection,
    now: datetime,
    legal_entity: str | None,
    checks: Sequence[str],
    reporting: Reporting,
) -> Overview:
    """The whole overview, for one legal entity or all of them."""
    found = cells(connection, now, Slice(legal_entity=legal_entity))
    days = _days(connection, now, legal_entity, checks)
    shown = "group" if reporting.currency else "open"
    stood_at, stations = _stations(connection, now, legal_entity, found, reporting)
    keys = sorted({(cell.check, cell.band) for cell in found})
    return Overview(
        risk=worth(found),
        earlier=_earlier(days, checks, now, converted=reporting.currency is not None),
        checks=tuple(
            CheckFigures(
                key,
                worth([cell for cell in found if cell.check == key]),
                check_states(connection, key),
                tuple(days[f"{shown}:{key}"]),
            )
            for key in checks
        ),
        stations=stations,
        stood_at=stood_at,
        bars={key: worth([cell for cell in found if (cell.check, cell.band) == key]) for key in keys},
        untraceable=untraceable(connection, legal_entity),
        currency=reporting.currency,
        rate_type=reporting.rate_type,
        rates_on=rates_on(connection, reporting, now.astimezone(UTC).date()),
    )


def rates_on(connection: Connection, reporting: Reporting, today: date) -> date | None:
    """The day of the newest rate that conversion can use; None where nothing is converted."""
    if reporting.currency is None:
        return None
    query = select(func.max(_rate.c.valid_on)).where(
        _rate.c.deleted_at.is_(None),
        _rate.c.valid_on <= today,
        or_(_rate.c.base_currency == reporting.currency, _rate.c.currency == reporting.currency),
    )
    if reporting.rate_type is not None:
        query = query.where(_rate.c.rate_type == reporting.rate_type)
    return connection.execute(query).scalar()


# ---- day by day --------------------------------------------------------------------------------


def _days(
    connection: Connection, now: datetime, legal_entity: str | None, checks: Sequence[str]
) -> dict[str, list[Day]]:
    metrics = [f"{kind}:{key}" for kind in ("open", "group") for key in checks]
    since = (now.astimezone(UTC) - timedelta(days=TREND_DAYS)).date()
    return snapshots.trend(connection, metrics, legal_entity, since)


def _earlier(
    days: Mapping[str, list[Day]], checks: Sequence[str], now: datetime, *, converted: bool
) -> Earlier | None:
    today = now.astimezone(UTC).date()
    before = [day.on for found in days.values() for day in found if day.on < today]
    if not before:
        return None
    newest = max(before)

    def total(kind: str, amount: str) -> int:
        chosen = (day for key in checks for day in days[f"{kind}:{key}"] if day.on == newest)
        return sum(getattr(day, amount) for day in chosen)

    return Earlier(newest, total("open", "items"), total("group", "amount_minor") if converted else None)


# ---- where work stands ---------------------------------------------------------------------------


def _stations(
    connection: Connection,
    now: datetime,
    legal_entity: str | None,
    found: Sequence[Cell],
    reporting: Reporting,
) -> tuple[datetime, tuple[Station, ...]]:
    metrics = [f"{kind}:{stage.key}" for kind in ("stage", "worth", "transit") for stage in STAGES]
    taken_at, figures = snapshots.latest(connection, metrics)
    if taken_at is None or _outdated(connection, taken_at):
        rates = fx.rates(connection, reporting.currency, reporting.rate_type, now.astimezone(UTC).date())
        timed = [figure for figure in figures if figure.metric.startswith("transit:")]
        taken_at, figures = now, [*snapshots.standing(connection, rates), *timed]
    wanted = snapshots.ALL if legal_entity is None else legal_entity
    mine: dict[str, list[Figure]] = {}
    for figure in figures:
        timed_here = figure.metric.startswith("transit:") and figure.legal_entity == wanted
        if timed_here or (
            not figure.metric.startswith("transit:") and legal_entity in (None, figure.legal_entity)
        ):
            mine.setdefault(figure.metric, []).append(figure)
    return taken_at, tuple(_station(stage, mine, found) for stage in STAGES)


def _outdated(connection: Connection, taken_at: datetime) -> bool:
    newest = connection.execute(
        select(func.max(stream_state.c.last_success)).where(stream_state.c.configured)
    ).scalar()
    return newest is not None and newest - taken_at > _OUTDATED


def _station(stage: Stage, figures: Mapping[str, list[Figure]], found: Sequence[Cell]) -> Station:
    here = figures.get(f"stage:{stage.key}", [])
    worths = figures.get(f"worth:{stage.key}", [])
    timed = [figure for figure in figures.get(f"transit:{stage.key}", []) if figure.items]
    sums: dict[str, list[int]] = {}
    for figure in here:
        part = sums.setdefault(figure.currency, [0, 0])
        part[0] += figure.items
        part[1] += figure.amount_minor
    amounts = tuple(Total(c, n, from_minor(minor, c)) for c, (n, minor) in sorted(sums.items()) if c)
    return Station(
        stage.key,
        stage.title,
        stage.role,
        sum(figure.items for figure in here),
        amounts,
        sum(figure.amount_minor for figure in worths) if worths or not here else None,
        worth([cell for cell in found if BROKEN.get(cell.handoff) == stage.key]),
        timed[0].amount_minor if timed else None,
    )
