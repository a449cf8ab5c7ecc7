"""The same firm in PostgreSQL, and two workers at once on one store: the truth, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.truth import firm

pytestmark = pytest.mark.real


@pytest.fixture
def config(tmp_path: Path, postgres_store_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A firm of 300 engagements whose store is a fresh PostgreSQL database."""
    monkeypatch.setenv("SIGHTGLASS_STORE_URL", postgres_store_url)
    return firm.make(tmp_path, 7, 300)


def test_the_truth_comes_out_of_postgresql_too(config: Path) -> None:
    firm.poll(config)
    assert firm.found(config) == firm.truth(config.parent)
    assert firm.drift(config) == {}
    assert not list(config.parent.glob("*.db"))

    firm.poll(config)
    assert firm.found(config) == firm.truth(config.parent)


def test_two_workers_at_once_come_to_the_truth(config: Path) -> None:
    words = [sys.executable, "-m", "app", "--config", str(config), "poll", "--once"]
    pair = [
        subprocess.Popen(
            words, cwd=firm.ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "COLUMNS": "200"},
        )
        for _ in range(2)
    ]  # fmt: skip
    said = [worker.communicate(timeout=300)[0] for worker in pair]

    assert [worker.returncode for worker in pair] == [0, 0], said
    # what one worker held, the other left to it: a last pass finds nothing undone
    firm.poll(config)
    assert firm.found(config) == firm.truth(config.parent)
    assert firm.drift(config) == {}
