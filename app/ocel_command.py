"""``sightglass export-ocel``: the store as an event log that process-mining tools read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli import opened
from queries.ocel.export import export
from queries.ocel.scope import Scope
from queries.store import reading


def export_ocel(
    *,
    out: Annotated[Path, typer.Option("--out", help="The file to write, such as sightglass.sqlite.")],
    engagement: Annotated[str | None, typer.Option("--engagement", help="Only this engagement.")] = None,
    legal_entity: Annotated[
        str | None, typer.Option("--legal-entity", help="Only engagements of this legal entity.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the file, even one that was not exported here.")
    ] = False,
) -> None:
    """Write records, their relations and what happened to them as an OCEL 2.0 file (SQLite)."""
    with opened() as app, reading(app.engine) as connection:
        found = export(connection, out, Scope(engagement, legal_entity), force=force)
    typer.echo(
        f"{found.events} events and {found.objects} objects, related {found.event_objects} and "
        f"{found.object_objects} times, in {out}"
    )
    if found.unknown:
        typer.echo(f"{found.unknown} references lead to records that are not in the file: they were left out")
