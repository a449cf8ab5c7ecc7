"""The one way records enter the store: idempotent, version-aware, order-free, in the caller's transaction.

records -> which of them are news -> their engagements -> rows -> which invoice lines count and which
time is open. The caller moves the watermark and judges the touched engagements in the same
transaction (:func:`queries.polls.batch_done`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection

from queries import crosswalk
from queries.crosswalk import Filled, fill, remember
from queries.derive import affected, reopen, settle
from queries.engagements import (
    anchor_columns,
    anchor_leaves,
    leaf_ties,
    leave,
    place_nodes,
    release,
    tied,
)
from queries.keys import Key
from queries.records import ANCHORS, NODE_KINDS, Customer, InvoiceLine, Record, TimeEntry
from queries.rows import Digested, Encoded, Source, digested, encode, first_active
from queries.schema import RECORD_TABLES, billed_time
from queries.types import HOURS_SCALE, to_micros, to_scaled
from queries.write import Row, execute_many, insert, rows_by, rows_by_id, select_rows, upsert


@dataclass(slots=True)
class Ingested:
    """What a batch did: how many records were news, whose engagements, and what could not be stored.

    ``moved`` are those of the ``touched`` that records of other kinds left or came to.
    """

    changed: int = 0
    touched: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    refused: list[tuple[Record, str]] = field(default_factory=list)


def ingest(
    connection: Connection, kind: str, source: Source, records: Sequence[Record], collected_at: datetime
) -> Ingested:
    """Store one batch of one kind. Any batch may come twice, late, or in any order: the store ends equal."""
    filled = fill(connection, kind, source, newest(records))
    told = digested(source, filled.records)
    places, stored = _news(connection, kind, source, told)
    fresh, digests = [told.records[i] for i in places], [told.digests[i] for i in places]
    is_sqlite = connection.dialect.name == "sqlite"
    encoded = encode(kind, source, fresh, digests, collected_at, sqlite=is_sqlite)
    touched = {old[_ENGAGEMENT] for old in stored.values() if old[_ENGAGEMENT]}
    bad = [(filled.as_it_came(record), why) for record, why in told.refused + encoded.refused]
    done = Ingested(len(encoded.records), touched, refused=bad)
    if encoded.records:
        _store(connection, kind, source, encoded, stored, done, filled)
    if kind == "project":
        refused = {record.id for record, _ in done.refused}
        kept = [record for record in records if record.id not in refused]
        done.touched |= _lower_first_active(connection, source, kept)
    return done


def _store(  # noqa: PLR0917 - the parts of a batch
    connection: Connection,
    kind: str,
    source: Source,
    encoded: Encoded,
    stored: Mapping[str, Row],
    done: Ingested,
    filled: Filled,
) -> None:
    fresh = encoded.records
    keys = [(source.system, record.id) for record in fresh]
    done.touched |= _of_customers(connection, kind, source, fresh)
    before = affected(connection, kind, keys)
    done.touched |= _undone_by(connection, kind, keys)
    ties = tied(kind, {stored[record.id][_ANCHORS:] for record in fresh if record.id in stored})
    engagements = _place(connection, kind, source, fresh, done.moved, filled)
    encoded.columns["engagement_id"] = engagements
    upsert(connection, RECORD_TABLES[kind], tuple(encoded.columns), encoded.rows(), encoded.same)
    done.touched |= set(engagements) - {None}  # type: ignore[arg-type]
    if ties:
        now = leaf_ties(connection, kind, source.system, [record.id for record in fresh])
        release(connection, kind, ties - now, done.moved)
    done.touched |= done.moved
    done.touched |= _judged_by(connection, kind, keys)
    lines, lost = _billed_time(connection, kind, source, fresh, stored)
    open_ends = _unsettled(connection, source, fresh, lines) if kind == "time_entry" else keys
    done.touched |= settle(connection, kind, open_ends, before)
    done.touched |= settle(connection, "invoice_line", sorted(lines))
    done.touched |= reopen(connection, sorted(lost))


def relink(connection: Connection, rows: Iterable[crosswalk.Row], now: datetime) -> set[str]:
    """Make the crosswalk these rows, and store the records anew that a changed row names; whom it touched."""
    touched: set[str] = set()
    for (kind, system), records in sorted(crosswalk.change(connection, rows).items()):
        touched |= ingest(connection, kind, Source(system), records, now).touched
    return touched


def mark_deleted(
    connection: Connection, kind: str, system: str, ids: Iterable[str], at: datetime
) -> Ingested:
    """Mark records that left their source. They come back when seen again."""
    wanted = sorted(ids)
    rows = rows_by_id(connection, RECORD_TABLES[kind], ("id", "engagement_id", "deleted_at"), system, wanted)
    gone = [(row[0], row[1]) for row in rows if row[2] is None]
    ties = leaf_ties(connection, kind, system, [identifier for identifier, _ in gone])
    extra = ", is_open = ?" if kind == "time_entry" else ""
    more: tuple[bool, ...] = (False,) if kind == "time_entry" else ()
    execute_many(
        connection,
        # an empty digest lets the same content count as news when the record returns
        f"UPDATE {kind} SET deleted_at = ?, digest = ?{extra} WHERE system = ? AND id = ?",
        [(to_micros(at), b"", *more, system, identifier) for identifier, _ in gone],
    )
    keys = [(system, identifier) for identifier, _ in gone]
    done = Ingested(len(gone), {engagement for _, engagement in gone if engagement})
    done.touched |= _undone_by(connection, kind, keys)
    release(connection, kind, ties, done.moved)
    if kind in NODE_KINDS:
        done.moved |= leave(connection, [Key(kind, *key) for key in keys])
    done.touched |= done.moved | settle(connection, kind, keys)
    return done


def stored_ids(connection: Connection, kind: str, system: str) -> set[str]:
    """The ids of a system's records that are not deleted."""
    rows = rows_by(connection, kind, ("id", "deleted_at"), ("system",), [(system,)])
    return {row[0] for row in rows if row[1] is None}


