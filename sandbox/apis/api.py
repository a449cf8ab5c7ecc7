"""What every simulated API shares: tokens that run out, faults put in from outside, a clock of its own.

A vendor's API derives from :class:`Api`, gives its routes, and says in which words it refuses.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import format_datetime
from itertools import count
from typing import Any, ClassVar, NamedTuple

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.apis.shelf import Clock, Shelf

UNAUTHORIZED, UNAVAILABLE = 401, 503
_REMEMBERED = 10_000
_DOWN = "<html><head><title>503 Service Unavailable</title></head><body>Down for maintenance</body></html>"
Answer = Callable[[Request], Awaitable[Response]]
exact = msgspec.json.Encoder(decimal_format="number").encode


@dataclass(frozen=True, slots=True)
class Fault:
    """An answer given instead of the right one, to requests whose path holds ``path``, ``times`` times."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    path: str = ""
    times: int = 1
    after: int = 0


class ExactJson(JSONResponse):
    """JSON whose numbers are the decimals they were made of, digit by digit."""

    def render(self, content: Any) -> bytes:
        """The answer's bytes."""
        return exact(content)


class Rate(NamedTuple):
    """So many requests in so many seconds of real time."""

    requests: int
    seconds: float


class Api:
    """One simulated system.

    ``allowance`` is how many requests it answers (None: any number) before it refuses as its vendor does;
    ``token_uses`` how many requests a token lives. ``rate`` is what it answers in a span of time, measured
    by ``ticks`` in seconds. ``down`` is an outage: a page of HTML and nothing else. ``storm`` is a
    throttling storm: only every so many-th request is answered.
    """

    vendor: ClassVar[str] = ""

    def __init__(self, shelf: Shelf, clock: Clock | None = None) -> None:
        self.shelf = shelf
        self.clock = clock or shelf.clock
        self.allowance: int | None = None
        self.token_uses: int | None = None
        self.rate: Rate | None = None
        self.ticks: Callable[[], float] = time.monotonic
        self.down = False
        self.storm: int | None = None
        #: the latest requests
        self.asked: deque[str] = deque(maxlen=_REMEMBERED)
        #: by table, the fields that it had under names it has no more
        self.renamed: defaultdict[str, set[str]] = defaultdict(set)
        self._answered: deque[float] = deque()
        self._stormed = count(1)
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
        self.allowance = self.storm = None
        self.down = False

    def rename(self, table: str, old: str, new: str) -> None:
        """Call a field of a table otherwise, as an administrator or a release does: the old name is gone."""
        self.shelf.rename(table, old, new)
        self.renamed[table].add(old)
        self.renamed[table].discard(new)

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

    def throttled(self) -> Response:
        """What the vendor answers in a storm, where that is not the allowance."""
        return self.used_up()

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
        if len(self._tokens) > _REMEMBERED:
            del self._tokens[next(iter(self._tokens))]
        return found

    def headers(self) -> dict[str, str]:
        """Headers of every answer."""
        return {}

    def used(self) -> int:
        """How many requests were answered in the span of the rate, or at all without one."""
        if self.rate is None:
            return len(self.asked)
        begin = self.ticks() - self.rate.seconds
        while self._answered and self._answered[0] <= begin:
            self._answered.popleft()
        return len(self._answered)

    # ---- the way of a request ----------------------------------------------------------------

    def _guarded(self, answer: Answer, *, open_: bool) -> Answer:
        async def guarded(request: Request) -> Response:
            self.asked.append(f"{request.method} {request.url.path}?{request.url.query}".rstrip("?"))
            response = self._faulty(request)
            if response is None and not open_ and not self.knows(request):
                response = self.refused(UNAUTHORIZED, "invalid token")
            if response is None and not open_:
                response = self._limited()
            response = response or await answer(request)
            response.headers["Date"] = format_datetime(self.clock(), usegmt=True)
            for name, value in self.headers().items():
                response.headers.setdefault(name, value)
            return response

        return guarded

    def _limited(self) -> Response | None:
        if self.storm is not None and next(self._stormed) % self.storm:
            return self.throttled()
        if self.allowance is not None:
            self.allowance -= 1
            if self.allowance < 0:
                return self.used_up()
        if self.rate is not None:
            if self.used() >= self.rate.requests:
                return self.used_up()
            self._answered.append(self.ticks())
        return None

    def _faulty(self, request: Request) -> Response | None:
        if self.down:
            return Response(_DOWN, UNAVAILABLE, media_type="text/html")
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
