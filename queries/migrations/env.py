"""How a migration runs: over the connection the program opened, in the program's own transaction."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from queries.schema import metadata
from queries.types import UtcInstant


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write types as the database knows them: a migration must not change when our code does."""
    if kind == "type" and isinstance(item, UtcInstant):
        return "sa.BigInteger()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_item=render_item,
    # SQLite can alter little in place: later revisions copy the table where they must.
    render_as_batch=context.script.get_current_head() is not None,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
