"""What the pages ask the store: each answer is kept until the store changes, for one scope and no other.

A page calls one of these and lays out what it gets. Keys of the cache are plain values: the store, its
version, the scope and the filters.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st
from sqlalchemy import Connection, Engine

from app import report
from app import settings as config
from metrics.check import Check, checks
from queries import exceptions, findings, journey, overview, slices, stages, systems
from queries.exceptions import Total
from queries.overview import Overview, Reporting
from queries.slices import Facets, Slice
from queries.spans import SpanRow
from queries.stages import Standpoint
from queries.store import migrate, open_engine, reading
from queries.version import version

#: where the processes of one Sightglass are told which configuration is theirs
VARIABLE = "SIGHTGLASS_CONFIG"
PAGE_SIZE = 50
_TTL_S = 60
_ENTRIES = 256


@dataclass(frozen=True, slots=True)
class Site:
    """What the pages show: the settings and the store they name."""

    settings: config.Settings
    engine: Engine

    def now(self) -> datetime:
        """The time, stopped where the configuration says so."""
        return config.now(self.settings)

    @property
    def reporting(self) -> Reporting:
        """What totals are converted into."""
        money = self.settings.money
        return Reporting(money.reporting_currency, money.rate_type)

    def checks(self) -> dict[str, Check]:
        """The checks that are switched on."""
        off = {key for key, table in self.settings.checks.items() if not table.enabled}
        return {key: check for key, check in checks().items() if key not in off}


def site() -> Site:
    """The site of this process; the store is opened, and brought up to date, on first use."""
    return _site(os.environ.get(VARIABLE), os.environ.get("SIGHTGLASS_STORE_URL"))


@st.cache_resource(max_entries=4, show_spinner=False, on_release=lambda found: found.engine.dispose())
def _site(path: str | None, _store: str | None) -> Site:
    settings = config.load(Path(path) if path else None)
    engine = open_engine(config.store_url(settings))
    migrate(engine)
    return Site(settings, engine)


@contextmanager
def _store() -> Iterator[tuple[Site, Connection, str]]:
    """One picture of the store, and the text that caches of answers from it are keyed by."""
    here = site()
    with reading(here.engine) as connection:
        store = here.engine.url.render_as_string(hide_password=True)
        yield here, connection, f"{store} {version(connection)}"


# ---- the frame ---------------------------------------------------------------------------------


class Freshness(NamedTuple):
    """How far the store is up to date: systems that are fresh, of how many; complete through when."""

    fresh: int
    systems: int
    complete_through: datetime | None
    now: datetime
    stopped: bool
    version: str


def freshness() -> Freshness:
    """How far the store is up to date now."""
    with _store() as (here, connection, key):
        now = here.now()
        return Freshness(*systems.freshness(connection, now), now, here.settings.clock.now is not None, key)


def legal_entities() -> dict[str, str]:
    """Code -> name of every legal entity anything is known of."""
    with _store() as (_, connection, key):
        return _legal_entities(key, connection)


@st.cache_data(ttl=_TTL_S, max_entries=8, show_spinner=False)
def _legal_entities(key: str, _connection: Connection) -> dict[str, str]:
    del key
    known = {code: str(row["name"]) for code, row in findings.legal_entities(_connection).items()}
    named = {code: code for code in slices.facets(_connection).legal_entities}
    return dict(sorted((named | known).items()))


# ---- overview ----------------------------------------------------------------------------------


class OverviewPage(NamedTuple):
    """The overview, the checks in its order, how each stands, and the streams grouped by system."""

    overview: Overview
    checks: Mapping[str, Check]
    outcomes: Mapping[str, Mapping[str, Any]]
    systems: Sequence[Mapping[str, Any]]
    now: datetime


def overview_page(legal_entity: str | None) -> OverviewPage:
    """The overview for one legal entity or all."""
    with _store() as (here, connection, key):
        now, known = here.now(), here.checks()
        minute = now.replace(second=0, microsecond=0)
        money = astuple(here.reporting)
        found = _overview(key, minute, legal_entity, tuple(known), money, connection)
        outcomes = {figures.key: outcome(figures.states, legal_entity) for figures in found.checks}
        return OverviewPage(found, known, outcomes, systems.streams(connection, now), now)


@st.cache_data(ttl=_TTL_S, max_entries=_ENTRIES, show_spinner=False)
def _overview(  # noqa: PLR0913 - each of them is part of the key
    key: str,
    now: datetime,
    legal_entity: str | None,
    checks: tuple[str, ...],
    reporting: tuple[str | None, str | None],
    _connection: Connection,
) -> Overview:
    del key
    return overview.overview(_connection, now, legal_entity, checks, Reporting(*reporting))


def outcome(states: Mapping[str, Any], legal_entity: str | None) -> dict[str, Any]:
    """How a check stands, everywhere or for one legal entity."""
    mine = {code: row for code, row in states.items() if legal_entity in (None, code)}
    return report.overall_state(mine)


# ---- exceptions --------------------------------------------------------------------------------


class Queue(NamedTuple):
    """A page of the queue, and what all rows under the filters come to.

    ``anything`` is how many are open without any filter; ``unknown`` are the checks that cannot be
    judged now, with the reason.
    """

    rows: Sequence[Mapping[str, Any]]
    totals: Sequence[Total]
    items: int
    group_minor: int
    unconverted: int
    anything: int
    unknown: Mapping[str, str]
    reporting: Reporting
    rates_on: date | None
    now: datetime

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.items // PAGE_SIZE))


def facets() -> Facets:
    """What open exceptions can be filtered by."""
    with _store() as (_, connection, key):
        return _facets(key, connection)


@st.cache_data(ttl=_TTL_S, max_entries=8, show_spinner=False)
def _facets(key: str, _connection: Connection) -> Facets:
    del key
    return slices.facets(_connection)


def queue(filters: Slice, page: int) -> Queue:
    """A page of the exceptions under these filters, counted from 1."""
    with _store() as (here, connection, key):
        unknown = {}
        for name in here.checks():
            found = outcome(findings.check_states(connection, name), filters.legal_entity)
            if found["outcome"] == "unknown" or found["unknown_entities"]:
                unknown[name] = found["reason"] or "it has never been judged"
        money = astuple(here.reporting)
        answer = _queue(key, astuple(filters), page, here.now().date(), money, connection)
        return Queue(*answer[:6], unknown, here.reporting, answer[6], here.now())


@st.cache_data(ttl=_TTL_S, max_entries=_ENTRIES, show_spinner=False)
def _queue(  # noqa: PLR0913 - each of them is part of the key
    key: str,
    filters: tuple[Any, ...],
    page: int,
    today: date,
    reporting: tuple[str | None, str | None],
    _connection: Connection,
) -> tuple[Any, ...]:
    del key
    wanted = Slice(*filters)
    rows = exceptions.page(_connection, wanted, limit=PAGE_SIZE, offset=PAGE_SIZE * (page - 1))
    group = exceptions.group_total(_connection, wanted)
    anything = exceptions.group_total(_connection, Slice())[0]
    rates_on = overview.rates_on(_connection, Reporting(*reporting), today)
    return rows, exceptions.totals(_connection, wanted), *group, anything, rates_on


class Detail(NamedTuple):
    """One exception with its history, the moment it was judged as of, and what it is behind or explains."""

    finding: Mapping[str, Any]
    title: str
    history: Sequence[Mapping[str, Any]]
    judged_as_of: datetime | None
    root: Mapping[str, Any] | None
    followers: int
    check: Check | None
    reporting: Reporting
    now: datetime


def detail(identifier: str) -> Detail | None:
    """One exception, open or not; None when there is none with this id."""
    with _store() as (here, connection, _):
        finding = exceptions.one(connection, identifier)
        if finding is None:
            return None
        engagement, check = finding["engagement_id"], finding["check_key"]
        state = findings.check_states(connection, check).get(finding["legal_entity"] or "")
        behind = finding["root_id"] != finding["id"]
        return Detail(
            finding,
            exceptions.titles(connection, [engagement]).get(engagement, finding["subject_id"]),
            exceptions.history(connection, identifier),
            state["as_of"] if state else None,
            exceptions.one(connection, finding["root_id"]) if behind else None,
            slices.followers(connection, identifier),
            checks().get(check),
            here.reporting,
            here.now(),
        )


# ---- engagements -------------------------------------------------------------------------------


class Way(NamedTuple):
    """An engagement's journey, the other engagements the same id belongs to, and the time now."""

    journey: journey.Journey
    others: Sequence[str]
    now: datetime


