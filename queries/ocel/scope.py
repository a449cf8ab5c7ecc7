"""Which part of the store a log is about, and its rows in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, or_, select, true
from sqlalchemy.sql.selectable import FromClause

from queries.schema import node

#: rows held at once
PIECE = 2000


@dataclass(frozen=True, slots=True)
class Scope:
    """One engagement, the engagements with a record of one legal entity, both, or everything.

    An engagement is always taken whole. A record outside every engagement is of the legal entity it names.
    """

    engagement: str | None = None
    legal_entity: str | None = None

    @property
    def whole(self) -> bool:
        """Nothing is left out."""
        return self.engagement is None and self.legal_entity is None

    def covers(self, table: FromClause) -> ColumnElement[bool]:
        """The rows of a table with ``engagement_id`` and ``legal_entity`` that belong to it."""
        found: list[ColumnElement[bool]] = []
        if self.engagement is not None:
            found.append(table.c.engagement_id == self.engagement)
        if self.legal_entity is not None:
            of_entity = select(node.c.engagement_id).where(
                node.c.present, node.c.legal_entity == self.legal_entity
            )
            alone = or_(table.c.engagement_id.is_(None), table.c.engagement_id == "")
            found.append(
                or_(
                    table.c.engagement_id.in_(of_entity),
                    and_(alone, table.c.legal_entity == self.legal_entity),
                )
            )
        return and_(true(), *found)

    def __str__(self) -> str:
        """How a person would say it."""
        parts = (("engagement", self.engagement), ("legal entity", self.legal_entity))
        return " and ".join(f"{what} {name!r}" for what, name in parts if name is not None)


def pieces(connection: Connection, query: Select[Any]) -> Iterator[list[dict[str, Any]]]:
    """The rows of a query, column name -> value, so many at a time: never all of them."""
    result = connection.execute(query.execution_options(yield_per=PIECE))
    names = [str(name) for name in result.keys()]  # noqa: SIM118 - the keys of a result, not of a mapping
    for part in result.partitions():
        yield [dict(zip(names, row, strict=True)) for row in part]
