"""What a visitor does with an exception: the form's answers, as one action in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation

from sqlalchemy import Connection

from app.store import site
from queries import exceptions
from queries.errors import StoreError
from queries.exception_actions import (
    ActionError,
    Actor,
    Snooze,
    assign,
    comment,
    reopen,
    resolve,
    snooze,
    start,
)
from queries.store import writing
from queries.types import MoneyError, to_minor

#: what can be done with an exception that is open, and with one that is not
OPEN = {
    "assign": "Assign", "start": "Start", "comment": "Comment", "snooze": "Set aside", "resolve": "Resolve",
}  # fmt: skip
ASIDE = {**OPEN, "reopen": "Wake"}
SETTLED = {"comment": "Comment", "reopen": "Reopen"}
CLEARED = {"comment": "Comment"}


@dataclass(frozen=True, slots=True)
class Answers:
    """What was filled in; a field that the verb does not ask for is empty."""

    verb: str
    who: str
    why: str = ""
    to: str = ""
    how: str = ""
    until: date | None = None
    above: str = ""
    period_close: bool = False


def verbs(status: str, *, is_open: bool, outcome: str) -> dict[str, str]:
    """What can be done with an exception as it stands, verb -> word."""
    if is_open:
        return ASIDE if status == exceptions.SNOOZED else OPEN
    return CLEARED if outcome == "pass" else SETTLED


def act(identifier: str, said: Answers) -> str | None:
    """Do it; what is in the way, in words, or None."""
    here = site()
    by = Actor(said.who, here.now(), said.why or None)
    try:
        with writing(here.engine) as connection:
            _do(connection, identifier, said, by)
    except (ActionError, MoneyError, StoreError) as error:
        return str(error)
    return None


def _do(connection: Connection, identifier: str, said: Answers, by: Actor) -> None:
    match said.verb:
        case "assign":
            assign(connection, identifier, said.to, by)
        case "snooze":
            snooze(connection, identifier, _end(connection, identifier, said), by)
        case "resolve":
            resolve(connection, identifier, said.how, by)
        case "start":
            start(connection, identifier, by)
        case "reopen":
            reopen(connection, identifier, by)
        case _:
            comment(connection, identifier, by)


def _end(connection: Connection, identifier: str, said: Answers) -> Snooze:
    until = None if said.until is None else datetime.combine(said.until, time.min, UTC)
    row = exceptions.one(connection, identifier)
    if not said.above.strip() or row is None:
        return Snooze(until, None, said.period_close)
    try:
        above = to_minor(Decimal(said.above.strip()), row["currency"])
    except InvalidOperation as error:
        raise ActionError(f"{said.above!r} is no amount: write it like 2500.00") from error
    return Snooze(until, above, said.period_close)
