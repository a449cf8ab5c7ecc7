"""Exceptions as objects that change, and their transitions as events."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Select, func, select

from queries import read
from queries.ocel.file import Log
from queries.ocel.model import (
    CLEARED,
    ENGAGEMENT,
    EXCEPTION,
    EXCEPTION_ATTRIBUTES,
    EXCEPTION_TELLS,
    OPENED,
    REOPENED,
    START,
    camel,
    money,
    object_id,
    stamp,
)
from queries.ocel.scope import Scope, pieces
from queries.schema import RECORD_TABLES, finding, finding_transition
from queries.types import NO_CURRENCY

_EVENTS = {"opened": OPENED, "regressed": REOPENED, "cleared": CLEARED}
#: transition -> what it makes of the status, of the outcome
_STATES = {
    "regressed": {"status": "regressed", "outcome": "fail"},
    "cleared": {"status": "resolved", "outcome": "pass"},
    "unknown": {"outcome": "unknown"},
    "judged": {"outcome": "fail"},
}
_Row = Mapping[str, Any]


def add_exceptions(connection: Connection, log: Log, scope: Scope) -> None:
    """Every exception there was: as it was opened, what changed since, and when it opened and cleared."""
    for rows in pieces(connection, _query(scope)):
        history = _history(connection, [row["id"] for row in rows])
        for row in rows:
            _add(log, row, history[row["id"]])
        log.flush()


def _query(scope: Scope) -> Select[Any]:
    line = RECORD_TABLES["contract_line"]
    # an exception names its contract line by the id alone
    system = (
        select(func.min(line.c.system))
        .where(line.c.engagement_id == finding.c.engagement_id, line.c.id == finding.c.contract_line)
        .scalar_subquery()
    )
    query = select(finding, system.label("line_system")).where(scope.covers(finding))
    return query.order_by(finding.c.id)


def _history(connection: Connection, ids: list[str]) -> dict[str, list[_Row]]:
    mine = finding_transition.c.finding_id.in_(ids)
    query = select(finding_transition).where(mine).order_by(finding_transition.c.id)
    found: dict[str, list[_Row]] = defaultdict(list)
    for row in read.rows(connection, query):
        found[row["finding_id"]].append(row)
    return found


def _add(log: Log, row: _Row, history: Iterable[_Row]) -> None:
    me = object_id(EXCEPTION, row["id"])
    for identifier, name in _touched(row):
        if name == ENGAGEMENT:
            log.relates(identifier, me, EXCEPTION)
        else:
            log.relates(me, identifier, name)
    at_first = next((_material(one, row) for one in history if one["change"] == "opened"), {})
    values = _as_now(row) | {"status": "new", "outcome": "fail"} | at_first
    log.object(EXCEPTION, me, START, [values[name] for name in EXCEPTION_ATTRIBUTES])
    for one in history:
        at, changed = stamp(one["at"]), _changed(one, row, values)
        log.change(EXCEPTION, me, at, changed)
        values |= changed
        if one["change"] in _EVENTS:
            _happened(log, row, one, values)


def _happened(log: Log, row: _Row, one: _Row, values: _Row) -> None:
    me, name = object_id(EXCEPTION, row["id"]), _EVENTS[one["change"]]
    event = f"{camel(name)}:{me}:{one['id']}"
    told = {**values, "known_to": "instant"}
    log.event(name, event, stamp(one["at"]), [told[tell] for tell in EXCEPTION_TELLS])
    log.touches(event, me, EXCEPTION)
    for identifier, qualifier in _touched(row):
        log.touches(event, identifier, qualifier)


def _touched(row: _Row) -> list[tuple[str, str]]:
    found = [(object_id(row["subject_kind"], row["subject_system"], row["subject_id"]), "subject")]
    if row["engagement_id"]:
        found.append((object_id(ENGAGEMENT, row["engagement_id"]), ENGAGEMENT))
    if row["line_system"] is not None:
        found.append((object_id("contract_line", row["line_system"], row["contract_line"]), "contract_line"))
    if row["root_id"] != row["id"]:
        found.append((object_id(EXCEPTION, row["root_id"]), "root"))
    return found


def _as_now(row: _Row) -> dict[str, Any]:
    renamed = {"check": row["check_key"], "since": stamp(row["since"])}
    amount, exact = money(row["amount_minor"], row["currency"])
    currency = None if row["currency"] == NO_CURRENCY else row["currency"]
    found = renamed | {"amount": amount, "amount_exact": exact, "currency": currency}
    return {name: found[name] if name in found else row[name] for name in EXCEPTION_ATTRIBUTES}


def _changed(one: _Row, row: _Row, before: _Row) -> dict[str, Any]:
    found = _STATES.get(one["change"], {}) | _material(one, row)
    return {name: value for name, value in found.items() if value != before[name]}


def _material(one: _Row, row: _Row) -> dict[str, Any]:
    """The amount, severity and hand-off that a transition wrote down."""
    if one["change"] not in ("opened", "refreshed", "regressed"):
        return {}
    told = json.loads(one["after"])
    amount, exact = money(told.pop("amount_minor"), row["currency"])
    return {"amount": amount, "amount_exact": exact, **told}
