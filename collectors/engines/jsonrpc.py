"""Tryton's JSON-RPC over HTTP: one call goes out, one result comes back, every other answer is named.

Errors: RetriableError for what may pass by itself (429, 5xx, time-outs, cut answers), FatalError for
what needs a person. No message carries a password, a token or an answer's body.
"""

from __future__ import annotations

import base64
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any, Literal, Never

import httpx
import msgspec
from pydantic import SecretStr

from collectors.errors import CollectorError, FatalError, RetriableError

_GZIP_MAGIC = b"\x1f\x8b"
_UNAUTHORIZED = 401
_TRANSIENT_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
_TRANSIENT_NAMES = frozenset({"ConcurrencyException", "RateLimitException"})
_TRANSIENT_WORDS = ("locked", "deadlock", "could not serialize", "connection", "timeout")
_REMEDIES = {
    _UNAUTHORIZED: "check user and password, and that the user is active",
    403: "give the user the right to call this method",
    404: "check url and database",
    413: "lower page_size",
    503: "check that the server is up and that the database name is right",
}


@dataclass(frozen=True, slots=True)
class RpcAccess:
    """Where a server is and who we are there.

    ``timeout_s`` limits each wait, and three times over a whole answer; ``max_bytes`` an unpacked answer.
    """

    system: str
    url: str
    database: str
    user: str
    password: SecretStr
    login: Literal["session", "basic"] = "session"
    timeout_s: float = 70.0
    max_bytes: int = 64 * 1024 * 1024


