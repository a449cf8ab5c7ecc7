"""A home-made PSA on MariaDB: local times, its own words, and what its driver says when things go wrong."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from collectors.errors import CollectorError, FatalError, RetriableError
from collectors.systems.sql import SqlConnection
from tests.collectors.conftest import run_mariadb
from tests.collectors.warehouse import connected, pages, records
from tests.truth import firm

pytestmark = pytest.mark.real

PSA = """
CREATE TABLE person (id INT PRIMARY KEY, name VARCHAR(80), aktiv TINYINT(1));
INSERT INTO person VALUES (1, 'Žofie 🚀 Ångström', 1), (2, 'Max', 0);
CREATE TABLE projekt (nr VARCHAR(20) PRIMARY KEY, status ENUM('geplant', 'laufend', 'fertig'), `update` DATETIME(6));
INSERT INTO projekt VALUES ('P-1', 'laufend', '2026-07-01 09:00:00.000001');
CREATE TABLE buchung (
  id BIGINT UNSIGNED PRIMARY KEY, projekt VARCHAR(20), person INT, tag DATE, minuten SMALLINT UNSIGNED, satz DECIMAL(19, 4),
  status ENUM('offen', 'frei', 'nein'), verrechenbar TINYINT(1), frei_am DATETIME DEFAULT 0, geaendert DATETIME(6),
  beleg INT, stempel TIMESTAMP(6) DEFAULT '2026-11-20 11:00:00.123456');
INSERT INTO buchung (id, projekt, person, tag, minuten, satz, status, verrechenbar, frei_am, geaendert) VALUES
  (18446744073709551615, 'P-1', 1, '2026-10-01', 450, 99.9950, 'frei', 1, '2026-10-02 00:00:00', '2026-10-02 08:00:00.123456'),
  (2, 'P-1', 2, '2026-10-01', 20, 120, 'offen', 0, DEFAULT, '2026-10-25 02:30:00'),
  (3, 'P-1', 2, '2026-11-19', 60, NULL, 'nein', 1, DEFAULT, '2026-11-19 10:00:00.5');
