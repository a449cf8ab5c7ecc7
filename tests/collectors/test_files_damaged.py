"""Exports nobody would wish for: each costs no more than itself."""

from __future__ import annotations

import gzip
import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from collectors.errors import FatalError, RetriableError, SkippableError
from collectors.systems.files import FilesConnection, FilesSettings
from tests.collectors.exports import HEADER, HOUR_AGO, NOW, ROW, TWO_DAYS_AGO, Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


LONG = "x" * 2**20
BAD: list[tuple[str, str | bytes, str]] = [
    ("too few cells", "C2,N\n", "customer.csv:3: 2 cells where the header has 3"),
    ("too many cells", "C2,N,,y\n", "customer.csv:3: 4 cells where the header has 3"),
    ("a NUL byte", "C2,N\0N,\n", "customer.csv:3: it holds NUL bytes"),
    ("bytes of another encoding", b"C2,Gr\xf6\xdfe,\n", "customer.csv:3: it holds bytes that are not text"),
    ("a quote that never closes", '"C2,N,\n', "customer.csv:3: 1 cells where the header has 3"),
    ("an endless line", "C2," + "x" * 5 * 2**20 + ",\n", "customer.csv:3: it is a line of more than"),
]


@pytest.mark.parametrize(("bad", "reason"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_bad_row_costs_only_itself(folder: Folder, bad: str | bytes, reason: str) -> None:
    content = bad.encode() if isinstance(bad, str) else bad
    folder.write("customer.csv", HEADER.encode() + ROW.encode() + content + b"C3,N,\nC4,N,\n")

    poll = folder.poll()

    assert poll.ids == ["C1", "C3", "C4"]
    assert [reason in found for found in poll.reasons] == [True]
    assert "\\u0000" not in json.dumps([poll.rows, poll.raw])
    assert not poll.last.truncated


def test_a_bad_row_still_names_whom_it_is_about(folder: Folder) -> None:
    folder.write("contract.csv", "id,status,currency,opportunity_id,name\nC1,signed,EUR,O7\n")

    poll = folder.poll()

    assert [error.fields["opportunity_id"] for error in poll.refused] == ["O7"]


def test_rows_behind_a_quote_that_never_closes_are_not_lost(folder: Folder) -> None:
    rows = "".join(f"C{number},{'N' * 5000},\n" for number in range(1500))
    folder.write("customer.csv", HEADER + 'X,"never closed,\n' + rows)

    poll = folder.poll()

    assert len(poll.ids) == 1500
    assert poll.reasons == ["customer.csv:2: a quote that is opened here is never closed"]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('"=cmd(""/c calc"")"', '=cmd("/c calc")'),
        ('"two\nlines"', "two\nlines"),
        (LONG, LONG),
        ("+1;@x", "+1;@x"),
    ],
    ids=["formula", "lines", "megabyte", "signs"],
)
def test_strange_text_stays_text(folder: Folder, cell: str, value: str) -> None:
    folder.write("customer.csv", f"{HEADER}C0,N,\nC1,{cell},\nC2,N,\n")

    poll = folder.poll(format={"delimiter": ","})

    assert (poll.rows[1]["name"] == value, poll.ids, poll.reasons) == (True, ["C0", "C1", "C2"], [])
    assert poll.rows[2]["_origin"] == f"customer.csv:{4 + cell.count(chr(10))}"


def test_empty_lines_and_cells_without_a_header_are_no_rows(folder: Folder) -> None:
    folder.write("customer.csv", "\n\nid,name,\nC1,N,\n\n,,\nC2,N,,,\n")

    poll = folder.poll()

    assert (poll.ids, poll.reasons) == (["C1", "C2"], [])


def test_a_row_without_id_is_refused_with_its_place(folder: Folder) -> None:
    folder.write("customer.csv", f"{HEADER}C1,N,\n,N,\n")
    poll = folder.poll()

    with pytest.raises(SkippableError, match=r"psa/customer: customer.csv:3: it has no id"):
        poll.stream.parse(poll.rows[1])


def test_a_header_alone_says_there_is_nothing(folder: Folder) -> None:
    folder.write("customer.csv", HEADER)

    poll = folder.poll()

    assert (poll.rows, poll.reasons, poll.last.truncated) == ([], [], False)
    assert poll.last.complete_through == HOUR_AGO


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "customer.csv: the file is empty"),
        ("\n\n", "customer.csv: the file is empty"),
        ("id,name,Name\nC1,a,b\n", "column 'name' appears more than once"),
        ("id,name\nC1,N\n".encode("utf-16-le"), "NUL bytes: if the file is UTF-16, set encoding"),
    ],
    ids=["empty", "blank", "double", "unmarked utf-16"],
)
def test_a_file_that_cannot_be_read_at_all_proves_nothing(
    folder: Folder, content: str | bytes, reason: str
) -> None:
    folder.write("customer.csv", content, NOW - timedelta(hours=2))
    folder.write("customers 2.csv", HEADER + ROW)

    poll = folder.poll()

    assert (poll.ids, [reason in found for found in poll.reasons]) == (["C1"], [True])
    assert (poll.last.truncated, poll.last.complete_through) == (True, None)


