"""JSON lines that are records as they stand are read in one step, and come to the same as row by row."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.contract import Page
from collectors.decode import decode
from collectors.systems.files import FilesConnection, FilesSettings
from queries.records import Record, TimeEntry
from queries.rows import Source
from tests.collectors.exports import NOW

ENTRY = {
    "id": "T1", "source_updated_at": "2026-11-01T00:00:00Z", "project_id": "P1", "work_date": "2026-10-30",
    "hours": "7.5", "status": "approved", "billable": True, "currency": "GBP", "rate": 120.10,
}  # fmt: skip


def line(**changed: Any) -> str:
    return json.dumps({**ENTRY, **changed}, ensure_ascii=False)


def pages(folder: Path, **form: str) -> list[Page]:
    """All pages of the folder's time entries."""
    made = FilesSettings.model_validate({"path": folder, "format": form})
    connection = FilesConnection("psa", made)
    (stream,) = connection.streams()
    return list(connection.pages(stream, None, NOW))


def told(folder: Path, **form: str) -> tuple[list[dict[str, Any]], list[str | None], int]:
    """Records, ids of the rows that are none, and how many lines were not even rows."""
    connection = FilesConnection("psa", FilesSettings(path=folder))
    (stream,) = connection.streams()
    decoded = [(decode(stream, Source("psa"), page.rows), page) for page in pages(folder, **form)]
    records = [msgspec.to_builtins(record) for found, _ in decoded for record in found.records]
    rejects = [reject.record_id for found, _ in decoded for reject in found.rejects]
    return records, rejects, sum(len(page.rejects) for _, page in decoded)


def in_one_step(folder: Path) -> list[Record]:
    return [row for page in pages(folder) for row in page.rows if isinstance(row, Record)]


def test_canonical_lines_are_records_at_once(tmp_path: Path) -> None:
    (tmp_path / "time_entry.jsonl").write_text(f"{line()}\n\n{line(id='T2')}", encoding="utf-8")

    found = in_one_step(tmp_path)

    assert [record.id for record in found] == ["T1", "T2"]
    entry = found[0]
    assert isinstance(entry, TimeEntry)
    assert (str(entry.rate), str(entry.hours), entry.billable) == ("120.1", "7.5", True)


@pytest.mark.parametrize(
    "odd",
    [
        line(**{"Work Date": "2026-10-29"}),
        line(id=""),
        line(rate=""),
        line(id=17),
        line(currency="gbp"),
        line(status="later"),
        line(id="a\0b"),
        line() + " " + line(id="T3"),
        "[" + line() + "]",
        line()[:-9],
        "\r" + line() + "\r" + line(id="T4"),
        "null",
    ],
)
def test_what_needs_a_closer_look_gets_it_and_nothing_before_it_is_read_twice(
    tmp_path: Path, odd: str
) -> None:
    good = "".join(line(id=f"G{n}", source_url="x" * 2000) + "\n" for n in range(800))
    (tmp_path / "time_entry.jsonl").write_text(good + odd + "\n" + line(id="Z") + "\n", encoding="utf-8")

    records, rejects, others = told(tmp_path)

    # 1 MiB is read at a time: the first block is whole, the second holds the odd line
    assert 0 < len(in_one_step(tmp_path)) < 800
    assert (records, rejects, others) == told(tmp_path, encoding="utf-8-sig")
    assert len({record["id"] for record in records}) == len(records) >= 801


def test_an_odd_line_is_told_by_its_own_number(tmp_path: Path) -> None:
    good = "".join(line(id=f"G{n}", source_url="x" * 2000) + "\n" for n in range(800))
    (tmp_path / "time_entry.jsonl").write_text(good + "oops\n", encoding="utf-8")

    (reason,) = [reason for page in pages(tmp_path) for _, reason in page.rejects]

    assert reason.startswith("time_entry.jsonl:801: it is not JSON")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_mark_and_compression_change_nothing(tmp_path: Path, mark: bytes) -> None:
    text = mark + "\r\n".join(line(id=f"T{n}") for n in range(3)).encode()
    (tmp_path / "time_entry.jsonl.gz").write_bytes(gzip.compress(text))

    assert [record.id for record in in_one_step(tmp_path)] == ["T0", "T1", "T2"]


def test_a_compressed_file_that_breaks_off_is_told_as_ever(tmp_path: Path) -> None:
    whole = gzip.compress("".join(line(id=f"T{n:05d}") + "\n" for n in range(9000)).encode())
    (tmp_path / "time_entry.jsonl.gz").write_bytes(whole[: len(whole) * 9 // 10])

    found = pages(tmp_path)

    assert found[-1].truncated
    assert "the file ends early" in found[-2].rejects[-1][1]
    assert (
        len({row.id if isinstance(row, Record) else row["id"] for page in found for row in page.rows}) > 3000
    )


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**6), 10**6),
    st.sampled_from(["", " ", "7.25", "true", "GBP", "approved", "2026-10-30", "2026-10-30T08:00:00+01:00", "é\u2028"]),
    st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**6), max_value=10**6).map(float),
)  # fmt: skip


@given(
    st.lists(
        st.dictionaries(st.sampled_from([*ENTRY, "approved_at", "held", "rounding", "Hours"]), VALUES, max_size=2),
        min_size=1,
        max_size=4,
    )
)  # fmt: skip
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
def test_both_ways_come_to_the_same(tmp_path: Path, changes: list[dict[str, Any]]) -> None:
    text = "\n".join(line(**changed) for changed in changes)
    (tmp_path / "time_entry.jsonl").write_text(text, encoding="utf-8")

    assert told(tmp_path) == told(tmp_path, encoding="utf-8-sig")
