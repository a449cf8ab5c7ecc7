"""Who may come in: the bearer token, the loopback rule, and how a refusal is worded."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from collectors.otlp import JSON, PROTOBUF, media_type, refusal

#: what a balancer asks, which has no token
OPEN = frozenset({"/health", "/api/ready"})
#: HTTP status -> the code of google.rpc that means the same
_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 413: 8, 415: 3, 503: 14}


def check_bind(host: str, token: str | None) -> None:
    """Pass when a server may listen on this address.

    Raises ValueError with the remedy for an address others can reach, when there is no token.
    """
    if not _is_loopback(host) and not (token and token.strip()):
        raise ValueError(
            f"receiver.host {host!r} can be reached from other machines, and no token is set. "
            "Remedy: set receiver.token or receiver.token_file, or listen on 127.0.0.1"
        )


def problem(
    request: Request, status: int, message: str, headers: Mapping[str, str] | None = None
) -> Response:
    """A refusal with a sentence, in protobuf where the request came in protobuf, else in JSON."""
    kind = media_type(request.headers.get("content-type", ""))
    body = refusal(_CODES[status], message, kind)
    return Response(body, status, dict(headers or {}), PROTOBUF if kind == PROTOBUF else JSON)


class Door:
    """Lets in who knows the token; without a token, who came by a loopback name.

    A page of any site can reach loopback from a browser on this machine, under the site's own name:
    that name is what gives it away.
    """

    def __init__(self, token: str | None) -> None:
        self._token = token.strip().encode() if token else b""

    def refusal(self, headers: Headers) -> tuple[int, str] | None:
        """Why a request stays outside, as status and sentence; None when it may come in."""
        if self._token:
            scheme, _, given = headers.get("authorization", "").partition(" ")
            known = hmac.compare_digest(given.strip().encode(), self._token)
            if scheme.lower() == "bearer" and known:
                return None
            return 401, "send the receiver's token: Authorization: Bearer TOKEN"
        if _is_loopback(_host_name(headers.get("host", "localhost"))):
            return None
        return 403, "set receiver.token to be reached by another name than localhost"


class Guard:
    """The middleware that asks a Door before anything else is done, the probes excepted."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        refused = None
        if scope["type"] == "http" and scope["path"] not in OPEN:
            refused = self._door.refusal(Headers(scope=scope))
        if refused is None:
            await self._app(scope, receive, send)
            return
        status, message = refused
        challenge = {"WWW-Authenticate": "Bearer"} if status == 401 else None  # noqa: PLR2004 - a status of HTTP
        await problem(Request(scope), status, message, challenge)(scope, receive, send)


def _host_name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
