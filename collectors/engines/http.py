"""HTTP with a source that is not trusted: one request goes out, one whole answer comes back, or an error.

Guards: every wait and the whole answer are limited in time, an answer in size (packed and unpacked),
nothing is redirected, JSON is only taken from what calls itself JSON. Errors: RetriableError for what
may pass by itself, FatalError for what needs a person; neither carries a secret or an answer's body.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any, NamedTuple, Never

import httpx
import msgspec

from collectors.errors import FatalError, RetriableError

UNAUTHORIZED = 401
#: how long a connection may wait for its next use: many servers, and what stands before them, wait as long
_KEPT_S = 60.0
_CLOSED = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)
_GZIP_MAGIC = b"\x1f\x8b"
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_REMEDIES = {
    400: "correct what it objects to: a field that was renamed or hidden is mapped otherwise under fields",
    UNAUTHORIZED: "check the credentials, and that the user is active",
    403: "give the user the right to read this",
    404: "check the address",
    413: "lower page_size",
    503: "check that the server is up",
}


class Answer(NamedTuple):
    """A whole answer; ``where`` says in error texts what was asked."""

    where: str
    response: httpx.Response
    body: bytes

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status_code


@dataclass(slots=True)
class Http:
    """A way to one server.

    ``timeout_s`` limits each wait, and three times over a whole answer; ``max_bytes`` an unpacked answer;
    ``server_time`` is the server's own clock in its latest answer, None before one or without one.
    """

    timeout_s: float = 70.0
    max_bytes: int = 64 * 1024 * 1024
    headers: Mapping[str, str] = field(default_factory=dict)
    transient: frozenset[int] = _TRANSIENT
    remedies: Mapping[int, str] = field(default_factory=dict)
    server_time: datetime | None = None
    _client: httpx.Client = field(init=False, repr=False)
    _heard: float = 0.0
    _is_used: bool = False

    def __post_init__(self) -> None:
        self._client = httpx.Client(
            timeout=httpx.Timeout(self.timeout_s, connect=10.0),
            headers={"Accept": "application/json", "Accept-Encoding": "gzip", **self.headers},
            follow_redirects=False,
            limits=httpx.Limits(keepalive_expiry=_KEPT_S),
        )

    @property
    def server_clock(self) -> float | None:
        """What the server's clock shows by now, in seconds since 1970; None where it never told."""
        told = self.server_time
        return None if told is None else told.timestamp() + monotonic() - self._heard

    def close(self) -> None:
        """Let go of the sockets."""
        self._client.close()

    def send(self, where: str, method: str, url: str, **parts: Any) -> Answer:
        """The answer to one request, whatever its status; ``parts`` as httpx takes them."""
        try:
            with closing(self._sent(self._client.build_request(method, url, **parts))) as response:
                body = self._read(where, response)
        except httpx.TimeoutException as error:
            what = f"no answer within {self.timeout_s:g} s ({type(error).__name__})"
            raise passing(where, what, "lower page_size, or wait for a quieter server") from error
        except httpx.TransportError as error:
            what = f"the connection failed ({type(error).__name__}: {error})"
            raise passing(where, what, "check that the server is up and reachable") from error
        except httpx.InvalidURL as error:
            fail(where, f"the address cannot be asked ({error})", "correct the address")
        told, self._is_used = http_date(response.headers.get("Date")), True
        if told is not None:
            self.server_time, self._heard = told, monotonic()
        return Answer(where, response, body)

    def _sent(self, request: httpx.Request) -> httpx.Response:
        try:
            return self._client.send(request, stream=True)
        except _CLOSED:
            # a server may close an idle connection just when it is used again: a new one tells
            if not self._is_used:
                raise
            self._is_used = False
            return self._client.send(request, stream=True)

    def json(self, answer: Answer, decoder: msgspec.json.Decoder[Any] | None = None, why: str = "") -> Any:
        """The JSON of an answer of status 2xx; every other status is an error, for the reason ``why``."""
        self.check_status(answer, why)
        kind = answer.response.headers.get("Content-Type", "nothing").partition(";")[0].strip().lower()
        if kind != "application/json" and not kind.endswith("+json"):
            remedy = "the address must lead to the system itself, not to a portal's page"
            fail(answer.where, f"the answer is {kind}, not JSON", remedy)
        try:
            return decoder.decode(answer.body) if decoder else msgspec.json.decode(answer.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            what = "the answer is not readable JSON"
            raise passing(answer.where, what, "look for a proxy that cuts answers") from error

    def check_status(self, answer: Answer, why: str = "") -> None:
        """Raise what a status other than success means."""
        response, status = answer.response, answer.status
        if response.is_success:
            return
        if response.has_redirect_location:
            target = httpx.URL(response.headers["Location"]).host or "itself"
            what = f"it redirects to {target}, which is not followed"
            fail(answer.where, what, "set the final address")
        what = f"HTTP {status} {response.reason_phrase}" + (f" ({why})" if why else "")
        remedy = self.remedies.get(status) or _REMEDIES.get(status, "see the server's log")
        if status in self.transient:
            raise passing(answer.where, what, remedy, retry_after(response))
        fail(answer.where, what, remedy)

    def _read(self, where: str, response: httpx.Response) -> bytes:
        cap, chunks, size = self.max_bytes, [], 0
        deadline = monotonic() + 3 * self.timeout_s
        for chunk in response.iter_raw():
            if monotonic() > deadline:
                raise passing(where, "the answer trickles in too slowly", "lower page_size")
            chunks.append(chunk)
            size += len(chunk)
            if size > cap:
                fail(where, f"the answer is larger than {cap} bytes", "lower page_size")
        body = b"".join(chunks)
        # a long answer claims gzip even where a gateway made the server send it plain
        if response.headers.get("Content-Encoding", "identity") == "identity":
            return body
        return _unpack(where, body, cap) if body.startswith(_GZIP_MAGIC) else body


def _unpack(where: str, body: bytes, cap: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        text = unpacker.decompress(body, cap + 1)
    except zlib.error as error:
        what = "the answer's gzip is damaged"
        raise passing(where, what, "look for a proxy that changes answers") from error
    if len(text) > cap:
        fail(where, f"the answer unpacks to more than {cap} bytes", "lower page_size")
    if not unpacker.eof:
        raise passing(where, "the answer's gzip is cut off", "look for a proxy that cuts answers")
    return text


def passing(where: str, what: str, remedy: str, after: float | None = None) -> RetriableError:
    """Something that may pass by itself."""
    return RetriableError(f"{where}: {what}", remedy=remedy, after=after)


def fail(where: str, what: str, remedy: str) -> Never:
    """Something that needs a person."""
    raise FatalError(f"{where}: {what}", remedy=remedy)


def http_date(text: str | None) -> datetime | None:
    """The instant of an HTTP date; None for anything else."""
    try:
        found = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found


def retry_after(response: httpx.Response) -> float | None:
    """The seconds a server asks to wait, whether it says seconds or an instant of its own clock."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    until, now = http_date(text), http_date(response.headers.get("Date"))
    return max(0.0, (until - now).total_seconds()) if until and now else None
