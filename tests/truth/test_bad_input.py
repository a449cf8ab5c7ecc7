"""A firm's exports spoiled in every way: each costs no more than itself, says so, and is healed by repair."""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from app.bootstrap import application
from collectors.errors import ConfigError
from queries import store
from queries.errors import StoreError
from tests.truth import firm
from tests.truth.spoiling import Table, listed, polled, rejects, rows, standing, streams, write

K1, K2, K3 = "project_awaiting_activation", "unbilled_approved_time", "milestone_without_revenue"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A firm of 60 engagements, exported and left alone."""
    folder = tmp_path_factory.mktemp("firm") / "whole"
    firm.make(folder, 7, 60)
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy of the firm's exports to spoil."""
    return Path(shutil.copytree(whole, tmp_path / "firm"))


# ---- single rows -----------------------------------------------------------------------------


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
    Bad("currency", "pounds", "field 'currency'"),
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


@pytest.mark.parametrize("number", range(len(BAD) - 1), ids=[f"{bad.field}={bad.value[:25]}" for bad in BAD[:-1]])
def test_a_bad_row_lies_in_quarantine_with_its_text_its_reason_and_a_remedy(spoiled: Spoiled, number: int) -> None:
    (row,) = [row for row in rejects(spoiled.config) if row["record_id"] == spoiled.ids[number]]

    bad = BAD[number]
    assert (row["system"], row["stream"]) == ("crm", "opportunity")
    assert row["reason"].startswith("crm/opportunity")
    assert bad.reason in row["reason"]
    assert any(word in row["reason"] for word in ("Remedy: ", "correct", "map"))
    assert json.loads(row["raw"])[bad.field] == bad.value
    assert len(row["reason"]) < 500


def test_everything_else_goes_on_and_nothing_false_is_said(spoiled: Spoiled) -> None:
    truth, found = firm.truth(spoiled.config.parent), firm.found(spoiled.config)

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
    table[0] |= {"name": '=cmd("/c calc")', "owner": "\N{ROCKET} O'Neil \"x\", \u05e9\u05dc\u05d5\u05dd"}
    table[1] |= {"name": "-12.5", "amount": "-5000.00", "services_amount": "-5000.00"}
    table += [dict(table[2]), {**table[3], "name": "older", "source_updated_at": "2020-01-01T00:00:00Z"}]
    write(folder / "crm" / "opportunity.csv", [{**row, "colour": "red"} for row in table])

    outcome = polled(folder / "sightglass.toml")["crm/opportunity"]

    assert (outcome.outcome, outcome.progress.changed) == ("ok", len(table) - 2)
    negative = {fact for fact in expected if fact[3] == table[1]["id"]}
    assert firm.found(folder / "sightglass.toml") == expected - negative


STRANGE = ("O'Brien \"1\"", '=cmd("/c calc")', "\N{ROCKET}\N{WOMAN}", "\u05e9\u05dc\u05d5\u05dd\u202e9", "a;b, c|d", "%s ? :x", "1e5", "007")


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
    write(path, [{**row, **{name: cell for name, cell in cells.items() if row[name] or name.startswith(("next", "billing"))}} for row in rows(path)])

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


# ---- whole files -----------------------------------------------------------------------------


def test_exports_in_all_kinds_of_writing_come_to_the_truth(folder: Path) -> None:
    (folder / "crm" / "opportunity.csv").write_text(
        (folder / "crm" / "opportunity.csv").read_text(encoding="utf-8"), encoding="utf-16"
    )
    contract = folder / "clm" / "contract.csv"
    contract.write_text(contract.read_text(encoding="utf-8").replace("\n", "\r\n"), encoding="utf-8-sig")
    project = folder / "psa" / "project.csv"
    lines = [json.dumps({name: cell for name, cell in row.items() if cell}) for row in rows(project)]
    (folder / "psa" / "project.jsonl").write_text("\n".join(lines), encoding="utf-8")
    project.unlink()
    entries = folder / "time" / "time_entry.csv"
    (folder / "time" / "time_entry.csv.gz").write_bytes(gzip.compress(entries.read_bytes()))
    entries.unlink()
    german(folder, "revenue")

    outcomes = polled(folder / "sightglass.toml")

    assert {name: found.error for name, found in outcomes.items() if found.outcome != "ok"} == {}
    assert firm.found(folder / "sightglass.toml") == firm.truth(folder)


