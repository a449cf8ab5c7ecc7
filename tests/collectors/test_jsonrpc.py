from __future__ import annotations

import base64
import gzip
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from pydantic import SecretStr

from collectors.engines.jsonrpc import JsonRpc, RpcAccess
from collectors.errors import CollectorError, FatalError, RetriableError
from tests.collectors.replies import Reply, Server, failed, raw, said, serving

SECRET = "correct horse"  # pragma: allowlist secret
SIGNED_IN = said([7, "token-1", None])
HTML = {"Content-Type": "text/html; charset=utf-8"}

Connect = Callable[..., JsonRpc]


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as found:
        yield found


@pytest.fixture
def connect(server: Server) -> Iterator[Connect]:
    opened: list[JsonRpc] = []

    def open_(**changes: object) -> JsonRpc:
        access = RpcAccess("erp", server.url, "firm", "reader", SecretStr(SECRET), "basic", timeout_s=2.0)
        opened.append(JsonRpc(replace(access, **changes)))  # type: ignore[arg-type]
        return opened[-1]

    yield open_
    for rpc in opened:
        rpc.close()


def failure(rpc: JsonRpc) -> CollectorError:
    with pytest.raises(CollectorError) as caught:
        rpc.call("model.sale.sale.search_read", [])
    return caught.value


def test_a_call_carries_exactly_the_three_keys_tryton_wraps_answers_for(
    server: Server, connect: Connect
) -> None:
    server.replies = [said([{"id": 1}])]

    found = connect().call("model.sale.sale.search_read", [], 0, 10)

    assert found == [{"id": 1}]
    assert server.asked[0].path == "/firm/rpc/"
    assert server.asked[0].json == {"id": 1, "method": "model.sale.sale.search_read", "params": [[], 0, 10]}


def test_basic_sends_user_and_password_with_every_call(server: Server, connect: Connect) -> None:
    server.replies = [said(1)]

    connect().call("x")

    expected = base64.b64encode(f"reader:{SECRET}".encode()).decode()
    assert server.asked[0].headers["Authorization"] == f"Basic {expected}"


def test_a_session_is_opened_once_and_used_for_all_calls(server: Server, connect: Connect) -> None:
    server.replies = [SIGNED_IN, said(1), said(2)]
    rpc = connect(login="session")

    assert [rpc.call("a"), rpc.call("b")] == [1, 2]

    assert [asked.json["method"] for asked in server.asked] == ["common.db.login", "a", "b"]
    token = base64.b64encode(b"reader:7:token-1").decode()
    assert {asked.headers["Authorization"] for asked in server.asked[1:]} == {f"Session {token}"}


def test_a_session_is_given_back_in_the_end(server: Server, connect: Connect) -> None:
    server.replies = [SIGNED_IN, said(1), Reply(status=500)]
    rpc = connect(login="session")
    rpc.call("a")

    rpc.close()

    assert server.asked[-1].json["method"] == "common.db.logout"
    assert server.asked[-1].headers["Authorization"] == server.asked[-2].headers["Authorization"]


def test_a_session_that_ended_is_opened_again(server: Server, connect: Connect) -> None:
    server.replies = [SIGNED_IN, Reply(status=401), said([7, "token-2", None]), said("rows")]

    assert connect(login="session").call("a") == "rows"

    token = base64.b64encode(b"reader:7:token-2").decode()
    assert server.asked[-1].headers["Authorization"] == f"Session {token}"


def test_a_user_refused_twice_is_not_tried_for_ever(server: Server, connect: Connect) -> None:
    server.replies = [SIGNED_IN, Reply(status=401), SIGNED_IN, Reply(status=401)]

    error = failure(connect(login="session"))

    assert isinstance(error, FatalError)
    assert "check user and password" in str(error)
    assert len(server.asked) == 4


@pytest.mark.parametrize("login", ["basic", "session"])
def test_a_wrong_password_says_so_after_one_try(server: Server, connect: Connect, login: str) -> None:
    server.replies = [Reply(b"<h1>Unauthorized</h1>", 401, HTML)]

    error = failure(connect(login=login))

    assert isinstance(error, FatalError)
    assert "HTTP 401" in str(error)
    assert len(server.asked) == 1


def test_a_login_without_a_token_is_no_session(server: Server, connect: Connect) -> None:
    server.replies = [said(None)]

    assert "gave no session" in str(failure(connect(login="session")))


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_pass_by_itself_is_worth_another_try(server: Server, connect: Connect, status: int) -> None:
    server.replies = [Reply(b"busy", status, HTML)]

    assert isinstance(failure(connect()), RetriableError)


@pytest.mark.parametrize("status", [400, 403, 404, 413, 422])
def test_what_needs_a_person_stops_the_stream(server: Server, connect: Connect, status: int) -> None:
    server.replies = [Reply(b"<p>no</p>", status, HTML)]

    error = failure(connect())

    assert isinstance(error, FatalError)
    assert f"erp: model.sale.sale.search_read: HTTP {status}" in str(error)


def test_a_pause_asked_for_in_seconds_is_kept(server: Server, connect: Connect) -> None:
    server.replies = [Reply(status=429, headers={"Retry-After": "7"})]

    error = failure(connect())

    assert isinstance(error, RetriableError)
    assert error.after == 7.0


def test_a_pause_asked_for_by_date_is_taken_by_the_servers_own_clock(
    server: Server, connect: Connect
) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    server.replies = [Reply(status=503, headers={"Retry-After": until})]

    error = failure(connect())

    assert isinstance(error, RetriableError)
    assert error.after is not None
    assert 60 < error.after <= 90


