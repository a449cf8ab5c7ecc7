"""The crosswalk: rows by which a person says that one record refers to another, where no system says so.

A row fills a reference that the record does not carry itself, or has by a same number only; what the
record says itself is kept beside the row and comes back when the row goes. Rows that change are applied to
the records that are stored; later records are filled as they come.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, select

from queries.records import REFERENCES, Record
from queries.rows import Source
from queries.schema import crosswalk
from queries.stored import stored_records
from queries.weak_links import WEAK
from queries.write import execute_many, insert

METHOD = "crosswalk_file"
_COLUMNS = tuple(column.name for column in crosswalk.c)
_KEY = ("kind", "system", "id", "reference")


class Row(NamedTuple):
    """One row of the crosswalk: this reference of this record means that one."""

    kind: str
    system: str
    id: str
    reference: str
    to_system: str
    to_id: str


class Own(NamedTuple):
    """What a record says of a reference itself."""

    system: str | None
    id: str | None
    method: str | None


@dataclass(slots=True)
class Filled:
    """Records with the references that the crosswalk knows; ``links`` are the (id, reference) it filled,
    ``own`` is what the records that it names say themselves.
    """

    records: Sequence[Record]
    links: set[tuple[str, str]] = field(default_factory=set)
    own: dict[tuple[str, str], Own] = field(default_factory=dict)
    came: dict[int, Record] = field(default_factory=dict)

    def as_it_came(self, record: Record) -> Record:
        """The record before it was filled."""
        return self.came.get(id(record), record)


def fill(connection: Connection, kind: str, source: Source, records: Sequence[Record]) -> Filled:
    """Give records of a system the references that the crosswalk knows and they do not."""
    known: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    columns = (crosswalk.c.id, crosswalk.c.reference, crosswalk.c.to_system, crosswalk.c.to_id)
    mine = (crosswalk.c.kind == kind, crosswalk.c.system == source.system)
    for identifier, reference, system, to in connection.execute(select(*columns).where(*mine)):
        known[identifier][reference] = (system, to)
    if not known:
        return Filled(records)
    found = Filled([])
    found.records = [
        _filled(kind, source, record, known[record.id], found) if record.id in known else record
        for record in records
    ]
    return found


def _filled(
    kind: str, source: Source, record: Record, known: Mapping[str, tuple[str, str]], found: Filled
) -> Record:
    values: dict[str, Any] = {}
    method = getattr(record, "link_method", None)
    for name, (system, to) in known.items():
        own = getattr(record, f"{name}_id")
        at = None if own is None else getattr(record, f"{name}_system") or source.reference(name, kind)
        found.own[record.id, name] = Own(at, own, method)
        if own is None or method == WEAK:
            values |= {f"{name}_system": system, f"{name}_id": to}
            found.links.add((record.id, name))
    if not values:
        return record
    others = (name for name in REFERENCES[kind] if f"{name}_id" not in values)
    if method is not None and all(getattr(record, f"{name}_id") is None for name in others):
        values["link_method"] = METHOD
    filled = msgspec.structs.replace(record, **values)
    found.came[id(filled)] = record
    return filled


def remember(
    connection: Connection, kind: str, system: str, own: Mapping[tuple[str, str], Own], ids: set[str]
) -> None:
    """Keep what these records say themselves, beside the rows that name them."""
    rows = [(*said, kind, system, *key) for key, said in sorted(own.items()) if key[0] in ids]
    execute_many(
        connection,
        "UPDATE crosswalk SET own_system = ?, own_id = ?, own_method = ?"
        " WHERE kind = ? AND system = ? AND id = ? AND reference = ?",
        rows,
    )


def change(connection: Connection, rows: Iterable[Row]) -> dict[tuple[str, str], list[Record]]:
    """Make the crosswalk these rows. Kind and system -> the stored records that must be stored again,
    as they came from their systems.
    """
    wanted = {row[:4]: row for row in rows}
    stored = {
        tuple(row[:4]): tuple(row) for row in connection.execute(select(*(crosswalk.c[n] for n in _COLUMNS)))
    }
    gone = [key for key in stored if key not in wanted]
    changed = [key for key, row in wanted.items() if key not in stored or stored[key][:6] != tuple(row)]
    named: dict[tuple[str, str], set[str]] = defaultdict(set)
    for key in (*gone, *changed):
        named[key[0], key[1]].add(key[2])
    again = {place: _as_they_came(connection, *place, ids, stored) for place, ids in named.items()}
    execute_many(
        connection,
        "DELETE FROM crosswalk WHERE kind = ? AND system = ? AND id = ? AND reference = ?",
        sorted({*gone, *(key for key in changed if key in stored)}),
    )
    insert(connection, crosswalk, _COLUMNS, [(*wanted[key], None, None, None) for key in sorted(changed)])
    return {place: records for place, records in again.items() if records}


def _as_they_came(
    connection: Connection,
    kind: str,
    system: str,
    ids: set[str],
    rows: Mapping[tuple[str, ...], tuple[Any, ...]],
) -> list[Record]:
    """Stored records with what the crosswalk had filled taken back."""
    found = []
    for record in stored_records(connection, kind, system, sorted(ids)):
        values: dict[str, Any] = {}
        for name in REFERENCES[kind]:
            row = rows.get((kind, system, record.id, name))
            if row is None:
                continue
            to, own = row[4:6], row[6:]
            if (getattr(record, f"{name}_system"), getattr(record, f"{name}_id")) == to:
                values |= {f"{name}_system": own[0], f"{name}_id": own[1]}
                if own[2] is not None:
                    values["link_method"] = own[2]
        found.append(msgspec.structs.replace(record, **values))
    return found