def german(folder: Path, system: str) -> None:
    """Semicolons, decimal commas and days first, as a spreadsheet of that country exports them."""
    for path in sorted((folder / system).glob("*.csv")):
        table = [{**row, "amount": row["amount"].replace(".", ",")} for row in rows(path)]
        write(path, table, delimiter=";", quoting=1)
    config = folder / "sightglass.toml"
    toml = config.read_text(encoding="utf-8")
    place = f'path = "{system}"\n'
    config.write_text(toml.replace(place, place + 'format = { decimal = "," }\n'), encoding="utf-8")


HTML = b"<!DOCTYPE html>\n<html><body>Your session has expired. <a href='/login'>Sign in</a></body></html>\n"
Damage = Callable[[bytes], bytes]


@pytest.mark.parametrize(
    ("path", "damage", "words"),
    [
        ("psa/milestone.csv", lambda _: HTML, ("psa/milestone in ", "milestone.csv: it has no column", "Remedy: ")),
        ("revenue/revenue_line.csv", lambda raw: raw.replace(b"id,", b"Nr,", 1), ("revenue/revenue_line", "has no column 'id'", "Remedy: ")),
        ("revenue/revenue_line.csv.gz", lambda raw: raw, ("revenue/revenue_line", "it is not gzip", "Remedy: ")),
        ("psa/milestone.xlsx", lambda raw: raw, ("psa/milestone", "not an XLSX workbook", "Remedy: ")),
    ],
    ids=["html", "no id column", "no gzip", "no workbook"],
)
def test_a_file_that_is_something_else_stops_its_stream_and_blinds_its_check_only(
    folder: Path, path: str, damage: Damage, words: tuple[str, ...]
) -> None:
    config, sound = folder / "sightglass.toml", folder / (path.partition(".")[0] + ".csv")
    good = sound.read_bytes()
    sound.unlink()
    (folder / path).write_bytes(damage(good))
    name = path.partition(".")[0]

    outcomes = polled(config)

    assert {stream for stream, found in outcomes.items() if found.outcome != "ok"} == {name}
    assert [word for word in words if word not in (outcomes[name].error or "")] == []
    told = standing(config)
    assert (told[K3]["outcome"], name in told[K3]["reason"]) == ("unknown", True)
    assert firm.found(config) == {fact for fact in firm.truth(folder) if fact[0] != K3}
    assert streams(config)[name]["state"] == "failing"

    (folder / path).unlink()
    sound.write_bytes(good)
    assert {found.outcome for found in polled(config).values()} == {"ok"}
    assert firm.found(config) == firm.truth(folder)


def test_a_file_cut_off_is_read_as_far_as_it_goes_and_proves_nothing(folder: Path) -> None:
    config, lines = folder / "sightglass.toml", folder / "erp" / "invoice_line.csv"
    packed = gzip.compress(lines.read_bytes())
    lines.unlink()
    cut = folder / "erp" / "invoice_line.csv.gz"
    cut.write_bytes(packed[: len(packed) // 2])

    found = polled(config)["erp/invoice_line"]

    assert (found.outcome, found.progress.changed > 10) == ("truncated", True)
    assert standing(config)[K2]["outcome"] == "unknown"
    assert firm.found(config) == {fact for fact in firm.truth(folder) if fact[0] != K2}

    cut.write_bytes(packed)
    assert polled(config)["erp/invoice_line"].outcome == "ok"
    assert firm.found(config) == firm.truth(folder)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ('{"id": "PRJ-1", "status": ', "not JSON"),
        ("<html>busy</html>", "not JSON"),
        ('["a", "list"]', "where an object should be"),
        ('{"id": "PRJ-1\\u0000"}', "NUL"),
    ],
    ids=["half a line", "html", "list", "nul"],
)
def test_a_line_that_is_no_object_is_kept_and_said(folder: Path, line: str, word: str) -> None:
    config = folder / "sightglass.toml"
    jsonlines(folder, line)

    assert polled(config)["psa/project"].outcome == "partial"

    (row,) = rejects(config)
    assert (row["system"], row["stream"], row["raw"]) == ("psa", "project", line)
    assert word in row["reason"]
    assert "project.jsonl:4" in row["reason"]
    assert firm.found(config) == firm.truth(folder)
    assert standing(config)[K1]["partial"]


def test_a_line_that_is_no_object_goes_with_the_repair_of_its_file(folder: Path) -> None:
    config = folder / "sightglass.toml"
    jsonlines(folder, "<html>busy</html>")
    polled(config)
    jsonlines(folder)

    assert polled(config)["psa/project"].outcome == "ok"

    assert firm.found(config) == firm.truth(folder)
    assert rejects(config) == []
    assert not standing(config)[K1]["partial"]


