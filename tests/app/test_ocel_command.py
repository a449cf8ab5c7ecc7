"""The verb that exports an event log: what it prints, what it refuses, with which exit code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.firm import furnish, stuck
from tests.queries.ocel_rules import broken, rows


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A firm in a store on disk."""
    return furnish(tmp_path, stuck)


def run(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """What the command line answers."""
    command = [sys.executable, "-m", "app", "--config", str(config), "export-ocel", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_it_writes_the_store_and_says_how_much_it_wrote(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "log.sqlite"
    answer = run(config, "--out", str(out))

    assert answer.returncode == 0, answer.stderr
    ((events,), (objects,)) = rows(out, "SELECT count(*) FROM event UNION ALL SELECT count(*) FROM object")
    assert answer.stdout.startswith(f"{events} events and {objects} objects, related ")
    assert str(out) in answer.stdout
    assert broken(out) == []


def test_it_writes_one_engagement(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "log.sqlite"
    answer = run(config, "--out", str(out), "--engagement", "opportunity:crm:O2", "--legal-entity", "DE01")

    assert answer.returncode == 0, answer.stderr
    assert rows(out, "SELECT record_id FROM object_Opportunity") == [("O2",)]


def test_it_never_replaces_the_store(config: Path, tmp_path: Path) -> None:
    store = tmp_path / "sightglass.db"
    answer = run(config, "--out", str(store), "--force")

    assert answer.returncode == 2
    assert "sightglass.db is the store itself. Remedy: name another file in --out" in answer.stderr
    assert rows(store, "SELECT count(*) FROM opportunity") == [(2,)]


def test_a_legal_entity_nobody_knows_is_said(config: Path, tmp_path: Path) -> None:
    answer = run(config, "--out", str(tmp_path / "log.sqlite"), "--legal-entity", "FR01")

    assert answer.returncode == 2
    assert answer.stderr.startswith("sightglass: nothing is known of legal entity 'FR01'. Remedy: ")
    assert not (tmp_path / "log.sqlite").exists()
