"""The verbs that run long: sandbox, up, bench."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.cli import cli
from sandbox.export import export

sandbox = typer.Typer(no_args_is_help=True, help="A simulated firm with known gaps.")
cli.add_typer(sandbox, name="sandbox")


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
