"""A firm's exports spoiled in every way: each costs no more than itself, says so, and is healed by repair."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from app.score import Fact
from tests.truth import firm
from tests.truth.spoiling import Table, polled, rejects, rows, write

K1, K2, K3 = "project_awaiting_activation", "unbilled_approved_time", "milestone_without_revenue"


class Bad(NamedTuple):
    """What stands in one cell of a deal, and what is said about it."""

    field: str
    value: str
    reason: str


BAD = (
    Bad("amount", "NaN", "NaN is not a number"),
    Bad("amount", "1e30", "too large to be kept exactly"),
    Bad("amount", "-99999999999999999999.00", "too large to be kept exactly"),
    Bad("amount", "a lot", "field 'amount'"),
    Bad("amount", "1.234,56", "field 'amount'"),
    Bad("currency", "ZZZ", "currency 'ZZZ' is not in ISO 4217"),
    Bad("currency", "pounds", "currency 'pounds' is not in ISO 4217"),
    Bad("currency", "", "currency"),
    Bad("won_at", "2026-02-30T10:00:00Z", "field 'won_at'"),
    Bad("won_at", "2026-11-02T12:00:00", "field 'won_at'"),
    Bad("won_at", "yesterday", "field 'won_at'"),
    Bad("status", "Closed Won", "field 'status'"),
    Bad("source_updated_at", "2026-13-01", "field 'source_updated_at'"),
    Bad("name", "x" * 1_000_000, "field 'name'"),
    Bad("name", "half a \ufffd letter", ""),
)


class Spoiled(NamedTuple):
    """A firm polled with one bad cell in each of its first deals."""

    config: Path
    good: Table
    ids: list[str]
    outcome: str


@pytest.fixture(scope="module")
def spoiled(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Spoiled:
    folder = Path(shutil.copytree(whole, tmp_path_factory.mktemp("spoiled") / "firm"))
    table = folder / "crm" / "opportunity.csv"
    good = rows(table)
    bad = [dict(row) for row in good]
    for case, row in zip(BAD, bad, strict=False):
        row[case.field] = case.value
    write(table, bad)
    outcomes = polled(folder / "sightglass.toml")
    assert {found.outcome for name, found in outcomes.items() if name != "crm/opportunity"} == {"ok"}
    outcome = outcomes["crm/opportunity"].outcome
    return Spoiled(folder / "sightglass.toml", good, [row["id"] for row in good[: len(BAD)]], outcome)


def _own(facts: set[Fact]) -> set[Fact]:
    """Without the checks to which a deal says something about other subjects: what else carries its money."""
    beside = firm.asking("crm/opportunity") - {K1}
    return {fact for fact in facts if fact[0] not in beside}


@pytest.mark.parametrize(
    "number", range(len(BAD) - 1), ids=[f"{bad.field}={bad.value[:25]}" for bad in BAD[:-1]]
)
def test_a_bad_row_lies_in_quarantine_with_its_text_its_reason_and_a_remedy(
    spoiled: Spoiled, number: int
) -> None:
    (row,) = [row for row in rejects(spoiled.config) if row["record_id"] == spoiled.ids[number]]

    bad = BAD[number]
    assert (row["system"], row["stream"]) == ("crm", "opportunity")
    assert row["reason"].startswith("crm/opportunity")
    assert bad.reason in row["reason"]
    assert any(word in row["reason"] for word in ("Remedy: ", "correct", "map"))
    assert json.loads(row["raw"])[bad.field] == bad.value
    assert len(row["reason"]) < 500


def test_everything_else_goes_on_and_nothing_false_is_said(spoiled: Spoiled) -> None:
    truth, found = _own(firm.truth(spoiled.config.parent)), _own(firm.found(spoiled.config))

    assert spoiled.outcome == "partial"
    lost = set(spoiled.ids)
    assert {fact for fact in found if fact[3] not in lost} == {fact for fact in truth if fact[3] not in lost}
    assert found <= truth
    assert firm.drift(spoiled.config) == {}


def test_the_repaired_file_brings_all_of_it_in(spoiled: Spoiled, tmp_path: Path) -> None:
    config = Path(shutil.copytree(spoiled.config.parent, tmp_path / "mended")) / "sightglass.toml"
    write(config.parent / "crm" / "opportunity.csv", spoiled.good)

    assert polled(config)["crm/opportunity"].outcome == "ok"

    assert rejects(config) == []
    assert firm.found(config) == firm.truth(config.parent)
    assert firm.drift(config) == {}


def test_what_is_strange_but_right_is_no_reject(folder: Path) -> None:
    table = rows(folder / "crm" / "opportunity.csv")
    expected = firm.truth(folder)
    table[0] |= {"name": '=cmd("/c calc")', "owner": '\N{ROCKET} O\'Neil "x", \u05e9\u05dc\u05d5\u05dd'}
    table[1] |= {"name": "-12.5", "amount": "-5000.00", "services_amount": "-5000.00"}
    table += [dict(table[2]), {**table[3], "name": "older", "source_updated_at": "2020-01-01T00:00:00Z"}]
    write(folder / "crm" / "opportunity.csv", [{**row, "colour": "red"} for row in table])

    outcome = polled(folder / "sightglass.toml")["crm/opportunity"]

    assert (outcome.outcome, outcome.progress.changed) == ("ok", len(table) - 2)
    negative = {fact for fact in expected if fact[3] == table[1]["id"]}
    assert _own(firm.found(folder / "sightglass.toml")) == _own(expected - negative)


STRANGE = (
    'O\'Brien "1"',
    '=cmd("/c calc")',
    "\N{ROCKET}\N{WOMAN}",
    "\u05e9\u05dc\u05d5\u05dd\u202e9",
    "a;b, c|d",
    "%s ? :x",
    "1e5",
    "007",
)


def test_ids_of_any_kind_come_to_the_same_truth(folder: Path) -> None:
    deals = [row["id"] for row in rows(folder / "crm" / "opportunity.csv")]
    gaps = [fact[3] for fact in firm.truth(folder) if fact[0] == K1]
    new = dict(zip([*gaps, *deals], STRANGE, strict=False))
    for path in sorted(folder.glob("*/*.csv")):
        table = rows(path)
        write(path, [{name: new.get(cell, cell) for name, cell in row.items()} for row in table])

    outcomes = polled(folder / "sightglass.toml")

    assert {found.outcome for found in outcomes.values()} == {"ok"}
    expected = {(*fact[:3], new.get(fact[3], fact[3]), *fact[4:]) for fact in firm.truth(folder)}
    assert firm.found(folder / "sightglass.toml") == expected


@pytest.mark.parametrize(
    ("system", "stream", "cells"),
    [
        ("crm", "opportunity", {"won_at": "9999-12-31T23:59:59Z"}),
        ("crm", "opportunity", {"won_at": "0001-01-01T00:00:00Z"}),
        ("time", "time_entry", {"work_date": "9999-12-31"}),
        ("time", "time_entry", {"work_date": "0001-01-01"}),
        ("clm", "contract_line", {"next_billing_on": "9999-12-31"}),
        ("clm", "contract_line", {"next_billing_on": "9999-12-31", "billing_calendar": "monthly"}),
        ("psa", "milestone", {"accepted_at": "9999-12-31T23:59:59.999999Z"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "=".join(next(iter(value.items()))),
)
def test_the_ends_of_the_calendar_stop_nothing(
    folder: Path, system: str, stream: str, cells: dict[str, str]
) -> None:
    path = folder / system / f"{stream}.csv"
    write(
        path,
        [
            {
                **row,
                **{
                    name: cell
                    for name, cell in cells.items()
                    if row[name] or name.startswith(("next", "billing"))
                },
            }
            for row in rows(path)
        ],
    )

    outcomes = polled(folder / "sightglass.toml")

    assert {found.outcome for found in outcomes.values()} == {"ok"}
    kept = {K1: K2, K2: K3, K3: K1}[{"crm": K1, "time": K2, "clm": K2, "psa": K3}[system]]
    truth = {fact for fact in firm.truth(folder) if fact[0] == kept}
    assert {fact for fact in firm.found(folder / "sightglass.toml") if fact[0] == kept} == truth


def test_two_amounts_as_large_as_can_be_kept_do_not_stop_the_sums(folder: Path) -> None:
    path = folder / "time" / "time_entry.csv"
    table = rows(path)
    for row in table[:40]:
        row |= {"hours": "900000000", "rate": "99999999", "status": "approved", "billable": "true"}
    write(path, table)

    outcomes = polled(folder / "sightglass.toml")

    assert {found.error for found in outcomes.values()} == {None}
    assert {fact for fact in firm.found(folder / "sightglass.toml") if fact[0] != K2} == {
        fact for fact in firm.truth(folder) if fact[0] != K2
    }
