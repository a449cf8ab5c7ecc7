"""What the overview and the exceptions page ask: kept until the store changes, for one scope and no other.

A page calls one of these and lays out what it gets. Keys of the cache are plain values: the store, its
version, the scope and the filters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, replace
from datetime import date, datetime
from typing import Any, NamedTuple

import streamlit as st
from sqlalchemy import Connection

from app import report
from app.store import store
from metrics.check import Check, checks
from queries import exceptions, findings, overview, slices, systems, untraceable
from queries.exceptions import Total
from queries.overview import Overview, Reporting
from queries.slices import Facets, Slice
from queries.untraceable import Untraceable

PAGE_SIZE = 50
_TTL_S = 60
_ENTRIES = 256


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
    with store() as (here, connection, key):
        now = here.now()
        return Freshness(*systems.freshness(connection, now), now, here.settings.clock.now is not None, key)


def legal_entities() -> dict[str, str]:
    """Code -> name of every legal entity anything is known of."""
    with store() as (_, connection, key):
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
    roles: Mapping[str, Mapping[str, Any]]
    now: datetime


def overview_page(legal_entity: str | None) -> OverviewPage:
    """The overview for one legal entity or all."""
    with store() as (here, connection, key):
        now, known = here.now(), here.checks()
        minute = now.replace(second=0, microsecond=0)
        money = astuple(here.reporting)
        found = _overview(key, minute, legal_entity, tuple(known), money, connection)
        outcomes = {figures.key: outcome(figures.states, legal_entity) for figures in found.checks}
        streams = systems.streams(connection, now)
        return OverviewPage(found, known, outcomes, streams, systems.roles(connection), now)


@st.cache_data(ttl=_TTL_S, max_entries=_ENTRIES, show_spinner=False)
def _overview(
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
    judged now, with the reason; ``untraceable`` is the time beside the check, where the filters show it.
    ``aside`` and ``settled`` are how many more people set aside or settled, under the same filters.
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
    untraceable: Untraceable | None = None
    aside: int = 0
    settled: int = 0

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.items // PAGE_SIZE))


def facets() -> Facets:
    """What open exceptions can be filtered by."""
    with store() as (_, connection, key):
        return _facets(key, connection)


@st.cache_data(ttl=_TTL_S, max_entries=8, show_spinner=False)
def _facets(key: str, _connection: Connection) -> Facets:
    del key
    return slices.facets(_connection)


def queue(filters: Slice, page: int) -> Queue:
    """A page of the exceptions under these filters, counted from 1."""
    with store() as (here, connection, key):
        unknown = {}
        for name in here.checks():
            found = outcome(findings.check_states(connection, name), filters.legal_entity)
            if found["outcome"] == "unknown" or found["unknown_entities"]:
                unknown[name] = found["reason"] or "it has never been judged"
        money = astuple(here.reporting)
        today = here.now().date()
        rows, sums, group, anything, day, apart = _queue(
            key, astuple(filters), page, today, money, connection
        )
        # every other filter is about exceptions, which this time is not
        beside = filters == Slice(check=untraceable.CHECK, legal_entity=filters.legal_entity)
        time = _untraceable(key, filters.legal_entity, connection) if beside else None
        return Queue(rows, sums, *group, anything, unknown, here.reporting, day, here.now(), time, *apart)


@st.cache_data(ttl=_TTL_S, max_entries=_ENTRIES, show_spinner=False)
def _untraceable(key: str, legal_entity: str | None, _connection: Connection) -> Untraceable:
    del key
    return untraceable.untraceable(_connection, legal_entity)


@st.cache_data(ttl=_TTL_S, max_entries=_ENTRIES, show_spinner=False)
def _queue(
    key: str,
    filters: tuple[Any, ...],
    page: int,
    today: date,
    reporting: tuple[str | None, str | None],
    _connection: Connection,
) -> tuple[list[Any], list[Total], tuple[int, int, int], int, date | None, tuple[int, int]]:
    del key
    wanted = Slice(*filters)
    rows = exceptions.page(_connection, wanted, limit=PAGE_SIZE, offset=PAGE_SIZE * (page - 1))
    group = exceptions.group_total(_connection, wanted)
    anything = exceptions.group_total(_connection, Slice())[0]
    rates_on = overview.rates_on(_connection, Reporting(*reporting), today)
    apart = (0, 0) if wanted.status else _apart(_connection, wanted)
    return list(rows), exceptions.totals(_connection, wanted), group, anything, rates_on, apart


def _apart(connection: Connection, wanted: Slice) -> tuple[int, int]:
    """How many are set aside, and how many people settled, under the other filters."""
    aside = exceptions.group_total(connection, replace(wanted, status=(exceptions.SNOOZED,)))
    settled = exceptions.group_total(connection, replace(wanted, status=(exceptions.RESOLVED,)))
    return aside[0], settled[0]


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
    with store() as (here, connection, _):
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
