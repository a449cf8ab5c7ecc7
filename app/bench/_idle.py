"""The sandbox's own PSA with some rows and nothing new, in a process of its own.

``python -m app.bench._idle STREAMS`` prints its address and serves until it is ended.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event

from sandbox.apis.homegrown import HomeGrown
from sandbox.apis.serving import serving
from sandbox.apis.shelf import Shelf

SECRET = HomeGrown.secret
_ROWS = 50


def serve(streams: int) -> None:
    """Tables of hours that were last changed a day ago."""
    shelf = Shelf(lambda: datetime.now(UTC))
    stamp = shelf.clock() - timedelta(days=1)
    hours = {"project": "P-000001", "day": "2026-10-30", "minutes": 450, "ok": True}
    for table in range(streams):
        for row in range(_ROWS):
            shelf.put(f"hours{table}", f"{table}-{row}", hours, stamp=stamp, visible_from=stamp)
    with serving(HomeGrown(shelf).app()) as base:
        sys.stdout.write(f"{base}\n")
        sys.stdout.flush()
        Event().wait()


@contextmanager
def idle(streams: int) -> Iterator[str]:
    """The address of the running PSA."""
    words = [sys.executable, "-m", "app.bench._idle", str(streams)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own program
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
