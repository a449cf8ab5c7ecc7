"""A firm that lives is watched over its vendors' APIs: every fault shows, with its money, and goes when repaired."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.living.faults import Fault
from tests.truth.living import Watch, watched

#: faults that hit the next event of their kind
EVENTS = (
    ("lost_event", "opportunity_to_project"),
    ("lost_event", "project_to_ledger"),
    ("lost_event", "time_to_billing"),
    ("lost_event", "milestone_to_revenue"),
    ("duplicate_event", "project_to_ledger"),
    ("stuck_approval", "psa"),
    ("wrong_mapping", "revenue"),
    ("resource_code", "hcm"),
)


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_every_fault_is_found_and_cleared(tmp_path: Path, seed: int) -> None:
    with watched(tmp_path, seed, 1000) as watch:
        watch.look()
        assert watch.listed() == watch.expected()
        faults = [watch.firm.faults.inject(*event) for event in EVENTS]
        for _ in range(5):
            watch.live(days=5)
            watch.look()
            assert watch.listed() == watch.expected()
        for fault in faults:
            assert fault.hit, fault
        shown = {about(watch, fault) for fault in faults}
        assert shown == set()
        for fault in faults:
            watch.firm.faults.repair(fault.id)
        watch.live(days=5)
        watch.look()
        assert watch.listed() == watch.expected()
    print(seed)


def about(watch: Watch, fault: Fault) -> tuple[str, ...]:
    """Kinds of exceptions listed about what a fault hit."""
    return tuple(row[0] for row in watch.exceptions_of(fault))
