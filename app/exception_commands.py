"""``sightglass exception``: take an exception, comment, set it aside, say it is settled, see its history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from app.cli import AsJson, opened, write_json, write_table
from collectors.errors import ConfigError
from queries import exceptions
from queries.exception_actions import (
    RESOLUTIONS,
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
from queries.store import reading, writing
from queries.types import iso, to_minor

verbs = typer.Typer(no_args_is_help=True)

Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Exceptions, by the ids `exceptions` lists.")]
By = Annotated[str, typer.Option("--by", envvar="SIGHTGLASS_USER", help="Who acts.")]
Why = Annotated[str | None, typer.Option("--why", help="Why; kept in the history.")]
Act = Callable[[Connection, str, Actor], None]


def act(ids: list[str], by: str, why: str | None, action: Act, *, as_json: bool) -> None:
    """Do one thing with several exceptions, with all of them or with none, and tell how they stand."""
    with opened() as app:
        actor, rows = Actor(by, app.now(), why), []
        with writing(app.engine) as connection:
            for identifier in ids:
                try:
                    action(connection, identifier, actor)
                except ActionError as error:
                    where = f"exception {identifier}: {error}"
                    raise ConfigError(
                        where, remedy="nothing was written; mend it and say it again"
                    ) from error
            rows = [found for one in ids if (found := exceptions.one(connection, one)) is not None]
        told = [exceptions.as_json(row) for row in rows]
    if as_json:
        write_json(told)
        return
    columns = ("id", "status", "owner", "resolution", "snoozed_until", "reason")
    headings = tuple(name.replace("_", " ") for name in columns)
    write_table("Written", headings, [tuple(row[name] for name in columns) for row in told])


@verbs.command(name="assign")
def assign_(
    ids: Ids,
    to: Annotated[str, typer.Option("--to", help="Who works on it from now on.")],
    by: By,
    why: Why = None,
    as_json: AsJson = False,
) -> None:
    """Name who works on it; a new exception is acknowledged with that."""
    act(ids, by, why, lambda store, one, actor: assign(store, one, to, actor), as_json=as_json)


@verbs.command(name="start")
def start_(ids: Ids, by: By, why: Why = None, as_json: AsJson = False) -> None:
    """Say that you work on it now."""
    act(ids, by, why, start, as_json=as_json)


@verbs.command(name="comment")
def comment_(
    ids: Ids,
    by: By,
    text: Annotated[str, typer.Option("--text", help="What there is to say.")],
    as_json: AsJson = False,
) -> None:
    """Say something about it, open or not."""
    act(ids, by, text, comment, as_json=as_json)


@verbs.command(name="snooze")
def snooze_(  # noqa: PLR0917 - three ways to end it
    ids: Ids,
    by: By,
    why: Annotated[str, typer.Option("--why", help="Why it can wait.")],
    until: Annotated[str | None, typer.Option("--until", help="A day, or an instant in UTC.")] = None,
    above: Annotated[str | None, typer.Option("--above", help="An amount in its own currency.")] = None,
    period_close: Annotated[
        bool, typer.Option("--period-close", help="Until the open period of its legal entity closes.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Set it aside until the first end that comes; it stays open, and is listed apart."""
    moment = None if until is None else _moment(until)

    def put(store: Connection, one: str, actor: Actor) -> None:
        snooze(store, one, Snooze(moment, _minor(store, one, above), period_close), actor)

    act(ids, by, why, put, as_json=as_json)


@verbs.command(name="resolve")
def resolve_(
    ids: Ids,
    how: Annotated[str, typer.Option("--as", help=f"One of {', '.join(RESOLUTIONS)}.")],
    by: By,
    why: Why = None,
    as_json: AsJson = False,
) -> None:
    """Say that it is settled; other evidence brings it back."""
    act(ids, by, why, lambda store, one, actor: resolve(store, one, how, actor), as_json=as_json)


@verbs.command(name="reopen")
def reopen_(ids: Ids, by: By, why: Why = None, as_json: AsJson = False) -> None:
    """Take a resolution back, or wake what was set aside."""
    act(ids, by, why, reopen, as_json=as_json)


@verbs.command(name="history")
def history_(identifier: Annotated[str, typer.Argument(metavar="ID")], as_json: AsJson = False) -> None:
    """All that happened to an exception, oldest first: when, who, what, before, after, why."""
    with opened() as app, reading(app.engine) as connection:
        if exceptions.one(connection, identifier) is None:
            raise ConfigError(
                f"no exception has the id {identifier!r}",
                remedy="see the ids of `sightglass exceptions --json`",
            )
        steps = exceptions.history(connection, identifier)
    names = ("at", "actor", "change", "before", "after", "why")
    told: list[dict[str, Any]] = [
        {**{name: step[name] for name in names}, "at": iso(step["at"])} for step in steps
    ]
    if as_json:
        write_json(told)
    else:
        write_table(f"History of {identifier}", names, [tuple(row[name] for name in names) for row in told])


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"--until: {text!r} is no date", remedy="write it like 2026-12-01") from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _minor(store: Connection, identifier: str, text: str | None) -> int | None:
    row = exceptions.one(store, identifier)
    if text is None or row is None:
        return None
    try:
        return to_minor(Decimal(text), row["currency"])
    except (InvalidOperation, ValueError) as error:
        raise ConfigError(
            f"--above: {text!r} is no amount in {row['currency']}", remedy="write it like 2500.00"
        ) from error


def register(cli: typer.Typer) -> None:
    """Add these verbs to the command line."""
    cli.add_typer(verbs, name="exception", help="Work on an exception: assign, snooze, resolve, history.")
