"""What may be said of a JSON API: its address, who we are, and one request per stream."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, AwareDatetime, Field, field_validator, model_validator

from collectors.contract import SystemSettings
from collectors.engines.auth import Auth, NoAuth
from collectors.engines.jobs import Job
from collectors.engines.paging import OnePage, Paging
from collectors.engines.sql_settings import Duration
from collectors.mapping import Format, StreamMapping, Strict, check_streams
from collectors.mapping.rules import Path

_PLACE = re.compile(r"\{(since|until)(?:_day)?\}")
_HTTP = re.compile(r"https?://[^/@?#\s]+(/[^@?#\s]*)?")


def _address(url: str) -> str:
    if not _HTTP.fullmatch(url):
        raise ValueError(f"{url!r} is no address: write one such as https://psa.example/api")
    return url.rstrip("/")


Address = Annotated[str, AfterValidator(_address)]


class Joined(Strict):
    """How what ``each`` gives is put under the rows: where the ``id`` of a row stands in both.

    It stands at ``id`` in the row and at ``of`` in what is given. ``{ids}`` in the request of ``each`` is
    filled in with the ids of ``size`` rows at a time, with commas.
    """

    id: Path = "id"
    of: Path
    size: int = Field(default=100, ge=1)


class Request(Strict):
    """One request: ``{since}`` and ``{until}`` in path, parameters, headers and body are filled in;
    ``{since_day}`` is the earliest day it then was anywhere, ``{until_day}`` the latest.

    ``rows`` is where the rows stand in the answer (all of it by default), ``total`` where it says how many
    there are, ``error`` where it says what went wrong although it was answered. ``each`` is asked for every
    row, whose fields are places in it: the rows it gives stand in for that row, and keep it under the name
    ``outer`` where that is given. With ``joined`` it is asked for many rows at once, and what it gives is put
    under them. ``then`` gives more rows of the same stream. With rows from elsewhere there is no ``total``.
    ``job`` is for what is not answered at once.
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
    job: Job | None = None
    each: Request | None = None
    outer: str | None = None
    joined: Joined | None = None
    then: Request | None = None

    @model_validator(mode="after")
    def _counts_its_own_rows(self) -> Self:
        if self.total is not None and not (self.gives_its_own_rows and self.then is None):
            raise ValueError("total counts the rows of one request: leave it out with each or then")
        return self

    @model_validator(mode="after")
    def _joins_what_each_gives(self) -> Self:
        if self.joined is not None and (self.each is None or self.outer is not None):
            raise ValueError(
                "joined says how what each gives is put under the rows: it needs each, not outer"
            )
        return self

    @property
    def gives_its_own_rows(self) -> bool:
        """Whether its rows are rows of the stream, and do not only lead to them."""
        return self.each is None or self.joined is not None

    def places(self) -> set[str]:
        """Which of since and until the request asks by."""
        more = set().union(*(other.places() for other in (self.each, self.then) if other is not None))
        return more | set(_PLACE.findall(repr((self.path, self.params, self.headers, self.body))))


class Reread(Strict):
    """Changes that leave no stamp: ``every`` so often a poll reads ``back`` further than it need."""

    every: Duration = Field(default=timedelta(hours=20), gt=timedelta(0))
    back: Duration = Field(gt=timedelta(0))


