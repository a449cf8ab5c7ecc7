"""Reading: the rows of a composed statement as plain dictionaries."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select


def rows(connection: Connection, statement: Select[Any]) -> list[dict[str, Any]]:
    """The rows of a statement, column name -> value, in its order."""
    return [row._asdict() for row in connection.execute(statement)]
