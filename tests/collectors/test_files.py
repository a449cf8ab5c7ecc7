"""Exports in a folder: what is read, what is refused, what is promised."""

from __future__ import annotations

import gzip
import json
import os
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import openpyxl
import pytest
from pydantic import ValidationError

from collectors.contract import Page, Stream
from collectors.errors import FatalError, RetriableError, SkippableError
from collectors.systems.files import SYSTEM, FilesConnection, FilesSettings
from collectors.tabular.folder import kind_of
from queries.records import KINDS, Record

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
HEADER = "id,name,source_updated_at\n"
ROW = "C1,Nordwind,2026-11-01T00:00:00Z\n"


class Poll:
    """One pass over the first stream of a folder, as the runner would see it."""

    def __init__(self, connection: FilesConnection, since: str | None = None, stream: int = 0) -> None:
        self.stream: Stream = connection.streams()[stream]
        self.pages: list[Page] = list(connection.pages(self.stream, since, NOW))
        self.rows = [row for page in self.pages for row in page.rows]
        self.reasons = [reason for page in self.pages for _, reason in page.rejects]
        self.raw = [raw for page in self.pages for raw, _ in page.rejects]
        self.last = self.pages[-1]

    @property
    def records(self) -> list[Record]:
        return msgspec.convert(
            [self.stream.parse(row) for row in self.rows], list[KINDS[self.stream.kind]], strict=False
        )

    @property
    def ids(self) -> list[str]:
        return [row["id"] for row in self.rows]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "exports"
    path.mkdir()
    return path


@pytest.fixture
def connect(folder: Path) -> Callable[..., FilesConnection]:
    def connect(**settings: Any) -> FilesConnection:
        return FilesConnection("psa", FilesSettings.model_validate({"path": folder, **settings}))

    return connect


def write(path: Path, content: str | bytes, modified: datetime = NOW - timedelta(hours=1)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (modified.timestamp(), modified.timestamp()))
    return path


def workbook(path: Path, rows: list[list[Any]], sheet: str = "Sheet1", modified: datetime = NOW) -> Path:
    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    book.save(path)
    book.close()
    return write(path, path.read_bytes(), modified)


def test_files_named_after_a_kind_are_streams_of_their_own(folder: Path, connect: Any) -> None:
    for name in (
        "customer.csv",
        "contract_line.csv",
        "contract.csv",
        "Time Entries 2026-11.csv",
        "notes.csv",
    ):
        write(folder / name, HEADER)

    found = {stream.name: (stream.kind, stream.deletes) for stream in connect().streams()}

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


def test_a_canonical_row_becomes_a_record(folder: Path, connect: Any) -> None:
    write(folder / "customer.csv", HEADER + ROW)

    record = Poll(connect()).records[0]

    assert (record.id, record.source_updated_at) == ("C1", datetime(2026, 11, 1, tzinfo=UTC))


def test_headers_may_be_written_as_people_write_them(folder: Path, connect: Any) -> None:
    write(
        folder / "customer.csv",
        " ID ;Name;Legal-Entity;Source Updated At;Extra\nC1;N;UK01;2026-11-01T00:00:00Z;x\n",
    )

    poll = Poll(connect())

    assert (poll.records[0].legal_entity, poll.rows[0]["extra"]) == ("UK01", "x")
    assert poll.stream.known_fields is not None
    assert set(poll.rows[0]) - poll.stream.known_fields == {"extra"}


def test_without_a_version_the_files_time_counts(folder: Path, connect: Any) -> None:
    write(folder / "customer.csv", "id,name,source_updated_at\nC1,N,\nC2,N,2026-11-01T00:00:00Z\n", NOW)

    assert [record.source_updated_at for record in Poll(connect()).records] == [
        NOW, datetime(2026, 11, 1, tzinfo=UTC),
    ]  # fmt: skip


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be-bom"])
def test_delimiter_and_marked_encoding_are_found_out(
    folder: Path, connect: Any, delimiter: str, encoding: str
) -> None:
    text = (
        delimiter.join(["id", '"name, if any; any"', "name"])
        + "\n"
        + delimiter.join(["C1", "", "Größe"])
        + "\n"
    )
    marked = encoding == "utf-16-be-bom"
    write(
        folder / "customer.csv", b"\xfe\xff" + text.encode("utf-16-be") if marked else text.encode(encoding)
    )

    assert Poll(connect()).rows[0]["name"] == "Größe"