@dataclass(slots=True)
class JsonRpc:
    """A signed-in caller of one database. Results stay in wire form, see :mod:`jsonrpc_values`.

    ``server_time`` is the server's own clock in its latest answer, None before one or without one.
    """

    access: RpcAccess
    server_time: datetime | None = None
    _session: str | None = field(default=None, repr=False)
    _http: httpx.Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._http = httpx.Client(
            timeout=httpx.Timeout(self.access.timeout_s, connect=10.0),
            headers={"Accept": "application/json", "Accept-Encoding": "gzip"},
            follow_redirects=False,
        )

    def close(self) -> None:
        """End the session and let go of the sockets."""
        session, self._session = self._session, None
        if session is not None:
            # the server forgets an old session by itself, only later
            with suppress(CollectorError):
                self._post("common.db.logout", (), f"Session {session}")
        self._http.close()

    def call(self, method: str, *params: Any) -> Any:
        """Return a method's result in wire form; a session that has ended is opened again, once."""
        response, body = self._post(method, params, self._authorization())
        if response.status_code == _UNAUTHORIZED and self.access.login == "session":
            self._session = None
            response, body = self._post(method, params, self._authorization())
        return self._result(method, response, body)

    def _authorization(self) -> str:
        access = self.access
        if access.login == "basic":
            return "Basic " + _b64(f"{access.user}:{access.password.get_secret_value()}")
        if self._session is None:
            method = "common.db.login"
            params = (access.user, {"password": access.password.get_secret_value()})
            match self._result(method, *self._post(method, params, None)):
                case [user_id, token, *_]:
                    self._session = _b64(f"{access.user}:{user_id}:{token}")
                case _:
                    self._fail(method, "the server gave no session", "try login = 'basic'")
        return f"Session {self._session}"

    def _post(self, method: str, params: Any, authorization: str | None) -> tuple[httpx.Response, bytes]:
        url = f"{self.access.url}/{self.access.database}/rpc/"
        # Tryton wraps its answer only when the request has exactly these three keys
        content = msgspec.json.encode({"id": 1, "method": method, "params": params})
        headers = {"Content-Type": "application/json"}
        if authorization:
            headers["Authorization"] = authorization
        try:
            with self._http.stream("POST", url, content=content, headers=headers) as response:
                body = self._read(method, response)
        except httpx.TimeoutException as error:
            what = f"no answer within {self.access.timeout_s:g} s ({type(error).__name__})"
            raise self._passing(method, what, "lower page_size, or wait for a quieter server") from error
        except httpx.TransportError as error:
            what = f"the connection failed ({type(error).__name__}: {error})"
            raise self._passing(method, what, "check that the server is up and reachable") from error
        self.server_time = _http_date(response.headers.get("Date")) or self.server_time
        return response, body

    def _read(self, method: str, response: httpx.Response) -> bytes:
        cap, chunks, size = self.access.max_bytes, [], 0
        deadline = monotonic() + 3 * self.access.timeout_s
        for chunk in response.iter_raw():
            if monotonic() > deadline:
                raise self._passing(method, "the answer trickles in too slowly", "lower page_size")
            chunks.append(chunk)
            size += len(chunk)
            if size > cap:
                self._fail(method, f"the answer is larger than {cap} bytes", "lower page_size")
        body = b"".join(chunks)
        # a long answer claims gzip even where a gateway made the server send it plain
        if response.headers.get("Content-Encoding", "identity") == "identity":
            return body
        return self._unpack(method, body, cap) if body.startswith(_GZIP_MAGIC) else body

    def _unpack(self, method: str, body: bytes, cap: int) -> bytes:
        unpacker = zlib.decompressobj(wbits=31)
        try:
            text = unpacker.decompress(body, cap + 1)
        except zlib.error as error:
            what = "the answer's gzip is damaged"
            raise self._passing(method, what, "look for a proxy that changes answers") from error
        if len(text) > cap:
            self._fail(method, f"the answer unpacks to more than {cap} bytes", "lower page_size")
        if not unpacker.eof:
            raise self._passing(method, "the answer's gzip is cut off", "look for a proxy that cuts answers")
        return text

    def _result(self, method: str, response: httpx.Response, body: bytes) -> Any:
        self._check_status(method, response)
        kind = response.headers.get("Content-Type", "nothing").partition(";")[0].strip().lower()
        if kind != "application/json":
            remedy = "url must lead to Tryton itself, not to a portal's page"
            self._fail(method, f"the answer is {kind}, not JSON", remedy)
        try:
            answer = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            what = "the answer is not readable JSON"
            raise self._passing(method, what, "look for a proxy that cuts answers") from error
        if isinstance(answer, dict) and "error" in answer:
            self._raise_error(method, answer["error"])
        if not isinstance(answer, dict) or "result" not in answer:
            self._fail(method, "the answer has neither result nor error", "url must lead to a Tryton server")
        return answer["result"]

    def _check_status(self, method: str, response: httpx.Response) -> None:
        status = response.status_code
        if status == httpx.codes.OK:
            return
        if response.has_redirect_location:
            target = httpx.URL(response.headers["Location"]).host or "itself"
            what = f"it redirects to {target}, which is not followed"
            self._fail(method, what, "set url to the final address")
        what = f"HTTP {status} {response.reason_phrase}"
        remedy = _REMEDIES.get(status, "see the server's log")
        if status in _TRANSIENT_STATUS:
            raise self._passing(method, what, remedy, _retry_after(response))
        self._fail(method, what, remedy)

    def _raise_error(self, method: str, error: Any) -> Never:
        name, detail = [*error, "", ""][:2] if isinstance(error, list) else (error, "")
        said = _plain(detail[0] if isinstance(detail, list) and detail else detail)
        if name in _TRANSIENT_NAMES or any(word in str(name).lower() for word in _TRANSIENT_WORDS):
            raise self._passing(method, f"{_plain(name)} {said}".strip(), "it should pass by itself")
        if name in {"UserError", "UserWarning", "LoginException"}:
            self._fail(method, f"refused: {said}", "check the user's rights")
        remedy = "this needs Tryton 8.2 with the module that has it; leave the stream out otherwise"
        self._fail(method, f"the server failed on {_plain(name)}", remedy)

    def _passing(self, method: str, what: str, remedy: str, after: float | None = None) -> RetriableError:
        return RetriableError(f"{self.access.system}: {method}: {what}", remedy=remedy, after=after)

    def _fail(self, method: str, what: str, remedy: str) -> Never:
        raise FatalError(f"{self.access.system}: {method}: {what}", remedy=remedy)


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _plain(said: Any) -> str:
    return "".join(c if c.isprintable() else " " for c in str(said))[:300]


def _http_date(text: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found


def _retry_after(response: httpx.Response) -> float | None:
    text = response.headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    until, now = _http_date(text), _http_date(response.headers.get("Date"))
    return max(0.0, (until - now).total_seconds()) if until and now else None
