"""A customer's database: what is asked of it, and what becomes of the answers."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import create_engine, text

from collectors.errors import FatalError
from tests.collectors.warehouse import NOW, QUERY, connected, pages, records, sqlite, warehouse


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return warehouse(tmp_path)


@pytest.fixture
def run(database: Path) -> Any:
    def run(statement: str) -> None:
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute(statement)

    return run


def test_canonical_columns_need_no_mapping(database: Path) -> None:
    found = records(sqlite(database))

    assert [record.id for record in found] == ["C1", "C2", "C3"]
    assert found[1].source_updated_at == datetime(2026, 11, 19, 12, tzinfo=UTC)


def test_the_next_poll_asks_from_the_newest_version_less_the_overlap(database: Path, run: Any) -> None:
    position = pages(sqlite(database))[-1].position
    run("INSERT INTO customer VALUES ('C4', 'late', '2026-11-19T11:56:00Z')")
    run("INSERT INTO customer VALUES ('C5', 'old', '2026-11-19T11:54:00Z')")

    assert msgspec.json.decode(position or "")["since"] == "2026-11-19T12:00:00+00:00"
    exact = {"query": QUERY, "since_as": "%Y-%m-%dT%H:%M:%SZ"}
    for stream, ids in (
        (exact, ["C2", "C4"]),
        ({**exact, "overlap": "1h"}, ["C2", "C4", "C5"]),
        (
            {"query": QUERY},
            ["C2", "C4", "C5"],
        ),  # how a text column writes instants is not known: the whole day
    ):
        assert [record.id for record in records(sqlite(database, {"customer": stream}), position)] == ids


def test_a_poll_that_finds_nothing_keeps_its_position(database: Path, run: Any) -> None:
    position = pages(sqlite(database))[-1].position
    run("DELETE FROM customer")

    assert [page.position for page in pages(sqlite(database), position)] == [position]


def test_a_changed_query_reads_everything_again(database: Path) -> None:
    position = pages(sqlite(database))[-1].position
    streams = {"customer": {"query": f"{QUERY} AND name <> ''"}}

    assert [record.id for record in records(sqlite(database, streams), position)] == ["C1", "C2", "C3"]


def test_the_position_moves_with_the_last_page_only_and_never_into_the_future(
    database: Path, run: Any
) -> None:
    run("INSERT INTO customer VALUES ('C9', 'clock', '9999-01-01T00:00:00Z')")
    found = pages(sqlite(database))

    assert [page.position for page in found[:-1]] == [None]
    assert msgspec.json.decode(found[-1].position or "")["since"] == NOW.isoformat()


def test_rows_come_in_bounded_pages(database: Path, run: Any) -> None:
    run(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)"
        " INSERT INTO customer SELECT 'N' || i, 'N', '2026-01-01T00:00:00Z' FROM n"
    )

    assert [len(page.rows) for page in pages(sqlite(database))] == [5_000, 5_000, 2_003, 0]


def test_other_columns_are_mapped(database: Path) -> None:
    approved = {"all": [{"column": "frei", "is": True}], "then": "approved"}
    fields = {
        "id": {"template": "Z-{nr}"}, "work_date": "tag", "hours": "std", "source_updated_at": "geändert",
        "status": {"when": [approved], "else": "submitted"},
    }  # fmt: skip
    fmt = {"decimal": ",", "dates": ["%d.%m.%Y"], "zone": "Europe/Berlin"}
    streams = {"time_entry": {"query": "SELECT * FROM zeiten", "fields": fields}}

    first, second = records(sqlite(database, streams, format=fmt))

    assert (first.id, first.work_date, first.hours) == ("Z-1", date(2026, 11, 20), Decimal("7.5"))
    assert (first.status, second.status) == ("approved", "submitted")
    assert first.source_updated_at == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert second.source_updated_at == NOW


@pytest.mark.parametrize(
    ("how", "zone", "bound"),
    [
        (None, None, "2026-11-19 11:55:00"),
        ("%Y-%m-%dT%H:%M:%SZ", None, "2026-11-19T11:55:00Z"),
        ("%d.%m.%Y %H:%M", "Europe/Berlin", "19.11.2026 11:55"),
    ],
)
def test_since_is_bound_as_the_database_writes_it(
    database: Path, how: str | None, zone: str | None, bound: str
) -> None:
    query = "SELECT 'C' AS id, :since AS name, '2026-11-19T12:00:00Z' AS source_updated_at"
    streams = {"customer": {"query": query, **({"since_as": how} if how else {})}}
    connection = sqlite(database, streams, format={"zone": zone} if zone else {})

    assert records(connection, pages(connection)[-1].position)[0].name == bound


def test_a_warehouse_says_itself_how_far_it_is_loaded(database: Path, run: Any) -> None:
    loaded = {"complete_through": "SELECT max(at) FROM load"}

    assert pages(sqlite(database))[-1].complete_through is None
    assert pages(sqlite(database, **loaded))[-1].complete_through == datetime(2026, 11, 20, 6, tzinfo=UTC)
    run("UPDATE load SET at = '2027-01-01T00:00:00Z'")
    assert pages(sqlite(database, **loaded))[-1].complete_through == NOW
    run("DELETE FROM load")
    with pytest.raises(FatalError, match="dwh/customer: complete_through: "):
        pages(sqlite(database, **loaded))


def test_ids_show_deletions(database: Path) -> None:
    streams = {"customer": {"query": QUERY, "ids": "SELECT id AS any_name FROM customer"}}
    connection = sqlite(database, streams)

    assert connection.streams()[0].deletes == "sweep"
    assert sorted(connection.ids(connection.streams()[0])) == ["C1", "C2", "C3"]


@pytest.mark.parametrize(
    ("ids", "why"),
    [("SELECT id FROM customer WHERE 1 = 0", "gives no row"), ("SELECT NULL AS id", "a row without an id")],
)
def test_ids_in_doubt_delete_nothing(database: Path, ids: str, why: str) -> None:
    connection = sqlite(database, {"customer": {"query": QUERY, "ids": ids}})

    with pytest.raises(FatalError, match=why):
        list(connection.ids(connection.streams()[0]))


def test_problems_shows_what_a_sample_could_not_say(database: Path) -> None:
    fields = {"id": "nr", "work_date": "tag", "hours": "std", "status": {"constant": "draft"}}
    streams = {"time_entry": {"query": "SELECT * FROM zeiten", "fields": fields, "format": {"decimal": ","}}}
    connection = sqlite(database, streams)

    problems = connection.problems(connection.streams()[0])

    assert problems == [
        "work_date: column 'tag': '20.11.2026' is not a date or instant as expected (ISO 8601) (2 of 2 rows)"
    ]


POSTGRES = """
CREATE TABLE entries (id uuid, day date, hours numeric(10,2), rate double precision, ok boolean,
  changed timestamptz, approved timestamp);
