"""Write the simulated firm to a folder: exports of every system, a configuration, traces, and the truth.

The folder is ready to be polled; ``truth.json`` says what a watcher of it must find, to the minor unit.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from random import Random
from typing import Any

from sandbox.books import STREAMS, SYSTEMS
from sandbox.faults import complete_through, refuse_unknown, spoil
from sandbox.firm import Firm, build
from sandbox.records import Record
from sandbox.spans import spans
from sandbox.tieouts import tie_outs
from sandbox.truths import truth

_FLAGS = frozenset({"active", "billable", "held", "written_off", "billed", "internal", "disputed"})


def export(
    out: Path, *, seed: int, engagements: int, as_of: datetime, faults: Collection[str] = ()
) -> dict[str, Any]:
    """Write the firm to ``out`` and return its truth; equal arguments write equal bytes.

    Raises ValueError for an ``as_of`` without zone or a fault that does not exist.
    """
    refuse_unknown(faults)
    firm = build(seed, engagements, as_of)
    answer = {
        "seed": seed,
        "engagements": engagements,
        "as_of": _instant(firm.books.as_of),
        "gaps": [gap.plain() for gap in truth(firm.books)],
        "tieouts": tie_outs(firm.books),
    }
    for system, stream in STREAMS:
        _write_stream(out / system / f"{stream}.csv", firm, (system, stream), faults)
    _write(out / "sightglass.toml", configuration(firm.books.as_of, faults))
    _write(out / "truth.json", json.dumps(answer, indent=1) + "\n")
    lines = (json.dumps(request, separators=(",", ":")) + "\n" for request in spans(firm))
    _write(out / "traces" / "traces.jsonl", "".join(lines))
    return answer


def configuration(as_of: datetime, faults: Collection[str] = ()) -> str:
    """The text of a sightglass.toml that polls the folder it lies in, time standing still at ``as_of``."""
    blocks = [
        "# A simulated consulting firm. Everything below can be tried out; nothing here is real.\n",
        '\n[store]\nurl = "sqlite:///sightglass.db"\n',
        f'\n# Time stands still, so that every run finds the same.\n[clock]\nnow = "{_instant(as_of)}"\n',
        "\n# Totals and the order of the queue are in this currency, at the ERP's own rates.\n",
        '[money]\nreporting_currency = "USD"\nrate_type = "corporate"\n',
    ]
    for system, (role, about) in SYSTEMS.items():
        blocks.append(
            f"\n# {about}\n"
            f"[systems.{system}]\n"
            'kind = "files"\n'
            f'roles = ["{role}"]\n'
            f'path = "{system}"\n'
            f'complete_through = "{_instant(complete_through(system, as_of, faults))}"\n'
        )
    return "".join(blocks)


def header(row_type: type[Record]) -> list[str]:
    """The column names of a kind of row."""
    return [field.name for field in fields(row_type)]


def _write_stream(path: Path, firm: Firm, key: tuple[str, str], faults: Collection[str]) -> None:
    attribute, row_type = STREAMS[key]
    columns = header(row_type)
    read = attrgetter(*columns)
    special = [(place, words) for place, name in enumerate(columns) if (words := _words(name))]
    rows = [_row(read(record), special) for record in getattr(firm.books, attribute)]
    rows = spoil(rows, faults, Random(f"{firm.seed}/{'/'.join(key)}"))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _row(values: Sequence[Any], special: Sequence[tuple[int, Callable[[Any], str]]]) -> list[Any]:
    """Cells of a row: numbers, days and absence print as they should stand, the special ones are told how."""
    cells = list(values)
    for place, words in special:
        if cells[place] is not None:
            cells[place] = words(cells[place])
    return cells


def _words(column: str) -> Callable[[Any], str] | None:
    if column.endswith("_at"):
        return _instant
    if column in _FLAGS:
        return _flag
    return _references if column == "time_entries" else None


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _flag(value: bool) -> str:  # noqa: FBT001 - a cell's value, not a switch
    return "true" if value else "false"


def _references(value: tuple[tuple[str, Any], ...]) -> str:
    return ";".join(entry if hours is None else f"{entry}:{hours}" for entry, hours in value)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