def way(any_id: str) -> Way | None:
    """The engagement an id of any system, a number, an exception or a trace belongs to."""
    with _store() as (here, connection, _):
        found = journey.resolve(connection, any_id)
        if not found:
            return None
        return Way(journey.journey(connection, found[0]), found[1:], here.now())


def spans(engagement: str, hop: journey.Hop) -> list[SpanRow]:
    """The traces that touched a hop's records, whole."""
    with _store() as (_, connection, _key):
        return journey.spans(connection, engagement, hop)


class Standpoints(NamedTuple):
    """A page of the engagements that stand at a stage, and how many there are in all."""

    items: int
    rows: Sequence[Standpoint]

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.items // PAGE_SIZE))


def standpoints(stage: str | None, legal_entity: str | None, page: int) -> Standpoints:
    """The engagements whose furthest stage it is, the newest deal first; a page counted from 1."""
    with _store() as (_, connection, key):
        return _standpoints(key, stage, legal_entity, page, connection)


@st.cache_data(ttl=_TTL_S, max_entries=_ENTRIES, show_spinner=False)
def _standpoints(
    key: str, stage: str | None, legal_entity: str | None, page: int, _connection: Connection
) -> Standpoints:
    del key
    offset = PAGE_SIZE * (page - 1)
    found = stages.engagements(_connection, stage, legal_entity, limit=PAGE_SIZE, offset=offset)
    return Standpoints(*found)


# ---- systems -----------------------------------------------------------------------------------


class SystemsPage(NamedTuple):
    """Every stream with its state, every system with its roles."""

    streams: Sequence[Mapping[str, Any]]
    roles: Mapping[str, Mapping[str, Any]]
    now: datetime


def systems_page() -> SystemsPage:
    """Every configured stream."""
    with _store() as (here, connection, _):
        now = here.now()
        return SystemsPage(systems.streams(connection, now), systems.roles(connection), now)


class StreamDetail(NamedTuple):
    """The newest polls of a stream, and the rows it could not read."""

    runs: Sequence[Mapping[str, Any]]
    rejects: Sequence[Mapping[str, Any]]
    now: datetime


def stream_detail(system: str, stream: str) -> StreamDetail:
    """What happened in a stream lately."""
    with _store() as (here, connection, _):
        rejects = [row for row in systems.rejects(connection, system) if row["stream"] == stream]
        return StreamDetail(systems.runs(connection, system, stream), rejects, here.now())
