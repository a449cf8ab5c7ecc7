"""What people do with an exception: take it, comment, set it aside for a while, say that it is settled.

Every action leaves a row in the history: who, when, what was before and after, why. None of them
touches what was judged: the amounts, the age and the reason stay the checks' own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, func, or_, select, update

from queries import read
from queries.exceptions import one
from queries.findings import AWAKE, REOPENED, Change, record
from queries.schema import RECORD_TABLES, check_state, finding, finding_transition
from queries.types import NO_CURRENCY, from_minor, iso

_period = RECORD_TABLES["period"]

#: how a person may settle an exception, in words; "fixed" is believed until the source is read again
RESOLUTIONS: Mapping[str, str] = {
    "fixed": "fixed in source",
    "written_off": "written off",
    "accepted": "accepted",
    "false_positive": "false positive",
}
#: those that need no reason: the next reading of the source shows whether it is so
_PLAIN = frozenset({"fixed"})


class ActionError(ValueError):
    """What a person wanted cannot be done with this exception; the text says why, and what to do."""


class Actor(NamedTuple):
    """Who acts, when, and why."""

    who: str
    at: datetime
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Snooze:
    """Until when an exception is set aside: the first of these that comes.

    ``above_minor`` is an amount in minor units of the exception's currency; ``period_close`` the end of
    the open accounting period of its legal entity.
    """

    until: datetime | None = None
    above_minor: int | None = None
    period_close: bool = False


def assign(connection: Connection, identifier: str, assignee: str, by: Actor) -> None:
    """Name who works on it; a new exception is acknowledged with that."""
    row = _open(connection, identifier, by)
    name = assignee.strip()
    if not name:
        raise ActionError("nobody is named: say who the exception is assigned to")
    status = "acknowledged" if row["status"] in {"new", "regressed"} else row["status"]
    change = Change("assigned", row["assignee"] or row["owner"], name, by.why)
    _change(connection, row, by, change, {"assignee": name, "status": status, **_acknowledged(row, by)})


def start(connection: Connection, identifier: str, by: Actor) -> None:
    """Somebody works on it now; who took it is its assignee unless there was one."""
    row = _open(connection, identifier, by)
    change = Change("started", row["status"], "in_progress", by.why)
    values = {"status": "in_progress", "assignee": row["assignee"] or by.who.strip(), **AWAKE}
    _change(connection, row, by, change, {**values, **_acknowledged(row, by)})


def comment(connection: Connection, identifier: str, by: Actor) -> None:
    """Say something about it, open or not."""
    row = _found(connection, identifier, by)
    if not (by.why or "").strip():
        raise ActionError("the comment is empty")
    _change(connection, row, by, Change("commented", None, None, by.why), {})


def snooze(connection: Connection, identifier: str, end: Snooze, by: Actor) -> None:
    """Set it aside: it stays open and listed apart, and wakes at the first end that comes."""
    row = _open(connection, identifier, by)
    if not (by.why or "").strip():
        raise ActionError("an exception is set aside for a reason: say which")
    if end == Snooze():
        raise ActionError("set aside until when? Name a date, an amount, or the period's close")
    if end.until is not None and end.until <= by.at:
        raise ActionError(f"{iso(end.until)} has passed: name a time that is yet to come")
    _check_amount(row, end)
    values = {
        "status": "snoozed",
        "snoozed_until": end.until,
        "snoozed_above_minor": end.above_minor,
        "snoozed_period": _running(connection, row, by.at) if end.period_close else None,
    }
    _change(connection, row, by, Change("snoozed", row["status"], _ends({**row, **values}), by.why), values)


def resolve(connection: Connection, identifier: str, resolution: str, by: Actor) -> None:
    """Say that it is settled. It leaves the list, and comes back only on other evidence than there is now.

    "fixed" says that the source was repaired: read again through a later moment and still so, it is back.
    The others say that it may stay as it is: another amount or another broken hand-off brings it back.
    """
    row = _open(connection, identifier, by)
    if resolution not in RESOLUTIONS:
        raise ActionError(f"{resolution!r} is no way to settle it: use one of {', '.join(RESOLUTIONS)}")
    if resolution not in _PLAIN and not (by.why or "").strip():
        raise ActionError(f"{RESOLUTIONS[resolution]}: say why, it is asked at the audit")
    values = {
        "is_open": False, "status": "resolved", "resolution": resolution, "resolved_at": by.at, **AWAKE,
    }  # fmt: skip
    said = Change("resolved", row["status"], RESOLUTIONS[resolution], by.why)
    _change(connection, row, by, said, values)


def reopen(connection: Connection, identifier: str, by: Actor) -> None:
    """Take a resolution back, or wake what was set aside. What the source cleared stays so."""
    row = _found(connection, identifier, by)
    if row["status"] == "snoozed":
        before = _before(connection, row)
        change = Change("woken", "snoozed", before, by.why)
        _change(connection, row, by, change, {"status": before, **AWAKE})
        return
    if row["is_open"]:
        raise ActionError("it is open already")
    if row["outcome"] == "pass":
        raise ActionError("its condition no longer holds: it comes back by itself when that changes")
    values = {**REOPENED, "status": "acknowledged" if row["assignee"] else "new"}
    _change(connection, row, by, Change("reopened", "resolved", values["status"], by.why), values)


def wake(connection: Connection, now: datetime) -> set[str]:
    """End what time, money or the ledger ended; bring back what was called fixed and is not. Whose it was."""
    return {row["engagement_id"] for row in (*_wake_snoozed(connection, now), *_refute(connection, now))}


def _wake_snoozed(connection: Connection, now: datetime) -> list[dict[str, Any]]:
    running = select(_period.c.id).where(
        _period.c.deleted_at.is_(None),
        _period.c.legal_entity == finding.c.legal_entity,
        _period.c.name == finding.c.snoozed_period,
        _period.c.status == "open",
    )
    over = or_(
        finding.c.snoozed_until <= now,
        finding.c.amount_minor > finding.c.snoozed_above_minor,
        and_(finding.c.snoozed_period.is_not(None), ~running.exists()),
    )
    query = select(finding).where(finding.c.is_open, finding.c.status == "snoozed", over)
    found = read.rows(connection, query.order_by(finding.c.id))
    for row in found:
        before = _before(connection, row)
        by = Actor("sightglass", now, f"it was set aside {_ends(row)}")
        change = Change("woken", "snoozed", before, by.why)
        _change(connection, row, by, change, {"status": before, **AWAKE})
    return found


def _refute(connection: Connection, now: datetime) -> list[dict[str, Any]]:
    state = and_(
        check_state.c.check_key == finding.c.check_key,
        check_state.c.legal_entity == func.coalesce(finding.c.legal_entity, ""),
        check_state.c.outcome != "unknown",
        check_state.c.as_of > finding.c.resolved_at,
    )
    claimed = and_(
        finding.c.status == "resolved", finding.c.resolution == "fixed", finding.c.outcome == "fail"
    )
    query = select(finding, check_state.c.as_of).join(check_state, state).where(claimed)
    found = read.rows(connection, query.order_by(finding.c.id))
    for row in found:
        why = f"the source was read through {iso(row['as_of'])} and it is still so"
        by = Actor("sightglass", now, why)
        _change(connection, row, by, Change("regressed", "resolved", "regressed", why), REOPENED)
    return found


def _found(connection: Connection, identifier: str, by: Actor) -> Mapping[str, Any]:
    if not by.who.strip():
        raise ActionError("nobody acts: say who you are")
    row = one(connection, identifier)
    if row is None:
        raise ActionError(f"no exception has the id {identifier!r}: the list of exceptions shows them")
    return row


def _open(connection: Connection, identifier: str, by: Actor) -> Mapping[str, Any]:
    row = _found(connection, identifier, by)
    if not row["is_open"]:
        back = "it comes back by itself" if row["outcome"] == "pass" else "reopen it first"
        raise ActionError(f"the exception is resolved: {back}")
    return row


def _acknowledged(row: Mapping[str, Any], by: Actor) -> dict[str, Any]:
    return {} if row["acknowledged_at"] else {"acknowledged_at": by.at}


def _check_amount(row: Mapping[str, Any], end: Snooze) -> None:
    if end.above_minor is None:
        return
    if row["currency"] in ("", NO_CURRENCY):
        raise ActionError("this exception is not about money: set it aside until a date or the close")
    if end.above_minor <= row["amount_minor"]:
        now = f"{from_minor(row['amount_minor'], row['currency'])} {row['currency']}"
        raise ActionError(f"it is worth {now} already: name a larger amount")


def _running(connection: Connection, row: Mapping[str, Any], at: datetime) -> str:
    """The open accounting period of the exception's legal entity at a moment, by its name."""
    query = select(_period.c.name).where(
        _period.c.deleted_at.is_(None),
        _period.c.legal_entity == row["legal_entity"],
        _period.c.status == "open",
        _period.c.end_on >= at.date(),
    )
    name = connection.execute(query.order_by(_period.c.start_on, _period.c.system).limit(1)).scalar()
    if name is None:
        entity = row["legal_entity"] or "that names no legal entity"
        raise ActionError(f"no system keeps an open period for {entity}: set it aside until a date")
    return str(name)


def _ends(row: Mapping[str, Any]) -> str:
    ends = []
    if row["snoozed_until"] is not None:
        ends.append(f"until {iso(row['snoozed_until'])}")
    if row["snoozed_above_minor"] is not None:
        amount = from_minor(row["snoozed_above_minor"], row["currency"])
        ends.append(f"until it is worth more than {amount} {row['currency']}")
    if row["snoozed_period"] is not None:
        ends.append(f"until {row['snoozed_period']} closes")
    return " or ".join(ends)


def _before(connection: Connection, row: Mapping[str, Any]) -> str:
    """What a snoozed exception was before it was set aside."""
    query = select(finding_transition.c.before).where(
        finding_transition.c.finding_id == row["id"],
        finding_transition.c.change == "snoozed",
        finding_transition.c.before != "snoozed",
    )
    return connection.execute(query.order_by(finding_transition.c.id.desc()).limit(1)).scalar() or "new"


def _change(
    connection: Connection, row: Mapping[str, Any], by: Actor, change: Change, values: Mapping[str, Any]
) -> None:
    if values:
        connection.execute(update(finding).where(finding.c.id == row["id"]).values(dict(values)))
    record(connection, row["id"], by.at, change, by.who.strip())
