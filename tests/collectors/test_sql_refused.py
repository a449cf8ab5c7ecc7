"""A customer's database: what an error says, and what is never sent or shown."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import create_engine, text

from collectors.engines.sql_settings import SqlSettings
from collectors.errors import CollectorError, ConfigError, FatalError, RetriableError
from collectors.systems.sql import SYSTEM
from tests.collectors.warehouse import QUERY, connected, pages, sqlite, warehouse


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return warehouse(tmp_path)


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
        ("mssql+pyodbc://u:s3cret@h/d", "url needs the driver 'pyodbc'.*pip install pyodbc"),
        ("mysql://u:s3cret@h/d", "url needs the driver 'MySQLdb'.*begin url with mysql.pymysql://"),
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
        ({"query": "WITH x AS (INSERT INTO c (id) SELECT 1) SELECT 1"}, "it says INSERT"),
        ({"query": "SELECT 1 /*!50000 INTO OUTFILE 'x' */"}, "it says INTO"),
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
        "SELECT truncate(hours, 2), INSERT (name, 1, 1, 'x'), `update`, `a``;drop` FROM t",
    ],
)
def test_what_only_looks_like_writing_is_allowed(query: str) -> None:
    streams = {"customer": {"query": query.replace("':x'", "'\\:x'")}}

    settings = SqlSettings.model_validate({"url": "sqlite://", "streams": streams})

    assert not settings.streams["customer"].query.endswith(";")


def test_every_error_is_one_of_ours(database: Path) -> None:
    database.write_bytes(b"this is no database at all" * 100)

    with pytest.raises(CollectorError, match="dwh/customer: file is not a database"):
        pages(sqlite(database, {"customer": {"query": QUERY, "overlap": timedelta(0)}}))


@pytest.mark.real
@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("SELECT * FROM nowhere", 'relation "nowhere" does not exist'),
        ("SELECT idd FROM numbers", 'column "idd" does not exist'),
        ("SELECT 1 / (last_value - last_value) AS id FROM numbers", "division by zero"),
        ("SELECT nextval('numbers') AS id", "in a read-only transaction"),
    ],
)
def test_postgresql_says_what_is_wrong(empty_postgres_url: str, query: str, complaint: str) -> None:
    engine = create_engine(empty_postgres_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE SEQUENCE numbers"))
    engine.dispose()

    with pytest.raises(FatalError) as caught:
        pages(connected(empty_postgres_url, {"customer": {"query": query}}))

    assert complaint in str(caught.value)


@pytest.mark.real
def test_a_wrong_database_is_not_tried_again(empty_postgres_url: str) -> None:
    wrong = empty_postgres_url.replace("/sightglass_empty", "/no_such_sightglass_empty")

    with pytest.raises(FatalError, match="does not exist"):
        pages(connected(wrong))
