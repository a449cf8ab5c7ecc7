"""Any database SQLAlchemy can reach: one SELECT per stream, from a warehouse, a replica, a PSA's own tables.

Position: JSON of the newest source version seen, which the next poll binds to ``:since``, less the
overlap. It moves with the last page only: the rows of a SELECT come in no particular order.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection as Session

from collectors.contract import Page, Stream, System
from collectors.engines.sql import PAGE_ROWS, Database, parameters
from collectors.engines.sql_settings import SINCE, SqlSettings, SqlStream
from collectors.errors import FatalError
from collectors.mapping import (
    FALLBACK,
    SAMPLE,
    Format,
    Mapped,
    UnreadError,
    absent_columns,
    canonical_name,
    canonical_parser,
    check_sample,
    compile_mapping,
    fingerprint,
    inherit,
    instant_reader,
    known_columns,
    plain,
    refuse_unfit,
)
from queries.records import KINDS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: an hour that happens twice in autumn cannot be told from its second passage
_AUTUMN = timedelta(hours=1)
#: sorts before the same instant written with a T, so that nothing of that day is missed
_SQLITE = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class _Plan:
    """A stream with all that is known of how to read it."""

    stream: Stream
    settings: SqlStream
    mapped: Mapped
    format: Format
    how: str

    def named(self, columns: Iterable[str]) -> list[str]:
        """The columns as rows carry them."""
        if not self.settings.is_by_name:
            return list(columns)
        return [column if column in self.mapped.columns else canonical_name(column) for column in columns]

    def rows(self, names: Sequence[str], batch: Iterable[Iterable[Any]]) -> list[dict[str, Any]]:
        """Rows as quarantine can keep them and the parser reads them."""
        mark = self.format.decimal
        return [
            {name: plain(value, mark) for name, value in zip(names, values, strict=True)} for values in batch
        ]


class SqlConnection:
    """A configured database; connected only while it is read."""

    def __init__(self, name: str, settings: SqlSettings) -> None:
        self._name = name
        self._settings = settings
        self._database = Database(name, settings.url, settings.password_env)

    def streams(self) -> Sequence[Stream]:
        """The configured streams."""
        return [self._plan(name).stream for name in self._settings.streams]

    def pages(self, stream: Stream, since: str | None, started_at: datetime) -> Generator[Page]:
        """Rows changed since the position; a row without a version counts as changed now."""
        plan = self._plan(stream.name)
        seen = _seen(since, plan)
        unproven = seen == _EPOCH and plan.settings.is_mapped
        with self._database.reading(stream.name) as session:
            # asked for first: what is loaded while the rows are read is not yet promised
            through = self._complete_through(session, plan, started_at)
            with closing(self._batches(session, plan, seen)) as batches:
                for rows in batches:
                    if unproven:
                        refuse_unfit(plan.mapped, rows)
                        unproven = False
                    seen = max([found for row in rows if (found := plan.mapped.version(row))] + [seen])
                    for row in rows:
                        row[FALLBACK] = started_at.isoformat()
                    yield Page(rows, position=since)
        position = msgspec.json.encode({"how": plan.how, SINCE: min(seen, started_at).isoformat()}).decode()
        yield Page((), position=position, complete_through=through)

    def ids(self, stream: Stream) -> Iterable[str]:
        """Every id the database holds now. Raises FatalError when one cannot be read, or there is none."""
        plan, count = self._plan(stream.name), 0
        query = plan.settings.ids or plan.settings.query
        with (
            self._database.reading(stream.name) as session,
            self._database.rows(session, query, {}) as result,
        ):
            names = plan.named(result.keys())
            # whatever a single column of ids is called, it is the id
            names = ["id"] if len(names) == 1 and "id" not in plan.settings.fields else names
            while batch := result.fetchmany(PAGE_ROWS):
                for row in plan.rows(names, batch):
                    found = plan.mapped.identify(row)
                    if found is None:
                        raise self._fatal(
                            stream.name, "ids gives a row without an id", "correct the query ids"
                        )
                    count += 1
                    yield found
        if not count:
            remedy = "see that this user may read the rows, or take ids off the stream"
            raise self._fatal(stream.name, "ids gives no row, so nothing is called deleted", remedy)

    def problems(self, stream: Stream) -> list[str]:
        """What cannot be read in the first rows of the query; empty when all is well."""
        plan = self._plan(stream.name)
        with (
            self._database.reading(stream.name) as session,
            closing(self._batches(session, plan, _EPOCH)) as batches,
        ):
            rows = next(batches, [])
        return check_sample(plan.mapped, rows[:SAMPLE]) if rows else []

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def _plan(self, name: str) -> _Plan:
        settings, where = self._settings.streams[name], f"{self._name}/{name}"
        kind, fmt = settings.kind or name, inherit(self._settings.format, settings.format)
        mapped = compile_mapping(where, kind, settings, self._settings.format)
        signals = settings.is_by_name or settings.deleted or "deleted_at" in settings.fields
        stream = Stream(
            name=name,
            kind=kind,
            parse=mapped.parse if settings.is_mapped or fmt.is_local else canonical_parser(where, kind),
            deletes="sweep" if settings.ids else "signal" if signals else "none",
            overlap=settings.overlap,
            known_fields=known_columns(kind) if not settings.fields else None,
            mapped_fields=mapped.chains,
        )
        return _Plan(stream, settings, mapped, fmt, fingerprint(settings, fmt, kind, settings.query))

    def _batches(self, session: Session, plan: _Plan, seen: datetime) -> Generator[list[dict[str, Any]]]:
        query = plan.settings.query
        bound = {SINCE: self._since(plan, seen)} if SINCE in parameters(query) else {}
        # closed before the transaction ends: not every driver rolls back in the middle of an answer
        with self._database.rows(session, query, bound) as result:
            names = plan.named(result.keys())
            self._refuse_columns(plan, names)
            while batch := result.fetchmany(PAGE_ROWS):
                yield plan.rows(names, batch)

    def _refuse_columns(self, plan: _Plan, names: list[str]) -> None:
        double = sorted({name for name in names if names.count(name) > 1})
        if double:
            remedy = f"name one of them differently with AS; the query gives {', '.join(names)}"
            raise self._fatal(plan.stream.name, f"the query gives {double[0]!r} more than once", remedy)
        missing = absent_columns(plan.settings, plan.mapped, names)
        if missing:
            remedy = f"add it to the query, or map another; the query gives {', '.join(names)}"
            raise self._fatal(plan.stream.name, f"the query gives no column {missing[0]!r}", remedy)

    def _since(self, plan: _Plan, seen: datetime) -> datetime | str:
        """The watermark less the overlap, as this database compares it."""
        zone = ZoneInfo(plan.format.zone) if plan.format.zone else UTC
        moment = seen if seen == _EPOCH else seen - plan.settings.overlap
        written = plan.settings.since_as or self._usual(plan)
        if written == "instant":
            return moment
        local = (moment - _AUTUMN if plan.format.zone and moment != _EPOCH else moment).astimezone(zone)
        return local.replace(tzinfo=None) if written == "local" else local.strftime(written)

    def _usual(self, plan: _Plan) -> str:
        if self._database.dialect == "sqlite":
            return _SQLITE
        return "instant" if self._database.dialect == "postgresql" and not plan.format.zone else "local"

    def _complete_through(self, session: Session, plan: _Plan, started_at: datetime) -> datetime | None:
        query = plan.settings.complete_through or self._settings.complete_through
        if query is None:
            return None
        first = self._database.rows(session, query, {}).first()
        try:
            promised: datetime = instant_reader(plan.format)(first[0] if first else None)
        except UnreadError as problem:
            remedy = "let the query give one instant with a zone, or set zone in the format"
            raise self._fatal(plan.stream.name, f"complete_through: {problem}", remedy) from None
        return min(promised, started_at)

    def _fatal(self, stream: str, what: str, remedy: str) -> FatalError:
        return FatalError(f"{self._name}/{stream}: {what}", remedy=remedy)


def _seen(position: str | None, plan: _Plan) -> datetime:
    """The newest version read; none if the query or the mapping has changed since."""
    before = msgspec.json.decode(position) if position else {}
    return datetime.fromisoformat(before[SINCE]) if before.get("how") == plan.how else _EPOCH


SYSTEM = System(
    kind="sql",
    title="A database",
    roles=("crm", "contract", "psa", "hcm", "time", "erp", "revenue", "middleware"),
    settings=SqlSettings,
    connect=SqlConnection,
    verified="real server",
    records=tuple(KINDS),
    notes=(
        "any address SQLAlchemy knows; run against SQLite, PostgreSQL (among others the own database of"
        " LedgerSMB 1.6) and MariaDB (with PyMySQL)"
    ),
    engine="sql",
)
