"""The canonical rows that a living system holds, by kind and id, and by what they refer to."""

from __future__ import annotations

from typing import Any, TypeVar

from sandbox.records import Record

R = TypeVar("R", bound=Record)


class Held(dict[type[Record], dict[str, Any]]):
    """Kind -> id -> row. A kind that is not there has no rows."""

    def __init__(self) -> None:
        super().__init__()
        self._indexes: dict[tuple[type[Record], str], _Index] = {}

    def __missing__(self, kind: type[Record]) -> dict[str, Any]:
        return self.setdefault(kind, {})

    def keep(self, row: Record) -> None:
        """Hold a row, in the place of the one with its id."""
        self[type(row)][row.id] = row
        for (kind, field), index in self._indexes.items():
            if kind is type(row):
                index.add(row, getattr(row, field))

    def drop(self, row: Record) -> None:
        """Hold it no more. Raises KeyError for a row that is not held."""
        del self[type(row)][row.id]
        for (kind, _), index in self._indexes.items():
            if kind is type(row):
                index.remove(row)

    def rows(self, kind: type[R]) -> list[R]:
        """All rows of a kind, those of its subclasses included."""
        return [
            row for held, rows in list(self.items()) if issubclass(held, kind) for row in list(rows.values())
        ]

    def by(self, kind: type[R], field: str, value: Any) -> list[R]:
        """The rows of exactly this kind in which a field has the value."""
        index = self._indexes.get((kind, field))
        if index is None:
            index = self._indexes[kind, field] = _Index()
            for row in self[kind].values():
                index.add(row, getattr(row, field))
        return list(index.rows.get(value, {}).values())


class _Index:
    """Rows by the value of a field, and under which value each stands: a row may change before it is put."""

    def __init__(self) -> None:
        self.rows: dict[Any, dict[str, Any]] = {}
        self._stands: dict[str, Any] = {}

    def add(self, row: Record, value: Any) -> None:
        if row.id in self._stands:
            self.remove(row)
        self.rows.setdefault(value, {})[row.id] = row
        self._stands[row.id] = value

    def remove(self, row: Record) -> None:
        value = self._stands.pop(row.id)
        del self.rows[value][row.id]
