"""Opening the store and its two kinds of transaction, on real files and a real server."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError

from queries import store
from queries.errors import StoreBusyError, StoreError
from queries.store import check_schema, migrate, open_engine, reading, writing

Opener = Callable[[str], Engine]
ADD = "INSERT INTO system_role (system, role, legal_entity, kind) VALUES ('{}', 'crm', '*', 'files')"
COUNT = "SELECT count(*) FROM system_role"


def add(engine: Engine, system: str) -> None:
    with writing(engine) as connection:
        connection.exec_driver_sql(ADD.format(system))


def count(engine: Engine) -> int:
    with reading(engine) as connection:
        return int(connection.exec_driver_sql(COUNT).scalar_one())


def test_a_block_that_ends_well_is_kept(engine: Engine) -> None:
    add(engine, "sf")

    assert count(engine) == 1


def test_a_block_that_fails_leaves_nothing_and_its_error_passes_through(engine: Engine) -> None:
    def twice() -> None:
        with writing(engine) as connection:
            connection.exec_driver_sql(ADD.format("sf"))
            connection.exec_driver_sql(ADD.format("sf"))

    with pytest.raises(IntegrityError):
        twice()

    assert count(engine) == 0


def test_a_reader_keeps_one_picture_while_others_write(engine: Engine) -> None:
    with reading(engine) as connection:
        before = connection.exec_driver_sql(COUNT).scalar_one()
        add(engine, "sf")
        assert connection.exec_driver_sql(COUNT).scalar_one() == before

    assert count(engine) == 1


def test_a_reader_cannot_write(engine: Engine) -> None:
    with reading(engine) as connection, pytest.raises(DBAPIError, match=r"read-?only"):
        connection.exec_driver_sql(ADD.format("sf"))

    add(engine, "sf")
    assert count(engine) == 1


def test_writers_take_turns_and_lose_no_update(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE tally (n INTEGER)")
        connection.exec_driver_sql("INSERT INTO tally VALUES (0)")

    def count_up() -> None:
        for _ in range(10):
            with writing(engine) as connection:
                n = connection.exec_driver_sql("SELECT n FROM tally").scalar_one()
                connection.exec_driver_sql(f"UPDATE tally SET n = {n + 1}")

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with reading(engine) as connection:
        assert connection.exec_driver_sql("SELECT n FROM tally").scalar_one() == 40


def test_a_writer_that_waited_long_enough_is_told_to_try_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, opened: Opener
) -> None:
    monkeypatch.setattr(store, "WAIT_S", 1)
    impatient = opened(engine.url.render_as_string(hide_password=False))

    with writing(engine), pytest.raises(StoreBusyError, match="try again"):
        add(impatient, "sf")

    add(impatient, "sf")
    assert count(impatient) == 1


def test_sqlite_waits_for_its_turn_logs_ahead_and_knows_foreign_keys(
    sqlite_store_url: str, opened: Opener
) -> None:
    engine = opened(sqlite_store_url)
    with reading(engine) as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "busy_timeout", "foreign_keys", "synchronous")
        }

    assert found == {"journal_mode": "wal", "busy_timeout": 10_000, "foreign_keys": 1, "synchronous": 1}


@pytest.mark.real
def test_postgresql_speaks_utc_and_knows_who_we_are(postgres_store_url: str, opened: Opener) -> None:
    engine = opened(postgres_store_url)
    with reading(engine) as connection:
        show = ("SHOW timezone", "SHOW application_name")
        found = [connection.exec_driver_sql(statement).scalar_one() for statement in show]

    assert found == ["UTC", "sightglass"]


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("mysql://h/d", "store.url names mysql"),
        ("not an address", "store.url is not an address"),
    ],
)
def test_an_address_that_cannot_be_a_store_is_refused(url: str, text: str) -> None:
    with pytest.raises(StoreError, match=f"{text}.*sqlite:///FILE or postgresql://"):
        open_engine(url)


def test_a_migrated_store_passes(engine: Engine) -> None:
    check_schema(engine)


def test_an_empty_store_says_how_to_fill_it(tmp_path: Path, opened: Opener) -> None:
    (tmp_path / "empty.db").touch()

    with pytest.raises(StoreError, match=r"no tables yet.*sightglass up"):
        check_schema(opened(f"sqlite:///{tmp_path}/empty.db"))


def test_a_mistyped_file_is_not_made_by_looking(tmp_path: Path, opened: Opener) -> None:
    with pytest.raises(StoreError, match="does not exist yet"):
        check_schema(opened(f"sqlite:///{tmp_path}/mistyped.db"))

    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_named(tmp_path: Path, opened: Opener) -> None:
    engine = opened(f"sqlite:///{tmp_path}/nowhere/store.db")

    for use in (migrate, check_schema):
        with pytest.raises(StoreError, match=r"folder .*/nowhere of the store does not exist.*create it"):
            use(engine)


def test_a_file_that_is_no_database_is_named(tmp_path: Path, opened: Opener) -> None:
    (tmp_path / "notes.db").write_text("three deals to look at\n" * 100)
    engine = opened(f"sqlite:///{tmp_path}/notes.db")

    for use in (migrate, check_schema):
        with pytest.raises(StoreError, match="is not a SQLite database"):
            use(engine)


def test_a_read_only_file_is_named(sqlite_store_url: str, opened: Opener) -> None:
    path = make_url(sqlite_store_url).database
    engine = opened(f"sqlite:///file:{path}?mode=ro&uri=true")

    with pytest.raises(StoreError, match=r"is read-only.*let this user write"):
        check_schema(engine)


def test_a_locked_file_is_named(
    sqlite_store_url: str, monkeypatch: pytest.MonkeyPatch, opened: Opener
) -> None:
    monkeypatch.setattr(store, "WAIT_S", 0)
    holder, looker = opened(sqlite_store_url), opened(sqlite_store_url)

    with writing(holder), pytest.raises(StoreBusyError, match="is locked by another program"):
        check_schema(looker)


def test_a_damaged_file_is_named(sqlite_store_url: str, tmp_path: Path, opened: Opener) -> None:
    damaged = tmp_path / "damaged.db"
    shutil.copyfile(str(make_url(sqlite_store_url).database), damaged)
    with damaged.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 3000)

    engine = opened(f"sqlite:///{damaged}")
    with pytest.raises(StoreError, match=r"is damaged.*restore a backup"):
        check_schema(engine)


@pytest.mark.real
def test_a_missing_database_is_named_without_the_password(postgres_url: str, opened: Opener) -> None:
    url = make_url(postgres_url).set(database="sightglass_nowhere", password="hunter2")
    engine = opened(url.render_as_string(hide_password=False))

    with pytest.raises(StoreError, match=r"correct .* of store\.url|correct store\.url") as raised:
        check_schema(engine)

    assert "sightglass_nowhere" in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_a_server_that_does_not_answer_may_be_tried_again(tmp_path: Path, opened: Opener) -> None:
    engine = opened(f"postgresql://someone:hunter2@/store?host={tmp_path}")

    with pytest.raises(StoreBusyError, match=r"cannot be reached.*start the server") as raised:
        check_schema(engine)

    assert "hunter2" not in str(raised.value)


@pytest.mark.real
def test_a_read_only_server_is_named(postgres_store_url: str, opened: Opener) -> None:
    engine = opened(f"{postgres_store_url}&options=-cdefault_transaction_read_only%3Don")

    with pytest.raises(StoreError, match=r"is read-only.*primary"):
        check_schema(engine)
