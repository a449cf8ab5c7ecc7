"""The bench measures what it says: every line runs in small, with the fields the command promises."""

from __future__ import annotations

from typing import Any

import pytest

from app.bench import lines, run
from app.bench._firm import Firm
from app.bench._measure import Result, Timing, best, middle, timed
from collectors.errors import ConfigError

FIELDS = {
    "line", "ratio", "target", "aim", "met", "better", "wall_s", "cpu_s", "limit_wall_s", "limit_cpu_s",
    "rows", "engine", "notes",
}  # fmt: skip
#: starts a web server of its own: tests/browser and the bench itself do that
SLOW = {"page"}


def result(**changed: Any) -> Result:
    values: dict[str, Any] = {
        "line": "x", "ratio": 2.0, "target": 1.5, "aim": None, "better": "more", "ours": Timing(1, 1),
        "limit": Timing(2, 2), "rows": 1, "engine": "sqlite", "notes": "",
    }  # fmt: skip
    return Result(**{**values, **changed})


@pytest.fixture(scope="module")
def found() -> list[dict[str, Any]]:
    """One small run of everything: the stores are made once."""
    return run(sorted(set(lines()) - SLOW), large=False, quick=True, postgres=None)


def test_every_line_runs_and_tells_what_was_promised(found: list[dict[str, Any]]) -> None:
    assert {str(line["line"]).partition(".")[0] for line in found} == set(lines()) - SLOW
    for line in found:
        assert set(line) == FIELDS
        assert line["wall_s"] > 0 or "not installed" in line["notes"]


def test_the_audit_line_agrees_with_the_maintained_state(found: list[dict[str, Any]]) -> None:
    (audit,) = [line for line in found if line["line"] == "audit"]

    assert audit["ratio"] is not None
    assert "are equal" in audit["notes"]


def test_an_unknown_line_is_named_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"no line 'speed'.*ingest"):
        run(["speed"], large=False, quick=True, postgres=None)


@pytest.mark.parametrize(
    ("changed", "met"),
    [
        ({}, True),
        ({"ratio": 1.4}, False),
        ({"better": "less"}, False),
        ({"better": "less", "ratio": 1.5}, True),
        ({"target": None}, True),
        ({"ratio": None}, False),
    ],
)
def test_a_target_is_met_from_the_side_it_looks_at(changed: dict[str, Any], met: bool) -> None:
    assert result(**changed).as_json()["met"] is met


def test_timings_are_told_by_their_least_and_their_middle() -> None:
    timings = [Timing(3, 1), Timing(1, 2), Timing(2, 3)]

    assert best(timings) == Timing(1, 1)
    assert middle(timings) == Timing(2, 2)
    assert timed(lambda: sum(range(100_000))).wall_s > 0


def test_a_week_changes_stored_entries_and_brings_new_ones() -> None:
    firm = Firm(4_000)
    stored = {row["id"]: row for row in firm.history()}

    week = firm.week(1_000)

    assert sum(row["id"] in stored for row in week) == 500
    assert all(stored[row["id"]] != row for row in week if row["id"] in stored)


def test_every_line_a_stored_entry_was_billed_on_is_there() -> None:
    firm = Firm(4_000)
    kept = {row["id"] for _, kind, rows in firm.base() if kind == "invoice_line" for row in rows}

    assert {row["invoice_line_id"] for row in firm.history() if "invoice_line_id" in row} == kept
