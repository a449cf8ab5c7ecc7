"""What is looked up by id, anew each time: one engagement's way, and what happened in one stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import streamlit as st
from sqlalchemy import Connection

from app.reads import PAGE_SIZE
from app.store import store
from queries import identity, journey, stages, systems
from queries.identity import Pair, Policy
from queries.spans import SpanRow
from queries.stages import Standpoint

# ---- engagements -------------------------------------------------------------------------------


class Way(NamedTuple):
    """An engagement's journey, the other engagements the same id belongs to, and the time now."""

    journey: journey.Journey
    others: Sequence[str]
    now: datetime


def way(any_id: str) -> Way | None:
    """The engagement an id of any system, a number, an exception or a trace belongs to."""
    with store() as (here, connection, _):
        # an engagement's own name, which our links carry, needs no search through every kind of record
        known = stages.is_engagement(connection, any_id)
        found = [any_id] if known else journey.resolve(connection, any_id)
        if not found:
            return None
        return Way(journey.journey(connection, found[0]), found[1:], here.now())


class Spans(NamedTuple):
    """Whole traces: those that touched a hop's records, or, when none did, any record of the engagement."""

    rows: Sequence[SpanRow]
    of_hop: bool


def spans(engagement: str, hop: journey.Hop) -> Spans:
    """The traces that tell what happened at a hop."""
    with store() as (_, connection, _key):
        mine = journey.spans(connection, engagement, hop)
        return Spans(mine or journey.spans(connection, engagement), bool(mine))


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
    with store() as (_, connection, key):
        return _standpoints(key, stage, legal_entity, page, connection)


@st.cache_data(ttl=60, max_entries=64, show_spinner=False)
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
    with store() as (here, connection, _):
        now = here.now()
        return SystemsPage(systems.streams(connection, now), systems.roles(connection), now)


class StreamDetail(NamedTuple):
    """The newest polls of a stream, and the rows it could not read."""

    runs: Sequence[Mapping[str, Any]]
    rejects: Sequence[Mapping[str, Any]]
    now: datetime


def stream_detail(system: str, stream: str) -> StreamDetail:
    """What happened in a stream lately."""
    with store() as (here, connection, _):
        rejects = [row for row in systems.rejects(connection, system) if row["stream"] == stream]
        return StreamDetail(systems.runs(connection, system, stream), rejects, here.now())


# ---- identity ----------------------------------------------------------------------------------


class IdentityPage(NamedTuple):
    """The systems of record, a page of the pairs under the filters, and overruled rows of the crosswalk."""

    policies: Sequence[Policy]
    pairs: Sequence[Pair]
    contradicted: Sequence[Mapping[str, Any]]
    kind: str | None
    only_conflicts: bool
    page: int

    @property
    def items(self) -> int:
        """How many pairs there are under the filters."""
        mine = [row for row in self.policies if self.kind in (None, row.kind)]
        return sum(row.conflicts if self.only_conflicts else row.pairs for row in mine)

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.items // PAGE_SIZE))


def identity_page(kind: str | None, page: int, *, only_conflicts: bool) -> IdentityPage:
    """Pairs of a kind (none, or one there is not: of all), a page counted from 1."""
    with store() as (here, connection, key):
        wanted = kind if kind in identity.COMPARED else None
        roles = tuple(sorted(here.settings.identity.roles().items()))
        return _identity(key, wanted, page, only_conflicts, roles, connection)


@st.cache_data(ttl=60, max_entries=64, show_spinner=False)
def _identity(
    key: str,
    kind: str | None,
    page: int,
    only_conflicts: bool,  # noqa: FBT001 - a key of the cache
    roles: tuple[tuple[str, str], ...],
    _connection: Connection,
) -> IdentityPage:
    del key
    found = identity.pairs(
        _connection,
        kind,
        dict(roles),
        only_conflicts=only_conflicts,
        limit=PAGE_SIZE,
        offset=PAGE_SIZE * (page - 1),
    )
    policies = identity.policies(_connection, dict(roles))
    return IdentityPage(policies, found, identity.contradicted(_connection), kind, only_conflicts, page)
