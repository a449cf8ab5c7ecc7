"""What may be configured of a database: its address, and one SELECT per stream."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from collectors.contract import SystemSettings
from collectors.engines.sql import parameters
from collectors.mapping import Format, StreamMapping, check_streams

SINCE = "since"
#: what MySQL would carry out (/*! ... */) is no comment
_TEXTS_AND_COMMENTS = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|--[^\n]*|/\*(?!M?!).*?\*/", re.DOTALL
)
#: insert(...) and truncate(...) are functions
_WRITES = re.compile(
    r"\b((?:insert|truncate)(?!\s*\()|update|delete|merge|drop|alter|create|grant|into)\b", re.IGNORECASE
)
_DURATION = re.compile(r"(\d+)\s*([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def _select(query: str) -> str:
    """One SELECT, whose only parameter is ``:since``."""
    query = query.strip().rstrip(";")
    bare = _TEXTS_AND_COMMENTS.sub(" ", query)
    if ";" in bare or not re.match(r"[\s(]*(select|with)\b", bare, re.IGNORECASE):
        raise ValueError("must be one SELECT")
    if found := _WRITES.search(bare):
        raise ValueError(f"must only read: it says {found[0].upper()}")
    stray = parameters(query) - {SINCE}
    if stray:
        raise ValueError(f"only :since is bound, not :{min(stray)}; write a colon of its own as \\:")
    return query


def _unbound(query: str) -> str:
    if SINCE in parameters(query):
        raise ValueError("answers for the whole stream: it takes no :since")
    return query


def _seconds(value: Any) -> Any:
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]]) if found else value


Select = Annotated[str, AfterValidator(_select)]
Whole = Annotated[str, AfterValidator(_select), AfterValidator(_unbound)]
Duration = Annotated[timedelta, BeforeValidator(_seconds)]


class SqlStream(StreamMapping):
    """One stream of a database.

    ``query`` gives the rows changed since ``:since``; ``ids`` every id there is, so that deletions show;
    ``complete_through`` one instant up to which the database is loaded, where that is not now.
    ``since_as`` says how ``:since`` is bound: ``instant``, ``local`` (without a zone, in the format's) or a
    strftime pattern.
    """

    query: Select
    ids: Whole | None = None
    complete_through: Whole | None = None
    overlap: Duration = Field(default=timedelta(minutes=5), ge=timedelta(0))
    since_as: Annotated[str, Field(pattern="^(instant|local|.*%.*)$")] | None = None


class SqlSettings(SystemSettings):
    """``url`` is a SQLAlchemy address; ``password_env`` names the variable that holds its password.

    ``<password_env>_FILE`` may name a file that holds it instead.
    """

    url: SecretStr
    password_env: str | None = None
    complete_through: Whole | None = None
    format: Format = Format()
    streams: dict[str, SqlStream] = Field(min_length=1)

    @model_validator(mode="after")
    def _compiles(self) -> Self:
        check_streams(self.streams, self.format)
        return self
