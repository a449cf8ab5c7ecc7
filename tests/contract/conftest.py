"""A vendor's API beside a store, for every vendor there is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from queries.store import open_engine
from tests.contract.case import Bench, Case, cases, running

CASES = cases()


@pytest.fixture(params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    """Each vendor in turn."""
    found: Case = CASES[request.param]
    return found


@pytest.fixture
def bench(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _sqlite_template: Path
) -> Iterator[Bench]:
    """The vendor's API, running, and an empty store."""
    for name, value in case.env.items():
        monkeypatch.setenv(name, value)
    shutil.copyfile(_sqlite_template, tmp_path / "store.db")
    engine = open_engine(f"sqlite:///{tmp_path / 'store.db'}")
    try:
        with running(case, engine, tmp_path) as found:
            yield found
    finally:
        engine.dispose()