def test_configured_writing_is_obeyed(folder: Path, connect: Any) -> None:
    write(folder / "customer.csv", "id;name\nC1;Größe, groß\n".encode("cp1252"))
    write(folder / "Kunden.txt", "id;name\nC2;Größe\n".encode("utf-16-le"))

    assert Poll(connect(format={"encoding": "cp1252", "delimiter": ";"})).rows[0]["name"] == "Größe, groß"
    stream = {"customer": {"files": "Kunden.txt", "format": {"encoding": "utf-16"}}}
    assert Poll(connect(streams=stream)).rows[0]["name"] == "Größe"


def test_excels_own_delimiter_line_is_obeyed(folder: Path, connect: Any) -> None:
    write(folder / "customer.csv", "sep=|\nid|name\nC1|a,b\n")

    assert Poll(connect()).rows[0]["name"] == "a,b"


def test_a_mapped_file_is_read_in_its_own_words(folder: Path, connect: Any) -> None:
    text = "Bericht\nProjNr;Stat;Inaktiv;Satz\nP1;In Arbeit;F;1.150,00\nP2;Neu;F;N/A\n"
    write(folder / "Projekte 1.txt", text.encode("utf-16"))
    when = [
        {"all": [{"column": "Stat", "is": "In Arbeit"}, {"column": "Inaktiv", "is": False}], "then": "active"}
    ]
    stream = {
        "files": "Projekte*.txt", "header": 2,
        "fields": {"id": "ProjNr", "rate": "Satz", "status": {"when": when, "else": "planned"}},
    }  # fmt: skip
    fmt = {"encoding": "utf-16", "decimal": ",", "thousands": ".", "nothing": ["N/A"]}

    records: Any = Poll(connect(format=fmt, streams={"project": stream})).records

    assert [(r.id, r.status, r.rate and str(r.rate)) for r in records] == [
        ("P1", "active", "1150.00"), ("P2", "planned", None),
    ]  # fmt: skip


def test_two_streams_may_be_of_one_kind(folder: Path, connect: Any) -> None:
    write(folder / "uk.csv", HEADER + ROW)
    streams = {name: {"kind": "customer", "files": f"{name}.csv"} for name in ("uk", "de")}

    assert [stream.kind for stream in connect(streams=streams).streams()] == ["customer", "customer"]


# -- workbooks and JSON lines ------------------------------------------------------------------------


def test_a_workbook_is_read_with_its_own_types(folder: Path, connect: Any) -> None:
    workbook(folder / "time_entry.xlsx", [
        ["Id", "Work Date", "Hours", "Status", "Billable", "Rate"],
        [1001, datetime(2026, 11, 20), 7.5, "approved", False, 0.1 + 0.2],  # noqa: DTZ001 - as workbooks keep days
        [None, None, None, None, None, None],
        ["T2", "2026-11-21", "8", "draft", "true", None],
    ])  # fmt: skip

    first, second = Poll(connect()).records

    assert msgspec.to_builtins(first)["hours"] == "7.5"
    assert (first.id, str(first.work_date), first.billable, str(first.rate)) == (
        "1001",
        "2026-11-20",
        False,
        "0.3",
    )  # type: ignore[attr-defined]
    assert second.id == "T2"


def test_native_numbers_of_a_workbook_keep_their_value_in_a_local_format(folder: Path, connect: Any) -> None:
    workbook(
        folder / "Stunden.xlsx", [["Titel"], ["Nr", "Tag", "Std"], ["T1", "1.2.2026", 1234.5]], sheet="Std"
    )
    stream = {
        "files": "*.xlsx", "sheet": "Std", "header": 2,
        "fields": {"id": "Nr", "work_date": "Tag", "hours": "Std", "status": {"constant": "draft"}},
    }  # fmt: skip
    fmt = {"decimal": ",", "thousands": ".", "dates": ["%d.%m.%Y"]}

    poll = Poll(connect(format=fmt, streams={"time_entry": stream}))

    assert poll.rows[0]["Std"] == "1234,5"
    assert str(poll.records[0].hours) == "1234.5"  # type: ignore[attr-defined]


