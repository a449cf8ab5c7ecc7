"""A server of canned pages: 200 rows each, 5 ms apiece, in a process of its own.

``python -m app.bench._pages ROWS`` prints its address and serves until it is ended.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import orjson

from app.bench._firm import Firm

PAGE = 200
LATENCY_S = 0.005


def pages(count: int) -> list[bytes]:
    """Whole answers, head and body, each linking to the next."""
    rows, found = [*Firm(count).history()], []
    for number, first in enumerate(range(0, count, PAGE)):
        following = number + 1 if first + PAGE < count else None
        body = orjson.dumps({"items": rows[first : first + PAGE], "next": following, "count": count})
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        found.append(head + body)
    return found


async def serve(count: int) -> None:
    """Answer ``GET /time?cursor=N`` with page N."""
    canned = pages(count)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await reader.readline():
            while (await reader.readline()).strip():
                continue
            await asyncio.sleep(LATENCY_S)
            _, _, number = request.split()[1].partition(b"cursor=")
            writer.write(canned[int(number.partition(b"&")[0] or 0)])
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    sys.stdout.write(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


@contextmanager
def serving(count: int) -> Iterator[str]:
    """The address of the running server."""
    words = [sys.executable, "-m", "app.bench._pages", str(count)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own program
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
