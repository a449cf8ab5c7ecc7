"""The simulated firm as a real one would hand it over: two PSAs with the same ids, nothing canonical.

``foreign.toml`` beside this file is all Sightglass is told about it. An odd engagement is delivered
in psa_a, an even one in psa_b; each of them counts from P-1, M-1 and T-1 on.
"""

from __future__ import annotations

import csv
import re
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.score import Fact
from sandbox.truths import answers
from tests.truth import foreign_files
from tests.truth.firm import ROOT, make, truth

Row = dict[str, Any]
Tables = dict[str, list[Row]]
#: (kind, id) -> (system, new id)
Ids = dict[tuple[str, str], tuple[str, str]]

CONFIG = ROOT / "tests" / "truth" / "foreign.toml"
_LETTERS = {
    "project": "P", "milestone": "M", "allocation": "A", "billing_event": "B",
    "time_entry": "T", "expense": "X",
}  # fmt: skip

#: what its systems keep is enough for these checks
ASKED = {
    "linked_records_disagree", "milestone_without_revenue", "project_awaiting_activation",
    "unbilled_approved_time",
}  # fmt: skip
#: streams none of its systems exports
_UNKNOWN = frozenset({
    "clm/milestone", "hcm/absence", "psa/forecast", "psa/estimate", "erp/ledger_entry", "erp/ledger_balance", "hub/message",
})  # fmt: skip
#: kind -> what the systems of this firm do not say of it
_UNSAID = {
    "resource": (
        "role", "practice", "region", "manager", "weekly_hours", "currency", "cost_rate", "bill_rate",
    ),
    "contract_line": ("cap", "hours", "start_on", "end_on"),
    "project": (
        "practice", "region", "internal", "start_on", "end_on", "amount", "planned_hours", "planned_cost",
    ),
    "allocation": ("role", "hours"),
    "milestone": ("milestone_system", "milestone_id", "due_on", "reached_at", "held"),
    "time_entry": ("submitted_at",),
    "expense": ("approved_at", "held", "written_off"),
    "billing_event": ("error",),
    "invoice": ("sent_at", "open_amount", "disputed"),
    "invoice_line": ("billing_event_system", "billing_event_id"),
    "revenue_line": ("disputed",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Firm:
    """A firm handed over: its configuration, its rows under their new ids, and what is planted in it."""

    config: Path
    ids: Ids
    tables: Tables
    expected: set[Fact]

    @property
    def folder(self) -> Path:
        """Where the exports of all systems lie."""
        return self.config.parent

    def row(self, table: str, home: str, identifier: str) -> Row:
        """The row of a PSA's record."""
        return next(row for row in self.tables[table] if (row["home"], row["id"]) == (home, identifier))


def hand_over(folder: Path, seed: int, engagements: int) -> Firm:
    """Export a firm and rewrite it; its ``foreign`` folder holds no canonical project, time or invoice."""
    source, target = folder / "canonical", folder / "foreign"
    make(source, seed, engagements)
    tables = {name: rows for name, rows in _read(source).items() if name not in _UNKNOWN}
    for name, rows in tables.items():
        if not name.startswith(("clm/", "hcm/")):
            _forget(rows, _UNSAID.get(name.partition("/")[2], ()))
    ids = _numbers(tables)
    for name, rows in tables.items():
        for row in rows:
            _renumber(row, name.partition("/")[2], ids, of_psa=name.startswith(("psa/", "time/")))
    foreign_files.write(target, source, tables)
    config = shutil.copyfile(CONFIG, target / "sightglass.toml")
    with config.open("a", encoding="utf-8") as file:
        file.writelines(f"\n[checks.{key}]\nenabled = false\n" for key in sorted(set(answers()) - ASKED))
    asked = {_translated(gap, ids) for gap in truth(source) if gap[0] in ASKED}
    return Firm(config, ids, tables, asked)


def _forget(rows: list[Row], columns: tuple[str, ...]) -> None:
    for row in rows:
        row.update(dict.fromkeys(columns, ""))


def _read(source: Path) -> Tables:
    tables = {}
    for path in sorted(source.glob("*/*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            tables[f"{path.parent.name}/{path.stem}"] = list(csv.DictReader(file))
    return tables


def _numbers(tables: Tables) -> Ids:
    """Engagements are dealt out in turn, and each PSA counts for itself."""
    ids: Ids = {}
    for name, rows in tables.items():
        kind = name.partition("/")[2]
        counted: Counter[str] = Counter()
        for row in rows if name.startswith(("psa/", "time/")) else ():
            engagement = re.findall(r"\d{5}", row["id"])[0]
            home = "psa_a" if int(engagement) % 2 else "psa_b"
            counted[home] += 1
            ids[kind, row["id"]] = (home, f"{_LETTERS[kind]}-{counted[home]}")
    return ids


def _renumber(row: Row, kind: str, ids: Ids, *, of_psa: bool) -> None:
    """New ids in a row and in what it names. ``home`` is the one PSA it lies in or speaks of, if any."""
    homes = set()
    if of_psa:
        home, row["id"] = ids[kind, row["id"]]
        homes.add(home)
    for name in ("project", "milestone"):
        known = ids.get((name, row.get(f"{name}_id", "")))
        if known:
            row[f"{name}_system"], row[f"{name}_id"] = known
            homes.add(known[0])
    entries = [entry.partition(":") for entry in row.get("time_entries", "").split(";") if entry]
    row["time_entries"] = [(ids["time_entry", old][1], hours) for old, _, hours in entries]
    homes |= {ids["time_entry", old][0] for old, _, _ in entries}
    assert len(homes) <= 1, f"{kind} {row['id']} speaks of both PSAs"
    row["home"] = next(iter(homes), "")


def _translated(gap: Fact, ids: Ids) -> Fact:
    check, system, kind, identifier, line, amount, currency = gap
    system, identifier = ids.get((kind, identifier), (system, identifier))
    return (check, system, kind, identifier, line, amount, currency)
