from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from collectors.contract import Page, Stream
from collectors.engines.jsonrpc_values import decode, encode
from collectors.errors import ConfigError, FatalError
from collectors.systems.tryton import SYSTEM, TrytonConnection, TrytonSettings
from tests.collectors.replies import Asked, Reply, Server, said, serving

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
START = datetime(2026, 3, 1, 8, tzinfo=UTC)
BASE: dict[str, Any] = {"url": "http://erp.example", "database": "firm", "user": "reader"}
SECRET = "correct horse"  # pragma: allowlist secret

Connect = Callable[..., TrytonConnection]


def rows(*ids: int, minute: int | None = None) -> list[dict[str, Any]]:
    """Periods, one a minute or all in the same one."""
    stamps = [START + timedelta(minutes=i if minute is None else minute) for i in ids]
    return [{"id": i, "last_modified_at": encode(at)} for i, at in zip(ids, stamps, strict=True)]


def erp(*pages: list[Any], **preferences: Any) -> Callable[[Asked], Reply]:
    """A server that hands out these pages, then nothing."""
    left = list(pages)
    context = {"companies": [1, 2], "company_filter": "all"} | preferences

    def answer(asked: Asked) -> Reply:
        if asked.json["method"].endswith("get_preferences"):
            return said(context)
        return said(left.pop(0) if left else [])

    return answer


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as found:
        yield found


@pytest.fixture
def connect(server: Server) -> Iterator[Connect]:
    opened: list[TrytonConnection] = []

    def open_(**settings: Any) -> TrytonConnection:
        keys = BASE | {"url": server.url, "password": SECRET, "login": "basic", "page_size": 2} | settings
        opened.append(TrytonConnection("erp", TrytonSettings.model_validate(keys)))
        return opened[-1]

    yield open_
    for connection in opened:
        connection.close()


def stream(connection: TrytonConnection, name: str = "period") -> Stream:
    return next(found for found in connection.streams() if found.name == name)


def read(connection: TrytonConnection, since: str | None = None, name: str = "period") -> list[Page]:
    return list(connection.pages(stream(connection, name), since, NOW))


def domains(server: Server) -> list[Any]:
    return [asked.json["params"][0] for asked in server.asked if "search" in asked.json["method"]]


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"password": SECRET, "password_env": "X"},
        {"password": SECRET, "url": f"http://reader:{SECRET}@erp.example"},
        {"password": SECRET, "url": "erp.example"},
        {"password": SECRET, "database": "../other"},
        {"password": SECRET, "page_size": 0},
        {"password": SECRET, "omit": ["nothing"]},
        {"password": SECRET, "pasword": SECRET},
        {"password": [SECRET]},
    ],
)
def test_wrong_settings_are_refused_without_telling_the_password(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        TrytonSettings.model_validate(BASE | keys)

    assert SECRET not in str(caught.value)


def test_the_password_may_come_from_the_environment_or_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, server: Server, connect: Connect
) -> None:
    server.answer = erp(rows(1))
    monkeypatch.setenv("ERP_PASSWORD", SECRET)
    (tmp_path / "password").write_text(f"{SECRET}\n")

    read(connect(password=None, password_env="ERP_PASSWORD"))
    read(connect(password=None, password_file=tmp_path / "password"))
    read(connect())

    assert len({asked.headers["Authorization"] for asked in server.asked}) == 1


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("password_env", "NOT_SET_ANYWHERE", "password_env names NOT_SET_ANYWHERE, which is not set"),
        ("password_file", "missing", "password_file cannot be read"),
        ("password_file", "empty", "password_file is empty"),
    ],
)
def test_a_password_that_is_not_there_names_its_key(tmp_path: Path, key: str, value: str, text: str) -> None:
    (tmp_path / "empty").touch()
    place = tmp_path / value if key == "password_file" else value

    with pytest.raises(ConfigError, match=text):
        SYSTEM.connect("erp", TrytonSettings.model_validate(BASE | {key: place}))


def test_a_stream_can_be_left_out(connect: Connect) -> None:
    names = [found.name for found in connect(omit=["allocation"]).streams()]

    assert names == [kind for kind in SYSTEM.records if kind != "allocation"]


