"""A customer's database: what is asked, what is read, what an error says."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from pydantic import ValidationError
from sqlalchemy import create_engine, text

from collectors.contract import Page
from collectors.errors import CollectorError, ConfigError, FatalError, RetriableError
from collectors.systems.sql import SYSTEM, SqlConnection
from queries.records import KINDS, Record

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
QUERY = "SELECT * FROM customer WHERE source_updated_at >= :since"
WAREHOUSE = """
CREATE TABLE customer (id TEXT, name TEXT, source_updated_at TEXT);
INSERT INTO customer VALUES
  ('C1', 'Nordwind', '2026-11-01T00:00:00Z'), ('C2', 'Ostwind', '2026-11-19T12:00:00Z'),
  ('C3', 'Westwind', '2026-11-10T00:00:00Z');
CREATE TABLE zeiten (nr INTEGER, tag TEXT, std TEXT, frei INTEGER, geändert TEXT);
INSERT INTO zeiten VALUES (1, '20.11.2026', '7,5', 1, '2026-11-20 10:00'), (2, '20.11.2026', '8', 0, NULL);
CREATE TABLE load (at TEXT);
INSERT INTO load VALUES ('2026-11-20T06:00:00Z');
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "warehouse.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(WAREHOUSE)
    return path


@pytest.fixture
def run(database: Path) -> Any:
    def run(statement: str) -> None:
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute(statement)

    return run


def connected(url: str, streams: dict[str, Any] | None = None, **settings: Any) -> SqlConnection:
    streams = streams or {"customer": {"query": QUERY}}
    return SqlConnection("dwh", SYSTEM.settings.model_validate({"url": url, "streams": streams, **settings}))


def sqlite(path: Path, *args: Any, **kwargs: Any) -> SqlConnection:
    return connected(f"sqlite:///{path}", *args, **kwargs)


def pages(connection: SqlConnection, since: str | None = None) -> list[Page]:
    return list(connection.pages(connection.streams()[0], since, NOW))


def records(connection: SqlConnection, since: str | None = None) -> list[Any]:
    parse = connection.streams()[0].parse
    rows = [parse(row) for page in pages(connection, since) for row in page.rows]
    kind: type[Record] = KINDS[connection.streams()[0].kind]
    return msgspec.convert(rows, list[kind], strict=False)  # type: ignore[valid-type]


def test_canonical_columns_need_no_mapping(database: Path) -> None:
    found = records(sqlite(database))

    assert [record.id for record in found] == ["C1", "C2", "C3"]
    assert found[1].source_updated_at == datetime(2026, 11, 19, 12, tzinfo=UTC)


def test_the_next_poll_asks_from_the_newest_version_less_the_overlap(database: Path, run: Any) -> None:
    position = pages(sqlite(database))[-1].position
    run(
        "INSERT INTO customer VALUES ('C4', 'late', '2026-11-19T11:56:00Z'), ('C5', 'old', '2026-11-19T11:54:00Z')"
    )

    assert msgspec.json.decode(position or "") == {"since": "2026-11-19T12:00:00+00:00"}
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


def test_a_poll_that_finds_nothing_keeps_its_position(database: Path) -> None:
    position = pages(sqlite(database))[-1].position

    assert (
        pages(sqlite(database, {"customer": {"query": f"{QUERY} AND 1 = 0"}}), position)[-1].position
        == position
    )


def test_the_position_moves_with_the_last_page_only_and_never_into_the_future(
    database: Path, run: Any
) -> None:
    run("INSERT INTO customer VALUES ('C9', 'clock', '9999-01-01T00:00:00Z')")
    found = pages(sqlite(database))

    assert [page.position for page in found[:-1]] == [None]
    assert msgspec.json.decode(found[-1].position or "") == {"since": NOW.isoformat()}


def test_rows_come_in_bounded_pages(database: Path, run: Any) -> None:
    run(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)"
        " INSERT INTO customer SELECT 'N' || i, 'N', '2026-01-01T00:00:00Z' FROM n"
    )

    assert [len(page.rows) for page in pages(sqlite(database))] == [5_000, 5_000, 2_003, 0]


def test_other_columns_are_mapped(database: Path) -> None:
    fields = {
        "id": {"template": "Z-{nr}"}, "work_date": "tag", "hours": "std", "source_updated_at": "geändert",
        "status": {"when": [{"all": [{"column": "frei", "is": True}], "then": "approved"}], "else": "submitted"},
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
    position = pages(sqlite(database))[-1].position
    query = "SELECT 'C' AS id, :since AS name, '2026-11-19T12:00:00Z' AS source_updated_at"
    streams = {"customer": {"query": query, **({"since_as": how} if how else {})}}

    assert (
        records(sqlite(database, streams, format={"zone": zone} if zone else {}), position)[0].name == bound
    )


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


# -- errors ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("SELECT id FROM kunden", "no such table: kunden"),
        ("SELECT idd FROM customer", "no such column: idd"),
        ("SELECT FROM WHERE", "syntax error"),
        ("SELECT id, source_updated_at FROM customer", "the query gives no column 'name'"),
        ("SELECT id, name, id FROM customer", "the query gives 'id' more than once"),
    ],
)
def test_a_wrong_query_stops_the_stream_and_says_what_is_wrong(
    database: Path, query: str, complaint: str
) -> None:
    with pytest.raises(FatalError) as caught:
        pages(sqlite(database, {"customer": {"query": query}}))

    assert str(caught.value).startswith("dwh/customer: ")
    assert complaint in str(caught.value)
    assert "Remedy: " in str(caught.value)


