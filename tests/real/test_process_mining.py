"""An exported log is what a process-mining program takes it for: its own validation passes, it sees every event."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.app.firm import furnish, stuck
from tests.cast import Cast
from tests.queries.ocel_rules import rows
from tests.queries.test_ocel import work
from tests.real.conftest import CACHE
from tests.real.mining import installed, understood
from tests.tree import ROOT

pytestmark = pytest.mark.real


def _firm(firm: Cast) -> None:
    work(firm, "7")
    stuck(firm)
    firm.job("J3", "P2")
    firm.line("L3", "800", None, project_id="P2", currency="EUR", contract_line_id="CL3")
    firm.judge("2026-11-24T18:00:00Z")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log of a firm in which some things go well and some do not."""
    folder = tmp_path_factory.mktemp("mined")
    config, path = furnish(folder, _firm), folder / "log.sqlite"
    command = [sys.executable, "-m", "app", "--config", str(config), "export-ocel", "--out", str(path)]
    subprocess.run(command, check=True)
    return path


@pytest.fixture(scope="module")
def seen(log: Path) -> dict[str, Any]:
    """What the program understood."""
    cache = Path(os.environ.get(CACHE, ROOT / ".cache")) / "pm4py"
    return understood(installed(cache), log)


def _number(log: Path, query: str) -> int:
    return int(rows(log, f"SELECT count(*) FROM {query}")[0][0])


#: the program keeps the objects that some event is about
_SEEN = "SELECT ocel_object_id FROM event_object"


def test_its_own_validation_passes(seen: dict[str, Any]) -> None:
    assert seen["unsatisfied"] == []
    assert seen["satisfied"] > 20


def test_it_sees_every_event_object_and_relation(log: Path, seen: dict[str, Any]) -> None:
    inside = f"ocel_source_id IN ({_SEEN}) AND ocel_target_id IN ({_SEEN})"

    assert seen["events"] == _number(log, "event") > 20
    assert seen["objects"] == _number(log, f"object WHERE ocel_id IN ({_SEEN})") > 20
    assert seen["event_objects"] == _number(log, "event_object")
    assert seen["object_objects"] == _number(log, f"object_object WHERE {inside}") > 20
    assert seen["changes"] == _number(log, "object_Exception WHERE ocel_changed_field IS NOT NULL") > 0
    assert seen["event_types"] == dict(rows(log, "SELECT ocel_type, count(*) FROM event GROUP BY ocel_type"))


def test_making_it_consistent_takes_nothing_away(seen: dict[str, Any]) -> None:
    assert {name: seen[name] for name in seen["consistent"]} == seen["consistent"]


def test_it_reads_instants_in_utc_and_amounts_as_numbers(seen: dict[str, Any]) -> None:
    assert seen["times"].endswith("UTC]")
    assert 500000.0 in seen["amounts"]


def test_it_tells_a_deals_whole_way(seen: dict[str, Any]) -> None:
    assert seen["ways"]["engagement:opportunity:crm:O7"] == [
        "Opportunity won", "Message ended", "Contract signed", "Project activated", "Project activated", "Expense incurred",
        "Time worked", "Time approved", "Milestone accepted", "Billing event released", "Invoice issued", "Invoice posted",
        "Revenue posted",
    ]  # fmt: skip