def test_every_company_is_read_active_or_not(server: Server, connect: Connect) -> None:
    server.answer = erp(rows(1))

    read(connect())

    context = server.asked[-1].json["params"][-1]
    assert (context["companies"], context["active_test"]) == ([1, 2], False)


def test_a_user_who_would_silently_see_one_company_is_refused(server: Server, connect: Connect) -> None:
    server.answer = erp(rows(1), company_filter="one")

    with pytest.raises(FatalError, match="would see one company of 2"):
        read(connect())


def test_pages_follow_each_other_and_each_says_how_far_it_goes(server: Server, connect: Connect) -> None:
    server.answer = erp(rows(1, 2), rows(3, 4, minute=9), rows(5, minute=9))

    pages = read(connect())

    assert [[row["id"] for row in page.rows] for page in pages] == [[1, 2], [3, 4], [5], []]
    positions = [json.loads(page.position or "") for page in pages]
    assert [(found["t"], found["id"]) for found in positions] == [
        ("2026-03-01T08:02:00Z", 2),
        ("2026-03-01T08:09:00Z", 4),
        ("2026-03-01T08:09:00Z", 5),
        ("2026-03-01T08:09:00Z", 5),
    ]
    at = encode(START + timedelta(minutes=9))
    tied = ["OR", [["last_modified_at", ">", at]], [["last_modified_at", "=", at], ["id", ">", 4]]]
    assert domains(server)[2] == [["type", "=", "standard"], tied]


def test_the_next_poll_reads_a_few_minutes_back_and_never_falls_back(
    server: Server, connect: Connect
) -> None:
    server.answer = erp(rows(9), [], rows(8))
    connection = connect()
    first = read(connection)[-1].position

    again = read(connection, first)

    after = domains(server)[1][1][1][0]
    assert decode(after[2]) == START + timedelta(minutes=4)
    assert json.loads(again[-1].position or "")["id"] == 9


def test_rows_are_read_again_when_what_they_lean_on_changed(server: Server, connect: Connect) -> None:
    server.answer = erp()
    connection = connect()

    first = read(connection, None, "contract_line")[-1].position
    before = len(domains(server))
    read(connection, first, "contract_line")

    leaning = [domain for domain in domains(server) if "sale.last_modified_at" in json.dumps(domain)]
    assert (before, len(leaning)) == (1, 1)


def test_a_fast_clock_of_ours_skips_no_change(server: Server, connect: Connect) -> None:
    server.answer = erp()
    connection = connect()
    ahead = datetime.now(UTC) + timedelta(days=9)

    last = list(connection.pages(stream(connection), None, ahead))[-1]

    assert datetime.fromisoformat(json.loads(last.position or "")["p"]) < ahead - timedelta(days=8)


def test_a_server_that_repeats_itself_is_not_read_for_ever(server: Server, connect: Connect) -> None:
    server.answer = erp(rows(1, 2), rows(1, 2), rows(1, 2))

    with pytest.raises(FatalError, match="repeats a page"):
        read(connect())


@pytest.mark.parametrize(
    "odd", [[{"id": 1}], [{"id": 1, "last_modified_at": None}], [17], {"rows": []}, "gone", None]
)
def test_rows_of_another_shape_stop_the_stream_not_the_program(
    server: Server, connect: Connect, odd: Any
) -> None:
    server.answer = erp(odd, odd, odd)

    with pytest.raises(FatalError, match="unknown shape"):
        read(connect(page_size=1), None, "invoice_line")


def test_a_position_of_another_make_is_refused(server: Server, connect: Connect) -> None:
    server.answer = erp()

    with pytest.raises(FatalError, match="reset the stream"):
        read(connect(), "2026-01-01")


def test_ids_are_asked_for_until_none_is_left(server: Server, connect: Connect) -> None:
    server.answer = erp(list(range(1, 10_001)), [10_007])
    connection = connect()

    found = list(connection.ids(stream(connection)))

    assert (len(found), found[0], found[-1]) == (10_001, "1", "10007")
    assert domains(server)[1] == [["type", "=", "standard"], ["id", ">", 10_000]]
