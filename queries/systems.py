"""How fresh each stream is, and what it could not read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, select

from queries import read
from queries.schema import collection_run, reject, stream_state, system_role
from queries.types import iso

#: a stream's state, worst first; only ``fresh`` is good news
STATES = ("failing", "never", "stale", "degraded", "late", "fresh")
#: states in which what a stream says can be relied on: one that is degraded lacks a field, not the news
USABLE = frozenset({"degraded", "late", "fresh"})


def state(row: Mapping[str, Any], now: datetime) -> str:
    """failing: the last poll failed; never: not read yet; stale: past its limit; degraded: its rows lack a
    field that is mapped; late: past its interval.
    """
    if row["error"]:
        return "failing"
    if row["complete_through"] is None:
        return "never"
    lag = now - row["complete_through"]
    if lag > timedelta(seconds=row["freshness_limit_s"]):
        return "stale"
    if row["missing_fields"]:
        return "degraded"
    # half an interval of grace: a poll takes its time
    behind = lag > timedelta(seconds=1.5 * row["interval_s"])
    return "late" if behind and row["interval_s"] * 3 >= row["freshness_limit_s"] else "fresh"


def streams(connection: Connection, now: datetime) -> list[dict[str, Any]]:
    """Every configured stream with its state, lag, newest run and waiting rejects."""
    waiting = (
        select(reject.c.system, reject.c.stream, func.count().label("rejects"))
        .where(reject.c.resolved_at.is_(None))
        .group_by(reject.c.system, reject.c.stream)
        .subquery()
    )
    at = and_(waiting.c.system == stream_state.c.system, waiting.c.stream == stream_state.c.stream)
    query = (
        select(stream_state, func.coalesce(waiting.c.rejects, 0).label("rejects"))
        .outerjoin(waiting, at)
        .where(stream_state.c.configured)
        .order_by(stream_state.c.system, stream_state.c.stream)
    )
    found = []
    for values in read.rows(connection, query):
        complete = values["complete_through"]
        values["missing_fields"] = json.loads(values["missing_fields"] or "[]")
        values["state"] = state(values, now)
        values["lag_s"] = None if complete is None else int((now - complete).total_seconds())
        found.append(values)
    return found


def roles(connection: Connection) -> dict[str, dict[str, Any]]:
    """System -> its kind, roles and legal entities."""
    found: dict[str, dict[str, Any]] = {}
    for row in connection.execute(select(system_role).order_by(system_role.c.system, system_role.c.role)):
        entry = found.setdefault(row.system, {"kind": row.kind, "roles": [], "legal_entities": []})
        for name, value in (("roles", row.role), ("legal_entities", row.legal_entity)):
            if value not in entry[name]:
                entry[name].append(value)
    return found


def as_json(connection: Connection, now: datetime) -> list[dict[str, Any]]:
    """Systems with their streams, in the stable form of the command line and the API."""
    grouped: dict[str, list[dict[str, Any]]] = {}
    for row in streams(connection, now):
        grouped.setdefault(row["system"], []).append(
            {
                "stream": row["stream"],
                "state": row["state"],
                "last_poll": iso(row["last_poll"]) if row["last_poll"] else None,
                "lag_s": row["lag_s"],
                "complete_through": iso(row["complete_through"]) if row["complete_through"] else None,
                "rejects": row["rejects"],
                "missing_fields": row["missing_fields"],
                "error": row["error"],
            }
        )
    known = roles(connection)
    return [
        {
            "system": name,
            "kind": known[name]["kind"],
            "roles": known[name]["roles"],
            "legal_entities": known[name]["legal_entities"],
            "streams": rows,
        }
        for name, rows in sorted(grouped.items())
        if name in known
    ]


def freshness(connection: Connection, now: datetime) -> tuple[int, int, datetime | None]:
    """How many systems are wholly fresh, of how many, and the time through which all are complete."""
    worst: dict[str, bool] = {}
    oldest: datetime | None = None
    for row in streams(connection, now):
        good = row["state"] in ("fresh", "late")
        worst[row["system"]] = worst.get(row["system"], True) and good
        complete = row["complete_through"]
        if complete is not None and (oldest is None or complete < oldest):
            oldest = complete
    return sum(worst.values()), len(worst), oldest


def runs(connection: Connection, system: str, stream: str, limit: int = 20) -> list[dict[str, Any]]:
    """The newest polls of a stream."""
    query = (
        select(collection_run)
        .where(collection_run.c.system == system, collection_run.c.stream == stream)
        .order_by(collection_run.c.id.desc())
        .limit(limit)
    )
    return read.rows(connection, query)


def rejects(connection: Connection, system: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
    """Rows in quarantine, newest first, with what they name."""
    query = select(reject).where(reject.c.resolved_at.is_(None)).order_by(reject.c.id.desc()).limit(limit)
    if system:
        query = query.where(reject.c.system == system)
    return [{**row, "names": json.loads(row["names"])} for row in read.rows(connection, query)]
