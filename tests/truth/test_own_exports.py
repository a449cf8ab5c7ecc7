"""The three exports of the README: what a newcomer tries first must come out as the README says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.truth import firm


def test_three_exports_are_enough_for_the_first_amounts_at_risk(tmp_path: Path) -> None:
    folder = tmp_path / "own-exports"
    shutil.copytree(firm.ROOT / "docs" / "own-exports", folder)
    config = folder / "sightglass.toml"

    firm.command(config, "poll", "--once")

    # 8 h of T-1 are billed by amount (8 x 150 = 1,200.00), T-3 is not billable: 7.5 h + 6 h at 150 are open
    assert firm.found(config) == {
        ("project_awaiting_activation", "exports", "opportunity", "D-102", None, "133283.00", "EUR"),
        ("unbilled_approved_time", "exports", "project", "P-7", None, "2025.00", "EUR"),
    }
    states = {row["key"]: row for row in json.loads(firm.command(config, "checks", "--json").stdout)}
    assert states["milestone_without_revenue"]["outcome"] == "unknown"
