"""The receiver as it runs in production: a real web server on a loopback port, over a real store."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import uvicorn
from sqlalchemy import Engine
from starlette.types import ASGIApp

from queries.spans import SpanKey, SpanRow, spans_naming, spans_of_trace, store_spans
from queries.store import reading, writing

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """The address of a running server of this application."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, ws="none", lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)


def keeping(engine: Engine) -> Callable[[Sequence[SpanRow], Sequence[SpanKey]], int]:
    """What the receiver is given to store spans with."""

    def write(spans: Sequence[SpanRow], keys: Sequence[SpanKey]) -> int:
        with writing(engine) as connection:
            return store_spans(connection, spans, keys, NOW)

    return write


def naming(engine: Engine, kind: str, identity: str) -> list[SpanRow]:
    """The stored spans that name a business object."""
    with reading(engine) as connection:
        [found] = spans_naming(connection, [[(kind, identity)]])
        return [
            row for row in spans_of_trace(connection, {span.trace_id for span in found}) if row[:2] in found
        ]


def in_trace(engine: Engine, trace_id: str) -> list[SpanRow]:
    """The stored spans of a trace."""
    with reading(engine) as connection:
        return spans_of_trace(connection, [trace_id])


@contextmanager
def locked(engine: Engine) -> Iterator[Callable[[], None]]:
    """A store another program writes to, until the block ends or the function it yields is called."""
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        held = True

        def release() -> None:
            nonlocal held
            if held:
                held = False
                cursor.execute("ROLLBACK")

        try:
            yield release
        finally:
            release()