def test_a_misspelt_file_is_not_an_empty_database(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match="dwh/customer: the database file does not exist"):
        pages(sqlite(tmp_path / "wherehouse.db"))

    assert list(tmp_path.iterdir()) == []


def test_the_database_cannot_be_written(database: Path) -> None:
    connection = sqlite(database)

    with pytest.raises(FatalError, match="readonly database"), connection._database.reading("x") as session:
        connection._database.rows(session, "DELETE FROM customer", {})


def test_an_unreachable_server_is_tried_again_and_its_password_never_shown() -> None:
    connection = connected("postgresql://reader:s3cr%40t@127.0.0.1:1/dwh?connect_timeout=2")

    with pytest.raises(RetriableError) as caught:
        pages(connection)

    shown = str(caught.value) + repr(caught.value.__cause__) + repr(connection._database.engine)
    assert str(caught.value).startswith("dwh/customer: connection")
    assert "s3cr" not in shown


def test_a_driver_that_repeats_the_password_is_silenced() -> None:
    connection = connected("postgresql://reader:s3cr%40t@127.0.0.1:1/dwh")

    assert connection._database._clean("failed: pwd=s3cr@t;x s3cr%40t") == "failed: pwd=***;x ***"


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("no address with s3cret", "url is no database address"),
        ("oracle+s3cret://u:pw@h/d", "url: "),
        ("mssql+pyodbc://u:s3cret@h/d", "url needs the driver 'pyodbc'"),
    ],
)
def test_a_wrong_address_stops_at_start_without_repeating_secrets(url: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint) as caught:
        connected(url)

    assert "pw" not in str(caught.value)
    assert ":s3cret" not in str(caught.value)


def test_the_password_comes_from_a_variable_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql://reader@127.0.0.1:1/dwh"
    with pytest.raises(ConfigError, match="DWH_PASSWORD, which is not set"):
        connected(url, password_env="DWH_PASSWORD")

    (tmp_path / "secret").write_text("from-file\n")
    monkeypatch.setenv("DWH_PASSWORD_FILE", str(tmp_path / "secret"))
    assert connected(url, password_env="DWH_PASSWORD")._database.engine.url.password == "from-file"
    monkeypatch.setenv("DWH_PASSWORD", "from-variable")
    assert connected(url, password_env="DWH_PASSWORD")._database.engine.url.password == "from-variable"


def test_settings_do_not_show_the_address() -> None:
    settings = SYSTEM.settings.model_validate(
        {"url": "postgresql://u:s3cret@h/d", "streams": {"customer": {"query": QUERY}}}
    )

    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(
    ("stream", "complaint"),
    [
        ({"query": "DELETE FROM customer"}, "must be one SELECT"),
        ({"query": "SELECT 1; DROP TABLE customer"}, "must be one SELECT"),
        ({"query": "WITH x AS (DELETE FROM c RETURNING *) SELECT * FROM x"}, "it says DELETE"),
        ({"query": "SELECT * INTO copy FROM customer"}, "it says INTO"),
        ({"query": "SELECT * FROM c WHERE at > :from"}, "only :since is bound, not :from"),
        ({"query": QUERY, "ids": QUERY}, "it takes no :since"),
        ({"query": QUERY, "since_as": "soon"}, "since_as"),
        ({"query": QUERY, "overlap": "-1s"}, "overlap"),
        ({"query": QUERY, "fields": {"nmae": "x"}}, "streams.customer: fields.nmae is no field"),
    ],
)
def test_a_wrong_stream_is_named(stream: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SYSTEM.settings.model_validate({"url": "sqlite://", "streams": {"customer": stream}})

    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 'a;b', \"update\", ':x', x::text, to_char(t, 'HH24:MI:SS') FROM t -- delete; later\n;",
        "/* drop */ (WITH a AS (SELECT 1) SELECT * FROM a)",
    ],
)
def test_what_only_looks_like_writing_is_allowed(query: str) -> None:
    streams = {"customer": {"query": query.replace("':x'", "'\\:x'")}}

    assert SYSTEM.settings.model_validate({"url": "sqlite://", "streams": streams})


# -- PostgreSQL --------------------------------------------------------------------------------------

POSTGRES = """
CREATE SEQUENCE numbers;
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


@pytest.mark.real
@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("SELECT * FROM nowhere", 'relation "nowhere" does not exist'),
        ("SELECT idd FROM entries", 'column "idd" does not exist'),
        ("SELECT 1 / (hours - hours) AS id FROM entries", "division by zero"),
        ("SELECT nextval('numbers') AS id FROM entries", "in a read-only transaction"),
    ],
)
def test_postgresql_says_what_is_wrong(postgres: str, query: str, complaint: str) -> None:
    with pytest.raises(FatalError) as caught:
        pages(connected(postgres, {"time_entry": {"query": query, "fields": FIELDS}}))

    assert complaint in str(caught.value)


@pytest.mark.real
def test_a_wrong_database_is_not_tried_again(postgres: str) -> None:
    wrong = postgres.replace("/sightglass_empty", "/no_such_sightglass_empty")

    with pytest.raises(FatalError, match="does not exist"):
        pages(connected(wrong, {"time_entry": {"query": ENTRIES, "fields": FIELDS}}))


def test_every_error_is_one_of_ours(database: Path) -> None:
    database.write_bytes(b"this is no database at all" * 100)

    with pytest.raises(CollectorError, match="dwh/customer: file is not a database"):
        pages(sqlite(database, {"customer": {"query": QUERY, "overlap": timedelta(0)}}))