class RestStream(StreamMapping):
    """One stream of an API.

    ``read`` asks for rows changed since; ``gone`` for the ids of what was deleted since; ``ids`` for all
    rows there are, so that deletions show. ``since_as`` is how instants are written (``epoch``, ``epoch_ms``
    or a strftime pattern; ``epoch_ms_text`` where a JSON body wants the number as a string), in
    ``since_zone``: left out, a pattern without a zone is local to the format's zone, else UTC. ``overlap``
    is how far a poll reads back, ``settle`` how long the newest rows are left alone, ``window`` how much is
    asked for at once. ``ordered`` says that rows come by their version, oldest first, ``newest_first`` that
    what comes again in a window is how a row was before, which counts no more; ``cap`` how many one
    query gives at most, after which it is asked anew from the last version on. ``sweep_every`` is how much
    time lies between two comparisons of ids, ``reread`` is for what changes without a stamp.
    """

    read: Request
    gone: Request | None = None
    ids: Request | None = None
    since_as: str = "%Y-%m-%dT%H:%M:%SZ"
    since_zone: str | None = None
    overlap: Duration = Field(default=timedelta(minutes=5), ge=timedelta(0))
    settle: Duration = Field(default=timedelta(minutes=1), ge=timedelta(0))
    window: Duration | None = Field(default=None, gt=timedelta(0))
    sweep_every: Duration = Field(default=timedelta(0), ge=timedelta(0))
    start: AwareDatetime = datetime(2000, 1, 1, tzinfo=UTC)
    ordered: bool = False
    newest_first: bool = False
    cap: int | None = Field(default=None, ge=1)
    reread: Reread | None = None

    @field_validator("since_zone")
    @classmethod
    def _known_zone(cls, name: str | None) -> str | None:
        try:
            ZoneInfo(name or "UTC")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{name!r} is not a time zone: give one such as Europe/Berlin") from None
        return name

    def zone(self, local: str | None) -> str:
        """Where instants are written: what a stamp means that names no zone, the source's own mean too."""
        names_one = self.since_as.endswith("Z") or "%z" in self.since_as
        return self.since_zone or (None if names_one else local) or "UTC"

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        places = self.read.places()
        if "until" in places and "since" not in places:
            raise ValueError("read asks by {until} without {since}")
        if self.window is not None and "until" not in places:
            raise ValueError("window needs {until} in read")
        if self.ordered and self.newest_first:
            raise ValueError("rows come oldest first (ordered) or newest first, not both")
        if self.cap is not None and not (self.ordered and "since" in places):
            raise ValueError("cap needs ordered rows and {since} in read")
        if self.reread is not None and "since" not in places:
            raise ValueError("reread needs {since} in read")
        if self.gone is not None and "since" not in self.gone.places():
            raise ValueError("gone needs {since}: it asks for what was deleted since")
        if self.ids is not None and self.ids.places():
            raise ValueError("ids answers for the whole stream: it takes neither {since} nor {until}")
        return self


class Signal(Strict):
    """What an answer of this ``status`` (and with this ``text``) means, where it is not the usual.

    The text stands in the body, or in the ``header`` that is named. ``stop`` leaves the whole system alone
    ``pause`` long, or until midnight UTC. ``refuse`` needs a person: ``remedy`` says what to do, and
    ``names`` is a pattern whose group is the part of the answer to show.
    """

    status: int | None = None
    text: str | None = None
    header: str | None = None
    means: Literal["retry", "stop", "refuse"]
    pause: Duration | None = None
    remedy: str = "see what the system means by it"
    names: str | None = None

    @model_validator(mode="after")
    def _names_a_part(self) -> Self:
        if self.names is not None and re.compile(self.names).groups != 1:
            raise ValueError("names needs one group: the part of the answer to show")
        return self


class Quota(Strict):
    """How much of an allowance is used, told in a header: groups ``used`` or ``left``, and ``total``.

    Another header may hold the total, or no header and ``total`` says it. Beyond ``share`` of it the system
    is left alone ``pause`` long, or until midnight UTC.
    """

    header: str
    pattern: str = r"(?P<left>\d+)"
    total_header: str | None = None
    total: int | None = Field(default=None, ge=1)
    share: float = Field(default=0.8, gt=0, le=1)
    pause: Duration | None = None

    @model_validator(mode="after")
    def _says_how_much(self) -> Self:
        groups = set(re.compile(self.pattern).groupindex)
        if not groups & {"used", "left"} or not ("total" in groups or self.total_header or self.total):
            raise ValueError("pattern needs a group used or left, and a group total, total_header or total")
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
        check_streams(self.streams, self.format)
        return self
