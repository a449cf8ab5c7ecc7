"""A limit to what one question may take, on either engine: past it the statement ends with an error."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, text

#: how many steps of its virtual machine SQLite takes between two looks at the clock
_STEPS = 200_000


@contextmanager
def limited(connection: Connection, seconds: float) -> Iterator[Callable[[], None]]:
    """Statements in this block may take so long: each (PostgreSQL), or together since the function given
    was last called (SQLite). One that takes longer is ended, as sqlalchemy.exc.OperationalError.
    """
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.driver_connection
        until = [time.monotonic() + seconds]
        driver.set_progress_handler(lambda: time.monotonic() > until[0], _STEPS)
        try:
            yield lambda: until.__setitem__(0, time.monotonic() + seconds)
        finally:
            driver.set_progress_handler(None, 0)
        return
    connection.execute(text(f"SET LOCAL statement_timeout = {int(seconds * 1000)}"))
    yield lambda: None
    connection.execute(text("SET LOCAL statement_timeout = 0"))
