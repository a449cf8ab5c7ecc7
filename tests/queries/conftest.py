"""A firm to try the store on, on each engine, in a transaction that is never kept."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Engine, make_url

from queries.store import migrate, open_engine, writing
from tests.cast import Cast


class _UndoneError(Exception):
    """Leaves a transaction without keeping it."""


@pytest.fixture(scope="session")
def shared_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    yield from _opened(f"sqlite:///{tmp_path_factory.mktemp('shared')}/store.db")


@pytest.fixture(scope="session")
def shared_postgresql(postgres_url: str) -> Iterator[Engine]:
    server = make_url(postgres_url)
    plain = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        name = f"sightglass_shared_{connection.info.backend_pid}"
        connection.execute(f"CREATE DATABASE {name}".encode())
        yield from _opened(server.set(database=name).render_as_string(hide_password=False))
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _opened(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def firm(request: pytest.FixtureRequest) -> Iterator[Cast]:
    """A firm with an empty store; the test runs once on each engine, and what it wrote is undone."""
    engine: Engine = request.getfixturevalue(f"shared_{request.param}")
    try:
        with writing(engine) as connection:
            yield Cast(connection)
            raise _UndoneError
    except _UndoneError:
        pass
