"""Exports in a folder: what is read, and as what."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pydantic import ValidationError

from collectors.systems.files import SYSTEM
from collectors.tabular.folder import kind_of
from tests.collectors.exports import HEADER, NOW, ROW, Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_files_named_after_a_kind_are_streams_of_their_own(folder: Folder) -> None:
    for name in (
        "customer.csv",
        "contract_line.csv",
        "contract.csv",
        "Time Entries 2026-11.csv",
        "notes.csv",
    ):
        folder.write(name, HEADER)

    found = {stream.name: (stream.kind, stream.deletes) for stream in folder.connect().streams()}

    assert set(found) == {"customer", "contract", "contract_line", "time_entry"}
    assert found["customer"] == ("customer", "signal")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("opportunities.csv", "opportunity"),
        ("invoice_lines_2026.csv.gz", "invoice_line"),
        ("Invoice Line.xlsx", "invoice_line"),
        ("project.jsonl", "project"),
        ("customer.pdf", None),
        ("~$customer.xlsx", None),
        ("_complete_through", None),
        (".customer.csv", None),
    ],
)
def test_a_file_says_its_kind_by_its_name(name: str, kind: str | None) -> None:
    assert kind_of(name) == kind


def test_a_canonical_row_becomes_a_record(folder: Folder) -> None:
    folder.write("customer.csv", HEADER + ROW)

    record = folder.poll().records[0]

    assert (record.id, record.source_updated_at) == ("C1", datetime(2026, 11, 1, tzinfo=UTC))


def test_headers_may_be_written_as_people_write_them(folder: Folder) -> None:
    folder.write(
        "customer.csv",
        " ID ;Name;Legal-Entity;Source Updated At;Extra\nC1;N;UK01;2026-11-01T00:00:00Z;x\n",
    )

    poll = folder.poll()

    assert (poll.records[0].legal_entity, poll.rows[0]["extra"]) == ("UK01", "x")
    assert poll.stream.known_fields is not None
    assert set(poll.rows[0]) - poll.stream.known_fields == {"extra"}


def test_without_a_version_the_files_time_counts(folder: Folder) -> None:
    folder.write("customer.csv", "id,name,source_updated_at\nC1,N,\nC2,N,2026-11-01T00:00:00Z\n", NOW)

    assert [record.source_updated_at for record in folder.poll().records] == [
        NOW, datetime(2026, 11, 1, tzinfo=UTC),
    ]  # fmt: skip


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be-bom"])
def test_delimiter_and_marked_encoding_are_found_out(folder: Folder, delimiter: str, encoding: str) -> None:
    text = (
        delimiter.join(["id", '"name, if any; any"', "name"])
        + "\n"
        + delimiter.join(["C1", "", "Größe"])
        + "\n"
    )
    marked = encoding == "utf-16-be-bom"
    folder.write("customer.csv", b"\xfe\xff" + text.encode("utf-16-be") if marked else text.encode(encoding))

    assert folder.poll().rows[0]["name"] == "Größe"


def test_configured_writing_is_obeyed(folder: Folder) -> None:
    folder.write("customer.csv", "id;name\nC1;Größe, groß\n".encode("cp1252"))
    folder.write("Kunden.txt", "id;name\nC2;Größe\n".encode("utf-16-le"))

    assert folder.poll(format={"encoding": "cp1252", "delimiter": ";"}).rows[0]["name"] == "Größe, groß"
    stream = {"customer": {"files": "Kunden.txt", "format": {"encoding": "utf-16"}}}
    assert folder.poll(streams=stream).rows[0]["name"] == "Größe"


def test_excels_own_delimiter_line_is_obeyed(folder: Folder) -> None:
    folder.write("customer.csv", "sep=|\nid|name\nC1|a,b\n")

    assert folder.poll().rows[0]["name"] == "a,b"


def test_a_mapped_file_is_read_in_its_own_words(folder: Folder) -> None:
    text = "Bericht\nProjNr;Stat;Inaktiv;Satz\nP1;In Arbeit;F;1.150,00\nP2;Neu;F;N/A\n"
    folder.write("Projekte 1.txt", text.encode("utf-16"))
    when = [
        {"all": [{"column": "Stat", "is": "In Arbeit"}, {"column": "Inaktiv", "is": False}], "then": "active"}
    ]
    stream = {
        "files": "Projekte*.txt", "header": 2,
        "fields": {"id": "ProjNr", "rate": "Satz", "status": {"when": when, "else": "planned"}},
    }  # fmt: skip
    fmt = {"encoding": "utf-16", "decimal": ",", "thousands": ".", "nothing": ["N/A"]}

    records: Any = folder.poll(format=fmt, streams={"project": stream}).records

    assert [(r.id, r.status, r.rate and str(r.rate)) for r in records] == [
        ("P1", "active", "1150.00"), ("P2", "planned", None),
    ]  # fmt: skip


def test_two_streams_may_be_of_one_kind(folder: Folder) -> None:
    folder.write("uk.csv", HEADER + ROW)
    streams = {name: {"kind": "customer", "files": f"{name}.csv"} for name in ("uk", "de")}

    assert [stream.kind for stream in folder.connect(streams=streams).streams()] == ["customer", "customer"]


def test_a_workbook_is_read_with_its_own_types(folder: Folder) -> None:
    folder.workbook("time_entry.xlsx", [
        ["Id", "Work Date", "Hours", "Status", "Billable", "Rate"],
        [1001, datetime(2026, 11, 20), 7.5, "approved", False, 0.1 + 0.2],  # noqa: DTZ001 - as workbooks keep days
        [None, None, None, None, None, None],
        ["T2", "2026-11-21", "8", "draft", "true", None],
    ])  # fmt: skip

    first, second = folder.poll().records

    assert msgspec.to_builtins(first)["hours"] == "7.5"
    assert (first.id, str(first.work_date), first.billable, str(first.rate)) == (
        "1001",
        "2026-11-20",
        False,
        "0.3",
    )
    assert second.id == "T2"


def test_native_numbers_of_a_workbook_keep_their_value_in_a_local_format(folder: Folder) -> None:
    folder.workbook(
        "Stunden.xlsx", [["Titel"], ["Nr", "Tag", "Std"], ["T1", "1.2.2026", 1234.5]], sheet="Std"
    )
    stream = {
        "files": "*.xlsx", "sheet": "Std", "header": 2,
        "fields": {"id": "Nr", "work_date": "Tag", "hours": "Std", "status": {"constant": "draft"}},
    }  # fmt: skip
    fmt = {"decimal": ",", "thousands": ".", "dates": ["%d.%m.%Y"]}

    poll = folder.poll(format=fmt, streams={"time_entry": stream})

    assert poll.rows[0]["Std"] == "1234,5"
    assert str(poll.records[0].hours) == "1234.5"


def test_a_cell_that_shows_an_error_is_refused(folder: Folder) -> None:
    folder.workbook("customer.xlsx", [["id", "name", "note"], ["C1", "#REF!", ""], ["C2", "N", "#REF!"]])

    poll = folder.poll()

    assert (poll.ids, len(poll.reasons)) == (["C2"], 1)
    assert "customer.xlsx:2: column 'name' shows #REF!" in poll.reasons[0]


def test_json_lines_keep_every_digit(folder: Folder) -> None:
    line = {"id": 1, "currency": "EUR", "time_entries": [{"id": 5, "hours": 1.5}], "covers": "time"}
    folder.write("invoice_line.jsonl", json.dumps(line)[:-1] + ', "amount": 1234567890123456.70}\n\n')

    record: Any = folder.poll().records[0]

    assert (record.id, str(record.amount)) == ("1", "1234567890123456.70")
    assert (record.time_entries[0].id, str(record.time_entries[0].hours)) == ("5", "1.5")


def test_a_broken_json_line_costs_only_itself(folder: Folder) -> None:
    good = '{"id": "C%d", "name": "N"}\n'
    bad = ["{broken\n", "[1]\n", '"x"\n', '{"id": "\\u0000"}\n', '{"a":' * 100_000 + "\n", "{\0}\n"]
    folder.write("customer.jsonl", good % 1 + "".join(bad) + good % 2)

    poll = folder.poll()

    assert poll.ids == ["C1", "C2"]
    assert len(poll.reasons) == len(bad)
    assert poll.reasons[0].startswith("customer.jsonl:2: it is not JSON")
    assert poll.raw[0] == "{broken"


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"paht": "x"}, "paht"),
        ({"streams": {"project": {"fields": {"statsu": "S"}}}}, "streams.project: fields.statsu is no field"),
        ({"streams": {"projects": {}}}, "streams.projects: 'projects' is no kind of record: give kind"),
        ({"streams": {"project": {"files": "../x.csv"}}}, "streams.project.files"),
        ({"streams": {"project": {"files": "/etc/x.csv"}}}, "streams.project.files"),
        ({"complete_through": "2026-11-20T18:00:00"}, "complete_through"),
    ],
)
def test_a_wrong_setting_is_named(folder: Folder, settings: dict[str, Any], key: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SYSTEM.settings.model_validate({"path": folder.path, **settings})

    assert key in str(caught.value)
