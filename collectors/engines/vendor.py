"""A vendor as a declaration: what every configuration of it has in common, told to the engine as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Literal

from pydantic import Field

from collectors.contract import Role, System, SystemSettings
from collectors.engines.rest import Reads, RestConnection, Unpack
from collectors.engines.rest_settings import RestSettings
from collectors.engines.sql_settings import Duration
from collectors.errors import ConfigError
from collectors.mapping.rules import FieldRule

Declare = Callable[[Any], Mapping[str, Any]]


class VendorSettings(SystemSettings):
    """What may be said of any vendor's system.

    ``omit`` leaves streams out, ``fields`` maps single fields of a stream otherwise than we do (a custom
    field, say), ``sweep_every`` is how often ids are compared where deletions do not show. ``overlap`` is how
    far every poll reads back, for a system that shows rows later than it stamps them; ``settle`` is how long
    the newest rows are left alone. Without them, what suits the vendor.
    """

    omit: tuple[str, ...] = ()
    fields: dict[str, dict[str, FieldRule]] = Field(default_factory=dict)
    sweep_every: Duration = Field(default=timedelta(hours=20), ge=timedelta(0))
    timeout_s: float = Field(default=70.0, gt=0, le=600)
    overlap: Duration | None = Field(default=None, ge=timedelta(0))
    settle: Duration | None = Field(default=None, ge=timedelta(0))


def rest_system(  # noqa: PLR0913 - what a system says of itself
    *,
    kind: str,
    title: str,
    roles: tuple[Role, ...],
    settings: type[VendorSettings],
    declare: Declare,
    records: tuple[str, ...],
    verified: Literal["real server", "documented contract"] = "documented contract",
    unpack: Mapping[str, Unpack] | None = None,
    reads: Reads | None = None,
    notes: str = "",
    permissions: tuple[str, ...] = (),
) -> System:
    """A system read by the JSON engine; ``declare`` makes the engine's settings of the vendor's.

    ``reads`` are by stream the fields that ``unpack`` reads itself, as paths into the rows it gives.
    """

    def connect(name: str, chosen: VendorSettings) -> RestConnection:
        try:
            told = declared(declare, chosen)
        except ValueError as error:
            remedy = f"docs/systems.md lists the streams and keys of kind {kind!r}"
            raise ConfigError(f"systems.{name}: {error}", remedy=remedy) from error
        return RestConnection(name, told, unpack, reads=reads)

    return System(kind, title, roles, settings, connect, verified, records, notes, "rest", permissions)


def declared(declare: Declare, chosen: VendorSettings) -> RestSettings:
    """The engine's settings; raises ValueError for streams and fields that do not exist."""
    return RestSettings.model_validate(merged(declare, chosen))


def merged(declare: Declare, chosen: VendorSettings) -> dict[str, Any]:
    """What the vendor's declaration and the firm's choices say together, for the settings of any engine."""
    told = dict(declare(chosen))
    streams = {name: dict(stream) for name, stream in told["streams"].items()}
    stray = (set(chosen.omit) | set(chosen.fields)) - set(streams)
    if stray:
        raise ValueError(f"there is no stream {min(stray)!r}: there are {', '.join(streams)}")
    own = {"overlap": chosen.overlap, "settle": chosen.settle}
    for name, rules in chosen.fields.items():
        streams[name]["fields"] = {**streams[name]["fields"], **rules}
    for stream in streams.values():
        if stream.get("ids") or stream.get("sweep"):
            stream.setdefault("sweep_every", chosen.sweep_every)
        stream |= {key: value for key, value in own.items() if value is not None}
    told["streams"] = {name: stream for name, stream in streams.items() if name not in chosen.omit}
    return {"timeout_s": chosen.timeout_s, **told}
