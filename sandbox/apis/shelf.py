"""What one simulated system holds: rows under stamps, some of them visible later than they are stamped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Clock = Callable[[], datetime]


@dataclass(slots=True)
class Kept:
    """A row: its fields, when it was last stamped, from when on others see it, and when it was deleted."""

    id: str
    fields: dict[str, Any]
    stamp: datetime
    visible_from: datetime
    deleted_at: datetime | None = None


@dataclass(slots=True)
class Shelf:
    """Tables of rows by id. ``clock`` is the system's own."""

    clock: Clock
    tables: dict[str, dict[str, Kept]] = field(default_factory=dict)

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
        self.tables.setdefault(table, {})[identifier] = kept

    def change(self, table: str, identifier: str, *, stamped: bool = True, **fields: Any) -> None:
        """Change some fields of a row; some vendors change fields without a new stamp."""
        kept = self.tables[table][identifier]
        kept.fields |= fields
        if stamped:
            kept.stamp = self.clock()

    def delete(self, table: str, identifier: str, *, hard: bool = False) -> None:
        """Mark a row deleted, or take it away without a trace."""
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
        now = self.clock()
        return sorted(
            (
                kept
                for kept in self.tables.get(table, {}).values()
                if kept.visible_from <= now
                and (since is None or kept.stamp >= since)
                and (until is None or kept.stamp < until)
                and (deleted is None or (kept.deleted_at is not None) == deleted)
            ),
            key=_by_stamp,
        )

    def get(self, table: str, identifier: str) -> Kept | None:
        """One visible row that is not deleted."""
        kept = self.tables.get(table, {}).get(identifier)
        return kept if kept and kept.deleted_at is None and kept.visible_from <= self.clock() else None


def _by_stamp(kept: Kept) -> tuple[datetime, str]:
    return kept.stamp, kept.id


def page(rows: Iterable[Kept], start: int, size: int) -> list[Kept]:
    """Rows from a place on, a page at most."""
    return list(rows)[start : start + size]