def test_a_cell_that_shows_an_error_is_refused(folder: Path, connect: Any) -> None:
    workbook(folder / "customer.xlsx", [["id", "name", "note"], ["C1", "#REF!", ""], ["C2", "N", "#REF!"]])

    poll = Poll(connect())

    assert (poll.ids, poll.reasons) == (["C2"], ["customer.xlsx: row 2: column 'name' shows #REF!"])


def test_json_lines_keep_every_digit(folder: Path, connect: Any) -> None:
    line = {"id": 1, "currency": "EUR", "time_entries": [{"id": 5, "hours": 1.5}], "covers": "time"}
    write(folder / "invoice_line.jsonl", json.dumps(line)[:-1] + ', "amount": 1234567890123456.70}\n\n')

    record: Any = Poll(connect()).records[0]

    assert (record.id, str(record.amount)) == ("1", "1234567890123456.70")
    assert (record.time_entries[0].id, str(record.time_entries[0].hours)) == ("5", "1.5")


def test_a_broken_json_line_costs_only_itself(folder: Path, connect: Any) -> None:
    good = '{"id": "C%d", "name": "N"}\n'
    bad = ["{broken\n", "[1]\n", '"x"\n', '{"id": "\\u0000"}\n', '{"a":' * 100_000 + "\n", "{\0}\n"]
    write(folder / "customer.jsonl", good % 1 + "".join(bad) + good % 2)

    poll = Poll(connect())

    assert poll.ids == ["C1", "C2"]
    assert len(poll.reasons) == len(bad)
    assert poll.reasons[0].startswith("customer.jsonl: line 2: it is not JSON")
    assert poll.raw[0] == "{broken"


# -- bad input ---------------------------------------------------------------------------------------

LONG = "x" * 2**20
BAD: list[tuple[str, str | bytes, str]] = [
    ("too few cells", "C2,N\n", "customer.csv: line 3: 2 cells where the header has 3"),
    ("too many cells", "C2,N,,y\n", "line 3: 4 cells where the header has 3"),
    ("a NUL byte", "C2,N\0N,\n", "line 3: it holds NUL bytes"),
    ("bytes of another encoding", b"C2,Gr\xf6\xdfe,\n", "line 3: it holds bytes that are not text"),
    ("a quote that never closes", '"C2,N,\n', "line 3: 1 cells where the header has 3"),
    ("an endless line", "C2," + "x" * 5 * 2**20 + ",\n", "line 3: it is a line of more than"),
]


