"""How a caller proves who it is: the usual ways, as data, and the token that follows from them.

A token is fetched when it is first needed, and anew before it runs out or when the server no longer
takes it. Tokens and secrets go to the configured hosts only and are never part of a message.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Annotated, Any, Literal
from uuid import uuid4

import jwt
from pydantic import Field

from collectors.engines.http import Answer, Http, fail, passing
from collectors.engines.secrets import secret, secret_file
from collectors.errors import ConfigError
from collectors.mapping import Strict

#: a token this close to its end may not live through the request
_MARGIN_S = 60.0
_DEFAULT_LIFE_S = 3_600.0
_CLIENT_ERRORS = range(400, 500)
_TOO_MANY = 429
#: what a server calls a claim that is not valid (any more, or yet), and a clock that is wrong by then
_INVALID = b"invalid_grant"
_SKEW_S = 30.0
_ONE_AT_A_TIME = Lock()


class NoAuth(Strict):
    """Nobody asks."""

    style: Literal["none"] = "none"


class Bearer(Strict):
    """A token made by hand in the system's own pages."""

    style: Literal["bearer"]
    token_env: str


class Basic(Strict):
    """User and password with every request."""

    style: Literal["basic"]
    user: str
    password_env: str


class BasicKey(Strict):
    """A key that goes as the user of basic authentication, with a ``password`` that says nothing."""

    style: Literal["basic_key"]
    key_env: str
    password: Literal["x", ""] = "x"  # noqa: S105 - no secret, the key is


class HeaderKey(Strict):
    """A key in a header of the system's own, such as ``X-Api-Key``; ``prefix`` stands before it."""

    style: Literal["header"]
    name: str
    value_env: str
    prefix: str = ""


class ClientCredentials(Strict):
    """OAuth 2.0 client credentials; ``sent`` says whether the secret goes in the form or as Basic."""

    style: Literal["client_credentials"]
    token_url: str
    client_id: str
    client_secret_env: str
    scope: str | None = None
    sent: Literal["form", "basic"] = "form"
    extra: dict[str, str] = Field(default_factory=dict)


class RefreshToken(Strict):
    """OAuth 2.0 refresh token kept in a file, which is rewritten when the server gives a new one."""

    style: Literal["refresh_token"]
    token_url: str
    client_id: str
    client_secret_env: str | None = None
    refresh_token_file: Path
    sent: Literal["form", "basic"] = "form"
    extra: dict[str, str] = Field(default_factory=dict)


class SignedClaim(Strict):
    """OAuth 2.0 with a signed claim (JWT): ``assertion`` for a user, ``client_assertion`` for the client.

    ``key_file`` is the private key in PEM, ``key_id`` the certificate's id at the server.
    """

    style: Literal["signed_claim"]
    token_url: str
    issuer: str
    key_file: Path
    subject: str | None = None
    audience: str | None = None
    algorithm: Literal["RS256", "PS256", "ES256"] = "RS256"
    key_id: str | None = None
    grant: Literal["assertion", "client_assertion"] = "assertion"
    scope: str | None = None
    life_s: Annotated[int, Field(ge=30, le=3_600)] = 180
    extra_claims: dict[str, str] = Field(default_factory=dict)


Auth = Annotated[
    NoAuth | Bearer | Basic | BasicKey | HeaderKey | ClientCredentials | RefreshToken | SignedClaim,
    Field(discriminator="style"),
]

