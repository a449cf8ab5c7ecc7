"""Tryton's JSON-RPC over HTTP: one call goes out, one result comes back, every other answer is named.

Errors: RetriableError for what may pass by itself (429, 5xx, time-outs, cut answers), FatalError for
what needs a person. No message carries a password, a token or an answer's body.
"""

from __future__ import annotations

import base64
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Never

import msgspec
from pydantic import SecretStr

from collectors.engines.http import UNAUTHORIZED, Answer, Http, fail, passing
from collectors.errors import CollectorError

_TRANSIENT_NAMES = frozenset({"ConcurrencyException", "RateLimitException"})
_TRANSIENT_WORDS = ("locked", "deadlock", "could not serialize", "connection", "timeout")
_REMEDIES = {
    UNAUTHORIZED: "check user and password, and that the user is active",
    403: "give the user the right to call this method",
    404: "check url and database",
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
    """A signed-in caller of one database. Results stay in wire form, see :mod:`jsonrpc_values`."""

    access: RpcAccess
    _session: str | None = field(default=None, repr=False)
    _http: Http = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._http = Http(self.access.timeout_s, self.access.max_bytes, remedies=_REMEDIES)

    @property
    def server_time(self) -> datetime | None:
        """The server's own clock in its latest answer, None before one or without one."""
        return self._http.server_time

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
        answer = self._post(method, params, self._authorization())
        if answer.status == UNAUTHORIZED and self.access.login == "session":
            self._session = None
            answer = self._post(method, params, self._authorization())
        return self._result(answer)

    def _authorization(self) -> str:
        access = self.access
        if access.login == "basic":
            return "Basic " + _b64(f"{access.user}:{access.password.get_secret_value()}")
        if self._session is None:
            params = (access.user, {"password": access.password.get_secret_value()})
            answer = self._post("common.db.login", params, None)
            match self._result(answer):
                case [user_id, token, *_]:
                    self._session = _b64(f"{access.user}:{user_id}:{token}")
                case _:
                    fail(answer.where, "the server gave no session", "try login = 'basic'")
        return f"Session {self._session}"

    def _post(self, method: str, params: Any, authorization: str | None) -> Answer:
        url = f"{self.access.url}/{self.access.database}/rpc/"
        # Tryton wraps its answer only when the request has exactly these three keys
        content = msgspec.json.encode({"id": 1, "method": method, "params": params})
        headers = {"Content-Type": "application/json"}
        if authorization:
            headers["Authorization"] = authorization
        where = f"{self.access.system}: {method}"
        return self._http.send(where, "POST", url, content=content, headers=headers)

    def _result(self, answer: Answer) -> Any:
        told = self._http.json(answer)
        if isinstance(told, dict) and "error" in told:
            self._raise_error(answer.where, told["error"])
        if not isinstance(told, dict) or "result" not in told:
            fail(answer.where, "the answer has neither result nor error", "url must lead to a Tryton server")
        return told["result"]

    def _raise_error(self, where: str, error: Any) -> Never:
        name, detail = [*error, "", ""][:2] if isinstance(error, list) else (error, "")
        said = _plain(detail[0] if isinstance(detail, list) and detail else detail)
        if name in _TRANSIENT_NAMES or any(word in str(name).lower() for word in _TRANSIENT_WORDS):
            raise passing(where, f"{_plain(name)} {said}".strip(), "it should pass by itself")
        if name in {"UserError", "UserWarning", "LoginException"}:
            fail(where, f"refused: {said}", "check the user's rights")
        remedy = "this needs Tryton 8.2 with the module that has it; leave the stream out otherwise"
        fail(where, f"the server failed on {_plain(name)}", remedy)


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _plain(said: Any) -> str:
    return "".join(c if c.isprintable() else " " for c in str(said))[:300]
