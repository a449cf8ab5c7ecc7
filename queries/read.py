"""Reading: the rows of a composed statement as plain dictionaries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Select


def rows(
    connection: Connection, statement: Select[Any], values: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """The rows of a statement, column name -> value, in its order; ``values`` are those of its parameters."""
    result = connection.execute(statement, values)
    names = [str(name) for name in result.keys()]  # noqa: SIM118 - the keys of a result, not of a mapping
    return [dict(zip(names, row, strict=True)) for row in result]
