"""The verbs of ``sightglass`` that answer and end."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from app import report, settings, words
from app.bootstrap import App, application
from app.doctor import examine
from collectors.discovery import systems
from collectors.errors import ConfigError
from metrics.evaluate import audit, evaluate
from queries import exceptions, journey, untraceable
from queries.identity import COMPARED
from queries.store import reading, writing
from queries.types import NO_CURRENCY

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="See where sold work is stuck between systems, for how much money, and who should act.",
)
_OUT = Console()
_STATE: dict[str, Path | None] = {"config": None}

AsJson = Annotated[bool, typer.Option("--json", help="Stable JSON instead of a table.")]


@cli.callback()
def _common(
    config: Annotated[
        Path | None,
        typer.Option("--config", envvar="SIGHTGLASS_CONFIG", help="The configuration file (TOML)."),
    ] = None,
) -> None:
    _STATE["config"] = config


def configuration() -> Path | None:
    """The configuration file named, or sightglass.toml of the current folder when there is one."""
    named = _STATE["config"]
    default = Path("sightglass.toml")
    return named or (default if default.exists() else None)


@contextmanager
def opened(config: Path | None = None) -> Iterator[App]:
    """The application of a configuration file (the one named to the command), with logging as it says."""
    with application(config or configuration()) as app:
        logging.basicConfig(
            level=app.settings.log_level.upper(),
            stream=sys.stderr,
            format="%(asctime)s %(levelname)s %(name)s %(message)s",
        )
        for name in ("httpx", "httpcore", "alembic", "apscheduler", "uvicorn"):
            logging.getLogger(name).setLevel(logging.WARNING)
        yield app


def write_json(value: Any) -> None:
    """JSON on standard output, one document."""
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")


def write_table(title: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """A table for people."""
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    _OUT.print(table)


def _cells(rows: Sequence[Mapping[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


@cli.command()
def poll(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[SYSTEM]...", help="Only these systems.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="One pass, then stop (the worker polls on).")] = False,
) -> None:
    """Read every stream of every system once, and judge what changed."""
    if not once:
        raise ConfigError("poll reads once", remedy="say --once, or start `sightglass up` to go on polling")
    with opened() as app:
        unknown = set(names or ()) - set(app.streams)
        if unknown:
            raise ConfigError(
                f"no system {', '.join(sorted(unknown))}", remedy=f"use one of {', '.join(app.streams)}"
            )
        outcomes = list(app.poll(tuple(names or ())))
    columns = ("system", "stream", "outcome", "read", "changed", "rejected", "deleted", "error")
    flat = [{**asdict(o), **asdict(o.progress)} for o in outcomes]
    write_table("Polls", columns, _cells(flat, *columns))
    if any(o.outcome == "failed" for o in outcomes):
        raise typer.Exit(1)


@cli.command(name="evaluate")
def evaluate_(
    full: Annotated[
        bool, typer.Option("--full", help="All engagements, and compare with the maintained state.")
    ] = False,
    as_of: Annotated[datetime | None, typer.Option("--as-of", help="Judge as of this instant (UTC).")] = None,
) -> None:
    """Judge again. With --full, drift between the maintained state and a full evaluation is reported."""
    with opened() as app, writing(app.engine) as connection:
        moment = settings.moment(app.settings, as_of)
        drift = audit(connection, moment, app.rules) if full else {}
        evaluate(connection, None if full else (), moment, app.rules)
    for check, subjects in drift.items():
        differed = f"differed for {len(subjects)} subjects, such as {subjects[0]}; repaired"
        _OUT.print(f"{check}: the maintained state {differed}")
    if drift:
        raise typer.Exit(1)
    _OUT.print("the maintained state equals a full evaluation" if full else "judged")


@cli.command(name="exceptions")
def exceptions_(
    check: Annotated[str | None, typer.Option("--check", help="Only this check.")] = None,
    engagement: Annotated[str | None, typer.Option("--engagement", help="Only this engagement.")] = None,
    legal_entity: Annotated[
        str | None, typer.Option("--legal-entity", help="Only this legal entity.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Open exceptions, most money x urgency first."""
    filters = exceptions.Filters(check=check, engagement=engagement, legal_entity=legal_entity)
    with opened() as app, reading(app.engine) as connection:
        rows = report.exception_list(connection, filters)
        beside = check in (None, untraceable.CHECK) and engagement is None and not as_json
        time = untraceable.untraceable(connection, legal_entity) if beside else untraceable.Untraceable()
    if as_json:
        write_json(rows)
        return
    told = [
        {
            **row,
            "money": words.NONE if row["currency"] == NO_CURRENCY else f"{row['amount']} {row['currency']}",
            "what": f"{row['check'].replace('_', ' ')}: {' '.join(row['subject'].values())}",
            "days": f"{row['age_days']} d",
        }
        for row in rows
    ]
    columns = ("severity", "money", "days", "what", "reason")
    write_table(f"{len(rows)} exceptions", columns, _cells(told, *columns))
    if time.entries:
        _OUT.print(f"Not listed: {words.untraceable(time)}. {untraceable.REMEDY}")


@cli.command(name="checks")
def checks_(as_json: AsJson = False) -> None:
    """Every check: what it asks, what it reads, how it stands."""
    with opened() as app, reading(app.engine) as connection:
        rows = report.check_list(connection, app.rules)
    if as_json:
        write_json(rows)
        return
    columns = ("check", "outcome", "open", "as of", "why")
    write_table("Checks", columns, _cells(rows, "key", "outcome", "open", "as_of", "reason"))


