"""A system that answers from memory, so that a poll costs what Sightglass costs and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta

import orjson
from sqlalchemy import Connection as Store
from sqlalchemy import Engine

from app.bench._firm import NOW, Row, chunks
from collectors.contract import Page, Stream, System, SystemSettings
from collectors.mapping.canonical import canonical_parser, known_columns
from collectors.runner import AfterBatch, Configured, Runner
from collectors.wire import records_of_lines
from metrics.evaluate import evaluate
from metrics.rules import Rules
from queries import polls
from queries.ingest import ingest
from queries.records import Record
from queries.rows import Source
from queries.store import writing

#: records a page
PAGE = 10_000
RULES = Rules()
_INTERVAL = timedelta(minutes=5)
_SYSTEMS: dict[str, tuple[tuple[str, ...], Mapping[str, str], tuple[str, ...]]] = {
    "crm": (("crm",), {}, ("opportunity",)),
    "psa": (
        ("psa", "time"),
        {"opportunity": "crm", "invoice_line": "erp"},
        ("project", "milestone", "time_entry"),
    ),
    "erp": (
        ("erp", "revenue"),
        {"project": "psa", "project.project": "psa", "opportunity": "crm"},
        ("legal_entity", "invoice", "invoice_line", "revenue_line", "project"),
    ),
}


def source(system: str) -> Source:
    """What references of a system's records mean."""
    return Source(system, _SYSTEMS[system][1])


def stream(system: str, kind: str) -> Stream:
    """A stream of canonical rows."""
    parse = canonical_parser(f"{system}/{kind}", kind)
    return Stream(kind, kind, parse, "signal", known_fields=known_columns(kind))


def as_lines(rows: Iterable[Row]) -> bytes:
    """Rows as JSON lines."""
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


def typed(kind: str, lines: bytes) -> list[Record]:
    """The records of a page, straight from its text."""
    records = records_of_lines(kind, lines)
    if records is None:
        raise RuntimeError(f"the bench's own {kind} rows are not canonical")
    return records


class Wire:
    """Pages as a file would hold them: JSON lines, read when they are asked for."""

    def __init__(self, rows: Sequence[Row], page: int = PAGE) -> None:
        self._pages = [as_lines(part) for part in chunks(rows, page)]

    def streams(self) -> Sequence[Stream]:
        """Declared beside it."""
        return ()

    def pages(self, stream: Stream, since: str | None, started_at: datetime) -> Iterator[Page]:  # noqa: ARG002 - the contract's
        """All pages, every time."""
        for number, page in enumerate(self._pages):
            yield Page(typed(stream.kind, page), position=str(number))

    def ids(self, stream: Stream) -> Iterable[str]:  # noqa: ARG002 - the contract's
        """Nothing is deleted here."""
        return ()

    def close(self) -> None:
        """Nothing is held."""


def configure(engine: Engine) -> None:
    """Tell the store of the systems the firm has."""
    streams = [
        polls.StreamConfig(name, kind, kind, _INTERVAL, timedelta(hours=24))
        for name, (_, _, kinds) in _SYSTEMS.items()
        for kind in kinds
    ]
    roles = [
        polls.RoleConfig(name, role, "*", "bench")
        for name, (roles_, _, _) in _SYSTEMS.items()
        for role in roles_
    ]
    with writing(engine) as connection:
        polls.configure(connection, streams, roles)


def judge(
    connection: Store,
    touched: set[str],
    now: datetime,
    kind: str | None = None,
    moved: AbstractSet[str] = frozenset(),
) -> None:
    """What a worker does after each page."""
    evaluate(connection, touched, now, RULES, kind, moved)


def leave(connection: Store, touched: set[str], now: datetime, kind: str, moved: set[str]) -> None:
    """Store only: for filling a store that is judged once at the end."""


def store(connection: Store, rows: Sequence[Row]) -> set[str]:
    """Time entries into an open transaction; the engagements to judge."""
    return ingest(connection, "time_entry", source("psa"), typed("time_entry", as_lines(rows)), NOW).touched


def poll(engine: Engine, system: str, kind: str, wire: Wire, after: AfterBatch = judge) -> int:
    """One poll of the real runner over these pages; how many records were news."""
    common = System("bench", "", (), SystemSettings, lambda _name, _settings: wire, "documented contract", ())
    configured = Configured(
        system, common, None, source(system), _SYSTEMS[system][0], ("*",), _INTERVAL, timedelta(hours=24)
    )
    runner = Runner(engine, lambda: NOW, after, "bench:0")
    outcome = runner.poll(configured, stream(system, kind), wire)
    if outcome.outcome != "ok":
        raise RuntimeError(f"{system}/{kind} was {outcome.outcome}: {outcome.error or outcome.progress}")
    return outcome.progress.changed
