"""A firm that lives is watched over its vendors' APIs: every fault shows, with its money, and goes when repaired."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.living.faults import Fault
from tests.truth.living import Listed, Watch, watched

#: faults that hit the next event of their kind, once
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
#: faults that befall a whole system until they are repaired
SYSTEMS = (("outage", "erp"), ("throttling", "revenue"), ("late_commit", "time"))
#: days between two looks. A lost week of time is first paid for by the invoices of later weeks, oldest first,
#: and is late only when no more of them come
LOOKS = (6, 15, 21)


def shown(watch: Watch, fault: Fault) -> list[Listed]:
    """What is listed about what a fault must show."""
    wanted = tuple(fault.shows[name] for name in ("check", "system", "kind", "id"))
    return [row for row in watch.listed() if row[:4] == wanted]


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_every_fault_is_found_with_its_money_and_cleared(tmp_path: Path, seed: int) -> None:
    with watched(tmp_path, seed, 1000) as watch:
        watch.look()
        assert watch.listed() == watch.expected()
        faults = [watch.inject(*event) for event in EVENTS]
        seen: dict[str, list[Listed]] = {}
        for days in LOOKS:
            watch.live(days=days)
            watch.look()
            assert watch.listed() == watch.expected()
            seen |= {fault.id: rows for fault in faults if fault.shows and (rows := shown(watch, fault))}
        assert [fault for fault in faults if fault.id not in seen] == []

        systems = [watch.inject(*fault) for fault in SYSTEMS]
        watch.live(minutes=20)
        watch.look(1)
        assert technical(watch, "erp") == {row["stream"] for row in watch.streams("erp")}
        assert "revenue_line" in technical(watch, "revenue")

        for fault in (*systems, *faults):
            watch.repair(fault)
        watch.live(days=4)
        watch.look()
        assert watch.listed() == watch.expected()
        assert [fault for fault in faults if shown(watch, fault)] == []


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Watch]:
    """A small firm that was looked at once."""
    with watched(tmp_path, 11, 80) as watch:
        watch.look()
        assert watch.listed() == watch.expected() != []
        yield watch


def technical(watch: Watch, system: str) -> set[str]:
    """Streams of a system that are listed as not read."""
    return {row[3] for row in watch.listed() if row[:3] == ("stream_not_read", system, "stream")}


def business(watch: Watch) -> list[Listed]:
    """What is listed of the firm's work."""
    return [row for row in watch.listed() if row[0] != "stream_not_read"]


def test_an_outage_shows_at_once_and_freezes_what_needs_the_system(small: Watch) -> None:
    before = business(small)
    fault = small.inject("outage", "erp")
    small.live(minutes=20)
    small.look()

    assert technical(small, "erp") == {row["stream"] for row in small.streams("erp")}
    assert all("503" in (row["error"] or "") for row in small.streams("erp"))

    small.live(hours=50)
    small.look()
    checks = small.checks()
    assert {checks[key]["outcome"] for key in ("project_awaiting_activation", "unbilled_approved_time")} == {
        "unknown"
    }
    assert "erp/" in checks["unbilled_approved_time"]["reason"]
    # nothing new is claimed of what ERP may know by now
    assert [row for row in business(small) if row[0] != "milestone_without_revenue"] == [
        row for row in before if row[0] != "milestone_without_revenue"
    ]

    small.repair(fault)
    small.live(hours=2)
    small.look()
    assert technical(small, "erp") == set()
    assert small.listed() == small.expected()


def test_a_throttling_storm_shows_and_passes(small: Watch) -> None:
    fault = small.inject("throttling", "revenue")
    small.live(minutes=20)
    small.look()

    assert "revenue_line" in technical(small, "revenue")

    small.repair(fault)
    small.live(hours=1)
    small.look()
    assert technical(small, "revenue") == set()
    assert small.listed() == small.expected()


def test_rows_that_are_shown_later_than_they_are_stamped_are_read_all_the_same(small: Watch) -> None:
    stuck = small.inject("lost_event", "project_to_ledger")
    while not stuck.shows or not shown(small, stuck):
        small.live(days=1)
        small.look()
    late = small.inject("late_commit", "erp")
    small.repair(stuck)
    small.live(minutes=2)
    small.look(1)
    # ERP has the project, and does not show it yet
    assert shown(small, stuck)
    assert small.listed() == small.expected()

    small.live(minutes=20)
    small.look()
    assert shown(small, stuck) == []
    assert small.listed() == small.expected()
    small.repair(late)


def test_the_same_life_is_lived_again_with_the_same_faults(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    truths = []
    for folder in ("one", "two"):
        with watched(tmp_path / folder, 5, 60) as watch:
            watch.inject("lost_event", "opportunity_to_project")
            watch.live(days=12)
            truths.append((watch.expected(), [fault.plain() for fault in watch.firm.faults.all]))

    assert truths[0] == truths[1]
    assert truths[0][0]