@cli.command(name="systems")
def systems_(
    available: Annotated[
        bool, typer.Option("--available", help="Every system that could be configured.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Every stream: last poll, lag, how far it is complete, what it could not read."""
    if available:
        _available(as_json=as_json)
        return
    with opened() as app, reading(app.engine) as connection:
        rows = report.system_list(connection, app.now())
    if as_json:
        write_json(rows)
        return
    columns = ("system", "stream", "state", "last_poll", "lag_s", "complete_through", "rejects", "error")
    flat = [{"system": row["system"], **stream} for row in rows for stream in row["streams"]]
    for stream in flat:
        lost = ", ".join(stream["missing_fields"])
        stream["error"] = stream["error"] or (f"no row has {lost} any more" if lost else None)
    headings = tuple(column.replace("_", " ") for column in columns)
    write_table("Systems", headings, _cells(flat, *columns))


def _available(*, as_json: bool) -> None:
    rows: list[dict[str, Any]] = [
        {
            "kind": s.kind,
            "title": s.title,
            "roles": list(s.roles),
            "records": list(s.records),
            "engine": s.engine,
            "verified_against": s.verified,
        }
        for s in systems().values()
    ]
    if as_json:
        write_json(rows)
        return
    flat = [{**row, "roles": ", ".join(row["roles"])} for row in rows]
    names = ("kind", "title", "roles", "engine", "verified_against")
    columns = tuple(name.replace("_", " ") for name in names)
    write_table("Available systems", columns, _cells(flat, *names))


@cli.command()
def identity(
    kind: Annotated[str | None, typer.Option("--kind", help="Only customer, resource or project.")] = None,
    as_json: AsJson = False,
) -> None:
    """Which records are the same in several systems, what each says, and whose word counts."""
    if kind is not None and kind not in COMPARED:
        raise ConfigError(f"--kind: {kind!r} is not compared", remedy=f"use one of {', '.join(COMPARED)}")
    with opened() as app, reading(app.engine) as connection:
        found = report.identity_list(connection, app.settings.identity.roles(), kind)
    if as_json:
        write_json(found)
        return
    policy = [{**row, "systems": ", ".join(row["systems"])} for row in found["kinds"]]
    columns = ("kind", "role", "systems", "pairs", "conflicts")
    write_table("Systems of record", columns, _cells(policy, *columns))
    told = [
        {
            **pair,
            **{side: f"{pair[side]['system']} {pair[side]['id']}" for side in ("here", "there")},
            "differs": ", ".join(
                f"{row['name']}: {row['here']} | {row['there']}" for row in pair["compared"] if row["differs"]
            ),
        }
        for pair in found["pairs"]
    ]
    columns_ = ("conflict", "kind", "here", "there", "differs", "method", "wins")
    write_table(f"{len(told)} pairs", columns_, _cells(told, *columns_))


@cli.command()
def doctor(
    names: Annotated[list[str] | None, typer.Argument(help="Only these systems.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ask every configured system for one page of each stream: what is wrong, and what to do about it."""
    found = list(examine(configuration(), tuple(names or ()), datetime.now(UTC)))
    if as_json:
        write_json([finding._asdict() for finding in found])
    else:
        rows = [(f.system, f.stream, f.state, f.what, f.remedy) for f in found]
        write_table("Doctor", ("system", "stream", "state", "what", "remedy"), rows)
    if any(finding.state == "failed" for finding in found):
        raise typer.Exit(1)


@cli.command()
def trace(any_id: str, as_json: AsJson = False) -> None:
    """The whole way of one deal, from any id of any system: hops, times, lags, what is missing, spans."""
    with opened() as app, reading(app.engine) as connection:
        found = journey.resolve(connection, any_id)
        if not found:
            alone = exceptions.one(connection, any_id.strip()) is not None
            of_firm = f"{any_id!r} is an exception of the whole firm: it belongs to no deal"
            nothing = f"no record, number, exception or trace has the id {any_id!r}"
            _OUT.print(of_firm if alone else nothing)
            raise typer.Exit(1)
        result = report.trace(connection, found[0], other=found[1:])
    if as_json:
        write_json(result)
        return
    hops = [{**hop, "spans": len(hop["spans"])} for hop in result["hops"]]
    write_table(
        f"{result['title']} ({result['engagement']})",
        ("hop", "state", "system", "records", "first", "lag s", "who is missing", "spans"),
        _cells(hops, "stage", "state", "system", "count", "first_at", "lag_s", "missing", "spans"),
    )


@cli.command()
def rejects(
    retry: Annotated[bool, typer.Option("--retry", help="Read them again with today's mapping.")] = False,
    as_json: AsJson = False,
) -> None:
    """Rows in quarantine: what could not be read, and why."""
    with opened() as app:
        if retry:
            runner = app.runner()
            for configured in app.systems:
                for stream in app.streams[configured.name]:
                    came, waiting = runner.retry_rejects(configured, stream)
                    if came or waiting:
                        _OUT.print(f"{configured.name}/{stream.name}: {came} came in, {waiting} wait")
        with reading(app.engine) as connection:
            rows = report.reject_list(connection)
    if as_json:
        write_json(rows)
    elif not retry:
        short = [{**row, "raw": row["raw"][:120]} for row in rows]
        columns = ("system", "stream", "record", "reason", "raw")
        write_table("Quarantine", columns, _cells(short, "system", "stream", "record_id", "reason", "raw"))
