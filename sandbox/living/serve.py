"""The living firm as a process: its systems' APIs, an operator's page and commands, and time going on.

``/<system>/...`` are the vendors' APIs, ``/`` is the operator's page, ``/truth`` what must be found now.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.apis.netsuite import NetSuite
from sandbox.living.configuration import prepare
from sandbox.living.faults import KINDS
from sandbox.living.firm import Firm
from sandbox.living.home import Home
from sandbox.living.page import page
from sandbox.living.system import mounted
from sandbox.living.truth import truth
from sandbox.otlp import Json

_LOG = logging.getLogger(__name__)
_STEP_S = 0.25
#: traces sent in one request
_TOGETHER = 400
_BAD_REQUEST, _OK = 400, 200
_FOR_GOOD = frozenset({400, 401, 403, 404, 413, 415})
#: a year: a slip of the pen would keep everybody waiting
_MOST_HOURS = 8784


class Served:
    """A firm and its home while they are served; ``traces`` is where spans are sent, such as a receiver."""

    def __init__(self, home: Home, speed: float, traces: str | None = None) -> None:
        self.home = home
        self.speed = speed
        self.firm: Firm = home.alive()
        ledger = self.firm.systems["erp"].api
        if isinstance(ledger, NetSuite):
            ledger.certificate = prepare(home.folder)
        self.clock = home.clock
        self.firm.clock = self.clock.now
        self._traces = traces
        self._unsent: list[Json] = []

    def app(self) -> Starlette:
        """Everything as one application; time goes on as long as it runs."""
        own: list[BaseRoute] = [
            Route("/", self._page),
            Route("/health", self._health),
            Route("/truth", self._truth),
            Route("/faults", self._faults, methods=["GET", "POST"]),
            Route("/faults/{id}/repair", self._repair, methods=["POST"]),
            Route("/skip", self._skip, methods=["POST"]),
        ]
        return Starlette(routes=[*own, *mounted(self.firm.systems).routes], lifespan=self._life)

    # ---- time --------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def _life(self, _app: Starlette) -> AsyncIterator[None]:
        self.clock.go(self.speed)
        self.home.clock = self.clock
        tasks = [asyncio.create_task(self._live()), asyncio.create_task(self._send())]
        for task in tasks:
            task.add_done_callback(_say_why)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            # nothing happens while nobody looks: it goes on from here
            self.clock.go(0)
            self.home.clock = self.clock

    async def _live(self) -> None:
        while True:
            self.firm.advance(self.clock.now())
            await asyncio.sleep(_STEP_S)

    async def _send(self) -> None:
        while self._traces:
            # while a receiver is away the firm forgets the oldest, so that nothing grows without end
            self._unsent = self._unsent or list(self.firm.take_spans())
            while self._unsent:
                some = self._unsent[:_TOGETHER]
                if not await asyncio.to_thread(_posted, self._traces, some):
                    break
                del self._unsent[: len(some)]
            await asyncio.sleep(1)

    # ---- the operator ------------------------------------------------------------------------

    async def _page(self, _request: Request) -> Response:
        return HTMLResponse(page(self.firm, self.clock))

    async def _health(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok", "now": self.clock.now().isoformat(), "speed": self.clock.speed})

    async def _truth(self, _request: Request) -> Response:
        self.firm.advance(self.clock.now())
        return JSONResponse(truth(self.firm))

    async def _faults(self, request: Request) -> Response:
        if request.method == "GET":
            kinds = {
                kind: {"what": what, "targets": list(dict.fromkeys(targets))}
                for kind, (what, targets) in KINDS.items()
            }
            return JSONResponse({"kinds": kinds, "faults": [one.plain() for one in self.firm.faults.all]})
        told = await _told(request)
        kind, target = told.get("kind", ""), told.get("target") or None
        return self._done(request, lambda: self.home.does(self.firm, "inject", kind, target))

    async def _repair(self, request: Request) -> Response:
        identifier = request.path_params["id"]
        return self._done(request, lambda: self.home.does(self.firm, "repair", identifier))

    async def _skip(self, request: Request) -> Response:
        told = await _told(request)

        def skip() -> None:
            self.clock.skip(_hours(told.get("hours", "")))
            self.firm.advance(self.clock.now())
            self.home.clock = self.clock

        return self._done(request, skip)

    def _done(self, request: Request, work: Any) -> Response:
        """Do it and say what came of it: to a form with the page, to a program with JSON."""
        if not _from_here(request):
            return JSONResponse({"error": "another site's page sent this"}, 403)
        self.firm.advance(self.clock.now())
        try:
            found = work()
        except ValueError as error:
            return JSONResponse({"error": str(error)}, _BAD_REQUEST)
        if "json" not in request.headers.get("Content-Type", ""):
            return RedirectResponse("/", 303)
        return JSONResponse(found.plain() if found else {"now": self.clock.now().isoformat()})


def _say_why(task: asyncio.Task[None]) -> None:
    """A firm whose time stands still although its clock goes on must not do so in silence."""
    problem = None if task.cancelled() else task.exception()
    if problem is not None:
        _LOG.error("the firm does not go on: start it again", exc_info=problem)


def _from_here(request: Request) -> bool:
    """A browser says which site's page sends a form; programs say nothing."""
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("Host")


def _hours(told: str) -> timedelta:
    try:
        hours = float(told)
    except ValueError:
        hours = -1.0
    if not 0 <= hours <= _MOST_HOURS:
        raise ValueError(f"{told!r} is no number of hours from 0 to {_MOST_HOURS}")
    return timedelta(hours=hours)


async def _told(request: Request) -> dict[str, str]:
    if "json" in request.headers.get("Content-Type", ""):
        try:
            told = await request.json()
        except ValueError:
            return {}
        return {str(key): str(value) for key, value in told.items()} if isinstance(told, dict) else {}
    return {key: str(value) for key, value in (await request.form()).items()}


def _posted(address: str, requests: Sequence[Json]) -> bool:
    """Send traces together in one request; false when they must be sent again."""
    parts = urlsplit(address)
    body = json.dumps({"resourceSpans": [group for one in requests for group in one["resourceSpans"]]})
    connection = HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 4318, timeout=30)
    try:
        connection.request("POST", "/v1/traces", body, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        reply.read()
    except (OSError, HTTPException) as error:
        _LOG.info("the receiver at %s does not answer yet: %s", address, error)
        return False
    finally:
        connection.close()
    if reply.status != _OK:
        _LOG.warning("the receiver at %s answered %d to our traces", address, reply.status)
    # what is refused for good is not sent again
    return reply.status == _OK or reply.status in _FOR_GOOD


def serve(home: Home, host: str, port: int, speed: float, traces: str | None = None) -> None:
    """Serve the firm until told to stop. Raises InUseError while another process serves it."""
    with home.alone():
        app = Served(home, speed, traces).app()
        uvicorn.run(app, host=host, port=port, log_level="warning", date_header=False, access_log=False)
