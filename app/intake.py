"""What comes in: spans as OTLP/HTTP has it, and events that nudge a poll."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from app.cloudevents import Event, NotCloudEventsError, Seen, events_in
from app.door import problem
from collectors.business_keys import namings
from collectors.errors import SkippableError
from collectors.inflate import DEFAULT_LIMIT, ENCODINGS, PayloadTooLargeError, inflate
from collectors.otlp import JSON, PROTOBUF, acknowledgement, decode, media_type
from collectors.span_rows import Decoded
from queries.errors import StoreError
from queries.spans import SpanKey, SpanRow

StoreWrite = Callable[[Sequence[SpanRow], Sequence[SpanKey]], object]
_LOG = logging.getLogger("sightglass.receiver")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one receiver takes on: sizes in bytes, times in seconds.

    ``answer_s`` is how long a sender waits for the store before it is told to come again; exporters
    give up after 10. ``in_flight`` requests are held at a time, ``threads`` of them worked on.
    """

    body: int = DEFAULT_LIMIT
    events: int = 1024 * 1024
    in_flight: int = 16
    threads: int = 2
    body_s: float = 30.0
    answer_s: float = 5.0


class _BusyError(Exception):
    """As much is being done as may be: the sender should come again."""


class _MediaTypeError(Exception):
    """The body is of a kind nobody here reads."""


#: what may go wrong with a request -> the status that makes a sender do the right thing; the first one counts
_STATUS: dict[type[Exception], int] = {
    PayloadTooLargeError: 413,
    NotCloudEventsError: 415,
    _MediaTypeError: 415,
    _BusyError: 503,
    TimeoutError: 503,
    StoreError: 503,
    SkippableError: 400,
}
_REFUSED: tuple[type[Exception], ...] = tuple(_STATUS)
_EVENT_REFUSED: tuple[type[Exception], ...] = (*_REFUSED, ValueError)


def _refused(request: Request, error: Exception) -> Response:
    status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 400)
    if status == 503:  # noqa: PLR2004 - a status of HTTP
        # Only 429, 502, 503 and 504 make an exporter try again; after any other it drops what it has.
        _LOG.warning("%s refused for now, the sender will try again: %s", request.url.path, error)
        return problem(request, status, "busy: send the same again in a second", {"Retry-After": "1"})
    headers = {"Accept-Encoding": "gzip, deflate"} if isinstance(error, _MediaTypeError) else None
    return problem(request, status, str(error), headers)


class Traces:
    """POST /v1/traces, as OTLP/HTTP has it."""

    def __init__(self, store_write: StoreWrite, attributes: Mapping[str, str] | None, limits: Limits) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self._store_write = store_write
        self._named = namings(attributes)
        self._limits = limits
        self._free = limits.in_flight
        self._threads = asyncio.Semaphore(limits.threads)

    async def post(self, request: Request) -> Response:
        """Take a batch of spans in; the body of the answer follows the content type of the request."""
        response = await self._answer(request)
        self.counts["requests", str(response.status_code)] += 1
        return response

    async def _answer(self, request: Request) -> Response:
        kind = media_type(request.headers.get("content-type", ""))
        encoding = request.headers.get("content-encoding", "").strip().lower()
        try:
            if kind not in {PROTOBUF, JSON}:
                raise _MediaTypeError(f"send traces as {PROTOBUF} or {JSON}")
            if encoding not in ENCODINGS:
                raise _MediaTypeError(f"content encoding {encoding!r} is unknown: send gzip, deflate or none")
            decoded = await self._taken(request, kind, encoding)
        except _REFUSED as error:
            return _refused(request, error)
        self.counts["spans", "accepted"] += len(decoded.spans)
        self.counts["spans", "rejected"] += decoded.rejected
        return Response(acknowledgement(decoded, kind), media_type=kind)

    async def _taken(self, request: Request, kind: str, encoding: str) -> Decoded:
        if not self._free:
            raise _BusyError("too many requests at a time")
        self._free -= 1
        work: asyncio.Task[Decoded] | None = None
        try:
            async with asyncio.timeout(self._limits.body_s):
                chunks = await _body(request, self._limits.body)
            work = asyncio.create_task(self._kept(chunks, kind, encoding))
            work.add_done_callback(self._let_go)
        finally:
            if work is None:
                self._free += 1
        # A thread cannot be called back. It may store the spans after the sender was told to send
        # them again: those are then known already, and change nothing.
        done, _ = await asyncio.wait({work}, timeout=self._limits.answer_s)
        if not done:
            raise _BusyError("the store takes its time")
        return work.result()

    def _let_go(self, work: asyncio.Task[Decoded]) -> None:
        self._free += 1
        if not work.cancelled():
            work.exception()

    async def _kept(self, chunks: list[bytes], kind: str, encoding: str) -> Decoded:
        async with self._threads:
            return await run_in_threadpool(self._keep, chunks, kind, encoding)

    def _keep(self, chunks: list[bytes], kind: str, encoding: str) -> Decoded:
        decoded = decode(inflate(chunks, encoding, self._limits.body), kind, self._named)
        if decoded.spans:
            self._store_write(decoded.spans, decoded.keys)
        return decoded


class Events:
    """POST /v1/events: a system says that something changed, so that it need not wait for its next poll."""

    def __init__(self, on_event: Callable[[Event], object] | None, limits: Limits) -> None:
        self._on_event = on_event
        self._limits = limits
        self._seen = Seen()

    async def post(self, request: Request) -> Response:
        """Act on each event that did not come before."""
        if self._on_event is None:
            return problem(request, 404, "this receiver takes no events")
        try:
            async with asyncio.timeout(self._limits.body_s):
                body = b"".join(await _body(request, self._limits.events))
            kind = media_type(request.headers.get("content-type", ""))
            events = events_in(body, kind, request.headers)
            accepted = [await self._acted(self._on_event, event) for event in events]
        except _EVENT_REFUSED as error:
            return _refused(request, error)
        return JSONResponse({"accepted": sum(accepted), "known": len(accepted) - sum(accepted)}, 202)

    async def _acted(self, on_event: Callable[[Event], object], event: Event) -> bool:
        with self._seen.first(event) as new:
            if new:
                await run_in_threadpool(on_event, event)
        return new


async def _body(request: Request, limit: int) -> list[bytes]:
    """The body as it came, still compressed; the web server throws away what follows a refusal."""
    too_large = PayloadTooLargeError(f"the body is larger than {limit} bytes", remedy="send smaller batches")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise too_large
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise too_large
            chunks.append(chunk)
    except ClientDisconnect as error:
        raise SkippableError("the sender hung up before the body was whole") from error
    return chunks
