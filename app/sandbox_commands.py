"""The verbs of the simulated firm: write it down, let it live, break it, repair it, ask what is true."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from app import demo, processes, score
from app.cli import AsJson, write_json, write_table
from collectors.errors import ConfigError
from sandbox.export import export
from sandbox.living.home import Home
from sandbox.living.serve import serve

sandbox = typer.Typer(no_args_is_help=True, help="A simulated firm with known gaps.")

At = Annotated[str, typer.Option("--at", help="Where the firm is served.")]
Seed = Annotated[int, typer.Option("--seed")]
Engagements = Annotated[int, typer.Option("--engagements", min=1)]
AsOf = Annotated[str, typer.Option("--as-of", help="The instant the firm is looked at, with its zone.")]
_FRIDAY = "2026-11-20T18:00:00Z"
_HERE = f"http://127.0.0.1:{demo.PORT}"


@sandbox.command(name="export")
def export_(
    out: Annotated[
        Path, typer.Option("--out", help="A folder; what it holds of an earlier export is replaced.")
    ],
    seed: Seed = 7,
    engagements: Engagements = 500,
    as_of: AsOf = _FRIDAY,
) -> None:
    """Write the firm's exports, a ready configuration and the planted truth."""
    truth = export(out, seed=seed, engagements=engagements, as_of=_moment(as_of))
    typer.echo(f"{engagements} engagements, {len(truth['gaps'])} planted exceptions in {out}")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise typer.BadParameter(f"write an instant with its zone: {_FRIDAY}", param_hint="--as-of")
    return moment.astimezone(UTC)


@sandbox.command(name="score")
def score_(
    seeds: Annotated[list[int] | None, typer.Option("--seed", help="A firm's seed; say it again.")] = None,
    engagements: Engagements = 500,
    as_of: AsOf = _FRIDAY,
    as_json: AsJson = False,
) -> None:
    """Hold every check against what was planted: precision and recall by check; exit code 1 below 1."""
    told, drift = score.score(seeds or [7, 8, 9], engagements, _moment(as_of))
    if as_json:
        write_json(score.as_json(told, drift))
    else:
        columns = ("check", "planted", "found", "missing", "extra", "precision", "recall")
        rows = [
            (r.check, r.planted, r.found, r.missing, r.extra, f"{r.precision:.4f}", f"{r.recall:.4f}")
            for r in told
        ]
        write_table(f"{len(told)} checks, {engagements} engagements a firm", columns, rows)
        typer.echo(f"drift: {', '.join(drift) or 'none'}")
    if not score.is_perfect(told, drift):
        raise typer.Exit(1)


@sandbox.command(name="serve")
def serve_(  # noqa: PLR0917 - what a firm is served with
    out: Annotated[
        Path, typer.Option("--out", help="The firm's folder: its clock, its past, the configuration.")
    ] = demo.FOLDER,
    seed: Seed = demo.SEED,
    engagements: Engagements = demo.ENGAGEMENTS,
    speed: Annotated[
        float, typer.Option("--speed", min=0, help="How much faster than ours its time goes.")
    ] = (demo.SPEED),
    host: Annotated[str, typer.Option("--host")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port")] = demo.PORT,
    traces: Annotated[str | None, typer.Option("--traces", help="A receiver its spans are sent to.")] = None,
) -> None:
    """Let a firm live behind the APIs of its systems, until told to stop; /truth says what must be found."""
    processes.end_with_parent()
    free = processes.free_port(host, port)
    if port and free != port:
        raise ConfigError(f"port {port} of {host} is taken", remedy=f"name another: --port {free} is free")
    config = demo.settle(out, f"http://{host}:{free}", seed=seed, engagements=engagements)
    home = Home.opened(out, seed=seed, engagements=engagements)
    typer.echo(f"The firm: http://{host}:{free}   watched by {config}", err=True)
    serve(home, host, free, speed, traces)


@sandbox.command()
def fault(
    kind: Annotated[str | None, typer.Argument(help="What goes wrong; none lists what can.")] = None,
    target: Annotated[str | None, typer.Option("--target", help="A system, or a flow.")] = None,
    at: At = _HERE,
) -> None:
    """Break something at the firm."""
    if kind is None:
        write_json(_asked(at, "GET", "/faults"))
    else:
        write_json(_asked(at, "POST", "/faults", {"kind": kind, "target": target or ""}))


@sandbox.command()
def repair(identifier: Annotated[str, typer.Argument(metavar="FAULT")], at: At = _HERE) -> None:
    """Undo a fault, and what it did."""
    write_json(_asked(at, "POST", f"/faults/{identifier}/repair", {}))


@sandbox.command()
def skip(hours: Annotated[float, typer.Argument(min=0, max=8784)], at: At = _HERE) -> None:
    """Set the firm's clock so many hours ahead; what would have happened meanwhile happens."""
    write_json(_asked(at, "POST", "/skip", {"hours": hours}))


@sandbox.command(name="truth")
def truth_(at: At = _HERE) -> None:
    """What a watcher of the firm must find now, and what is wrong with it."""
    write_json(_asked(at, "GET", "/truth"))


def _asked(address: str, method: str, path: str, told: dict[str, Any] | None = None) -> Any:
    headers = {"Content-Type": "application/json"}
    try:
        parts = urlsplit(address if "//" in address else f"//{address}")
        connection = HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 80, timeout=60)
        with closing(connection):
            connection.request(method, path, None if told is None else json.dumps(told), headers)
            found = json.loads(connection.getresponse().read())
    except (OSError, HTTPException, ValueError) as error:
        raise ConfigError(
            f"no simulated firm answers at {address}: {error}", remedy="start one: sightglass sandbox serve"
        ) from error
    if "error" in found:
        raise ConfigError(f"the firm refuses: {found['error']}", remedy="see sightglass sandbox fault")
    return found
