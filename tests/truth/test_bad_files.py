"""Whole files spoiled: each is named, costs its own stream only, and goes with its repair."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.truth import firm
from tests.truth.spoiling import listed, polled, rejects, rows, standing, streams, write

K1, K2, K3 = "project_awaiting_activation", "unbilled_approved_time", "milestone_without_revenue"


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
        (
            "psa/milestone.csv",
            lambda _: HTML,
            ("psa/milestone in ", "milestone.csv: it has no column", "Remedy: "),
        ),
        (
            "revenue/revenue_line.csv",
            lambda raw: raw.replace(b"id,", b"Nr,", 1),
            ("revenue/revenue_line", "has no column 'id'", "Remedy: "),
        ),
        (
            "revenue/revenue_line.csv.gz",
            lambda raw: raw,
            ("revenue/revenue_line", "it is not gzip", "Remedy: "),
        ),
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
    system, _, stream = name.partition("/")
    unread = ("stream_not_read", system, "stream", stream, None, "0", "XXX")
    assert firm.found(config) == {fact for fact in firm.truth(folder) if fact[0] not in firm.asking(name)} | {
        unread
    }
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
    assert firm.found(config) == {
        fact for fact in firm.truth(folder) if fact[0] not in firm.asking("erp/invoice_line")
    }

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
    kept = [
        {name: cell for name, cell in row.items() if cell} for row in rows(folder / "psa" / "project.kept")
    ]
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
    gap = min(fact for fact in firm.truth(folder) if fact[0] == K3)
    table = rows(path)
    broken: dict[str, Any] = {
        **table[0],
        "id": "BROKEN",
        "milestone_system": "psa",
        "milestone_id": gap[3],
        "amount": "?",
    }
    write(path, [*table, broken])
    polled(config)

    assert firm.found(config) == firm.truth(folder) - {gap}

    write(
        path,
        [*table, {**broken, "amount": "0.00", "state": "scheduled", "deleted_at": "2026-11-01T00:00:00Z"}],
    )
    polled(config)
    assert firm.found(config) == firm.truth(folder)
    assert [row["outcome"] for row in listed(config) if row["outcome"] != "fail"] == []
