"""A customer's database, opened only to be read: the engine, the transaction, and its errors by name.

Here, and in the system that uses it, SQL runs outside the store's room: the customer's own SELECTs, on
the customer's own database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from pydantic import SecretStr
from sqlalchemy import URL, Connection, CursorResult, Engine, create_engine, make_url, text
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import NullPool

from collectors.engines.secrets import secret
from collectors.errors import CollectorError, ConfigError, FatalError, RetriableError

PAGE_ROWS = 5_000
#: what makes the next transaction refuse to write, by dialect; PostgreSQL has an execution option
_READ_ONLY = {
    "sqlite": "PRAGMA query_only = ON",
    "mysql": "SET TRANSACTION READ ONLY",
    "mariadb": "SET TRANSACTION READ ONLY",
    "oracle": "SET TRANSACTION READ ONLY",
}
#: drivers report these as operational, but waiting does not mend them
_STAYS = re.compile(
    r"no such (table|column|function)|unknown column|syntax error|does not exist|unknown database"
    r"|read-?only|access denied|permission denied|authentication|login failed|no password",
    re.IGNORECASE,
)
_REFUSED = re.compile(r"using password|password authentication|no password|login failed", re.IGNORECASE)
_MYSQL = ("mysql", "mariadb")
#: MySQL's drivers call nearly everything operational, so the number decides what waiting may mend: too many
#: connections, shut down, broken off, locks, limits, interrupted. The client's own are 2000 to 2999
_PASSING = frozenset(
    {1040, 1053, 1158, 1159, 1160, 1161, 1184, 1203, 1205, 1213, 1226, 1317, 1927, 1969, 3024}
)
_CLIENT = range(2000, 3000)
_SHORTEST_SECRET = 4
#: drivers whose package is called otherwise
_INSTALL = {"MySQLdb": "pip install PyMySQL, and begin url with mysql+pymysql://"}
_EXAMPLE = "write one such as postgresql://reader@db.example/psa"


def parameters(query: str) -> set[str]:
    """The names a query wants bound."""
    return set(text(query).compile().params)


class Database:
    """A database a system is read from. ``name`` is the system's, for error texts."""

    def __init__(self, name: str, url: SecretStr, password_env: str | None) -> None:
        self._name = name
        address = _address(name, url, password_env)
        self._secrets = _secrets(address)
        try:
            self.engine: Engine = create_engine(address, poolclass=NullPool)
        except ModuleNotFoundError as error:
            what = f"{name}: url needs the driver {error.name!r}, which is not installed"
            raise ConfigError(
                what, remedy=_INSTALL.get(str(error.name), f"pip install {error.name}")
            ) from None
        except (ArgumentError, NoSuchModuleError) as error:
            raise ConfigError(f"{name}: url: {self._clean(str(error))}", remedy=_EXAMPLE) from None

    @property
    def dialect(self) -> str:
        """The kind of database, as SQLAlchemy names it."""
        return self.engine.dialect.name

    @contextmanager
    def reading(self, stream: str) -> Iterator[Connection]:
        """A connection in a read-only transaction, as far as the database knows such a thing.

        Raises RetriableError when the database cannot be reached or gives up, FatalError when the
        statement or the rights are wrong; neither ever holds the password.
        """
        where = f"{self._name}/{stream}"
        self._refuse_missing_file(where)
        try:
            with self.engine.connect() as connection:
                if self.dialect in _READ_ONLY:
                    connection.exec_driver_sql(_READ_ONLY[self.dialect])
                # a dialect that does not know the option leaves it alone
                yield connection.execution_options(postgresql_readonly=True)
        except SQLAlchemyError as error:
            raise self._named(where, error) from None

    def rows(self, session: Connection, query: str, bound: Mapping[str, Any]) -> CursorResult[Any]:
        """The answer to a SELECT, streamed as far as the driver can."""
        streamed = session.execution_options(stream_results=True, max_row_buffer=PAGE_ROWS)
        return streamed.execute(text(query), bound)

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def _refuse_missing_file(self, where: str) -> None:
        # SQLite would make an empty database of a misspelt path, and call it read
        path = self.engine.url.database if self.dialect == "sqlite" else None
        if path and path != ":memory:" and not path.startswith("file:") and not Path(path).is_file():
            raise FatalError(f"{where}: the database file does not exist", remedy="correct url")

    def _named(self, where: str, error: SQLAlchemyError) -> CollectorError:
        number, text = _told((isinstance(error, DBAPIError) and error.orig) or error)
        said = self._clean(text).strip().split("\n")[0]
        if self._waits(error, number, said):
            return RetriableError(f"{where}: {said}", remedy="see that the database answers at url")
        if _REFUSED.search(said):
            remedy = "correct the user and the password in url, or what password_env names"
        else:
            remedy = "correct the stream's query or url, and let this user read the table"
        return FatalError(f"{where}: {said}", remedy=remedy)

    def _waits(self, error: SQLAlchemyError, number: int | None, said: str) -> bool:
        """Whether the same may go well later."""
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            return not _STAYS.search(said)
        if number is not None and self.dialect in _MYSQL:
            return number in _PASSING or number in _CLIENT
        waits = isinstance(error, (OperationalError, InterfaceError, PoolTimeoutError))
        return waits and not _STAYS.search(said)

    def _clean(self, said: str) -> str:
        for held in self._secrets:
            said = said.replace(held, "***")
        return said


def _told(error: BaseException) -> tuple[int | None, str]:
    """The error's number, where its driver gives one, and its text."""
    match error.args:
        case (int(number), str(text), *_):
            return number, f"{text or 'the connection was lost'} ({number})"
    return None, str(error)


def _address(name: str, url: SecretStr, password_env: str | None) -> URL:
    try:
        address = make_url(url.get_secret_value())
    except (ArgumentError, ValueError):
        # the error repeats the address, and with it the password
        raise ConfigError(f"{name}: url is no database address", remedy=_EXAMPLE) from None
    return address.set(password=secret(f"{name}: password_env", password_env)) if password_env else address


def _secrets(address: URL) -> tuple[str, ...]:
    """The password and the address's options as they may turn up in a driver's text, longest first."""
    held = [address.password] if address.password else []
    for value in address.query.values():
        held += [value] if isinstance(value, str) else list(value)
    forms = {form for one in held for form in (str(one), quote(str(one)), quote_plus(str(one)))}
    passwords = {str(address.password)} if address.password else set()
    return tuple(sorted({f for f in forms if len(f) >= _SHORTEST_SECRET} | passwords, key=len, reverse=True))