CREATE TABLE beleg (id INT PRIMARY KEY, projekt VARCHAR(20), betrag DECIMAL(14, 2), geaendert DATETIME(6));
"""
ENTRIES: dict[str, Any] = {
    "query": "SELECT b.*, truncate(minuten / 60, 4) AS stunden FROM buchung b WHERE geaendert >= :since",
    "ids": "SELECT id FROM buchung",
    "fields": {
        "id": "id", "project_id": "projekt", "work_date": "tag", "rate": "satz", "billable": "verrechenbar",
        "hours": {"column": "minuten", "divide": 60}, "approved_at": "frei_am", "source_updated_at": "geaendert",
        "status": {"column": "status", "values": {"offen": "submitted", "frei": "approved", "nein": "rejected"}},
    },
    # a DATETIME that never was
    "format": {"zone": "Europe/Berlin", "nothing": ["", "0000-00-00 00:00:00"]},
}  # fmt: skip


@pytest.fixture
def psa(empty_mariadb_url: str) -> str:
    run_mariadb(empty_mariadb_url, PSA)
    return empty_mariadb_url


@pytest.fixture
def run(psa: str) -> Callable[[str], None]:
    return lambda statement: run_mariadb(psa, statement)


@pytest.fixture
def entries(psa: str) -> SqlConnection:
    return connected(psa, {"time_entry": ENTRIES})


def test_native_types_of_mariadb_become_records(entries: SqlConnection) -> None:
    first, second, third = sorted(records(entries), key=lambda record: record.source_updated_at)

    assert (first.id, first.hours, first.rate) == ("18446744073709551615", Decimal("7.5"), Decimal("99.995"))
    assert (first.status, first.billable, first.work_date) == ("approved", True, date(2026, 10, 1))
    # midnight in Berlin; a microsecond is kept
    assert first.approved_at == datetime(2026, 10, 1, 22, tzinfo=UTC)
    assert first.source_updated_at == datetime(2026, 10, 2, 6, 0, 0, 123456, tzinfo=UTC)
    assert (second.status, second.billable, second.approved_at) == ("submitted", False, None)
    assert (third.status, third.rate) == ("rejected", None)


def test_names_of_any_script_are_read(psa: str) -> None:
    query = "SELECT id, name, aktiv AS active, '2026-11-20T12:00:00Z' AS source_updated_at FROM person"

    found = records(connected(psa, {"resource": {"query": query}}))

    assert [(record.name, record.active) for record in found] == [("Žofie 🚀 Ångström", True), ("Max", False)]


def test_only_what_changed_is_asked_for_in_local_time(
    entries: SqlConnection, run: Callable[[str], None]
) -> None:
    position = pages(entries)[-1].position
    run("UPDATE buchung SET geaendert = '2026-11-19 10:00:00.6' WHERE id = 2")

    assert position is not None
    assert '"since":"2026-11-19T09:00:00.500000+00:00"' in position
    assert sorted(record.id for record in records(entries, position)) == ["2", "3"]


def test_the_hour_that_happens_twice_is_not_lost(entries: SqlConnection, run: Callable[[str], None]) -> None:
    run("DELETE FROM buchung WHERE id = 3")
    position = pages(entries)[-1].position
    # 02:30 has passed once; what is written in the second 02:20 is later
    run("UPDATE buchung SET geaendert = '2026-10-25 02:20:00' WHERE id = 18446744073709551615")

    assert "18446744073709551615" in {record.id for record in records(entries, position)}


def test_a_timestamp_is_read_in_the_zone_the_address_asks_for(psa: str, run: Callable[[str], None]) -> None:
    run("SET time_zone = '+09:00';\nUPDATE buchung SET stempel = '2026-11-20 20:00:00.123456'")
    fields = {**ENTRIES["fields"], "source_updated_at": "stempel"}
    query = "SELECT * FROM buchung WHERE stempel >= :since"
    stream = {**ENTRIES, "query": query, "fields": fields, "format": {"nothing": ["0000-00-00 00:00:00"], "zone": "UTC"}}  # fmt: skip
    connection = connected(f"{psa}?init_command=SET time_zone='%2B00:00'", {"time_entry": stream})

    found = records(connection)

    assert {record.source_updated_at for record in found} == {
        datetime(2026, 11, 20, 11, 0, 0, 123456, tzinfo=UTC)
    }
    assert len(records(connection, pages(connection)[-1].position)) == 3


def test_ids_show_deletions(entries: SqlConnection, run: Callable[[str], None]) -> None:
    run("DELETE FROM buchung WHERE id = 3")

    assert sorted(entries.ids(entries.streams()[0])) == ["18446744073709551615", "2"]


MANY = "SELECT seq AS id, repeat('x', 1000) AS name, '2026-01-01T00:00:00Z' AS source_updated_at FROM seq_1_to_{}"


def test_rows_are_streamed_and_reading_may_stop_early(psa: str) -> None:
    connection = connected(psa, {"customer": {"query": MANY.format(12_000)}})

    assert [len(page.rows) for page in pages(connection)] == [5_000, 5_000, 2_000, 0]
    assert connection.problems(connection.streams()[0]) == []


# the driver stumbles over its own lost answer when that is thrown away
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_connection_that_breaks_off_is_tried_again(psa: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="sqlalchemy.pool")  # a kept record would keep the answer
    connection = connected(psa, {"customer": {"query": MANY.format(60_000)}})
    found = connection.pages(connection.streams()[0], None, datetime(2026, 11, 20, tzinfo=UTC))
    assert len(next(found).rows) == 5_000

    with create_engine(psa, poolclass=NullPool).connect() as admin:
        reading = "SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT seq AS id%'"
        admin.execute(text(f"KILL {admin.execute(text(reading)).scalar_one()}"))

    with pytest.raises(RetriableError, match=r"^dwh/customer: .*see that the database answers"):
        list(found)
    del found
    gc.collect()


def test_what_is_left_in_the_middle_leaves_nothing_behind(psa: str) -> None:
    connection = connected(psa, {"customer": {"query": MANY.format(12_000)}})
    found = connection.pages(connection.streams()[0], None, datetime(2026, 11, 20, tzinfo=UTC))
    assert len(next(found).rows) == 5_000

    found.close()

    assert len(pages(connection)) == 4


@pytest.fixture
def reader(psa: str) -> Iterator[str]:
    """The address for a user who may read persons only."""
    name, password = f"leser{os.getpid()}", "s3cr@t-leser"
    run_mariadb(psa, f"CREATE USER {name} IDENTIFIED BY '{password}';\nGRANT SELECT ON person TO {name}")
    yield make_url(psa).set(username=name, password=password).render_as_string(hide_password=False)
    run_mariadb(psa, f"DROP USER {name}")


def test_a_user_who_may_only_select_is_enough(reader: str) -> None:
    query = "SELECT id, name, '2026-11-20T12:00:00Z' AS source_updated_at FROM person"

    assert len(records(connected(reader, {"resource": {"query": query}}))) == 2


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("SELECT * FROM nowhere", "Table 'DATABASE.nowhere' doesn't exist (1146)"),
        ("SELECT idd FROM person", "Unknown column 'idd' in 'SELECT' (1054)"),
        ("SELECT FROM WHERE", "You have an error in your SQL syntax"),
        ("SELECT kaputt(id) FROM person", "FUNCTION DATABASE.kaputt does not exist (1305)"),
        ("SELECT * FROM person LIMIT 1 FOR SHARE OF x", "You have an error in your SQL syntax"),
    ],
)
def test_a_wrong_query_stops_the_stream_and_says_what_is_wrong(psa: str, query: str, complaint: str) -> None:
    with pytest.raises(FatalError) as caught:
        pages(connected(psa, {"customer": {"query": query}}))

    assert str(caught.value).startswith(
        "dwh/customer: " + complaint.replace("DATABASE", str(make_url(psa).database))
    )
    assert "Remedy: correct the stream's query" in str(caught.value)


def test_a_table_that_may_not_be_read_stops_the_stream(reader: str) -> None:
    with pytest.raises(
        FatalError, match=r"dwh/customer: SELECT command denied to user .* let this user read"
    ):
        pages(connected(reader, {"customer": {"query": "SELECT * FROM buchung"}}))


@pytest.mark.parametrize(
    ("changed", "error", "complaint", "remedy"),
    [
        ({"password": "s3cr@t-falsch"}, FatalError, "Access denied", "correct the user and the password"),
        ({"database": "s3nowhere"}, FatalError, "Access denied", "let this user read"),
        ({"port": 1}, RetriableError, "Can't connect", "see that the database answers at url"),
    ],
)
def test_a_way_in_that_fails_says_why_and_never_the_password(
    reader: str, changed: dict[str, Any], error: type[CollectorError], complaint: str, remedy: str
) -> None:
    url = make_url(reader).set(**changed)
    connection = connected(url.render_as_string(hide_password=False))

    with pytest.raises(error) as caught:
        pages(connection)

    shown = str(caught.value) + repr(caught.value.__cause__) + repr(connection._database.engine)
    assert str(caught.value).startswith(f"dwh/customer: {complaint}")
    assert remedy in str(caught.value)
    assert "s3cr" not in shown


def test_the_database_cannot_be_written(psa: str, entries: SqlConnection) -> None:
    complaint = "dwh/x: Cannot execute statement in a READ ONLY transaction"

    with pytest.raises(FatalError, match=complaint), entries._database.reading("x") as session:
        entries._database.rows(session, "DELETE FROM buchung", {})

    assert {record.hours for record in records(entries)} >= {Decimal("7.5"), Decimal(1)}


def test_a_query_cannot_write_through_a_function(psa: str, run: Callable[[str], None]) -> None:
    run("CREATE FUNCTION schreibt() RETURNS INT MODIFIES SQL DATA BEGIN DELETE FROM buchung; RETURN 1; END")

    with pytest.raises(FatalError, match="READ ONLY transaction"):
        pages(connected(psa, {"customer": {"query": "SELECT schreibt() AS id, 'x' AS name"}}))


CONFIG = """
[clock]
now = "2026-11-20T18:00:00Z"
[systems.psa]
kind = "sql"
roles = ["psa", "time", "erp"]
url = "{url}"
format = {{ zone = "Europe/Berlin", nothing = ["", "0000-00-00 00:00:00"] }}
[systems.psa.streams.project]
query = "SELECT nr, status, `update` FROM projekt WHERE `update` >= :since"
[systems.psa.streams.project.fields]
id = "nr"
status = {{ column = "status", values = {{ geplant = "planned", laufend = "active", fertig = "complete" }} }}
billing_method = {{ constant = "time_and_materials" }}
source_updated_at = "update"
[systems.psa.streams.time_entry]
query = "SELECT * FROM buchung WHERE geaendert >= :since"
ids = "SELECT id FROM buchung"
[systems.psa.streams.time_entry.fields]
id = "id"
project_id = "projekt"
work_date = "tag"
hours = {{ column = "minuten", divide = 60 }}
status = {{ column = "status", values = {{ offen = "submitted", frei = "approved", nein = "rejected" }} }}
billable = "verrechenbar"
rate = "satz"
currency = {{ constant = "EUR" }}
invoice_line_id = "beleg"
source_updated_at = "geaendert"
[systems.psa.streams.invoice_line]
query = "SELECT * FROM beleg WHERE geaendert >= :since"
[systems.psa.streams.invoice_line.fields]
id = "id"
project_id = "projekt"
currency = {{ constant = "EUR" }}
amount = "betrag"
source_updated_at = "geaendert"
"""


def test_unbilled_time_is_found_and_cleared_by_billing_it(
    psa: str, run: Callable[[str], None], tmp_path: Path
) -> None:
    config = tmp_path / "sightglass.toml"
    config.write_text(CONFIG.format(url=psa), encoding="utf-8")
    firm.poll(config)
    # 7.5 h x 99.995 = 749.9625
    assert firm.found(config) == {("unbilled_approved_time", "psa", "project", "P-1", None, "749.96", "EUR")}

    run(
        "INSERT INTO beleg VALUES (1, 'P-1', 749.96, '2026-11-20 15:00:00');\n"
        "UPDATE buchung SET beleg = 1, geaendert = '2026-11-20 15:00:00' WHERE id > 3"
    )
    firm.poll(config)

    assert firm.found(config) == set()