def jsonlines(folder: Path, *strange: str) -> None:
    """PSA's projects as JSON lines, with strange lines from the fourth on."""
    project = folder / "psa" / "project.csv"
    if project.exists():
        project.rename(folder / "psa" / "project.kept")
    kept = [{name: cell for name, cell in row.items() if cell} for row in rows(folder / "psa" / "project.kept")]
    lines = [json.dumps(row) for row in kept]
    target = folder / "psa" / "project.jsonl"
    target.write_text("\n".join([*lines[:3], *strange, *lines[3:]]), encoding="utf-8")


def test_ragged_rows_are_kept_with_their_place_and_go_with_the_repair(folder: Path) -> None:
    config, path = folder / "sightglass.toml", folder / "time" / "time_entry.csv"
    good = path.read_text(encoding="utf-8")
    header, first, second, *rest = good.splitlines(keepends=True)
    short, long = first.rsplit(",", 4)[0] + "\n", second.rstrip("\n") + ",more,cells\n"
    path.write_text(header + short + long + "".join(rest), encoding="utf-8")

    assert polled(config)["time/time_entry"].progress.rejected == 2

    found = {row["record_id"]: row for row in rejects(config)}
    assert set(found) == {first.partition(",")[0], second.partition(",")[0]}
    assert all("cells where the header has" in row["reason"] for row in found.values())
    assert all("time_entry.csv" in row["reason"] for row in found.values())
    assert all("2026-11-02T09:" in row["raw"] for row in found.values())

    path.write_text(good, encoding="utf-8")
    polled(config)
    assert firm.found(config) == firm.truth(folder)
    assert rejects(config) == []


def test_rows_in_quarantine_come_in_by_retry_once_the_configuration_reads_them(folder: Path) -> None:
    config, path = folder / "sightglass.toml", folder / "revenue" / "revenue_line.csv"
    write(path, [{**row, "amount": row["amount"].replace(".", ",")} for row in rows(path)])
    polled(config)
    waiting = len(rejects(config))
    assert waiting > 10

    toml = config.read_text(encoding="utf-8")
    place = 'path = "revenue"\n'
    config.write_text(toml.replace(place, place + 'format = { decimal = "," }\n'), encoding="utf-8")
    told = firm.command(config, "rejects", "--retry").stdout

    assert f"revenue/revenue_line: {waiting} came in, 0 wait" in told
    assert rejects(config) == []
    assert firm.found(config) == firm.truth(folder)


def test_a_bad_row_makes_its_subject_grey_and_no_other(folder: Path) -> None:
    config, path = folder / "sightglass.toml", folder / "revenue" / "revenue_line.csv"
    gap = sorted(fact for fact in firm.truth(folder) if fact[0] == K3)[0]
    table = rows(path)
    broken: dict[str, Any] = {**table[0], "id": "BROKEN", "milestone_system": "psa", "milestone_id": gap[3], "amount": "?"}
    write(path, [*table, broken])
    polled(config)

    assert firm.found(config) == firm.truth(folder) - {gap}

    write(path, [*table, {**broken, "amount": "0.00", "state": "scheduled", "deleted_at": "2026-11-01T00:00:00Z"}])
    polled(config)
    assert firm.found(config) == firm.truth(folder)
    assert [row["outcome"] for row in listed(config) if row["outcome"] != "fail"] == []


# ---- the store -------------------------------------------------------------------------------


def test_a_store_of_a_newer_program_is_left_alone(folder: Path) -> None:
    config = folder / "sightglass.toml"
    with application(config):
        pass
    with closing(sqlite3.connect(folder / "sightglass.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    done = firm.command(config, "poll", "--once", check=False)

    assert done.returncode == 2
    assert "is at 9999, newer than this program. Remedy: install the newer Sightglass" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_store_somebody_holds_is_named_with_what_to_do(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = folder / "sightglass.toml"
    with application(config):
        pass
    monkeypatch.setattr(store, "WAIT_S", 0.1)
    with closing(sqlite3.connect(folder / "sightglass.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises((ConfigError, StoreError)) as caught:
            polled(config)

    assert "sightglass.db is locked by another program. Remedy: " in str(caught.value)
    polled(config)
    assert firm.found(config) == firm.truth(folder)


def test_a_store_that_is_no_database_is_named(folder: Path) -> None:
    config = folder / "sightglass.toml"
    (folder / "sightglass.db").write_bytes(b"not a database, but long enough to be taken for one" * 40)

    done = firm.command(config, "poll", "--once", check=False)

    assert (done.returncode, "is not a SQLite database. Remedy: " in done.stderr) == (2, True)
