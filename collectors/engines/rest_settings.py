"""What may be said of a JSON API: its address, who we are, and one request per stream."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from collectors.contract import SystemSettings
from collectors.engines.auth import Auth, NoAuth
from collectors.engines.paging import OnePage, Paging
from collectors.engines.sql_settings import Duration
from collectors.mapping import Format, StreamMapping, Strict, compile_mapping
from collectors.mapping.rules import Path

_PLACE = re.compile(r"\{(since|until)(?:_day)?\}")
_HTTP = re.compile(r"https?://[^/@?#\s]+(/[^@?#\s]*)?")


def _address(url: str) -> str:
    if not _HTTP.fullmatch(url):
        raise ValueError(f"{url!r} is no address: write one such as https://psa.example/api")
    return url.rstrip("/")


Address = Annotated[str, AfterValidator(_address)]


class Request(Strict):
    """One request: ``{since}`` and ``{until}`` in parameters and body are filled in; ``{since_day}`` is the
    earliest day it then was anywhere, ``{until_day}`` the latest.

    ``rows`` is where the rows stand in the answer (all of it by default), ``total`` where it says how many
    there are, ``error`` where it says what went wrong although it was answered.
    """

    path: str = ""
    method: Literal["GET", "POST"] = "GET"
    params: dict[str, str | int | bool] = Field(default_factory=dict)
    headers: dict[str, str] = Field(default_factory=dict)
    body: Any = None
    rows: Path = None
    next: Paging = OnePage()
    total: Path = None
    error: Path = None

    def places(self) -> set[str]:
        """Which of since and until the request asks by."""
        return set(_PLACE.findall(repr((self.path, self.params, self.body))))


class RestStream(StreamMapping):
    """One stream of an API.

    ``read`` asks for rows changed since; ``ids`` for all rows there are, so that deletions show.
    ``since_as`` is how instants are written (``epoch``, ``epoch_ms`` or a strftime pattern), ``overlap`` how
    far a poll reads back, ``settle`` how long the newest rows are left alone, ``window`` how much is asked
    for at once. ``ordered`` says that rows come by their version, oldest first; ``cap`` how many one query
    gives at most, after which it is asked anew from the last version on. ``sweep_every`` is how much time
    lies between two comparisons of ids.
    """

    read: Request
    ids: Request | None = None
    since_as: str = "%Y-%m-%dT%H:%M:%SZ"
    overlap: Duration = Field(default=timedelta(minutes=5), ge=timedelta(0))
    settle: Duration = Field(default=timedelta(minutes=1), ge=timedelta(0))
    window: Duration | None = Field(default=None, gt=timedelta(0))
    sweep_every: Duration = Field(default=timedelta(0), ge=timedelta(0))
    start: AwareDatetime = datetime(2000, 1, 1, tzinfo=UTC)
    ordered: bool = False
    cap: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        places = self.read.places()
        if "until" in places and "since" not in places:
            raise ValueError("read asks by {until} without {since}")
        if self.window is not None and "until" not in places:
            raise ValueError("window needs {until} in read")
        if self.cap is not None and not (self.ordered and "since" in places):
            raise ValueError("cap needs ordered rows and {since} in read")
        if self.ids is not None and self.ids.places():
            raise ValueError("ids answers for the whole stream: it takes neither {since} nor {until}")
        return self


class Signal(Strict):
    """What an answer of this ``status`` (and with this ``text``) means, where it is not the usual.

    ``stop`` leaves the whole system alone ``pause`` long, or until midnight UTC.
    """

    status: int | None = None
    text: str | None = None
    means: Literal["retry", "stop"]
    pause: Duration | None = None


class Quota(Strict):
    """How much of an allowance is used, told in a header: groups ``used`` or ``left``, and ``total``.

    Another header may hold the ``total``. Beyond ``share`` of it the system is left alone until midnight UTC.
    """

    header: str
    pattern: str = r"(?P<left>\d+)"
    total_header: str | None = None
    share: float = Field(default=0.8, gt=0, le=1)

    @model_validator(mode="after")
    def _says_how_much(self) -> Self:
        groups = set(re.compile(self.pattern).groupindex)
        if not groups & {"used", "left"} or not ("total" in groups or self.total_header):
            raise ValueError("pattern needs a group used or left, and a group total or total_header")
        return self


class RestSettings(SystemSettings):
    """``base`` is where paths begin; every stream has its own request and mapping."""

    base: Address
    auth: Auth = NoAuth()
    headers: dict[str, str] = Field(default_factory=dict)
    timeout_s: float = Field(default=70.0, gt=0, le=600)
    max_bytes: int = Field(default=64 * 1024 * 1024, ge=1024)
    signals: tuple[Signal, ...] = ()
    quota: Quota | None = None
    format: Format = Format()
    streams: dict[str, RestStream] = Field(min_length=1)

    @model_validator(mode="after")
    def _compiles(self) -> Self:
        for name, stream in self.streams.items():
            try:
                compile_mapping(name, stream.kind or name, stream, self.format)
            except ValueError as error:
                raise ValueError(f"streams.{name}: {error}") from None
        return self
