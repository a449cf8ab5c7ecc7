"""The pages as one ASGI application: Streamlit, a few routes of our own, and the rules of the browser.

Nothing leaves the machine: no telemetry, no fonts or scripts from elsewhere, and a content security
policy that would not let one through.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import hashlib
import ipaddress
import os
import re
from collections.abc import AsyncIterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit
import uvicorn
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.starlette import App
from streamlit.web.bootstrap import load_config_options

from app import export, filters
from app import settings as config
from app.store import VARIABLE, site
from app.theme import OPTIONS
from collectors.errors import ConfigError
from queries import systems
from queries.errors import StoreError
from queries.store import reading
from queries.types import iso

_HERE = Path(__file__).parent
_LOCAL = ("localhost", "127.0.0.1", "[::1]")
_UNAVAILABLE = 503


# ---- routes ------------------------------------------------------------------------------------


async def _health(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _ready(_request: Request) -> Response:
    try:
        return JSONResponse(await run_in_threadpool(_readiness))
    except (StoreError, ConfigError) as error:
        return JSONResponse({"status": "not ready", "reason": type(error).__name__}, status_code=_UNAVAILABLE)


def _readiness() -> dict[str, Any]:
    """The store answers, and how far it is up to date."""
    here = site()
    with reading(here.engine) as connection:
        fresh, count, through = systems.freshness(connection, here.now())
    complete = iso(through) if through else None
    return {"status": "ready", "systems": count, "systems_fresh": fresh, "complete_through": complete}


async def _exceptions_csv(request: Request) -> Response:
    here = await run_in_threadpool(site)
    wanted = filters.read({key: request.query_params.getlist(key) for key in request.query_params})
    stamp = f"{here.now():%Y-%m-%dT%H%MZ}"
    return StreamingResponse(
        export.lines(here.engine, wanted, here.reporting.currency),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="exceptions-{stamp}.csv"',
            "Cache-Control": "no-store",
        },
    )


async def _script(_request: Request) -> Response:
    return FileResponse(_HERE / "nav.js", media_type="text/javascript")


ROUTES = (
    Route("/api/health", _health),
    Route("/api/ready", _ready),
    Route("/export/exceptions.csv", _exceptions_csv),
    Route("/assets/nav.js", _script),
)


# ---- what the browser may do -------------------------------------------------------------------


@cache
def _policy() -> str:
    """Only what this program sends itself may run; the scripts inside Streamlit's page are named by hash."""
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    inline = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in inline]
    scripts = " ".join(["'self'", *(f"'sha256-{found}'" for found in hashes)])
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src {scripts}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


class SecurityHeaders:
    """Adds what every answer says about how a browser may use it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = _policy()
                headers["X-Content-Type-Options"] = "nosniff"
                headers["X-Frame-Options"] = "DENY"
                headers["Referrer-Policy"] = "same-origin"
                headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
                headers["Cross-Origin-Opener-Policy"] = "same-origin"
            await send(message)

        await self.app(scope, receive, with_headers)


# ---- the application ---------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def _lifespan(_app: App) -> AsyncIterator[dict[str, Any]]:
    """Load what the first visitor would wait for; what is loaded now stays, so nobody need sweep it again."""
    await run_in_threadpool(_warm)
    gc.collect()
    gc.freeze()
    yield {}


def _warm() -> None:
    import pandas as pd
    import plotly.graph_objects as go

    from app.page import views

    pd.DataFrame({"warm": [1]})
    go.Figure(layout={"title": "warm"}).to_json()
    views()
    site()


def application(host: str, port: int) -> App:
    """The pages, ready for an ASGI server. One in a process: Streamlit keeps its options per process."""
    options = {
        **OPTIONS,
        "server.address": host,
        "server.port": port,
        "server.allowedHosts": list(_hosts(host)),
    }
    load_config_options(options)
    middleware = [
        Middleware(TrustedHostMiddleware, allowed_hosts=[name.partition("]")[0] for name in _hosts(host)]),
        Middleware(SecurityHeaders),
    ]
    return App(_HERE / "main.py", lifespan=_lifespan, routes=list(ROUTES), middleware=middleware)


def _hosts(host: str) -> Sequence[str]:
    return list(dict.fromkeys([*_LOCAL, host]))


def serve(path: Path | None, host: str | None = None, port: int | None = None) -> None:
    """Serve the pages until told to stop. Raises ConfigError for an address beyond this machine.

    The pages have no login of their own: beyond loopback, a proxy on this machine must stand before them.
    """
    settings = config.load(path)
    host, port = host or settings.web.host, port or settings.web.port
    if not _is_loopback(host):
        raise ConfigError(
            f"web.host: the pages have no login, so they are not served on {host}",
            remedy="serve them on 127.0.0.1, and put a proxy that asks for a login before them",
        )
    if path is not None:
        os.environ[VARIABLE] = str(path.resolve())
    uvicorn.run(application(host, port), host=host, port=port, log_level=settings.log_level, access_log=False)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
