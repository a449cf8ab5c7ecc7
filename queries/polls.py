"""Every stream's state: watermark, runs, leases, rejects, and what they allow us to claim."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from queries.rejects import storable
from queries.schema import collection_run, stream_state, system_role
from queries.types import iso, spoken


@dataclass(frozen=True, slots=True)
class StreamConfig:
    """A configured stream, as the store remembers it."""

    system: str
    stream: str
    kind: str
    interval: timedelta
    freshness: timedelta


class RoleConfig(NamedTuple):
    """A system serving a legal entity in a role; ``*`` serves all of them."""

    system: str
    role: str
    legal_entity: str
    kind: str


def configure(connection: Connection, streams: Sequence[StreamConfig], roles: Sequence[RoleConfig]) -> None:
    """Make the store's streams and roles equal the configuration; forgotten streams keep their history."""
    connection.execute(update(stream_state).values(configured=False))
    known = {
        (row.system, row.stream)
        for row in connection.execute(select(stream_state.c.system, stream_state.c.stream))
    }
    for config in streams:
        values: dict[str, Any] = {
            "kind": config.kind,
            "configured": True,
            "interval_s": int(config.interval.total_seconds()),
            "freshness_limit_s": int(config.freshness.total_seconds()),
        }
        at = and_(stream_state.c.system == config.system, stream_state.c.stream == config.stream)
        if (config.system, config.stream) in known:
            connection.execute(update(stream_state).where(at).values(values))
        else:
            connection.execute(
                insert(stream_state).values(system=config.system, stream=config.stream, **values)
            )
    connection.execute(delete(system_role))
    for role in roles:
        connection.execute(insert(system_role).values(role._asdict()))


def _at(system: str, stream: str) -> Any:
    return and_(stream_state.c.system == system, stream_state.c.stream == stream)


def watermark(connection: Connection, system: str, stream: str) -> str | None:
    """The position safely read, as the system wrote it."""
    return connection.execute(
        select(stream_state.c.watermark).where(_at(system, stream))
    ).scalar_one_or_none()


def leaseholder(connection: Connection, system: str, stream: str) -> str | None:
    """Who polls this stream now, or did when it was killed."""
    return connection.execute(
        select(stream_state.c.leased_by).where(_at(system, stream))
    ).scalar_one_or_none()


def take_lease(
    connection: Connection, system: str, stream: str, holder: str, now: datetime, length: timedelta
) -> bool:
    """Become the only one who polls this stream until the lease ends; false when someone else is."""
    free = or_(
        stream_state.c.leased_until.is_(None),
        stream_state.c.leased_until <= now,
        stream_state.c.leased_by == holder,
    )
    taken = connection.execute(
        update(stream_state)
        .where(_at(system, stream), free)
        .values(leased_by=holder, leased_until=now + length)
    )
    return taken.rowcount == 1


def release_lease(connection: Connection, system: str, stream: str, holder: str) -> None:
    """Let others poll this stream."""
    mine = and_(_at(system, stream), stream_state.c.leased_by == holder)
    connection.execute(update(stream_state).where(mine).values(leased_by=None, leased_until=None))


def stopped_until(connection: Connection, system: str) -> datetime | None:
    """Until when a system asked to be left alone."""
    query = select(func.max(stream_state.c.stopped_until)).where(stream_state.c.system == system)
    found: datetime | None = connection.execute(query).scalar_one()
    return found


def stop(connection: Connection, system: str, until: datetime) -> None:
    """Leave every stream of a system alone until then."""
    mine = stream_state.c.system == system
    connection.execute(update(stream_state).where(mine).values(stopped_until=until))


def swept_at(connection: Connection, system: str, stream: str) -> datetime | None:
    """When the ids of a stream were last compared with the source's."""
    return connection.execute(select(stream_state.c.swept_at).where(_at(system, stream))).scalar_one_or_none()


def swept(connection: Connection, system: str, stream: str, now: datetime) -> None:
    """The ids of a stream were compared."""
    connection.execute(update(stream_state).where(_at(system, stream)).values(swept_at=now))


def start_run(connection: Connection, system: str, stream: str, now: datetime, trace_id: str | None) -> int:
    """Open the row every poll leaves, good or bad; one that never ended was killed."""
    lost = and_(
        collection_run.c.system == system,
        collection_run.c.stream == stream,
        collection_run.c.outcome == "running",
    )
    connection.execute(update(collection_run).where(lost).values(outcome="interrupted", ended_at=now))
    zero = {"pages": 0, "read": 0, "changed": 0, "rejected": 0, "deleted": 0}
    row = insert(collection_run).values(
        system=system, stream=stream, started_at=now, outcome="running", trace_id=trace_id, **zero
    )
    key = connection.execute(row).inserted_primary_key
    connection.execute(update(stream_state).where(_at(system, stream)).values(last_poll=now))
    return int(key[0]) if key else 0


@dataclass(slots=True)
class Progress:
    """What a poll has done so far."""

    pages: int = 0
    read: int = 0
    changed: int = 0
    rejected: int = 0
    deleted: int = 0


