"""A MariaDB server, and a fresh database on it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from tests.real.mariadb import VARIABLE, private_server, server_programs
from tests.real.postgres import missing

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def mariadb_url() -> Iterator[str]:
    """The address of a MariaDB whose user may create databases and users: the one named, else our own."""
    named = os.environ.get(VARIABLE)
    if named:
        yield named
        return
    programs = server_programs()
    if programs is None:
        packages = "mariadb-server-core and mariadb-client-core"
        missing("MariaDB", f"install the packages {packages}, or set {VARIABLE} to the address of a server")
    else:
        with private_server(programs) as url:
            yield url


@pytest.fixture
def empty_mariadb_url(mariadb_url: str) -> Iterator[str]:
    """The address of a MariaDB database without a table."""
    name = f"sightglass_empty_{os.getpid()}_{next(_numbers)}"
    run_mariadb(mariadb_url, f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    yield make_url(mariadb_url).set(database=name).render_as_string(hide_password=False)
    run_mariadb(mariadb_url, f"DROP DATABASE {name}")


def run_mariadb(url: str, script: str) -> None:
    """Carry out statements that end in a semicolon and a new line."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for statement in filter(str.strip, script.split(";\n")):
            connection.execute(text(statement))