def test_a_double_column_nobody_needs_is_left_alone(folder: Folder) -> None:
    folder.write("customer.csv", "id,name,x,x\nC1,N,1,2\n")

    assert folder.poll().rows[0]["x"] == "1"


def test_a_truncated_gzip_is_read_as_far_as_it_goes_and_never_called_complete(folder: Folder) -> None:
    rows = "".join(f"C{number},{os.urandom(8).hex()},\n" for number in range(20_000))
    packed = gzip.compress((HEADER + rows).encode())
    folder.write("customer.csv.gz", packed[: len(packed) // 2])
    first = folder.poll()

    assert 5_000 < len(first.rows) < 15_000
    assert first.reasons[0].startswith("customer.csv.gz: from line ")
    again = folder.poll(first.last.position)
    assert (again.rows, again.last.truncated) == ([], True)

    folder.write("customer.csv.gz", packed)
    mended = folder.poll(again.last.position)
    assert (len(mended.rows), mended.last.truncated) == (20_000, False)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    connection = FilesConnection("psa", FilesSettings(path=tmp_path / "nowhere"))

    with pytest.raises(FatalError, match=r"psa/\* .*nowhere.*does not exist.*Remedy: create the folder"):
        connection.streams()


def test_a_folder_without_any_file_of_a_stream_is_not_empty_but_wrong(folder: Folder) -> None:
    with pytest.raises(FatalError, match=r"no file is named after a kind"):
        folder.connect().streams()
    with pytest.raises(FatalError, match=r"psa/customer .*no file fits K\*\.csv"):
        folder.poll(streams={"customer": {"files": "K*.csv"}})


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("customer.xlsx", b"PK\x03\x04 no", "customer.xlsx: it is not an XLSX workbook"),
        ("customer.csv.gz", b"plain", "customer.csv.gz: it is not gzip"),
        ("customer.jsonl", b'[\n{"id": 1}]', "customer.jsonl: it is one JSON array"),
        ("customer.csv", b"name\nN\n", "customer.csv: it has no column 'id'; it has 'name'"),
    ],
)
def test_a_file_that_is_not_what_it_says_stops_the_stream(
    folder: Folder, name: str, content: bytes, complaint: str
) -> None:
    folder.write(name, content)

    with pytest.raises(FatalError) as caught:
        folder.poll()

    assert complaint in str(caught.value)
    assert str(caught.value).startswith("psa/customer in ")
    assert "Remedy: " in str(caught.value)


def test_a_mapped_column_that_is_not_there_is_named(folder: Folder) -> None:
    folder.write("k.csv", "Nr;Bez\n1;N\n")
    stream = {"files": "k.csv", "fields": {"id": "Nr", "name": "Name"}}

    with pytest.raises(FatalError, match=r"k.csv: it has no column 'Name'; it has 'Nr', 'Bez'"):
        folder.poll(streams={"customer": stream})


def test_an_unknown_sheet_is_named_with_those_there_are(folder: Folder) -> None:
    folder.workbook("k.xlsx", [["id", "name"]], sheet="Kunden")

    with pytest.raises(FatalError, match=r"no sheet 'Clients'.*name one of 'Kunden'"):
        folder.poll(streams={"customer": {"files": "*.xlsx", "sheet": "Clients"}})


def test_a_mapping_that_fits_no_row_is_refused_on_first_use(folder: Folder) -> None:
    folder.write("p.csv", "Nr;Stat\n" + "1;Neu\n" * 20)
    status = {"column": "Stat", "values": {"New": "planned"}}
    streams = {"project": {"files": "p.csv", "fields": {"id": "Nr", "status": status}}}

    with pytest.raises(FatalError, match=r"reads none of the first 20 rows.*'Neu' has no translation"):
        folder.poll(streams=streams)


def test_problems_shows_what_a_sample_could_not_say(folder: Folder) -> None:
    folder.write("p.csv", "Nr;Stat\n1;Neu\n2;New;\n3\n")
    status = {"column": "Stat", "values": {"New": "planned"}}
    connection = folder.connect(
        streams={"project": {"files": "p.csv", "fields": {"id": "Nr", "status": status}}}
    )

    problems = connection.problems(connection.streams()[0])

    assert problems == [
        "p.csv:4: 1 cells where the header has 2",
        "status: column 'Stat': 'Neu' has no translation; known: 'New' (1 of 2 rows)",
    ]


def test_a_file_that_goes_away_while_the_folder_is_read_may_come_back(folder: Folder) -> None:
    folder.write("customer 1.csv", HEADER + ROW, TWO_DAYS_AGO)
    second = folder.write("customer 2.csv", HEADER + ROW)
    connection = folder.connect()
    pages = connection.pages(connection.streams()[0], None, NOW)
    assert len(next(pages).rows) == 1
    second.unlink()

    with pytest.raises(RetriableError, match=r"psa/customer: customer 2.csv: it went away"):
        next(pages)