def newest(records: Sequence[Record]) -> list[Record]:
    """One record an id: the newest version, the later one of equals."""
    best: dict[str, Record] = {record.id: record for record in records}
    if len(best) == len(records):
        return list(records)
    best.clear()
    for record in records:
        other = best.get(record.id)
        if other is None or record.source_updated_at >= other.source_updated_at:
            best[record.id] = record
    return list(best.values())


#: places in what the store held of a record that changed; the nodes it named come last
_VERSION, _ENGAGEMENT, _LINE, _ANCHORS = range(1, 5)


def _news(
    connection: Connection, kind: str, source: Source, told: Digested
) -> tuple[list[int], dict[str, Row]]:
    """Places of the records not stored yet, or in an older version, and what the store held of these."""
    table, ids = RECORD_TABLES[kind], [record.id for record in told.records]
    # most of what a poll brings is there already: of that, only the digest is asked for
    known: dict[str, bytes] = dict(rows_by_id(connection, table, ("id", "digest"), source.system, ids))
    other = [i for i, digest in enumerate(told.digests) if known.get(ids[i]) != digest]
    line = "invoice_line_id" if kind == "time_entry" else "id"
    columns = ("id", "source_updated_at", "engagement_id", line, *anchor_columns(kind), "deleted_at")
    changed = [ids[i] for i in other if ids[i] in known]
    stored = {row[0]: row for row in rows_by_id(connection, table, columns, source.system, changed)}
    news: list[int] = []
    for i in other:
        old = stored.get(ids[i])
        if old is None or to_micros(told.records[i].source_updated_at) >= old[_VERSION]:
            news.append(i)
        else:
            del stored[ids[i]]
    return news, stored


def _place(
    connection: Connection,
    kind: str,
    source: Source,
    records: Sequence[Record],
    moved: set[str],
    filled: Filled,
) -> list[str | None]:
    remember(connection, kind, source.system, filled.own, {record.id for record in records})
    if kind in NODE_KINDS:
        placed, touched = place_nodes(connection, kind, source, records, filled.links)
        moved |= touched
        return [placed[record.id] for record in records]
    if kind in ANCHORS:
        return anchor_leaves(connection, kind, source, records, moved)
    return [None] * len(records)


