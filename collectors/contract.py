"""What a system must say of itself to be collected; everything else is the runner's work.

A module in :mod:`collectors.systems` ends with ``SYSTEM = System(...)``. It declares streams, a
settings model, and ``connect``; the connection yields raw pages and nothing more: no upsert, no
watermark arithmetic, no retry loop, no quarantine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from collectors.mapping import FALLBACK, FAULT, ORIGIN
from collectors.mapping.chains import Chain

#: what a reader adds to a row itself
_OURS = {(name,) for name in (ORIGIN, FALLBACK, FAULT)}

Role = Literal["crm", "contract", "psa", "hcm", "time", "erp", "revenue", "middleware", "gateway", "traces"]


class SystemSettings(BaseModel):
    """The keys every ``[systems.NAME]`` table takes; a system's own model adds its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of record in a system.

    ``parse`` turns one raw row into the canonical mapping (field -> value) of the record kind, or
    None for a row that is none of ours; it raises SkippableError for a row it cannot read.
    ``deletes`` says how a deletion shows: in the rows (``signal``), only by comparing ids
    (``sweep``), or never (``none``).
    ``overlap`` is how far the next poll reads back, ``settle`` how long the newest rows are left alone,
    ``known_fields`` are those a row may have, ``mapped_fields`` those it is read from, also inside others;
    ``sweep_every`` how much time lies between two comparisons of ids: where they cost a whole reading.
    """

    name: str
    kind: str
    parse: Callable[[Any], Mapping[str, Any] | None]
    deletes: Literal["signal", "sweep", "none"] = "none"
    overlap: timedelta = timedelta(minutes=5)
    settle: timedelta = timedelta(0)
    sweep_every: timedelta = timedelta(0)
    freshness: timedelta | None = None
    known_fields: frozenset[str] | None = None
    mapped_fields: frozenset[Chain] = frozenset()

    def expected_fields(self) -> frozenset[Chain]:
        """Whatever a record can be read from, apart from what a reader adds itself."""
        return (self.mapped_fields | {(name,) for name in self.known_fields or ()}) - _OURS


@dataclass(slots=True)
class Page:
    """Raw rows as the system answered, and how far we may call the stream read once they are in.

    ``rows`` are records already where the answer was in their own form (:mod:`collectors.wire`).
    ``position`` is opaque JSON text, handed back as ``since`` on the next poll. ``complete_through``
    is the system's own promise where it has one (a sidecar, a snapshot time); None leaves it to the
    runner, which takes the poll's start less the settle time when the last page is in.
    ``rejects`` are raw rows the transport itself could not read, each with the reason. ``origin`` names
    the part of the source (a file) that is read anew from its start: what it had refused before and does
    not refuse again is mended. ``gone`` are ids that the source says were deleted.
    """

    rows: Sequence[Any]
    position: str | None = None
    complete_through: datetime | None = None
    truncated: bool = False
    rejects: Sequence[tuple[str, str]] = field(default_factory=tuple)
    origin: str | None = None
    gone: Sequence[str] = ()


class Connection(Protocol):
    """An open way into one configured system."""

    def streams(self) -> Sequence[Stream]:
        """The streams this configuration can read."""

    def pages(self, stream: Stream, since: str | None, started_at: datetime) -> Iterator[Page]:
        """Pages of a stream from a position on, oldest first; from the start when ``since`` is None."""

    def ids(self, stream: Stream) -> Iterable[str]:
        """Every id the stream holds now, for a sweep. Only asked of streams that delete by sweep."""

    def close(self) -> None:
        """Let go of sockets and files."""


@dataclass(frozen=True, slots=True)
class System:
    """A vendor, or a generic way in. ``connect`` gets the system's configured name and its settings.

    ``verified`` says honestly what the code was run against: ``real server`` or ``documented contract``;
    ``engine`` is the way of reading it is built on, ``permissions`` what to ask its administrator for.
    """

    kind: str
    title: str
    roles: tuple[Role, ...]
    settings: type[SystemSettings]
    connect: Callable[[str, Any], Connection]
    verified: Literal["real server", "documented contract"]
    records: tuple[str, ...]
    notes: str = ""
    engine: str = "rest"
    permissions: tuple[str, ...] = ()
