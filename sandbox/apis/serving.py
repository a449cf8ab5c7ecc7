"""A simulated API on a port of its own, as long as somebody needs it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

_PATIENCE_S = 10.0


@contextmanager
def serving(app: Starlette, host: str = "127.0.0.1") -> Iterator[str]:
    """The address of the running API; it is gone when the block ends."""
    # named as TCP, or asyncio leaves every second packet waiting for an acknowledgement
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as free:
        free.bind((host, 0))
        free.listen(128)
        port = free.getsockname()[1]
        config = uvicorn.Config(app, log_level="error", date_header=False, lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [free]}, daemon=True)
        thread.start()
        until = time.monotonic() + _PATIENCE_S
        while not server.started and time.monotonic() < until:
            time.sleep(0.01)
        try:
            yield f"http://{host}:{port}"
        finally:
            server.should_exit = True
            thread.join(_PATIENCE_S)
