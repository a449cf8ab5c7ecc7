"""The verbs that run long: worker, receiver, web, up, bench."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from app import demo, processes, receiving, worker
from app.check_history import check_history
from app.cli import configuration, opened, write_json
from app.connect import block
from app.kpi_commands import kpis
from app.ocel_command import export_ocel
from app.sandbox_commands import sandbox
from app.settings import load
from app.telemetry import tracing
from collectors.discovery import systems
from collectors.errors import ConfigError

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
        bool, typer.Option("--demo", help=f"Watch a simulated firm that lives in {demo.FOLDER}.")
    ] = False,
    speed: Annotated[
        float, typer.Option("--speed", min=0, help="How much faster than ours the simulated firm lives.")
    ] = demo.SPEED,
) -> None:
    """Worker, receiver and pages together, until Ctrl-C."""
    config = configuration()
    firm_at = "127.0.0.1", processes.free_port("127.0.0.1", demo.PORT)
    if demonstration:
        config = demo.settle(demo.FOLDER, "http://{}:{}".format(*firm_at))
    elif config is None:
        raise ConfigError(
            "no configuration", remedy="name one with --config, or look at the simulated firm with --demo"
        )
    settings = load(config)
    receiver_at = settings.receiver.host, processes.free_port(settings.receiver.host, settings.receiver.port)
    web_at = settings.web.host, processes.free_port(settings.web.host, settings.web.port)
    verbs: dict[str, tuple[str, ...]] = {
        "receiver": ("receiver", "--host", receiver_at[0], "--port", str(receiver_at[1])),
        "web": ("web", "--host", web_at[0], "--port", str(web_at[1])),
        "worker": ("worker",),
    }
    if demonstration:
        place = ("--out", str(demo.FOLDER), "--port", str(firm_at[1]), "--speed", str(speed))
        verbs = {
            "firm": ("sandbox", "serve", *place, "--traces", "http://{}:{}".format(*receiver_at)),
            **verbs,
        }
    commands = {name: processes.command(*words, config=str(config)) for name, words in verbs.items()}
    try:
        with processes.family(commands) as children:
            by_name = {child.name: child for child in children}
            if demonstration and processes.wait_until_answers(*firm_at, "/health", by_name["firm"]):
                typer.echo("The simulated firm: http://{}:{}   (break something there)".format(*firm_at))
            if processes.wait_until_answers(*web_at, "/api/health", by_name["web"]):
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
    cli.command(name="check-history")(check_history)
    cli.command(name="export-ocel")(export_ocel)
    cli.command()(kpis)
