"""Who we are: tokens fetched, kept, fetched anew and written down, and what is said when that fails."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import TypeAdapter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from collectors.engines.auth import Auth, Signer
from collectors.engines.http import Http
from collectors.errors import CollectorError, ConfigError, FatalError, RetriableError
from sandbox.apis.serving import serving

SECRET = "a-secret-nobody-may-see"
ADAPTER: TypeAdapter[Any] = TypeAdapter(Auth)


class Desk:
    """A token endpoint; ``forms`` and ``headers`` are what it was asked with."""

    def __init__(self) -> None:
        self.forms: list[dict[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.answers: list[Response] = []
        self.life: Any = 3600

    async def __call__(self, request: Request) -> Response:
        body = (await request.body()).decode()
        self.forms.append({name: values[0] for name, values in parse_qs(body).items()})
        self.headers.append(dict(request.headers))
        if self.answers:
            return self.answers.pop(0)
        told = {"access_token": f"token-{len(self.forms)}", "expires_in": self.life}
        if "refresh_token" in self.forms[-1]:
            told["refresh_token"] = f"refresh-{len(self.forms)}"
        return JSONResponse(told)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def url(desk: Desk) -> Iterator[str]:
    async def answer(request: Request) -> Response:
        return await desk(request)

    with serving(Starlette(routes=[Route("/token", answer, methods=["POST"])])) as base:
        yield f"{base}/token"


OPEN: list[Http] = []


def signer(**said: Any) -> Signer:
    OPEN.append(Http(timeout_s=5))
    return Signer("crm", ADAPTER.validate_python(said), OPEN[-1], clock=lambda: 1_790_000_000.0)


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()


def credentials(url: str, **more: Any) -> Signer:
    said = {
        "style": "client_credentials",
        "token_url": url,
        "client_id": "me",
        "client_secret_env": "CRM_SECRET",
    }
    return signer(**said, **more)


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_SECRET", SECRET)


@pytest.mark.parametrize(
    ("said", "header"),
    [
        ({"style": "none"}, {}),
        ({"style": "bearer", "token_env": "CRM_SECRET"}, {"Authorization": f"Bearer {SECRET}"}),
        (
            {"style": "basic", "user": "me", "password_env": "CRM_SECRET"},
            {"Authorization": "Basic " + base64.b64encode(f"me:{SECRET}".encode()).decode()},
        ),
        (
            {"style": "basic_key", "key_env": "CRM_SECRET"},
            {"Authorization": "Basic " + base64.b64encode(f"{SECRET}:x".encode()).decode()},
        ),
        (
            {"style": "basic_key", "key_env": "CRM_SECRET", "password": ""},
            {"Authorization": "Basic " + base64.b64encode(f"{SECRET}:".encode()).decode()},
        ),
        (
            {"style": "header", "name": "X-Key", "value_env": "CRM_SECRET", "prefix": "token "},
            {"X-Key": f"token {SECRET}"},
        ),
    ],
)
def test_what_needs_no_token_endpoint(said: dict[str, str], header: dict[str, str]) -> None:
    assert signer(**said).headers() == header
    assert not signer(**said).renew()


def test_a_token_is_fetched_once_and_again_when_it_is_no_longer_taken(desk: Desk, url: str) -> None:
    found = credentials(url, scope="read", extra={"audience": "all"})

    assert [found.headers()["Authorization"] for _ in range(3)] == ["Bearer token-1"] * 3
    assert found.renew()
    assert found.headers()["Authorization"] == "Bearer token-2"

    assert desk.forms[0] == {
        "grant_type": "client_credentials", "client_id": "me", "client_secret": SECRET, "scope": "read",
        "audience": "all",
    }  # fmt: skip


def test_a_secret_can_travel_as_basic(desk: Desk, url: str) -> None:
    credentials(url, sent="basic").headers()

    assert "client_secret" not in desk.forms[0]
    assert desk.headers[0]["authorization"].startswith("Basic ")


def test_a_token_about_to_end_is_fetched_anew(desk: Desk, url: str) -> None:
    desk.life = 0
    found = credentials(url)

    assert [found.headers()["Authorization"] for _ in range(2)] == ["Bearer token-1", "Bearer token-2"]


def test_a_refresh_token_that_changes_is_written_down(desk: Desk, url: str, tmp_path: Path) -> None:
    file = tmp_path / "refresh"
    file.write_text("refresh-0\n", encoding="utf-8")
    found = signer(style="refresh_token", token_url=url, client_id="me", refresh_token_file=file)

    found.headers()
    found.renew()
    found.headers()

    assert [form["refresh_token"] for form in desk.forms] == ["refresh-0", "refresh-1"]
    assert file.read_text(encoding="utf-8") == "refresh-2"
    assert [path.name for path in tmp_path.iterdir()] == ["refresh"]


@pytest.mark.parametrize(
    ("grant", "place"), [("assertion", "assertion"), ("client_assertion", "client_assertion")]
)
def test_a_claim_is_signed_and_says_who_for_whom_until_when(
    desk: Desk, url: str, tmp_path: Path, grant: str, place: str
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path / "key.pem"
    file.write_bytes(pem)
    found = signer(
        style="signed_claim", token_url=url, issuer="me", subject="ada", audience="them", key_file=file,
        key_id="k1", algorithm="PS256", grant=grant, life_s=120,
    )  # fmt: skip

    assert found.headers() == {"Authorization": "Bearer token-1"}

    claim = desk.forms[0][place]
    told = jwt.decode(
        claim, key.public_key(), algorithms=["PS256"], audience="them", options={"verify_exp": False, "verify_iat": False}
    )  # fmt: skip
    assert (told["iss"], told["sub"], told["exp"] - told["iat"]) == ("me", "ada", 120)
    assert jwt.get_unverified_header(claim)["kid"] == "k1"


def test_a_claim_refused_for_our_wrong_clock_is_made_anew_by_the_servers(
    desk: Desk, url: str, tmp_path: Path
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    file = tmp_path / "key.pem"
    pem = serialization.PrivateFormat.PKCS8
    file.write_bytes(key.private_bytes(serialization.Encoding.PEM, pem, serialization.NoEncryption()))
    refusal = JSONResponse({"error": "invalid_grant"}, 400, {"Date": "Fri, 20 Nov 2026 18:00:00 GMT"})
    desk.answers += [refusal]
    found = signer(style="signed_claim", token_url=url, issuer="me", key_file=file)

    assert found.headers() == {"Authorization": "Bearer token-2"}

    claim = jwt.decode(desk.forms[1]["assertion"], options={"verify_signature": False})
    assert claim["iat"] == int(datetime(2026, 11, 20, 18, tzinfo=UTC).timestamp())
    desk.answers += [refusal]
    found.renew()
    with pytest.raises(FatalError, match="HTTP 400 invalid_grant"):
        found.headers()


def test_a_file_that_is_no_key_is_said_so(url: str, tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_text("not a key", encoding="utf-8")
    found = signer(style="signed_claim", token_url=url, issuer="me", key_file=file)

    with pytest.raises(ConfigError, match=r"crm: auth\.key_file is no private key for RS256\. Remedy: "):
        found.headers()


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (JSONResponse({"error": "invalid_client", "error_description": SECRET}, 401), FatalError, "HTTP 401 invalid_client"),
        (JSONResponse({"error": "invalid_grant"}, 400), FatalError, "HTTP 400 invalid_grant"),
        (Response("<html>", 200, media_type="text/html"), FatalError, "the answer is text/html, not JSON"),
        (JSONResponse({"message": "slow"}, 429, {"Retry-After": "5"}), RetriableError, "HTTP 429"),
        (JSONResponse({"message": "down"}, 503), RetriableError, "HTTP 503"),
        (JSONResponse({"token": "?"}), RetriableError, "holds no access_token"),
    ],
)  # fmt: skip
def test_a_token_that_is_not_given_is_told_without_the_secret(
    desk: Desk, url: str, answer: Response, kind: type[CollectorError], text: str
) -> None:
    desk.answers.append(answer)

    with pytest.raises(kind) as caught:
        credentials(url).headers()

    assert text in str(caught.value)
    assert str(caught.value).startswith("crm: token")
    assert SECRET not in str(caught.value)


def test_a_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRM_SECRET")

    with pytest.raises(ConfigError, match=r"crm: auth\.token_env names CRM_SECRET, which is not set"):
        signer(style="bearer", token_env="CRM_SECRET").headers()


def test_the_servers_clock_goes_on_after_its_last_answer(
    url: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.answers = [JSONResponse({}, 200, {"Date": "Fri, 20 Nov 2026 18:00:00 GMT"})]
    with closing(Http(timeout_s=5)) as http:
        http.send("crm", "POST", url)
        later = time.monotonic() + 600
        monkeypatch.setattr("collectors.engines.http.monotonic", lambda: later)

        assert http.server_clock == pytest.approx(
            datetime(2026, 11, 20, 18, 10, tzinfo=UTC).timestamp(), abs=5
        )
        assert http.server_time == datetime(2026, 11, 20, 18, tzinfo=UTC)
