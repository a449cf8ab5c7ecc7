"""The verbs that run long: worker, receiver, web, up, sandbox, bench."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app import demo, processes, receiving, worker
from app.cli import configuration, opened, write_json
from app.connect import block
from app.telemetry import tracing
from collectors.discovery import systems
from collectors.errors import ConfigError
from sandbox.export import export

sandbox = typer.Typer(no_args_is_help=True, help="A simulated firm with known gaps.")


@sandbox.command(name="export")
def sandbox_export(
    out: Annotated[
        Path, typer.Option("--out", help="A folder; what it holds of an earlier export is replaced.")
    ],
    seed: Annotated[int, typer.Option("--seed")] = 7,
    engagements: Annotated[int, typer.Option("--engagements", min=1)] = 500,
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


Host = Annotated[str | None, typer.Option("--host", help="Instead of the configured address.")]
Port = Annotated[int | None, typer.Option("--port", help="Instead of the configured port.")]


def worker_() -> None:
    """Poll every stream on its interval and judge what changed, until told to stop."""
    processes.end_with_parent()
    with opened() as app, tracing(receiving.Wiring(app).store):
        worker.run(app)


def receiver_(host: Host = None, port: Port = None) -> None:
    """Take in traces and events; give out health, metrics and the read-only API."""
    processes.end_with_parent()
    with opened() as app:
        receiving.serve(app, host, port)


def web(host: Host = None, port: Port = None) -> None:
    """Serve the pages."""
    from app.web import serve

    processes.end_with_parent()
    serve(configuration(), host, port)


def up(
    demonstration: Annotated[
        bool, typer.Option("--demo", help="Watch a simulated firm in .sightglass/demo.")
    ] = False,
) -> None:
    """Worker, receiver and pages together, until Ctrl-C."""
    config = configuration()
    if demonstration:
        config = demo.prepare(Path(".sightglass") / "demo")
    elif config is None:
        raise ConfigError(
            "no configuration", remedy="name one with --config, or look at the simulated firm with --demo"
        )
    with opened(config) as app:
        settings = app.settings
        receiver_at = (
            settings.receiver.host,
            processes.free_port(settings.receiver.host, settings.receiver.port),
        )
        web_at = settings.web.host, processes.free_port(settings.web.host, settings.web.port)
    verbs = {
        "receiver": ("receiver", "--host", receiver_at[0], "--port", str(receiver_at[1])),
        "web": ("web", "--host", web_at[0], "--port", str(web_at[1])),
        "worker": ("worker",),
    }
    commands = {name: processes.command(*words, config=str(config)) for name, words in verbs.items()}
    try:
        with processes.family(commands) as children:
            if processes.wait_until_answers(*receiver_at, "/health", children[0]) and demonstration:
                demo.send_traces(config.parent, *receiver_at)
            if processes.wait_until_answers(*web_at, "/api/health", children[1]):
                typer.echo(f"Sightglass: http://{web_at[0]}:{web_at[1]}   (Ctrl-C stops it)")
            processes.watch(children)
    except processes.Stopped:
        pass
    typer.echo("Sightglass has stopped.")


def bench(
    lines: Annotated[list[str] | None, typer.Argument(metavar="[LINE]...", help="Only these lines.")] = None,
    large: Annotated[bool, typer.Option("--large", help="Also at ten million time entries.")] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Small sizes: does it run? The numbers mean nothing.")
    ] = False,
    postgres: Annotated[
        str | None,
        typer.Option(envvar="SIGHTGLASS_BENCH_POSTGRES", help="A server on which databases may be made."),
    ] = None,
) -> None:
    """Measure speed as ratios to what the machine allows in the same run; JSON out."""
    from app.bench import run

    write_json(run(lines or [], large, quick, postgres))


def connect(
    kind: Annotated[str, typer.Argument(help="A kind of `sightglass systems --available`.")],
    name: Annotated[str | None, typer.Option("--name", help="What the system is called here.")] = None,
) -> None:
    """Print a configuration block for a kind of system, and the rights to ask its administrator for."""
    found = systems().get(kind)
    if found is None:
        raise ConfigError(f"{kind!r} is no kind of system", remedy=f"use one of {', '.join(systems())}")
    sys.stdout.write(block(found, name or kind))


def register(cli: typer.Typer) -> None:
    """Add these verbs to the command line."""
    cli.add_typer(sandbox, name="sandbox")
    cli.command(name="worker")(worker_)
    cli.command(name="receiver")(receiver_)
    cli.command()(web)
    cli.command()(up)
    cli.command()(bench)
    cli.command()(connect)
