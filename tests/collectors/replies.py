"""A small HTTP server on loopback that answers from a list, and remembers what it was asked."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass(frozen=True)
class Reply:
    """One answer. ``pause`` waits between the body's bytes, ``promise`` claims a length of its own."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    pause: float = 0.0
    promise: int | None = None


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    json: Any


@dataclass
class Server:
    """Answers with ``answer`` when it is set, else with the replies in turn, the last one for ever."""

    url: str = ""
    replies: list[Reply] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    answer: Callable[[Asked], Reply] | None = None

    def reply(self, asked: Asked) -> Reply:
        """The answer to one request."""
        self.asked.append(asked)
        if self.answer is not None:
            return self.answer(asked)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


def said(result: Any) -> Reply:
    """A call that went well."""
    return raw(json.dumps({"id": 1, "result": result}).encode())


def failed(*error: Any) -> Reply:
    """A call that went wrong inside the server: HTTP 200 all the same."""
    return raw(json.dumps({"id": 1, "error": list(error)}).encode())


def raw(body: bytes, **headers: str) -> Reply:
    """JSON, or what claims to be."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(body, headers={"Content-Type": "application/json"} | named)


@contextmanager
def serving() -> Iterator[Server]:
    """A server that runs as long as the block."""
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            asked = Asked(self.path, dict(self.headers), json.loads(self.rfile.read(length)))
            _write(self, server.reply(asked))

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        server.url = f"http://127.0.0.1:{http.server_port}"
        thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()


def _write(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    time.sleep(reply.pause)
    handler.send_response(reply.status)
    for name, value in reply.headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(reply.promise or len(reply.body)))
    handler.end_headers()
    parts = [reply.body] if not reply.pause else [bytes([byte]) for byte in reply.body]
    try:
        for part in parts:
            handler.wfile.write(part)
            time.sleep(reply.pause)
    except OSError:
        pass  # the caller has hung up, which is what some tests are about