_OAUTH_ERRORS = ("invalid_client", "invalid_grant", "invalid_scope", "unauthorized_client", "invalid_request")
_ASSERTION = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_CLIENT_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(slots=True)
class Signer:
    """Puts the proof on each request. ``system`` is the configured name, ``clock`` real time for claims."""

    system: str
    auth: Auth
    http: Http
    clock: Callable[[], float] = time.time
    _token: str | None = field(default=None, repr=False)
    _ends: float = 0.0

    def headers(self) -> dict[str, str]:
        """The headers that say who we are."""
        auth, where = self.auth, f"{self.system}: auth"
        match auth:
            case NoAuth():
                return {}
            case Bearer():
                return {"Authorization": f"Bearer {secret(f'{where}.token_env', auth.token_env)}"}
            case Basic():
                password = secret(f"{where}.password_env", auth.password_env)
                return {"Authorization": _basic(auth.user, password)}
            case BasicKey():
                key = secret(f"{where}.key_env", auth.key_env)
                return {"Authorization": _basic(key, auth.password)}
            case HeaderKey():
                return {auth.name: auth.prefix + secret(f"{where}.value_env", auth.value_env)}
            case _:
                return {"Authorization": f"Bearer {self._current()}"}

    def hidden(self) -> set[str]:
        """What must never be shown: the token, and the secrets it was made of."""
        variables = [held for name, held in self.auth if name.endswith("_env") and held]
        return {self._token or "", *(secret(f"{self.system}: auth", name) for name in variables)} - {""}

    def renew(self) -> bool:
        """Forget a token the server no longer takes; false where there is none to fetch anew."""
        if isinstance(self.auth, ClientCredentials | RefreshToken | SignedClaim):
            self._token = None
            return True
        return False

    def _current(self) -> str:
        if self._token is None or time.monotonic() > self._ends:
            told = self._fetch()
            self._token = str(told["access_token"])
            life = _seconds(told.get("expires_in"))
            self._ends = time.monotonic() + max(life - _MARGIN_S, life / 2)
        return self._token

    def _fetch(self) -> dict[str, Any]:
        # a refresh token may be good for one use: two polls must not spend the same one
        with _ONE_AT_A_TIME if isinstance(self.auth, RefreshToken) else nullcontext():
            return self._fetched()

    def _fetched(self) -> dict[str, Any]:
        where, known = f"{self.system}: token", self.http.server_time
        answer = self._asked(where)
        if known is None and _INVALID in answer.body and self._is_skewed():
            # the claim went by our clock, not knowing the server's: by now we do
            answer = self._asked(where)
        if answer.status in _CLIENT_ERRORS and answer.status != _TOO_MANY:
            fail(where, f"refused: {_said(answer)}", "check the credentials under auth")
        told = self.http.json(answer)
        if not isinstance(told, dict) or not told.get("access_token"):
            raise passing(where, "the answer holds no access_token", "check token_url")
        if isinstance(self.auth, RefreshToken) and told.get("refresh_token"):
            _keep(self.auth.refresh_token_file, str(told["refresh_token"]))
        return told

    def _asked(self, where: str) -> Answer:
        form, headers = self._form()
        return self.http.send(where, "POST", _token_url(self.auth), data=form, headers=headers)

    def _is_skewed(self) -> bool:
        """Whether a claim signed by our own clock may have been refused for that alone."""
        return isinstance(self.auth, SignedClaim) and abs(self._server_clock() - self.clock()) > _SKEW_S

    def _form(self) -> tuple[dict[str, str], dict[str, str]]:
        auth, where = self.auth, f"{self.system}: auth"
        match auth:
            case ClientCredentials():
                password = secret(f"{where}.client_secret_env", auth.client_secret_env)
                form = {"grant_type": "client_credentials", **auth.extra}
                return _with_client(_scoped(form, auth.scope), auth.client_id, password, auth.sent)
            case RefreshToken():
                held = secret_file(f"{where}.refresh_token_file", auth.refresh_token_file)
                form = {"grant_type": "refresh_token", "refresh_token": held, **auth.extra}
                variable = auth.client_secret_env
                password = secret(f"{where}.client_secret_env", variable) if variable else ""
                return _with_client(form, auth.client_id, password, auth.sent)
            case SignedClaim():
                claim = self._claim(auth)
                if auth.grant == "assertion":
                    return _scoped({"grant_type": _ASSERTION, "assertion": claim}, auth.scope), {}
                form = {"grant_type": "client_credentials", "client_assertion_type": _CLIENT_ASSERTION}
                return _scoped({**form, "client_assertion": claim}, auth.scope), {}
            case _:
                raise TypeError(f"{type(auth).__name__} needs no token")

    def _claim(self, auth: SignedClaim) -> str:
        key, now = secret_file(f"{self.system}: auth.key_file", auth.key_file), self._server_clock()
        claims = {
            "iss": auth.issuer,
            "sub": auth.subject or auth.issuer,
            "aud": auth.audience or auth.token_url,
            "iat": int(now),
            "exp": int(now) + auth.life_s,
            "jti": uuid4().hex,
            **auth.extra_claims,
        }
        try:
            headers = {"kid": auth.key_id} if auth.key_id else None
            return jwt.encode(claims, key, algorithm=auth.algorithm, headers=headers)
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            what = f"{self.system}: auth.key_file is no private key for {auth.algorithm}"
            raise ConfigError(what, remedy="name the private key in PEM, without a passphrase") from error

    def _server_clock(self) -> float:
        # a claim is judged by the server's clock: where that is known, it is the one to go by
        known = self.http.server_clock
        return self.clock() if known is None else known


def _token_url(auth: Auth) -> str:
    assert isinstance(auth, ClientCredentials | RefreshToken | SignedClaim)
    return auth.token_url


def _scoped(form: dict[str, str], scope: str | None) -> dict[str, str]:
    return {**form, "scope": scope} if scope else form


def _with_client(
    form: dict[str, str], client: str, password: str, sent: str
) -> tuple[dict[str, str], dict[str, str]]:
    if sent == "basic":
        return form, {"Authorization": _basic(client, password)}
    return {**form, "client_id": client, **({"client_secret": password} if password else {})}, {}


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _seconds(told: Any) -> float:
    try:
        return float(told)
    except (TypeError, ValueError):
        return _DEFAULT_LIFE_S


def _said(answer: Answer) -> str:
    """The error's own name, as OAuth 2.0 gives it; its description may repeat what was sent."""
    text = answer.body[:2_000].decode("utf-8", "replace")
    named = next((name for name in _OAUTH_ERRORS if name in text), answer.response.reason_phrase)
    return f"HTTP {answer.status} {named}"


def _keep(path: Path, token: str) -> None:
    """Replace the refresh token in one step: the old one is void by now, and half a file would be none."""
    beside = path.with_name(f"{path.name}.new")
    beside.touch(mode=0o600)
    beside.write_text(token, encoding="utf-8")
    beside.replace(path)
