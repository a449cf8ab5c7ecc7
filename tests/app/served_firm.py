"""The living firm as a process of its own, and somebody who takes its traces."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from app.processes import free_port
from sandbox.living.clock import Clock
from tests.truth.firm import ROOT

SIZE = ("--engagements", "60", "--seed", "3")
SPEED = 600


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Served:
    """A firm that is served from a folder."""

    folder: Path
    port: int
    process: subprocess.Popen[str]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def config(self) -> Path:
        return self.folder / "sightglass.toml"

    @property
    def clock(self) -> Clock:
        return Clock.read(self.folder / "clock.json")

    def ask(self, path: str, body: str | bytes | None = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request("GET" if body is None else "POST", path, body, named)
            reply = connection.getresponse()
            return Answer(
                reply.status,
                {name.lower(): value for name, value in reply.getheaders()},
                reply.read().decode(),
            )

    def form(self, path: str, /, origin: str | None = None, **fields: str) -> Answer:
        """As a browser posts a form."""
        said = {"Origin": origin} if origin else {}
        return self.ask(path, urlencode(fields), Content_Type="application/x-www-form-urlencoded", **said)

    def truth(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("/truth").json
        return found

    def ended(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(20)


def command(*words: str) -> list[str]:
    """The program's sandbox as a person starts it."""
    return [sys.executable, "-m", "app", "sandbox", *words]


@contextmanager
def served(folder: Path, *words: str) -> Iterator[Served]:
    """A firm that answers; its process is gone when the block ends."""
    port = free_port("127.0.0.1", 0)
    line = command("serve", "--out", str(folder), "--port", str(port), *SIZE, "--speed", str(SPEED), *words)
    with (folder.parent / f"{folder.name}.log").open("a") as log:
        process = subprocess.Popen(line, cwd=ROOT, env=os.environ, stderr=log, text=True)
    firm = Served(folder, port, process)
    try:
        wait_until_healthy(firm)
        yield firm
    finally:
        process.kill()
        process.wait(20)


def wait_until_healthy(firm: Served) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and firm.process.poll() is None:
        try:
            if firm.ask("/health").status == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(firm.folder.with_suffix(".log").read_text())


@dataclass
class Traces:
    """What somebody got at /v1/traces, the first answered with 503."""

    address: str = ""
    bodies: list[bytes] = field(default_factory=list)

    def wait(self, count: int) -> None:
        deadline = time.monotonic() + 20
        while len(self.bodies) < count:
            assert time.monotonic() < deadline, f"{len(self.bodies)} requests came"
            time.sleep(0.05)


@contextmanager
def receiving() -> Iterator[Traces]:
    """A little receiver of traces."""
    got = Traces()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200 if got.bodies else 503)
            self.send_header("Content-Length", "0")
            self.end_headers()
            got.bodies.append(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called there
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        got.address = f"http://127.0.0.1:{server.server_port}"
        try:
            yield got
        finally:
            server.shutdown()
            thread.join(20)
