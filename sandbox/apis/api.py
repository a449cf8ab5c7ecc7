"""What every simulated API shares: tokens that run out, faults put in from outside, a clock of its own.

A vendor's API derives from :class:`Api`, gives its routes, and says in which words it refuses.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import format_datetime
from itertools import count
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.apis.shelf import Clock, Shelf

UNAUTHORIZED = 401
Answer = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Fault:
    """An answer given instead of the right one, to requests whose path holds ``path``, ``times`` times."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    path: str = ""
    times: int = 1
    after: int = 0


class Api:
    """One simulated system.

    ``allowance`` is how many requests it answers (None: any number) before it refuses as its vendor does;
    ``token_uses`` how many requests a token lives.
    """

    vendor: ClassVar[str] = ""

    def __init__(self, shelf: Shelf, clock: Clock | None = None) -> None:
        self.shelf = shelf
        self.clock = clock or shelf.clock
        self.allowance: int | None = None
        self.token_uses: int | None = None
        self.asked: list[str] = []
        self._faults: list[list[Any]] = []
        self._tokens: dict[str, int] = {}
        self._numbers = count(1)

    # ---- for whoever runs it -----------------------------------------------------------------

    def fail(self, fault: Fault) -> None:
        """Put a fault in."""
        self._faults.append([fault, fault.after, fault.times])

    def mend(self) -> None:
        """Take all faults out."""
        self._faults.clear()
        self.allowance = None

    def app(self) -> Starlette:
        """The API as an ASGI application."""
        return Starlette(
            routes=[
                Route(path, self._guarded(answer, open_=open_), methods=list(methods))
                for path, methods, answer, open_ in self.routes()
            ]
        )

    # ---- for the vendor ----------------------------------------------------------------------

    def routes(self) -> Sequence[tuple[str, Sequence[str], Answer, bool]]:
        """(path, methods, answer, whether it needs no token)."""
        raise TypeError(f"{type(self).__name__} has no routes")

    def refused(self, status: int, why: str) -> Response:
        """A refusal in the vendor's words."""
        return JSONResponse({"error": why}, status)

    def used_up(self) -> Response:
        """What the vendor answers when the allowance is used up."""
        return self.refused(429, "Too Many Requests")

    def knows(self, request: Request) -> bool:
        """Whether the request proves who sends it: a token given out here that still lives."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self._tokens:
            return False
        self._tokens[token] += 1
        return self.token_uses is None or self._tokens[token] <= self.token_uses

    def token(self) -> str:
        """A new token."""
        found = f"token-{next(self._numbers)}"
        self._tokens[found] = 0
        return found

    def headers(self) -> dict[str, str]:
        """Headers of every answer."""
        return {}

    # ---- the way of a request ----------------------------------------------------------------

    def _guarded(self, answer: Answer, *, open_: bool) -> Answer:
        async def guarded(request: Request) -> Response:
            self.asked.append(f"{request.method} {request.url.path}?{request.url.query}".rstrip("?"))
            response = self._faulty(request)
            if response is None and not open_ and not self.knows(request):
                response = self.refused(UNAUTHORIZED, "invalid token")
            if response is None and not open_ and self.allowance is not None:
                self.allowance -= 1
                response = self.used_up() if self.allowance < 0 else None
            response = response or await answer(request)
            response.headers["Date"] = format_datetime(self.clock(), usegmt=True)
            for name, value in self.headers().items():
                response.headers.setdefault(name, value)
            return response

        return guarded

    def _faulty(self, request: Request) -> Response | None:
        for waiting in self._faults:
            fault, after, times = waiting
            if fault.path not in request.url.path or times <= 0:
                continue
            if after > 0:
                waiting[1] -= 1
                continue
            waiting[2] -= 1
            if isinstance(fault.body, str | bytes):
                return Response(fault.body, fault.status, {"Content-Type": "text/html", **fault.headers})
            return JSONResponse(fault.body, fault.status, dict(fault.headers))
        return None
