"""What is wrong with each configured system, and what to do about it, before anything is stored.

Every system is asked for the first page of every stream, as a poll would ask; one that fails never
hides the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from app import settings as config
from app.bootstrap import configured, crosswalk_file
from collectors.contract import Connection, Stream
from collectors.decode import decode, field_counts
from collectors.errors import CollectorError, ConfigError
from collectors.runner import Configured, connected

#: clocks apart by more than this spoil signed claims, and hide the newest rows
_SKEW = timedelta(minutes=1)
_SHOWN = 3
#: pages looked at: a history may begin with empty ones
_PAGES = 3


class Finding(NamedTuple):
    """One thing looked at: ``state`` is ok, warning or failed."""

    system: str
    stream: str
    state: str
    what: str
    remedy: str = ""


def examine(path: Path | None, names: tuple[str, ...], now: datetime) -> Iterator[Finding]:
    """Everything that was looked at, system by system; raises ConfigError for a file that is none.

    ``now`` is real time, with which the systems' clocks are compared.
    """
    settings = config.load(path)
    stray = set(names) - set(settings.systems)
    if stray:
        raise ConfigError(f"no system {min(stray)!r}", remedy=f"use one of {', '.join(settings.systems)}")
    if not names:
        yield from _crosswalk(settings)
    for name, common in settings.systems.items():
        if not names or name in names:
            try:
                found = configured(settings, name, common)
            except ConfigError as problem:
                yield _failed(name, "*", problem)
                continue
            yield from _system(found, now)


def _crosswalk(settings: config.Settings) -> Iterator[Finding]:
    file = crosswalk_file(settings)
    if file is None:
        return
    try:
        rows, problems = file.rows()
    except ConfigError as problem:
        yield _failed("*", "crosswalk", problem)
        return
    yield Finding("*", "crosswalk", "ok", f"{len(rows)} of {len(rows) + len(problems)} rows can be used")
    for bad in problems[:_SHOWN]:
        yield Finding("*", "crosswalk", "warning", f"line {bad.line}: {bad.what}", bad.remedy)


def _system(found: Configured, now: datetime) -> Iterator[Finding]:
    try:
        with connected(found) as connection:
            for stream in connection.streams():
                yield from _stream(found, connection, stream, now)
            yield from _clock(found.name, connection, now)
            yield from _allowance(found.name, connection)
    except CollectorError as problem:
        yield _failed(found.name, "*", problem)


def _stream(found: Configured, connection: Connection, stream: Stream, now: datetime) -> Iterator[Finding]:
    try:
        first = islice(connection.pages(stream, None, now), _PAGES)
        page = next((page for page in first if page.rows or page.rejects), None)
    except CollectorError as problem:
        yield _failed(found.name, stream.name, problem)
        return
    if page is None:
        yield Finding(found.name, stream.name, "ok", "it answers, and its first pages hold no rows")
        return
    decoded = decode(stream, found.source, page.rows)
    reasons = [reject.reason for reject in decoded.rejects] + [reason for _, reason in page.rejects]
    yield Finding(found.name, stream.name, "ok", f"{len(decoded.records)} of {len(page.rows)} rows read")
    for reason in list(dict.fromkeys(reasons))[:_SHOWN]:
        what, _, remedy = reason.partition(". Remedy: ")
        yield Finding(found.name, stream.name, "warning", what, remedy)
    for name in list(decoded.unknown_fields)[:_SHOWN]:
        remedy = "map it if it matters; it is left aside"
        yield Finding(found.name, stream.name, "warning", f"field {name!r} is not known", remedy)
    for name in page_lacks(stream, page.rows)[:_SHOWN]:
        remedy = "map the field otherwise, or give this user the right to see it"
        yield Finding(
            found.name, stream.name, "warning", f"no row has the field {name!r} that is mapped", remedy
        )


def page_lacks(stream: Stream, rows: object) -> list[str]:
    """Mapped fields that not one row of a page has: renamed, removed, or hidden from this user."""
    if not isinstance(rows, list | tuple) or not all(isinstance(row, dict) for row in rows):
        return []
    had, told = field_counts(stream.mapped_fields, rows)
    return sorted(name for name, count in had.items() if told and not count)


def _clock(system: str, connection: Connection, now: datetime) -> Iterator[Finding]:
    told: datetime | None = getattr(connection, "server_time", None)
    if told is not None and abs(told - now) > _SKEW:
        apart = int(abs(told - now).total_seconds())
        side = "behind" if told < now else "ahead of"
        remedy = "set both clocks by a time server"
        yield Finding(system, "*", "warning", f"its clock is {apart} s {side} this machine's", remedy)


def _allowance(system: str, connection: Connection) -> Iterator[Finding]:
    told: tuple[float, float] | None = getattr(connection, "allowance", None)
    if told is not None:
        used, total = told
        yield Finding(system, "*", "ok", f"{used:.0f} of {total:.0f} requests of its allowance are used")


def _failed(system: str, stream: str, problem: CollectorError) -> Finding:
    what, _, remedy = str(problem).partition(". Remedy: ")
    return Finding(system, stream, "failed", what, remedy)