def batch_done(connection: Connection, run: int, progress: Progress, position: str | None) -> None:
    """Move the watermark, in the transaction that stored the batch."""
    row = connection.execute(
        select(collection_run.c.system, collection_run.c.stream).where(collection_run.c.id == run)
    ).one()
    counts = {name: getattr(progress, name) for name in Progress.__slots__}
    connection.execute(
        update(collection_run).where(collection_run.c.id == run).values(watermark=position, **counts)
    )
    if position is not None:
        connection.execute(update(stream_state).where(_at(row.system, row.stream)).values(watermark=position))


def end_run(
    connection: Connection,
    run: int,
    *,
    now: datetime,
    outcome: str,
    complete_through: datetime | None = None,
    unknown_fields: Mapping[str, int] | None = None,
    error: str | None = None,
) -> None:
    """Close a poll's row. What is complete moves only when the poll says so: backwards too, since a source
    that takes its promise back (a restored backup, an older configuration) is to be believed.
    """
    error = None if error is None else storable(error)
    values = {
        "ended_at": now,
        "outcome": outcome,
        "error": error,
        "complete_through": complete_through,
        "unknown_fields": json.dumps(dict(unknown_fields)) if unknown_fields else None,
    }
    row = connection.execute(
        select(collection_run.c.system, collection_run.c.stream).where(collection_run.c.id == run)
    ).one()
    connection.execute(update(collection_run).where(collection_run.c.id == run).values(values))
    state: dict[str, Any] = {"error": error}
    if outcome in ("ok", "partial"):
        state["last_success"] = now
    if complete_through is not None:
        state["complete_through"] = complete_through
    connection.execute(update(stream_state).where(_at(row.system, row.stream)).values(state))


# ---- what we may claim -----------------------------------------------------------------------


class Coverage(NamedTuple):
    """How far a set of streams is known to be complete; a reason when nothing may be claimed."""

    as_of: datetime | None
    reason: str | None


#: instead of a legal entity: all systems count, whomever they serve
EVERYWHERE = "*"


class Reads(NamedTuple):
    """A role's stream a claim rests on."""

    role: str
    kind: str
    required: bool


def coverage(
    connection: Connection, reads: Sequence[Reads], entities: Iterable[str], now: datetime
) -> dict[str, Coverage]:
    """For each legal entity (or EVERYWHERE): min(complete_through) of the streams, or why it is unknown."""
    states = connection.execute(
        select(
            stream_state.c.system,
            stream_state.c.stream,
            stream_state.c.kind,
            stream_state.c.complete_through,
            stream_state.c.freshness_limit_s,
            stream_state.c.error,
            system_role.c.role,
            system_role.c.legal_entity,
        )
        .join(system_role, system_role.c.system == stream_state.c.system)
        .where(stream_state.c.configured)
    ).all()
    return {entity: _coverage(states, reads, entity, now) for entity in entities}


def _coverage(states: Sequence[Any], reads: Sequence[Reads], entity: str, now: datetime) -> Coverage:
    oldest: datetime | None = None
    for need in reads:
        serving = [
            s for s in states
            if s.role == need.role and s.kind == need.kind
            and (entity == EVERYWHERE or s.legal_entity in ("*", entity))
        ]  # fmt: skip
        if not serving and need.required:
            return Coverage(
                None, f"no system with role {need.role} has a {need.kind} stream for {entity or 'this work'}"
            )
        for state in serving:
            name = f"{state.system}/{state.stream}"
            if state.complete_through is None:
                error = f": {state.error}" if state.error else ""
                return Coverage(None, f"{name} has never been read to its end{error}")
            through, limit = state.complete_through, timedelta(seconds=state.freshness_limit_s)
            if now - through > limit:
                return Coverage(
                    through,
                    f"{name} is complete only through {iso(through)},"
                    f" older than its limit of {spoken(limit)}",
                )
            oldest = through if oldest is None else min(oldest, through)
    return Coverage(oldest, None)


def awaited(connection: Connection, reads: Sequence[Reads]) -> bool:
    """Whether no system at all was read to its end yet of a stream that is needed."""
    query = (
        select(system_role.c.role, stream_state.c.kind)
        .join(system_role, system_role.c.system == stream_state.c.system)
        .where(stream_state.c.configured, stream_state.c.complete_through.is_not(None))
        .distinct()
    )
    known = {(row.role, row.kind) for row in connection.execute(query)}
    return any(need.required and (need.role, need.kind) not in known for need in reads)


def latest_runs(connection: Connection, reads: Sequence[Reads]) -> list[int]:
    """The newest collection run of each stream a claim rests on."""
    kinds = {need.kind for need in reads}
    query = (
        select(func.max(collection_run.c.id))
        .join(
            stream_state,
            and_(
                stream_state.c.system == collection_run.c.system,
                stream_state.c.stream == collection_run.c.stream,
            ),
        )
        .where(stream_state.c.kind.in_(kinds))
        .group_by(collection_run.c.system, collection_run.c.stream)
    )
    return sorted(connection.execute(query).scalars())
