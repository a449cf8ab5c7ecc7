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

from app import demo, processes
from app.cli import write_json
from collectors.errors import ConfigError
from sandbox.export import export
from sandbox.living.home import Home
from sandbox.living.serve import serve

sandbox = typer.Typer(no_args_is_help=True, help="A simulated firm with known gaps.")

At = Annotated[str, typer.Option("--at", help="Where the firm is served.")]
Seed = Annotated[int, typer.Option("--seed")]
Engagements = Annotated[int, typer.Option("--engagements", min=1)]
_HERE = f"http://127.0.0.1:{demo.PORT}"


@sandbox.command(name="export")
def export_(
    out: Annotated[
        Path, typer.Option("--out", help="A folder; what it holds of an earlier export is replaced.")
    ],
    seed: Seed = 7,
    engagements: Engagements = 500,
    as_of: Annotated[
        str, typer.Option("--as-of", help="The instant the firm is looked at, with its zone.")
    ] = "2026-11-20T18:00:00Z",
) -> None:
    """Write the firm's exports, a ready configuration and the planted truth."""
    moment = datetime.fromisoformat(as_of)
    if moment.tzinfo is None:
        raise typer.BadParameter("write an instant with its zone: 2026-11-20T18:00:00Z", param_hint="--as-of")
    truth = export(out, seed=seed, engagements=engagements, as_of=moment.astimezone(UTC))
    typer.echo(f"{engagements} engagements, {len(truth['gaps'])} planted exceptions in {out}")


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