def _unsettled(
    connection: Connection, source: Source, entries: Sequence[Record], lines: set[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Time entries the bulk write could not settle: those without a rate of their own, or named by a line.

    ``lines`` are settled next, and all entries they name with them.
    """
    columns, place = ("entry_system", "entry_id", "line_system", "line_id"), ("system", "id")
    told = cast("Sequence[TimeEntry]", entries)
    by_lines = select_rows(connection, "SELECT 1 FROM billed_time WHERE owner_kind = 'invoice_line' LIMIT 1")
    # where no line names an entry, only the entry itself can
    asked = [entry.id for entry in told if by_lines or entry.invoice_line_id is not None]
    next_ = set(rows_by(connection, "invoice_line", place, place, sorted(lines)))
    named: set[str] = set()
    settled: set[str] = set()
    keys = [(source.system, identifier) for identifier in asked]
    for _, identifier, *line in rows_by(connection, "billed_time", columns, columns[:2], keys):
        (settled if tuple(line) in next_ else named).add(identifier)
    unrated = {entry.id for entry in told if entry.rate is None or entry.currency is None}
    return [(source.system, identifier) for identifier in sorted((named | unrated) - settled)]


def _of_customers(connection: Connection, kind: str, source: Source, records: Sequence[Record]) -> set[str]:
    """Engagements of customers that are now, or no longer, known as another system's: these compare anew."""
    if kind != "customer":
        return set()
    columns, ids = ("id", "customer_system", "customer_id"), [record.id for record in records]
    stored = {
        row[0]: row[1:] for row in rows_by_id(connection, RECORD_TABLES[kind], columns, source.system, ids)
    }
    changed = []
    for record in cast("Sequence[Customer]", records):
        system = record.customer_system or source.reference("customer", "customer")
        named = (None, None) if record.customer_id is None else (system, record.customer_id)
        if stored.get(record.id, (None, None)) != named:
            changed.append((f"{source.system}:{record.id}",))
    return {row[0] for row in rows_by(connection, "node", ("engagement_id",), ("customer",), changed)}


def _judged_by(connection: Connection, kind: str, keys: Sequence[tuple[str, str]]) -> set[str]:
    """Engagements these records decide on without naming them: by a calendar, a rate, a reversal."""
    if kind == "legal_entity":
        codes = [(identifier,) for _, identifier in keys]
        rows = rows_by(connection, "open_item", ("engagement_id",), ("legal_entity",), codes)
    elif kind == "fx_rate":
        rows = select_rows(connection, "SELECT DISTINCT engagement_id FROM finding WHERE is_open")
    elif kind == "resource":
        # time that no contract prices is told at the standard rates of people
        rows = rows_by(connection, "open_item", ("engagement_id",), ("check_key",), [("time_without_rate",)])
    else:
        return _undone_by(connection, kind, keys)
    return {row[0] for row in rows if row[0]}


def _undone_by(connection: Connection, kind: str, keys: Sequence[tuple[str, str]]) -> set[str]:
    """Engagements of the postings that these stored revenue lines take back, and of those these do.

    A period decides on whatever is dated in it, that is on all.
    """
    if kind == "period" and keys:
        return {row[0] for row in select_rows(connection, "SELECT DISTINCT engagement_id FROM node")}
    touched: set[str] = set()
    seen: set[tuple[str, str]] = set()
    while kind == "revenue_line" and keys:
        seen |= set(keys)
        columns = ("reverses_system", "reverses_id", "engagement_id")
        found = rows_by(connection, kind, columns, ("system", "id"), keys)
        touched |= {row[2] for row in found if row[2]}
        keys = sorted({(row[0], row[1]) for row in found if row[1] is not None} - seen)
    return touched


def _lower_first_active(connection: Connection, source: Source, records: Sequence[Record]) -> set[str]:
    """Engagements of projects that turn out to have been active earlier than known.

    "Has ever been active" survives whatever version of a project arrives last, so every version counts.
    """
    earliest: dict[str, int] = {}
    for record in records:
        at = first_active(record)
        if at is not None:
            earliest[record.id] = min(at, earliest.get(record.id, at))
    columns = ("id", "first_active_at", "engagement_id")
    stored = rows_by_id(connection, RECORD_TABLES["project"], columns, source.system, sorted(earliest))
    late = [row for row in stored if row[1] is None or row[1] > earliest[row[0]]]
    execute_many(
        connection,
        "UPDATE project SET first_active_at = ? WHERE system = ? AND id = ?",
        [(earliest[row[0]], source.system, row[0]) for row in late],
    )
    return {row[2] for row in late if row[2]}


_BILLED = (
    "owner_kind", "owner_system", "owner_id", "entry_system", "entry_id", "line_system", "line_id", "hours",
)  # fmt: skip


def _billed_time(
    connection: Connection,
    kind: str,
    source: Source,
    records: Sequence[Record],
    stored: Mapping[str, Row],
) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Replace which entries these records say are billed; lines whose pool changed, entries let go."""
    if kind not in ("invoice_line", "time_entry"):
        return set(), set()
    # only what was stored can have said something before, and an entry only if it named its line
    owners = [(kind, source.system, identifier) for identifier, old in stored.items() if old[_LINE]]
    key = ("owner_kind", "owner_system", "owner_id")
    before = rows_by(connection, "billed_time", _BILLED, key, owners)
    if kind == "time_entry":
        records = [
            entry for entry in cast("Sequence[TimeEntry]", records) if entry.invoice_line_id is not None
        ]
    rows = [row for record in records for row in _billed_rows(kind, source, record)]
    execute_many(
        connection,
        "DELETE FROM billed_time WHERE owner_kind = ? AND owner_system = ? AND owner_id = ?",
        sorted({row[:3] for row in before}),
    )
    insert(connection, billed_time, _BILLED, rows)
    changed = set(before) ^ set(rows)
    lost = {(row[3], row[4]) for row in before} - {(row[3], row[4]) for row in rows}
    return {(row[5], row[6]) for row in changed}, lost


def _billed_rows(kind: str, source: Source, record: Record) -> list[Row]:
    if isinstance(record, TimeEntry) and record.invoice_line_id is not None:
        line = record.invoice_line_system or source.reference("invoice_line")
        return [
            (kind, source.system, record.id, source.system, record.id, line, record.invoice_line_id, None)
        ]
    if not isinstance(record, InvoiceLine):
        return []
    named: dict[tuple[str, str], Any] = {}
    for entry in record.time_entries:
        at = (entry.system or source.reference("time_entry"), entry.id)
        hours = None if entry.hours is None else to_scaled(entry.hours, HOURS_SCALE)
        both_known = at in named and named[at] is not None and hours is not None
        named[at] = named[at] + hours if both_known else hours
    return [
        (kind, source.system, record.id, *at, source.system, record.id, hours)
        for at, hours in sorted(named.items())
    ]