def test_a_redirect_leads_nowhere_else(server: Server, connect: Connect) -> None:
    with serving() as other:
        other.replies = [said("stolen")]
        server.replies = [Reply(status=307, headers={"Location": f"{other.url}/firm/rpc/"})]

        error = failure(connect())

        assert isinstance(error, FatalError)
        assert "redirects" in str(error)
        assert other.asked == []


@pytest.mark.parametrize(
    ("reply", "kind", "text"),
    [
        (Reply(b"<html>sign in</html>", 200, HTML), FatalError, "text/html, not JSON"),
        (Reply(b"{}"), FatalError, "nothing, not JSON"),
        (raw(b'{"id": 1, "result": [1, 2'), RetriableError, "not readable JSON"),
        (raw(b""), RetriableError, "not readable JSON"),
        (raw(b'{"result": "\xff\xfe"}'), RetriableError, "not readable JSON"),
        (raw(b'{"result": ' + b"[" * 100_000), RetriableError, "not readable JSON"),
        (raw(b"16"), FatalError, "neither result nor error"),
        (raw(b'{"id": 1}'), FatalError, "neither result nor error"),
        (raw(b"\x1f\x8bnonsense", Content_Encoding="gzip"), RetriableError, "gzip is damaged"),
        (raw(gzip.compress(b'{"result": 1}')[:-6], Content_Encoding="gzip"), RetriableError, "cut off"),
        (raw(b"\x8b\x03", Content_Encoding="br"), RetriableError, "not readable JSON"),
    ],
)
def test_a_bad_answer_is_named(
    server: Server, connect: Connect, reply: Reply, kind: type[CollectorError], text: str
) -> None:
    server.replies = [reply]

    error = failure(connect())

    assert isinstance(error, kind)
    assert text in str(error)


def test_gzip_is_unpacked(server: Server, connect: Connect) -> None:
    server.replies = [raw(gzip.compress(b'{"id": 1, "result": "long"}'), Content_Encoding="gzip")]

    assert connect().call("x") == "long"
    assert server.asked[0].headers["Accept-Encoding"] == "gzip"


def test_plain_json_that_claims_to_be_gzip_is_read(server: Server, connect: Connect) -> None:
    server.replies = [raw(b'{"id": 1, "result": "long"}', Content_Encoding="gzip")]

    assert connect().call("x") == "long"


@pytest.mark.parametrize(
    "reply",
    [raw(b" " * 5000), raw(gzip.compress(b" " * 5_000_000), Content_Encoding="gzip")],
    ids=["plain", "unpacked"],
)
def test_an_answer_too_large_is_not_read_to_its_end(server: Server, connect: Connect, reply: Reply) -> None:
    server.replies = [reply]

    error = failure(connect(max_bytes=1000 if reply.body[:1] == b" " else 10_000))

    assert isinstance(error, FatalError)
    assert "lower page_size" in str(error)


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (("UserError", ["No access to invoices.", "", None]), FatalError, "refused: No access to invoices."),
        (("ConcurrencyException", "Records were modified"), RetriableError, "Records were modified"),
        (("database is locked", ""), RetriableError, "database is locked"),
        (("'nope.nope'", ""), FatalError, "failed on 'nope.nope'"),
        ((), FatalError, "the server failed"),
    ],
)
def test_an_error_inside_a_good_answer_is_an_error(
    server: Server, connect: Connect, error: tuple[object, ...], kind: type[CollectorError], text: str
) -> None:
    server.replies = [failed(*error)]

    found = failure(connect())

    assert isinstance(found, kind)
    assert text in str(found)


def test_silence_is_a_time_out(server: Server, connect: Connect) -> None:
    server.replies = [Reply(b"{}", pause=0.5)]

    error = failure(connect(timeout_s=0.1))

    assert isinstance(error, RetriableError)
    assert "no answer within 0.1 s" in str(error)


def test_a_trickle_is_cut_off(server: Server, connect: Connect) -> None:
    server.replies = [Reply(b" " * 100, pause=0.05, headers={"Content-Type": "application/json"})]

    error = failure(connect(timeout_s=0.15))

    assert isinstance(error, RetriableError)
    assert "trickles" in str(error)


def test_a_connection_lost_in_the_middle_is_worth_another_try(server: Server, connect: Connect) -> None:
    server.replies = [Reply(b'{"id": 1', headers={"Content-Type": "application/json"}, promise=500)]

    error = failure(connect())

    assert isinstance(error, RetriableError)
    assert "connection failed" in str(error)


def test_nobody_listening_is_worth_another_try(connect: Connect) -> None:
    error = failure(connect(url="http://127.0.0.1:9"))

    assert isinstance(error, RetriableError)
    assert "check that the server is up" in str(error)


def test_the_servers_clock_is_known_after_an_answer(server: Server, connect: Connect) -> None:
    server.replies = [said(1)]
    rpc = connect()

    rpc.call("x")

    assert rpc.server_time is not None
    assert rpc.server_time.tzinfo is not None


@pytest.mark.parametrize(
    "reply", [Reply(b"no", 401, HTML), failed("UserError", ["no", "", None]), Reply(b"x", 500), raw(b"{")]
)
def test_no_error_and_no_description_carries_a_secret(server: Server, connect: Connect, reply: Reply) -> None:
    server.replies = [SIGNED_IN, reply, SIGNED_IN, reply]
    rpc = connect(login="session")

    error = failure(rpc)

    told = f"{error!r} {error} {rpc!r} {rpc.access!r}"

    assert SECRET not in told
    assert "token-1" not in told
    assert base64.b64encode(b"reader:7:token-1").decode() not in told
