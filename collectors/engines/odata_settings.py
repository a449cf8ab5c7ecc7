"""What may be said of an OData service: where it is, which version it speaks, one entity set per stream."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BeforeValidator, Field, model_validator

from collectors.contract import SystemSettings
from collectors.engines.auth import Auth, NoAuth
from collectors.engines.odata_select import V2
from collectors.engines.rest_settings import Address, Quota, Reread, Signal
from collectors.engines.sql_settings import Duration
from collectors.mapping import Format, StreamMapping, check_streams

Protocol = Literal[2, 4]
EdmType = Literal["DateTimeOffset", "DateTime", "Date"]
Params = dict[str, str | int | bool]


def _several(value: Any) -> Any:
    return value if isinstance(value, (list, tuple)) else (value,)


Names = Annotated[tuple[str, ...], BeforeValidator(_several)]


class ODataStream(StreamMapping):
    """One entity set.

    ``entity`` names it, ``service`` is the path of its service below root, where there are several.
    ``changed`` is the property to ask by what changed (of several, any; left out, the one of ``version``;
    neither, all is read every time); ``types`` says which of them is a DateTime or Date, the others are
    DateTimeOffset. ``key`` are the properties of its key (left out, those the id is made of). ``expand``
    are navigations to read along; ``lines`` is one whose members are the rows, such as an invoice's items:
    what they hang on is ``_parent`` in a path. ``also`` are properties to ask for besides, ``filter`` is a
    further condition in OData's own words. ``select`` false asks for whole entities. ``sweep`` compares ids
    where deletions do not show, ``reread`` finds what changes without a stamp. ``odata``, ``paging``,
    ``page_size`` and ``count`` differ from the system's. ``start`` is from when on is read.
    """

    entity: str = Field(min_length=1)
    service: str = ""
    odata: Protocol | None = None
    key: Names = ()
    types: dict[str, EdmType] = Field(default_factory=dict)
    expand: Names = ()
    lines: str | None = None
    also: Names = ()
    filter: str | None = None
    select: bool = True
    params: Params = Field(default_factory=dict)
    paging: Literal["links", "skip"] | None = None
    page_size: int | None = Field(default=None, ge=1)
    count: bool | None = None
    sweep: bool = False
    overlap: Duration = Field(default=timedelta(minutes=5), ge=timedelta(0))
    settle: Duration = Field(default=timedelta(minutes=1), ge=timedelta(0))
    window: Duration | None = Field(default=None, gt=timedelta(0))
    reread: Reread | None = None
    sweep_every: Duration = Field(default=timedelta(0), ge=timedelta(0))
    start: AwareDatetime = datetime(2000, 1, 1, tzinfo=UTC)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        kinds = {self.types.get(name, "DateTimeOffset") for name in (*self.changed, *self.types)}
        if kinds >= {"DateTime", "DateTimeOffset"}:
            raise ValueError("a DateTime and a DateTimeOffset cannot both say what changed: name one")
        return self


class ODataSettings(SystemSettings):
    """``root`` is the service root; ``odata`` the version of the protocol, 2 or 4.

    ``paging`` is how a result comes in pages: by the ``links`` the server gives, of ``page_size`` rows if it
    heeds that, or by ``skip`` and top, where it gives none. ``count`` asks how many rows there are, so that
    a row lost between two pages is noticed. ``params`` go with every request.
    """

    root: Address
    odata: Protocol = 4
    auth: Auth = NoAuth()
    headers: dict[str, str] = Field(default_factory=dict)
    params: Params = Field(default_factory=dict)
    paging: Literal["links", "skip"] = "links"
    page_size: int = Field(default=1000, ge=1)
    count: bool = True
    timeout_s: float = Field(default=70.0, gt=0, le=600)
    max_bytes: int = Field(default=64 * 1024 * 1024, ge=1024)
    signals: tuple[Signal, ...] = ()
    quota: Quota | None = None
    format: Format = Format()
    streams: dict[str, ODataStream] = Field(min_length=1)

    @model_validator(mode="after")
    def _compiles(self) -> Self:
        check_streams(self.streams, self.format)
        for name, stream in self.streams.items():
            if (stream.odata or self.odata) != V2 and "DateTime" in stream.types.values():
                raise ValueError(f"streams.{name}.types: version 4 has no DateTime: write DateTimeOffset")
        return self