INSERT INTO entries SELECT '00000000-0000-0000-0000-000000000001', '2026-11-20', 7.50, 99.9, true,
  '2026-11-20 12:00+01', '2026-11-20 09:30';
INSERT INTO entries SELECT gen_random_uuid(), '2026-01-01', 1, 1, false,
  '2026-01-01'::timestamptz + i * interval '1 second', NULL FROM generate_series(1, 7000) i;
"""
ENTRIES = "SELECT * FROM entries WHERE changed >= :since"
FIELDS = {
    "id": "id", "work_date": "day", "hours": "hours", "rate": "rate", "billable": "ok",
    "status": {"constant": "draft"}, "source_updated_at": "changed", "approved_at": "approved",
}  # fmt: skip


@pytest.fixture
def postgres(empty_postgres_url: str) -> str:
    engine = create_engine(empty_postgres_url)
    with engine.begin() as connection:
        connection.execute(text(POSTGRES))
    engine.dispose()
    return empty_postgres_url


@pytest.mark.real
def test_native_types_of_postgresql_become_records(postgres: str) -> None:
    streams = {"time_entry": {"query": ENTRIES, "fields": FIELDS, "format": {"zone": "Europe/Berlin"}}}
    connection = connected(postgres, streams)

    found = {record.id: record for record in records(connection)}
    one = found[str(UUID(int=1))]

    assert (len(found), one.hours, one.rate, one.billable) == (7_001, Decimal("7.50"), Decimal("99.9"), True)
    assert one.source_updated_at == datetime(2026, 11, 20, 11, tzinfo=UTC)
    assert one.approved_at == datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


@pytest.mark.real
def test_postgresql_is_asked_for_what_changed_and_streamed(postgres: str) -> None:
    connection = connected(postgres, {"time_entry": {"query": ENTRIES, "fields": FIELDS}})
    found = pages(connection)

    assert [len(page.rows) for page in found] == [5_000, 2_001, 0]
    assert [len(page.rows) for page in pages(connection, found[-1].position)] == [1, 0]
