"""Exports polled again and again: what is read anew, what is promised, what was deleted."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collectors.errors import FatalError
from tests.collectors.exports import DAY_AGO, HEADER, NOW, ROW, TWO_DAYS_AGO, Folder, Poll


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_only_new_and_changed_files_are_read_again(folder: Folder) -> None:
    folder.write("customer 1.csv", HEADER + "A,N,\n", TWO_DAYS_AGO)
    folder.write("customer 2.csv", HEADER + "B,N,\n", DAY_AGO)
    first = folder.poll()
    assert first.ids == ["A", "B"]
    assert folder.poll(first.last.position).ids == []

    folder.write("customer 2.csv", HEADER + "B,N,\nC,N,\n", NOW - timedelta(hours=2))
    folder.write("customer 3.csv", HEADER + "D,N,\n")

    assert folder.poll(first.last.position).ids == ["B", "C", "D"]


def test_a_file_rewritten_with_the_same_time_and_size_is_read_again(folder: Folder) -> None:
    folder.write("customer.csv", HEADER + "A,N,\n")
    position = folder.poll().last.position
    folder.write("customer.csv", HEADER + "B,N,\n")

    assert folder.poll(position).ids == ["B"]


def test_a_changed_mapping_reads_everything_again(folder: Folder) -> None:
    folder.write("k.csv", "Nr;Name;Ort\n1;N;Kiel\n")
    fields = {"id": "Nr", "name": "Name"}
    position = folder.poll(streams={"customer": {"files": "k.csv", "fields": fields}}).last.position

    again = {"customer": {"files": "k.csv", "fields": {**fields, "name": "Ort"}}}

    assert [record.name for record in folder.poll(position, streams=again).records] == ["Kiel"]


def test_a_crash_between_files_reads_only_the_unfinished_ones(folder: Folder) -> None:
    folder.write("customer 1.csv", HEADER + "A,N,\n", TWO_DAYS_AGO)
    folder.write("customer 2.csv", HEADER + "B,N,\n", DAY_AGO)
    before_the_crash = folder.poll().pages[1]

    assert folder.poll(before_the_crash.position).ids == ["B"]


def test_files_taken_away_after_reading_leave_the_promise_as_it_was(folder: Folder) -> None:
    path = folder.write("k.csv", HEADER + ROW)
    connection = folder.connect(streams={"customer": {"files": "k.csv"}})
    first = Poll(connection)
    path.unlink()

    again = Poll(connection, first.last.position)

    assert (again.ids, again.last.complete_through) == ([], first.last.complete_through)


def test_completeness_is_the_newest_files_time(folder: Folder) -> None:
    folder.write("customer 1.csv", HEADER + ROW, TWO_DAYS_AGO)
    folder.write("customer 2.csv", HEADER + ROW, DAY_AGO)

    poll = folder.poll()

    assert [page.complete_through for page in poll.pages] == [None, None, DAY_AGO]
    assert folder.poll(poll.last.position).last.complete_through == DAY_AGO


def test_completeness_said_in_the_folder_or_the_configuration_counts_more(folder: Folder) -> None:
    folder.write("customer.csv", HEADER + ROW)
    folder.write("_complete_through", "2026-11-19T00:00:00+01:00\n")

    assert folder.poll().last.complete_through == datetime(2026, 11, 18, 23, tzinfo=UTC)
    configured = folder.connect(complete_through="2026-11-17T00:00:00Z")
    assert Poll(configured).last.complete_through == datetime(2026, 11, 17, tzinfo=UTC)


def test_nobody_is_complete_through_the_future(folder: Folder) -> None:
    folder.write("customer.csv", HEADER + ROW, NOW + timedelta(days=3))

    assert folder.poll().last.complete_through == NOW


@pytest.mark.parametrize("text", ["soon", "2026-11-20", "2026-11-20T18:00:00"])
def test_a_sidecar_that_says_no_instant_is_refused(folder: Folder, text: str) -> None:
    folder.write("customer.csv", HEADER + ROW)
    folder.write("_complete_through", text)

    with pytest.raises(FatalError, match="is no instant with a zone"):
        folder.poll()


def test_rows_come_in_bounded_pages_and_flat_memory(folder: Folder) -> None:
    folder.write("customer.csv", HEADER + "".join(f"C{number},{'N' * 200},\n" for number in range(30_000)))
    connection = folder.connect()
    tracemalloc.start()
    sizes = [len(page.rows) for page in connection.pages(connection.streams()[0], None, NOW)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert sizes == [5_000] * 6 + [0]
    assert peak < 8 * 2**20


def test_pages_of_heavy_rows_are_shorter(folder: Folder) -> None:
    megabyte = "x" * 2**20
    folder.write("customer.csv", HEADER + "".join(f"C{number},{megabyte},\n" for number in range(40)))

    assert [len(page.rows) for page in folder.poll().pages] == [16, 16, 8, 0]


SNAPSHOT = {"customer": {"files": "k*.csv", "snapshot": True}}


def test_a_snapshot_is_its_newest_file(folder: Folder) -> None:
    folder.write("k1.csv", HEADER + "A,N,\nB,N,\n", TWO_DAYS_AGO)
    folder.write("k2.csv", HEADER + "B,N,\n", DAY_AGO)
    connection = folder.connect(streams=SNAPSHOT)

    poll = Poll(connection)

    assert (poll.stream.deletes, poll.ids, list(connection.ids(poll.stream))) == ("sweep", ["B"], ["B"])


def test_the_ids_of_a_mapped_snapshot_are_the_mapped_ones(folder: Folder) -> None:
    folder.write("k.csv", "Src;Nr;Name;Mod\nA;1;N;kaputt\n")
    fields = {"id": {"template": "{Src}:{Nr}"}, "name": "Name", "source_updated_at": "Mod"}
    connection = folder.connect(streams={"customer": {**SNAPSHOT["customer"], "fields": fields}})

    assert list(connection.ids(connection.streams()[0])) == ["A:1"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (HEADER + "A,N,\nB\n", "k.csv:3: 1 cells"),
        (HEADER + "A,N,\n,N,\n", "a row has no id"),
        (HEADER, "has no rows"),
        ("", "the file is empty"),
    ],
)
def test_a_snapshot_in_doubt_deletes_nothing(folder: Folder, content: str, why: str) -> None:
    folder.write("k.csv", content)
    connection = folder.connect(streams=SNAPSHOT)

    with pytest.raises(FatalError, match=why):
        list(connection.ids(connection.streams()[0]))
