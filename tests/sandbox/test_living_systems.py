"""Sightglass's own collectors read the living firm's systems over HTTP, as its configuration says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.apis.api import Rate
from sandbox.living.configuration import prepare
from sandbox.records import Record
from tests.cast import K1, K2
from tests.sandbox import six_rows as rows
from tests.sandbox.six import DAY, MINUTE, NOW, Six, as_stored, running

NAMES = ("crm", "psa", "hcm", "time", "erp", "revenue")


@pytest.fixture
def six(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Six]:
    with running(tmp_path, monkeypatch) as found:
        yield found


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Six]:
    """The firm with rows of every kind in every state, written half an hour ago and polled once."""
    with pytest.MonkeyPatch.context() as patch, running(tmp_path_factory.mktemp("six"), patch) as found:
        found.now -= 30 * MINUTE
        for (system, _), (_, some) in rows.ROWS.items():
            found.put(system, *some)
        found.now = NOW
        found.read()
        yield found


# ---- what is told is what is held --------------------------------------------------------------


@pytest.mark.parametrize(("system", "kind"), rows.ROWS, ids=map("/".join, rows.ROWS))
def test_what_a_system_holds_is_stored_field_by_field(full: Six, system: str, kind: str) -> None:
    fields, some = rows.ROWS[system, kind]
    stored = full.stored(system, kind)

    assert set(stored) == {row.id for row in some}
    for row in some:
        expected = as_stored(system, kind, row, fields)
        assert {name: stored[row.id][name] for name in expected} == expected


def test_every_stream_that_is_polled_has_rows_to_compare(full: Six) -> None:
    assert {tuple(key.split("/")) for key in full.poll()} == set(rows.ROWS)


# ---- what changes ------------------------------------------------------------------------------

#: system -> kind, a row by its number, a change of it
CHANGES: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "crm": ("opportunity", rows.deal, {"amount": Decimal("90000.55")}),
    "psa": ("milestone", rows.milestone, {"amount": Decimal("19999.99")}),
    "hcm": ("resource", rows.worker, {"name": "Bo Berg"}),
    "time": ("time_entry", rows.entry, {"hours": Decimal("3.25")}),
    "erp": ("invoice", rows.invoice, {"amount": Decimal("99.99")}),
    "revenue": ("revenue_line", rows.revenue, {"amount": Decimal("4250.01")}),
}


def told(six: Six, system: str) -> dict[str, Any]:
    """What the store holds of the rows of a system's kind, by id: the field that changes."""
    kind, _, changed = CHANGES[system]
    return {key: row[next(iter(changed))] for key, row in six.stored(system, kind).items()}


def value(system: str, row: Record) -> Any:
    """The same as it should be."""
    kind, _, changed = CHANGES[system]
    return as_stored(system, kind, row, " ".join(changed))[next(iter(changed))]


@pytest.mark.parametrize("system", NAMES)
def test_a_changed_row_is_read_again(six: Six, system: str) -> None:
    _, make, changed = CHANGES[system]
    first, second = make(1), make(2)
    six.put(system, first, second)
    six.now += 60 * MINUTE
    six.read(system)
    six.put(system, changed_row := replace(first, **changed))
    six.now += 10 * MINUTE

    six.read(system)

    assert told(six, system) == {first.id: value(system, changed_row), second.id: value(system, second)}


@pytest.mark.parametrize("system", NAMES)
def test_a_removed_row_is_gone_within_a_day(six: Six, system: str) -> None:
    _, make, _ = CHANGES[system]
    first, second = make(1), make(2)
    six.put(system, first, second)
    six.now += 60 * MINUTE
    six.read(system)
    six.systems[system].remove(first)
    six.now += DAY

    six.read(system)

    assert six.systems[system].rows(type(first)) == [second]
    assert set(told(six, system)) == {second.id}


@pytest.mark.parametrize("system", NAMES)
def test_a_long_transaction_shows_late_and_is_not_missed(six: Six, system: str) -> None:
    _, make, changed = CHANGES[system]
    first, second = make(1), make(2)
    six.put(system, first)
    six.now += 60 * MINUTE
    six.read(system)
    six.put(system, changed_row := replace(first, **changed), second, late=4 * MINUTE)
    six.now += 2 * MINUTE
    six.read(system)
    assert told(six, system) == {first.id: value(system, first)}
    six.now += 4 * MINUTE

    six.read(system)

    assert told(six, system) == {first.id: value(system, changed_row), second.id: value(system, second)}


def test_a_line_taken_off_an_invoice_leaves_the_others(six: Six) -> None:
    one, other = rows.invoice_line(1), rows.invoice_line(1001, invoice_id="8001")
    six.put("erp", rows.erp_project(), rows.invoice(), one, other)
    six.now += 60 * MINUTE
    six.read("erp")
    six.systems["erp"].remove(one)
    six.now += DAY

    six.read("erp")

    assert set(six.stored("erp", "invoice_line")) == {other.id}


