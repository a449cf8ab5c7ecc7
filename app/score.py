"""How well every check finds what was planted in simulated firms: precision, recall, amounts, drift.

A firm is written down, read through the program's own front door, and its exceptions are held against the
planted truth: the same check, subject, contract line, currency, and amount to the minor unit. A wrong
amount is therefore both missing and extra.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from app.bootstrap import application
from app.report import exception_list
from collectors.errors import FatalError
from metrics.evaluate import audit
from queries.exceptions import Filters
from queries.store import reading, writing
from sandbox.export import export

Fact = tuple[str, str, str, str, str | None, str, str]


class Score(NamedTuple):
    """One check over all firms; precision and recall are 1 where there is nothing to be wrong about."""

    check: str
    planted: int
    found: int
    right: int

    @property
    def precision(self) -> float:
        """How much of what was listed was planted."""
        return self.right / self.found if self.found else float(self.planted == 0)

    @property
    def recall(self) -> float:
        """How much of what was planted was listed."""
        return self.right / self.planted if self.planted else 1.0

    @property
    def missing(self) -> int:
        """Planted and not listed so."""
        return self.planted - self.right

    @property
    def extra(self) -> int:
        """Listed and not planted so."""
        return self.found - self.right


class Firm(NamedTuple):
    """One simulated firm: what was planted in it, what was listed, and the checks whose state had drifted."""

    planted: frozenset[Fact]
    listed: frozenset[Fact]
    drift: tuple[str, ...]


def fact(row: Mapping[str, Any]) -> Fact:
    """What the truth and the program must agree on."""
    subject = row["subject"]
    return (
        row["check"], subject["system"], subject["kind"], subject["id"], row["contract_line"], row["amount"],
        row["currency"],
    )  # fmt: skip


def firm_of(folder: Path, seed: int, engagements: int, as_of: datetime) -> Firm:
    """Write a firm into an empty folder, read all of it once, and ask what is wrong; raises FatalError."""
    truth = export(folder, seed=seed, engagements=engagements, as_of=as_of)
    with application(folder / "sightglass.toml") as app:
        failed = [f"{o.system}/{o.stream}: {o.error or o.outcome}" for o in app.poll() if o.outcome != "ok"]
        if failed:
            raise FatalError(f"the firm could not be read: {failed[0]}", remedy="report it with this line")
        with reading(app.engine) as connection:
            listed = frozenset(fact(row) for row in exception_list(connection, Filters()))
        with writing(app.engine) as connection:
            drift = audit(connection, app.now(), app.rules)
    return Firm(frozenset(fact(gap) for gap in truth["gaps"]), listed, tuple(sorted(drift)))


def scores(firms: Iterable[Firm]) -> list[Score]:
    """Every check that something was planted for or that listed something, in alphabetical order."""
    planted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for one in firms:
        planted.update(row[0] for row in one.planted)
        found.update(row[0] for row in one.listed)
        right.update(row[0] for row in one.planted & one.listed)
    return [Score(key, planted[key], found[key], right[key]) for key in sorted(planted.keys() | found.keys())]


def score(seeds: Iterable[int], engagements: int, as_of: datetime) -> tuple[list[Score], list[str]]:
    """The table over firms of these seeds, and the checks whose maintained state differed anywhere."""
    firms = []
    for seed in seeds:
        with tempfile.TemporaryDirectory(prefix="sightglass-score-") as folder:
            firms.append(firm_of(Path(folder), seed, engagements, as_of))
    return scores(firms), sorted({key for one in firms for key in one.drift})


def as_json(told: list[Score], drift: list[str]) -> dict[str, Any]:
    """The table in the stable form of the command line."""
    rows = [
        {**row._asdict(), "missing": row.missing, "extra": row.extra, "precision": row.precision,
         "recall": row.recall}
        for row in told
    ]  # fmt: skip
    return {"checks": rows, "drift": drift}


def is_perfect(told: list[Score], drift: list[str]) -> bool:
    """Whether every check found all that was planted, nothing else, and keeps agreeing with itself."""
    return not drift and all(row.missing == row.extra == 0 for row in told)
