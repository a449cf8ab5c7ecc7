"""What every test may ask for: a fresh store on each engine, and a PostgreSQL server."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest
from sqlalchemy import Engine, make_url

from queries.store import migrate, open_engine
from tests.real.postgres import VARIABLE, missing, private_cluster, server_programs

# A busy machine is no failure, and a red build must be red again on the next run.
hypothesis.settings.register_profile("sightglass", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("sightglass")

#: what takes longest begins first: no worker is left alone with it at the end
_LONGEST = (
    "tests/real/test_tryton_changes", "tests/truth/test_precision", "tests/browser", "tests/truth/test_killed",
    "tests/queries/test_orders", "tests/truth", "tests/contract", "tests/real", "tests/readings",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; within a file nothing moves."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    return next((place for place, name in enumerate(_LONGEST) if item.nodeid.startswith(name)), len(_LONGEST))


_TEMPLATE = f"sightglass_template_{os.getpid()}"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of a PostgreSQL whose user may create databases: the one named, else one of our own."""
    named = os.environ.get(VARIABLE)
    if named:
        yield named
        return
    programs = server_programs()
    if programs is None:
        missing("PostgreSQL", f"install the package postgresql, or set {VARIABLE} to the address of a server")
    else:
        with private_cluster(programs) as url:
            yield url


@pytest.fixture(scope="session")
def _postgres_template(postgres_url: str) -> Iterator[str]:
    """The name of a migrated database, copied for each test: a copy is quicker than a migration."""
    server(postgres_url, f"CREATE DATABASE {_TEMPLATE}")
    engine = open_engine(database_url(postgres_url, _TEMPLATE))
    migrate(engine)
    engine.dispose()
    yield _TEMPLATE
    server(postgres_url, f"DROP DATABASE {_TEMPLATE} WITH (FORCE)")


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file, copied for each test."""
    path = tmp_path_factory.mktemp("template") / "store.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture
def postgres_store_url(postgres_url: str, _postgres_template: str) -> Iterator[str]:
    """The address of a fresh, migrated PostgreSQL database."""
    name = f"sightglass_test_{os.getpid()}_{next(_numbers)}"
    server(postgres_url, f"CREATE DATABASE {name} TEMPLATE {_postgres_template}")
    yield database_url(postgres_url, name)
    server(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_store_url(tmp_path: Path, _sqlite_template: Path) -> str:
    """The address of a fresh, migrated SQLite file."""
    path = tmp_path / "store.db"
    shutil.copyfile(_sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A fresh, migrated store; the test runs once on each engine."""
    kind = "postgres" if request.param == "postgresql" else "sqlite"
    opened = open_engine(request.getfixturevalue(f"{kind}_store_url"))
    yield opened
    opened.dispose()


@pytest.fixture
def empty_postgres_url(postgres_url: str) -> Iterator[str]:
    """The address of a PostgreSQL database without a table."""
    name = f"sightglass_empty_{os.getpid()}_{next(_numbers)}"
    server(postgres_url, f"CREATE DATABASE {name} TEMPLATE template0")
    yield database_url(postgres_url, name)
    server(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def opened() -> Iterator[Callable[[str], Engine]]:
    """Opens the store at an address, as it is, and lets go of it after the test."""
    engines: list[Engine] = []

    def open_(url: str) -> Engine:
        engines.append(open_engine(url))
        return engines[-1]

    yield open_
    for engine in engines:
        engine.dispose()


def database_url(server: str, name: str) -> str:
    """The address of another database on the same server."""
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def server(url: str, statement: str) -> None:
    """Run one statement on a PostgreSQL, outside any transaction."""
    with psycopg.connect(plain(url), autocommit=True) as connection:
        connection.execute(statement.encode())


def plain(url: str) -> str:
    """The address as PostgreSQL's own programs know it, without the name of a driver."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
