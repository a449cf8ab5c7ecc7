"""What one simulated system holds: rows under stamps, some of them visible later than they are stamped."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Clock = Callable[[], datetime]


@dataclass(slots=True)
class Kept:
    """A row: its fields, when it was last stamped, from when on others see it, and when it was deleted.

    ``before`` is what others see until then.
    """

    id: str
    fields: dict[str, Any]
    stamp: datetime
    visible_from: datetime
    deleted_at: datetime | None = None
    before: Kept | None = None

    def seen(self, now: datetime) -> Kept | None:
        """The row as others see it now; None when they do not see it yet."""
        found: Kept | None = self
        while found is not None and found.visible_from > now:
            found = found.before
        return found


@dataclass(slots=True)
class Shelf:
    """Tables of rows by id. ``clock`` is the system's own."""

    clock: Clock
    tables: dict[str, dict[str, Kept]] = field(default_factory=dict)
    _changes: int = 0
    _late: list[datetime] = field(default_factory=list)
    _sorted: dict[str, tuple[object, dict[str, Kept], list[Kept]]] = field(default_factory=dict)

    def put(
        self,
        table: str,
        identifier: str,
        fields: Mapping[str, Any],
        *,
        stamp: datetime | None = None,
        visible_from: datetime | None = None,
    ) -> None:
        """Write a row; a long transaction stamps early (``stamp``) and commits late (``visible_from``)."""
        now = self.clock()
        kept = Kept(identifier, dict(fields), stamp or now, visible_from or now)
        rows = self.tables.setdefault(table, {})
        if kept.visible_from > now:
            kept.before = _settled(rows.get(identifier), now)
            insort(self._late, kept.visible_from)
        rows[identifier] = kept
        self._changes += 1

    def change(self, table: str, identifier: str, *, stamped: bool = True, **fields: Any) -> None:
        """Change some fields of a row; some vendors change fields without a new stamp."""
        kept = self.tables[table][identifier]
        kept.fields |= fields
        if stamped:
            kept.stamp = self.clock()
        self._changes += 1

    def rename(self, table: str, old: str, new: str) -> None:
        """Call a field of all rows otherwise; as that is a change of each, it stamps them."""
        for kept in self.tables.get(table, {}).values():
            kept.fields = {new if name == old else name: held for name, held in kept.fields.items()}
            kept.stamp = self.clock()
        self._changes += 1

    def delete(self, table: str, identifier: str, *, hard: bool = False) -> None:
        """Mark a row deleted, or take it away without a trace."""
        self._changes += 1
        if hard:
            del self.tables[table][identifier]
            return
        kept = self.tables[table][identifier]
        kept.deleted_at = kept.stamp = self.clock()

    def rows(
        self,
        table: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        deleted: bool | None = False,
    ) -> list[Kept]:
        """Visible rows stamped in [since, until), by stamp and id; ``deleted`` None takes both."""
        found = self._visible(table)
        start = 0 if since is None else bisect_left(found, since, key=_stamp)
        end = len(found) if until is None else bisect_left(found, until, key=_stamp)
        return [
            kept for kept in found[start:end] if deleted is None or (kept.deleted_at is not None) == deleted
        ]

    def state(self) -> object:
        """Equal as long as others see the same: what is worked out of the rows stays right so long."""
        return self._changes, bisect_right(self._late, self.clock())

    def _visible(self, table: str) -> list[Kept]:
        """Every visible row by stamp and id, sorted once for as long as it stays so."""
        rows, state, now = self.tables.get(table, {}), self.state(), self.clock()
        known = self._sorted.get(table)
        if known is not None and known[0] == state and known[1] is rows:
            return known[2]
        seen = (kept.seen(now) for kept in list(rows.values()))
        found = sorted((kept for kept in seen if kept is not None), key=_by_stamp)
        self._sorted[table] = (state, rows, found)
        return found

    def get(self, table: str, identifier: str) -> Kept | None:
        """One visible row that is not deleted."""
        kept = self.tables.get(table, {}).get(identifier)
        seen = kept.seen(self.clock()) if kept is not None else None
        return seen if seen is not None and seen.deleted_at is None else None


def _settled(kept: Kept | None, now: datetime) -> Kept | None:
    """A row without what nobody will see again."""
    if kept is not None and kept.visible_from <= now:
        kept.before = None
    return kept


def _stamp(kept: Kept) -> datetime:
    return kept.stamp


def _by_stamp(kept: Kept) -> tuple[datetime, str]:
    return kept.stamp, kept.id


def page(rows: Iterable[Kept], start: int, size: int) -> list[Kept]:
    """Rows from a place on, a page at most."""
    return list(rows)[start : start + size]
