"""A simulated firm on disk, polled through the program's own front door, compared with its planted truth."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from app.bootstrap import application
from app.report import exception_list
from app.score import Fact, fact
from metrics.check import checks
from metrics.evaluate import audit
from queries.exceptions import Filters
from queries.store import reading, writing
from sandbox.books import STREAMS, SYSTEMS
from sandbox.export import export

AS_OF = datetime(2026, 11, 20, 18, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


def make(folder: Path, seed: int, engagements: int) -> Path:
    """Export a firm; its configuration."""
    export(folder, seed=seed, engagements=engagements, as_of=AS_OF)
    return folder / "sightglass.toml"


def asking(*streams: str) -> set[str]:
    """The checks that read one of these streams (``system/kind``) of the exported firm."""
    named = {(SYSTEMS[name.partition("/")[0]][0], name.partition("/")[2]) for name in streams}
    return {
        key for key, check in checks().items() if named & {(need.role, need.kind) for need in check.reads}
    }


def of(system: str) -> tuple[str, ...]:
    """The streams a system exports."""
    return tuple(f"{name}/{stream}" for name, stream in STREAMS if name == system)


def truth(folder: Path) -> set[Fact]:
    """What was planted."""
    return {fact(gap) for gap in json.loads((folder / "truth.json").read_text())["gaps"]}


def found(config: Path) -> set[Fact]:
    """What the program says is wrong."""
    with application(config) as app, reading(app.engine) as connection:
        return {fact(row) for row in exception_list(connection, Filters())}


def poll(config: Path) -> None:
    """One pass over everything."""
    with application(config) as app:
        failed = [outcome for outcome in app.poll() if outcome.outcome != "ok"]
        assert failed == []


def drift(config: Path) -> dict[str, list[str]]:
    """Where the maintained state differs from a full evaluation."""
    with application(config) as app, writing(app.engine) as connection:
        return audit(connection, app.now(), app.rules)


def command(
    config: Path, *words: str, check: bool = True, under: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """The program as a person starts it, ``under`` another that starts it for them."""
    return subprocess.run(
        [*under, sys.executable, "-m", "app", "--config", str(config), *words],
        cwd=ROOT, check=check, capture_output=True, text=True, env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip


def parts(source: Path, target: Path, pieces: int) -> list[Path]:
    """Every table of a firm cut into pieces of the same header; where each piece belongs."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.csv", "sightglass.db*"))
    cut = []
    for table in sorted(source.glob("*/*.csv")):
        header, *rows = table.read_text(encoding="utf-8").splitlines(keepends=True)
        for piece in range(pieces):
            chosen = rows[piece::pieces]
            if chosen:
                path = target / "waiting" / table.parent.name / f"{table.stem}-{piece}.csv"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(header + "".join(chosen), encoding="utf-8")
                cut.append(path)
        (target / table.parent.name).mkdir(exist_ok=True)
    return cut


def deliver(folder: Path, piece: Path) -> None:
    """Let one piece arrive; arriving again makes it a new file."""
    target = folder / piece.parent.name / piece.name
    while target.exists():
        target = target.with_name(f"{target.stem}-again.csv")
    shutil.copyfile(piece, target)
