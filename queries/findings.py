"""Findings: what is wrong now, with its whole history in transitions.

A finding is one subject that fails one check (per contract line and currency). It is opened,
refreshed, cleared and reopened as the same object; every change leaves a transition row.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, bindparam, insert, or_, select, update

from queries import read
from queries.records import NODE_KINDS
from queries.schema import check_state, finding, finding_transition, legal_entity_table, open_item
from queries.write import rows_by

#: what a refresh may change; a change of any of MATERIAL leaves a transition
REFRESHED = (
    "engagement_id", "legal_entity", "since", "watch_at", "act_at", "age_days", "amount_minor", "wip_minor",
    "group_minor", "severity", "owner", "reason", "expected", "actual", "first_broken_handoff", "remedy",
    "source_url", "facts",
)  # fmt: skip
MATERIAL = ("amount_minor", "severity", "first_broken_handoff")
#: what brings back a finding that a person resolved
EVIDENCE = frozenset({"amount_minor", "first_broken_handoff"})
#: what nothing holds back any more
AWAKE: dict[str, Any] = {"snoozed_until": None, "snoozed_above_minor": None, "snoozed_period": None}
#: a resolved finding that came back
REOPENED: dict[str, Any] = {
    "is_open": True, "status": "regressed", "cleared_at": None, "resolution": None, "resolved_at": None,
}  # fmt: skip


class Change(NamedTuple):
    """What happened to a finding, and what it was before and after."""

    change: str
    before: str | None
    after: str | None
    why: str | None = None


def finding_id(check: str, subject: tuple[str, str, str], contract_line: str, currency: str) -> str:
    """The same failure of the same subject is the same finding for ever."""
    text = json.dumps([check, *subject, contract_line, currency])
    return blake2b(text.encode(), digest_size=8).hexdigest()


def of_engagements(
    connection: Connection, check: str, engagements: Sequence[str] | None, ids: Iterable[str] = ()
) -> dict[str, Mapping[str, Any]]:
    """Findings of a check, open or not, in these engagements or with these ids."""
    query = select(finding).where(finding.c.check_key == check)
    if engagements is not None:
        query = query.where(or_(finding.c.engagement_id.in_(engagements), finding.c.id.in_(list(ids))))
    return {row["id"]: row for row in read.rows(connection, query)}


def open_finding(connection: Connection, values: Mapping[str, Any], now: datetime) -> None:
    """A subject fails a check for the first time."""
    row = {
        **values,
        "is_open": True,
        "status": "new",
        "outcome": "fail",
        "detected_minor": values["amount_minor"],
        "opened_at": now,
        "last_seen_at": now,
        "root_id": values["id"],
    }
    connection.execute(insert(finding).values(row))
    record(connection, values["id"], now, Change("opened", None, _material(values)))


def refresh_finding(
    connection: Connection, old: Mapping[str, Any], values: Mapping[str, Any], now: datetime
) -> None:
    """A subject still fails, or fails again: only a regression or a material change is history.

    What a person resolved stays so while its condition holds, until there is other evidence than was
    there then: another amount, or another broken hand-off.
    """
    changed = {name: values[name] for name in REFRESHED if values[name] != old[name]}
    if not old["is_open"] and (old["outcome"] == "pass" or not EVIDENCE.isdisjoint(changed)):
        changed |= REOPENED
        record(connection, old["id"], now, Change("regressed", old["status"], _material(values)))
    elif old["is_open"] and any(name in changed for name in MATERIAL):
        record(connection, old["id"], now, Change("refreshed", _material(old), _material(values)))
    if old["outcome"] == "unknown":
        record(connection, old["id"], now, Change("judged", "unknown", "fail"))
    if old["outcome"] != "fail":
        changed["outcome"] = "fail"
    if changed:
        changed |= {"last_seen_at": now, "runs": values["runs"]}
        connection.execute(update(finding).where(finding.c.id == old["id"]).values(changed))


def clear_finding(connection: Connection, old: Mapping[str, Any], now: datetime) -> None:
    """The data are right again: resolved by itself."""
    values = {
        "is_open": False,
        "status": "resolved",
        "outcome": "pass",
        "cleared_at": now,
        "last_seen_at": now,
        **AWAKE,
    }
    connection.execute(update(finding).where(finding.c.id == old["id"]).values(values))
    why = "auto: the condition no longer holds"
    record(connection, old["id"], now, Change("cleared", old["status"], "resolved", why))


def doubt_finding(connection: Connection, old: Mapping[str, Any], now: datetime, why: str) -> None:
    """An open finding can no longer be judged: it stays, grey, with its last values."""
    if old["outcome"] == "unknown":
        return
    connection.execute(update(finding).where(finding.c.id == old["id"]).values(outcome="unknown"))
    record(connection, old["id"], now, Change("unknown", old["outcome"], "unknown", why))


def _material(values: Mapping[str, Any]) -> str:
    return json.dumps({name: values[name] for name in MATERIAL})


def record(
    connection: Connection, identifier: str, now: datetime, change: Change, actor: str = "sightglass"
) -> None:
    """Add to the history of a finding; nothing is ever taken out of it."""
    row = {"finding_id": identifier, "at": now, "actor": actor, **change._asdict()}
    connection.execute(insert(finding_transition).values(row))


def set_roots(connection: Connection, engagements: Sequence[str] | None, root_checks: Sequence[str]) -> None:
    """Where a deal lacks its project, everything else that is stuck in it follows from that."""
    query = select(
        finding.c.id, finding.c.check_key, finding.c.engagement_id, finding.c.root_id, finding.c.since
    ).where(finding.c.is_open, finding.c.engagement_id != "")
    if engagements is not None:
        query = query.where(finding.c.engagement_id.in_(engagements))
    rows = connection.execute(query.order_by(finding.c.since, finding.c.id)).all()
    roots: dict[str, str] = {}
    for row in rows:
        if row.check_key in root_checks:
            roots.setdefault(row.engagement_id, row.id)
    for row in rows:
        own = row.id if row.check_key in root_checks else roots.get(row.engagement_id, row.id)
        if own != row.root_id:
            connection.execute(update(finding).where(finding.c.id == row.id).values(root_id=own))


# ---- the state of a check --------------------------------------------------------------------


def check_states(connection: Connection, check: str) -> dict[str, Mapping[str, Any]]:
    """Legal entity -> the state of a check there."""
    query = select(check_state).where(check_state.c.check_key == check)
    return {row["legal_entity"]: row for row in read.rows(connection, query)}


_AT = and_(check_state.c.check_key == bindparam("check"), check_state.c.legal_entity == bindparam("entity"))


def set_check_states(connection: Connection, check: str, states: Mapping[str, Mapping[str, Any]]) -> None:
    """Keep how a check stands for each legal entity, told by its code."""
    query = select(check_state.c.legal_entity).where(check_state.c.check_key == check)
    known = set(connection.execute(query).scalars())
    old = [{"check": check, "entity": entity, **states[entity]} for entity in states.keys() & known]
    new = [{"check_key": check, "legal_entity": entity, **states[entity]} for entity in states.keys() - known]
    if old:
        connection.execute(update(check_state).where(_AT), old)
    if new:
        connection.execute(insert(check_state), new)


def set_check_unknown(
    connection: Connection, check: str, entities: Sequence[str], now: datetime, why: str
) -> None:
    """A check could not be judged at all: it and what it listed are in doubt until it is judged whole."""
    state = {"outcome": "unknown", "partial": False, "as_of": None, "reason": why, "evaluated_at": now}
    set_check_states(connection, check, {entity: {**state, "definition": None} for entity in entities})
    for row in of_engagements(connection, check, None).values():
        if row["is_open"]:
            doubt_finding(connection, row, now, why)


def engagements_at(connection: Connection, check: str, entities: Sequence[str]) -> list[str]:
    """Engagements with open items or open findings of a check in these legal entities ('' is none)."""
    found: set[str] = set()
    for table in (open_item, finding):
        here: ColumnElement[bool] = table.c.legal_entity.in_(entities)
        if "" in entities:
            here = or_(here, table.c.legal_entity.is_(None))
        query = select(table.c.engagement_id).distinct().where(table.c.check_key == check, here)
        found |= set(connection.execute(query).scalars())
    return sorted(found)


def open_counts(connection: Connection, check: str) -> dict[str, int]:
    """Legal entity -> open, judged findings of a check."""
    query = select(finding.c.legal_entity).where(
        finding.c.check_key == check, finding.c.is_open, finding.c.outcome == "fail"
    )
    counts: dict[str, int] = {}
    for entity in connection.execute(query).scalars():
        counts[entity or ""] = counts.get(entity or "", 0) + 1
    return counts


def legal_entities(connection: Connection) -> dict[str, Mapping[str, Any]]:
    """Legal entities by code, as the first system that keeps them says."""
    query = select(legal_entity_table).where(legal_entity_table.c.deleted_at.is_(None))
    found: dict[str, Mapping[str, Any]] = {}
    for row in read.rows(connection, query.order_by(legal_entity_table.c.system)):
        found.setdefault(row["id"], row)
    return found


def entities_judged(connection: Connection) -> set[str]:
    """Codes of legal entities that checks were judged for, described by a system or not."""
    query = select(check_state.c.legal_entity).where(check_state.c.legal_entity != "").distinct()
    return set(connection.execute(query).scalars())


def entity_of_engagements(connection: Connection, engagements: Sequence[str]) -> dict[str, str]:
    """The legal entity of each engagement, as its first member that names one says."""
    columns = ("engagement_id", "kind", "system", "id", "legal_entity")
    rows = rows_by(connection, "node", columns, ("engagement_id",), [(name,) for name in engagements])
    found: dict[str, str] = {}
    for engagement, _, _, _, entity in sorted(rows, key=lambda row: (NODE_KINDS.index(row[1]), *row[2:4])):
        if entity is not None:
            found.setdefault(engagement, entity)
    return found
