"""The migrations make what queries.schema declares, on both engines, whoever starts first."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from queries.errors import StoreError
from queries.schema import metadata
from queries.store import check_schema, migrate, reading, writing

Opener = Callable[[str], Engine]
ROOT = Path(__file__).parents[2]

_SQLITE_CATALOGUE = "SELECT name, sql FROM sqlite_schema WHERE tbl_name <> 'alembic_version' ORDER BY name"
_POSTGRESQL_CATALOGUE = """
    SELECT table_name || '.' || column_name,
           ordinal_position || data_type || is_nullable || is_identity || coalesce(column_default, '')
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
    UNION ALL
    SELECT indexname, indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND tablename <> 'alembic_version'
"""


def test_alembic_finds_no_difference_between_migrations_and_tables(engine: Engine) -> None:
    with writing(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_migrations_make_what_the_tables_would_make_themselves_on_sqlite(
    sqlite_store_url: str, tmp_path: Path, opened: Opener
) -> None:
    migrated, declared = opened(sqlite_store_url), opened(f"sqlite:///{tmp_path}/declared.db")

    assert _catalogue(migrated) == _declared(declared)


@pytest.mark.real
def test_migrations_make_what_the_tables_would_make_themselves_on_postgresql(
    postgres_store_url: str, empty_postgres_url: str, opened: Opener
) -> None:
    migrated, declared = opened(postgres_store_url), opened(empty_postgres_url)

    assert _catalogue(migrated) == _declared(declared)


def _declared(engine: Engine) -> dict[str, str]:
    with writing(engine) as connection:
        metadata.create_all(connection)
    return _catalogue(engine)


def _catalogue(engine: Engine) -> dict[str, str]:
    """Name of each table, index or column -> what the engine keeps of it, spaces aside."""
    query = _SQLITE_CATALOGUE if engine.dialect.name == "sqlite" else _POSTGRESQL_CATALOGUE
    with reading(engine) as connection:
        found = {name: " ".join((text or "").split()) for name, text in connection.exec_driver_sql(query)}
    assert len(found) > len(metadata.tables)
    return found


def test_a_second_start_changes_nothing(engine: Engine) -> None:
    with writing(engine) as connection:
        _remember(connection)

    migrate(engine)

    with reading(engine) as connection:
        assert connection.exec_driver_sql("SELECT role FROM system_role").scalar_one() == "crm"
    check_schema(engine)


def _remember(connection: Connection) -> None:
    connection.exec_driver_sql(
        "INSERT INTO system_role (system, role, legal_entity, kind) VALUES ('sf', 'crm', '*', 'files')"
    )


def test_processes_that_start_at_once_migrate_once_on_sqlite(tmp_path: Path) -> None:
    _start_together(f"sqlite:///{tmp_path}/new.db")


@pytest.mark.real
def test_processes_that_start_at_once_migrate_once_on_postgresql(empty_postgres_url: str) -> None:
    _start_together(empty_postgres_url)


def _start_together(url: str) -> None:
    program = (
        "import sys; from queries.store import *; e = open_engine(sys.argv[1]);"
        "print('ready', flush=True); sys.stdin.readline(); migrate(e); check_schema(e); print('done')"
    )
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", program, url],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for start in starts:
        assert start.stdout is not None
        assert start.stdout.readline() == "ready\n"
    for start in starts:
        assert start.stdin is not None
        start.stdin.write("\n")
        start.stdin.flush()
    assert [start.communicate(timeout=60) for start in starts] == [("done\n", "")] * len(starts)


def test_a_newer_store_is_refused_by_an_older_program(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    for use in (migrate, check_schema):
        with pytest.raises(StoreError, match=r"9999, newer than this program.*install the newer Sightglass"):
            use(engine)


def test_another_programs_tables_are_left_alone(tmp_path: Path, opened: Opener) -> None:
    engine = opened(f"sqlite:///{tmp_path}/theirs.db")
    with writing(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE project (theirs TEXT)")

    with pytest.raises(StoreError, match=r"not Sightglass's: project.*a database of its own"):
        migrate(engine)

    with reading(engine) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema").scalar_one() == 1


def test_a_failed_migration_leaves_nothing_behind(tmp_path: Path, opened: Opener) -> None:
    engine = opened(f"sqlite:///{tmp_path}/half.db")
    with writing(engine) as connection:
        # Not a table of ours, so it is found only when the migration makes an index of that name.
        connection.exec_driver_sql("CREATE TABLE ix_link_to_kind_to_system_to_id (theirs TEXT)")

    with pytest.raises(OperationalError, match="already"):
        migrate(engine)

    with reading(engine) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema").scalar_one() == 1