@pytest.mark.parametrize("system", ["crm", "psa", "time", "erp"])
def test_more_rows_than_a_page_holds_are_all_read(six: Six, system: str) -> None:
    kind, make, _ = CHANGES[system]
    six.systems[system].api.page_cap = 5  # type: ignore[attr-defined]
    six.put(system, *(make(number) for number in range(1, 13)))
    six.now += 60 * MINUTE

    six.read(system)

    assert len(six.stored(system, kind)) == 12


# ---- what goes wrong ---------------------------------------------------------------------------


@pytest.mark.parametrize("system", ["psa", "hcm", "time", "erp", "revenue"])
def test_a_system_over_its_limit_asks_for_patience(six: Six, system: str) -> None:
    kind, make, _ = CHANGES[system]
    six.put(system, make())
    six.now += 60 * MINUTE
    # three requests are the most that a stream needs within one try
    six.systems[system].api.rate = Rate(3, 6.0)

    for _ in range(4):
        six.poll(system)

    assert six.slept
    assert list(six.stored(system, kind)) == [make().id]
    six.systems[system].api.rate = None
    six.read(system)


def test_a_day_of_requests_that_is_used_up_stops_the_crm_alone(six: Six) -> None:
    six.systems["crm"].api.rate = Rate(1, 86_400.0)

    ends = six.poll("crm", "psa")

    assert {one.outcome for one in ends.values() if one.system == "psa"} == {"ok"}
    assert "nothing is asked until" in (ends["crm/customer"].error or "")
    assert ends["crm/opportunity"].outcome == "stopped"


@pytest.mark.parametrize("system", NAMES)
def test_an_outage_of_one_system_leaves_the_others_alone(six: Six, system: str) -> None:
    kind, make, _ = CHANGES[system]
    six.put(system, make())
    six.now += 60 * MINUTE
    other = "psa" if system == "hcm" else "hcm"
    six.systems[system].api.down = True

    ends = six.poll(system, other)

    assert {one.outcome for one in ends.values() if one.system == system} == {"failed"}
    assert "503" in (ends[f"{system}/{kind}"].error or "")
    assert {one.outcome for one in ends.values() if one.system == other} == {"ok"}
    six.systems[system].api.mend()
    six.read(system)
    assert list(six.stored(system, kind)) == [make().id]


@pytest.mark.parametrize("system", NAMES)
def test_a_storm_is_weathered(six: Six, system: str) -> None:
    kind, make, _ = CHANGES[system]
    six.put(system, make())
    six.now += 60 * MINUTE
    six.systems[system].api.storm = 2

    ends = six.poll(system)
    six.systems[system].api.mend()

    assert six.slept
    assert "stopped" not in {one.outcome for one in ends.values()}
    six.read(system)
    assert list(six.stored(system, kind)) == [make().id]


def test_the_key_of_the_ledger_is_kept(tmp_path: Path) -> None:
    assert prepare(tmp_path) == prepare(tmp_path)


def test_a_system_refuses_what_it_does_not_keep(six: Six) -> None:
    with pytest.raises(TypeError, match="hcm keeps no Opportunity"):
        six.put("hcm", rows.deal())


# ---- what is judged ----------------------------------------------------------------------------


def sold(six: Six, psa: str) -> None:
    """A deal with its project in PSA in a state, active in time and ERP, half an hour before the firm's now."""
    six.now -= 30 * MINUTE
    six.put("crm", rows.client("0015g0000000001AAA"), rows.deal(), rows.contract())
    six.put("psa", rows.client("31"), rows.psa_project(status=psa))
    six.put("time", rows.client("3"), rows.person(72), rows.time_project())
    six.put("erp", rows.entity("UK01", "Harrowgate Ltd", "GB", "GBP", **rows.LONDON))
    six.put("erp", rows.client("731"), rows.erp_project())
    six.now += 30 * MINUTE


def test_a_won_deal_whose_project_is_only_planned_is_an_exception_until_it_is_active(six: Six) -> None:
    sold(six, "planned")
    six.read()
    assert six.exceptions(K1) == [("crm", rows.deal().id, "66641.55", "GBP")]
    six.put("psa", rows.psa_project(status="active"))
    six.now += 10 * MINUTE

    six.read()

    assert six.exceptions(K1) == []


def test_approved_time_is_an_exception_of_the_psa_project_until_a_posted_line_relieves_it(six: Six) -> None:
    sold(six, "active")
    six.put("time", rows.entry(1), rows.entry(2, status="draft"), rows.entry(3, hours=Decimal("1.1")))
    six.now += 10 * MINUTE
    six.read()
    assert six.exceptions(K2) == [("psa", "41001", "1032.86", "GBP")]
    six.put("erp", rows.invoice(status="pending_approval"), rows.invoice_line())
    six.now += 10 * MINUTE
    six.read()
    assert six.exceptions(K2) == [("psa", "41001", "1032.86", "GBP")]
    six.put("erp", rows.invoice(status="posted"))
    six.now += 10 * MINUTE

    six.read()

    assert six.exceptions(K2) == [("psa", "41001", "132.11", "GBP")]