@pytest.mark.parametrize(("bad", "reason"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_bad_row_costs_only_itself(folder: Path, connect: Any, bad: str | bytes, reason: str) -> None:
    content = bad.encode() if isinstance(bad, str) else bad
    write(folder / "customer.csv", HEADER.encode() + ROW.encode() + content + b"C3,N,\nC4,N,\n")

    poll = Poll(connect())

    assert poll.ids == ["C1", "C3", "C4"]
    assert [reason in found for found in poll.reasons] == [True]
    assert "\0" not in poll.raw[0]
    assert not poll.last.truncated


def test_rows_behind_a_quote_that_never_closes_are_not_lost(folder: Path, connect: Any) -> None:
    rows = "".join(f"C{number},{'N' * 5000},\n" for number in range(1500))
    write(folder / "customer.csv", HEADER + 'X,"never closed,\n' + rows)

    poll = Poll(connect())

    assert len(poll.ids) == 1500
    assert poll.reasons == ["customer.csv: line 2: a quote that is opened here is never closed"]


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
def test_strange_text_stays_text(folder: Path, connect: Any, cell: str, value: str) -> None:
    write(folder / "customer.csv", f"{HEADER}C0,N,\nC1,{cell},\nC2,N,\n")

    poll = Poll(connect(format={"delimiter": ","}))

    assert (poll.rows[1]["name"] == value, poll.ids, poll.reasons) == (True, ["C0", "C1", "C2"], [])
    assert poll.rows[2]["_origin"] == f"customer.csv:{4 + cell.count(chr(10))}"


def test_empty_lines_and_cells_without_a_header_are_no_rows(folder: Path, connect: Any) -> None:
    write(folder / "customer.csv", "\n\nid,name,\nC1,N,\n\n,,\nC2,N,,,\n")

    poll = Poll(connect())

    assert (poll.ids, poll.reasons) == (["C1", "C2"], [])


def test_a_row_without_id_is_refused_with_its_place(folder: Path, connect: Any) -> None:
    write(folder / "customer.csv", f"{HEADER}C1,N,\n,N,\n")
    poll = Poll(connect())

    with pytest.raises(SkippableError, match=r"psa/customer: customer.csv:3: it has no id"):
        poll.stream.parse(poll.rows[1])


def test_a_header_alone_says_there_is_nothing(folder: Path, connect: Any) -> None:
    write(folder / "customer.csv", HEADER)

    poll = Poll(connect())

    assert (poll.rows, poll.reasons, poll.last.truncated) == ([], [], False)
    assert poll.last.complete_through == NOW - timedelta(hours=1)


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
    folder: Path, connect: Any, content: str | bytes, reason: str
) -> None:
    write(folder / "customer.csv", content, NOW - timedelta(hours=2))
    write(folder / "customers 2.csv", HEADER + ROW)

    poll = Poll(connect())

    assert (poll.ids, [reason in found for found in poll.reasons]) == (["C1"], [True])
    assert (poll.last.truncated, poll.last.complete_through) == (True, None)


def test_a_double_column_nobody_needs_is_left_alone(folder: Path, connect: Any) -> None:
    write(folder / "customer.csv", "id,name,x,x\nC1,N,1,2\n")

    assert Poll(connect()).rows[0]["x"] == "1"


def test_a_truncated_gzip_is_read_as_far_as_it_goes_and_never_called_complete(
    folder: Path, connect: Any
) -> None:
    rows = "".join(f"C{number},{os.urandom(8).hex()},\n" for number in range(20_000))
    packed = gzip.compress((HEADER + rows).encode())
    path = write(folder / "customer.csv.gz", packed[: len(packed) // 2])
    first = Poll(connect())

    assert 5_000 < len(first.rows) < 15_000
    assert first.reasons[0].startswith("from line ")
    again = Poll(connect(), first.last.position)
    assert (again.rows, again.last.truncated) == ([], True)

    write(path, packed)
    mended = Poll(connect(), again.last.position)
    assert (len(mended.rows), mended.last.truncated) == (20_000, False)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    connection = FilesConnection("psa", FilesSettings(path=tmp_path / "nowhere"))

    with pytest.raises(FatalError, match=r"psa/\* .*nowhere.*does not exist.*Remedy: create the folder"):
        connection.streams()


def test_a_folder_without_any_file_of_a_stream_is_not_empty_but_wrong(folder: Path, connect: Any) -> None:
    with pytest.raises(FatalError, match=r"no file is named after a kind"):
        connect().streams()
    with pytest.raises(FatalError, match=r"psa/customer .*no file fits K\*\.csv"):
        Poll(connect(streams={"customer": {"files": "K*.csv"}}))


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
    folder: Path, connect: Any, name: str, content: bytes, complaint: str
) -> None:
    write(folder / name, content)

    with pytest.raises(FatalError) as caught:
        Poll(connect())

    assert complaint in str(caught.value)
    assert str(caught.value).startswith("psa/customer in ")
    assert "Remedy: " in str(caught.value)


def test_a_mapped_column_that_is_not_there_is_named(folder: Path, connect: Any) -> None:
    write(folder / "k.csv", "Nr;Bez\n1;N\n")
    stream = {"files": "k.csv", "fields": {"id": "Nr", "name": "Name"}}

    with pytest.raises(FatalError, match=r"k.csv: it has no column 'Name'; it has 'Nr', 'Bez'"):
        Poll(connect(streams={"customer": stream}))


def test_an_unknown_sheet_is_named_with_those_there_are(folder: Path, connect: Any) -> None:
    workbook(folder / "k.xlsx", [["id", "name"]], sheet="Kunden")

    with pytest.raises(FatalError, match=r"no sheet 'Clients'.*name one of 'Kunden'"):
        Poll(connect(streams={"customer": {"files": "*.xlsx", "sheet": "Clients"}}))


def test_a_mapping_that_fits_no_row_is_refused_on_first_use(folder: Path, connect: Any) -> None:
    write(folder / "p.csv", "Nr;Stat\n" + "1;Neu\n" * 20)
    status = {"column": "Stat", "values": {"New": "planned"}}
    streams = {"project": {"files": "p.csv", "fields": {"id": "Nr", "status": status}}}

    with pytest.raises(FatalError, match=r"reads none of the first 20 rows.*'Neu' has no translation"):
        Poll(connect(streams=streams))


def test_problems_shows_what_a_sample_could_not_say(folder: Path, connect: Any) -> None:
    write(folder / "p.csv", "Nr;Stat\n1;Neu\n2;New;\n3\n")
    status = {"column": "Stat", "values": {"New": "planned"}}
    connection = connect(streams={"project": {"files": "p.csv", "fields": {"id": "Nr", "status": status}}})

    problems = connection.problems(connection.streams()[0])

    assert problems == [
        "p.csv: line 4: 1 cells where the header has 2",
        "status: column 'Stat': 'Neu' has no translation; known: 'New' (1 of 2 rows)",
    ]


def test_a_file_that_goes_away_while_the_folder_is_read_may_come_back(folder: Path, connect: Any) -> None:
    write(folder / "customer 1.csv", HEADER + ROW, NOW - timedelta(days=2))
    second = write(folder / "customer 2.csv", HEADER + ROW)
    connection = connect()
    pages = connection.pages(connection.streams()[0], None, NOW)
    assert len(next(pages).rows) == 1
    second.unlink()

    with pytest.raises(RetriableError, match=r"psa/customer: customer 2.csv: it went away"):
        next(pages)


# -- what is read again, and what is promised --------------------------------------------------------


def test_only_new_and_changed_files_are_read_again(folder: Path, connect: Any) -> None:
    write(folder / "customer 1.csv", HEADER + "A,N,\n", NOW - timedelta(days=2))
    second = write(folder / "customer 2.csv", HEADER + "B,N,\n", NOW - timedelta(days=1))
    first = Poll(connect())
    assert first.ids == ["A", "B"]
    assert Poll(connect(), first.last.position).ids == []

    write(second, HEADER + "B,N,\nC,N,\n", NOW - timedelta(hours=2))
    write(folder / "customer 3.csv", HEADER + "D,N,\n")

    assert Poll(connect(), first.last.position).ids == ["B", "C", "D"]


def test_a_file_rewritten_with_the_same_time_and_size_is_read_again(folder: Path, connect: Any) -> None:
    write(folder / "customer.csv", HEADER + "A,N,\n")
    position = Poll(connect()).last.position
    write(folder / "customer.csv", HEADER + "B,N,\n")

    assert Poll(connect(), position).ids == ["B"]


def test_a_crash_between_files_reads_only_the_unfinished_ones(folder: Path, connect: Any) -> None:
    write(folder / "customer 1.csv", HEADER + "A,N,\n", NOW - timedelta(days=2))
    write(folder / "customer 2.csv", HEADER + "B,N,\n", NOW - timedelta(days=1))
    before_the_crash = Poll(connect()).pages[1]

    assert Poll(connect(), before_the_crash.position).ids == ["B"]


def test_files_taken_away_after_reading_leave_the_promise_as_it_was(folder: Path, connect: Any) -> None:
    path = write(folder / "k.csv", HEADER + ROW)
    connection = connect(streams={"customer": {"files": "k.csv"}})
    first = Poll(connection)
    path.unlink()

    again = Poll(connection, first.last.position)

    assert (again.ids, again.last.complete_through) == ([], first.last.complete_through)


def test_completeness_is_the_newest_files_time(folder: Path, connect: Any) -> None:
    write(folder / "customer 1.csv", HEADER + ROW, NOW - timedelta(days=2))
    write(folder / "customer 2.csv", HEADER + ROW, NOW - timedelta(days=1))

    poll = Poll(connect())

    assert [page.complete_through for page in poll.pages] == [None, None, NOW - timedelta(days=1)]
    assert Poll(connect(), poll.last.position).last.complete_through == NOW - timedelta(days=1)


def test_completeness_said_in_the_folder_or_the_configuration_counts_more(folder: Path, connect: Any) -> None:
    write(folder / "customer.csv", HEADER + ROW)
    write(folder / "_complete_through", "2026-11-19T00:00:00+01:00\n")

    assert Poll(connect()).last.complete_through == datetime(2026, 11, 18, 23, tzinfo=UTC)
    configured = connect(complete_through="2026-11-17T00:00:00Z")
    assert Poll(configured).last.complete_through == datetime(2026, 11, 17, tzinfo=UTC)


def test_nobody_is_complete_through_the_future(folder: Path, connect: Any) -> None:
    write(folder / "customer.csv", HEADER + ROW, NOW + timedelta(days=3))

    assert Poll(connect()).last.complete_through == NOW


@pytest.mark.parametrize("text", ["soon", "2026-11-20", "2026-11-20T18:00:00"])
def test_a_sidecar_that_says_no_instant_is_refused(folder: Path, connect: Any, text: str) -> None:
    write(folder / "customer.csv", HEADER + ROW)
    write(folder / "_complete_through", text)

    with pytest.raises(FatalError, match="is no instant with a zone"):
        Poll(connect())


def test_rows_come_in_bounded_pages_and_flat_memory(folder: Path, connect: Any) -> None:
    write(folder / "customer.csv", HEADER + "".join(f"C{number},{'N' * 200},\n" for number in range(30_000)))
    connection = connect()
    tracemalloc.start()
    sizes = [len(page.rows) for page in connection.pages(connection.streams()[0], None, NOW)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert sizes == [5_000] * 6 + [0]
    assert peak < 8 * 2**20


def test_pages_of_heavy_rows_are_shorter(folder: Path, connect: Any) -> None:
    write(folder / "customer.csv", HEADER + "".join(f"C{number},{LONG},\n" for number in range(40)))

    assert [len(page.rows) for page in Poll(connect()).pages] == [16, 16, 8, 0]


# -- snapshots ---------------------------------------------------------------------------------------

SNAPSHOT = {"customer": {"files": "k*.csv", "snapshot": True}}


def test_a_snapshot_is_its_newest_file(folder: Path, connect: Any) -> None:
    write(folder / "k1.csv", HEADER + "A,N,\nB,N,\n", NOW - timedelta(days=2))
    write(folder / "k2.csv", HEADER + "B,N,\n", NOW - timedelta(days=1))
    connection = connect(streams=SNAPSHOT)

    poll = Poll(connection)

    assert (poll.stream.deletes, poll.ids, list(connection.ids(poll.stream))) == ("sweep", ["B"], ["B"])


def test_the_ids_of_a_mapped_snapshot_are_the_mapped_ones(folder: Path, connect: Any) -> None:
    write(folder / "k.csv", "Src;Nr;Name;Mod\nA;1;N;kaputt\n")
    fields = {"id": {"template": "{Src}:{Nr}"}, "name": "Name", "source_updated_at": "Mod"}
    connection = connect(streams={"customer": {**SNAPSHOT["customer"], "fields": fields}})

    assert list(connection.ids(connection.streams()[0])) == ["A:1"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (HEADER + "A,N,\nB\n", "line 3: 1 cells"),
        (HEADER + "A,N,\n,N,\n", "a row has no id"),
        (HEADER, "has no rows"),
        ("", "the file is empty"),
    ],
)
def test_a_snapshot_in_doubt_deletes_nothing(folder: Path, connect: Any, content: str, why: str) -> None:
    write(folder / "k.csv", content)
    connection = connect(streams=SNAPSHOT)

    with pytest.raises(FatalError, match=why):
        list(connection.ids(connection.streams()[0]))


# -- settings ----------------------------------------------------------------------------------------


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
def test_a_wrong_setting_is_named(folder: Path, settings: dict[str, Any], key: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SYSTEM.settings.model_validate({"path": folder, **settings})

    assert key in str(caught.value)
