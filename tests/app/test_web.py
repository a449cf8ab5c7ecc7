from __future__ import annotations

import csv
import io
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from app import export, web
from collectors.errors import ConfigError
from queries import exceptions
from queries.slices import Slice
from queries.store import open_engine, reading
from queries.types import from_minor
from tests.app.firm import NOW, furnish, stuck
from tests.cast import K1, Cast
from tests.tree import ROOT

FORMULA = '=HYPERLINK("https://evil.example","a"),\'b\''


def played(firm: Cast) -> None:
    """Three exceptions, and a fourth whose names would be formulas."""
    firm.deal("@SUM(1)", name=FORMULA, customer_name="-1+1", legal_entity="UK01", amount="7.10")
    stuck(firm)
    firm.judge(NOW)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnish(tmp_path_factory.mktemp("web"), played, extra='[money]\nreporting_currency = "EUR"\n')


@pytest.fixture(scope="module")
def base(config: Path) -> Iterator[str]:
    """The address of the pages, served by the program as a user starts it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "app", "--config", str(config), "web", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield _answering(f"http://127.0.0.1:{port}", process)
    finally:
        process.terminate()
        process.wait(20)


def _answering(url: str, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"{url}/api/health", timeout=2).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return url
    raise AssertionError("the pages did not come up")


def rows(base: str, **address: str | list[str]) -> list[dict[str, str]]:
    reply = httpx.get(f"{base}/export/exceptions.csv?{urlencode(address, doseq=True)}")
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(reply.content.decode("utf-8-sig"))))


# ---- health ------------------------------------------------------------------------------------------


def test_the_program_is_healthy_and_ready(base: str) -> None:
    assert httpx.get(f"{base}/api/health").json() == {"status": "ok"}
    assert httpx.get(f"{base}/api/ready").json() == {
        "status": "ready", "systems": 7, "systems_fresh": 7, "complete_through": NOW,
    }  # fmt: skip


def test_every_page_is_served(base: str) -> None:
    for path in ("/", "/exceptions?check=x", "/engagement", "/systems"):
        assert "<title>" in httpx.get(base + path).text


# ---- the file of exceptions --------------------------------------------------------------------------


def test_the_file_holds_the_rows_of_the_page(base: str, config: Path) -> None:
    with reading(open_engine(f"sqlite:///{config.parent / 'sightglass.db'}")) as connection:
        expected = exceptions.page(connection, Slice(), limit=100)

    found = rows(base)
    assert [row["id"] for row in found] == [row["id"] for row in expected]
    assert [(row["amount"], row["currency"]) for row in found] == [
        (str(from_minor(row["amount_minor"], row["currency"])), row["currency"]) for row in expected
    ]


def test_the_file_keeps_the_filters_of_the_address(base: str) -> None:
    assert len(rows(base)) == 4
    assert {row["check"] for row in rows(base, check=K1)} == {K1}
    assert {row["legal_entity"] for row in rows(base, entity="DE01")} == {"DE01"}
    assert rows(base, q="zebra") == []
    assert len(rows(base, sev=["critical", "high", "medium", "low"])) == 4


def test_the_file_has_plain_money_and_utc(base: str) -> None:
    (row,) = rows(base, q="Harbour")

    assert (row["amount"], row["currency"]) == ("500000.00", "GBP")
    assert row["since_utc"] == "2026-11-02T12:00:00Z"
    assert row["client_and_deal"] == "Northwind - Harbour"


def test_no_text_of_the_file_is_a_formula(base: str) -> None:
    (row,) = rows(base, q="HYPERLINK")

    assert row["subject_id"] == "'@SUM(1)"
    assert row["client_and_deal"] == f"'-1+1 - {FORMULA}"


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "  =1", "\N{ZERO WIDTH NO-BREAK SPACE}=1"]
)
def test_what_a_spreadsheet_takes_for_a_formula_gets_an_apostrophe(text: str) -> None:
    assert export.harmless(text) == f"'{text}"


@pytest.mark.parametrize(("text", "kept"), [("a=1", "a=1"), ("", ""), (None, ""), ("O'Neill", "O'Neill")])
def test_other_text_stays_as_it_is(text: str | None, kept: str) -> None:
    assert export.harmless(text) == kept


# ---- the browser's rules -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/", "/api/health", "/export/exceptions.csv", "/assets/nav.js", "/static/none"]
)
def test_every_answer_says_what_a_browser_may_do(base: str, path: str) -> None:
    headers = httpx.get(base + path).headers

    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_the_policy_lets_no_script_in_but_our_own(base: str) -> None:
    policy = dict(
        part.split(" ", 1) for part in httpx.get(base).headers["content-security-policy"].split("; ")
    )

    assert "unsafe-inline" not in policy["script-src"]
    assert "unsafe-eval" not in policy["script-src"]
    assert "http" not in " ".join(policy.values())


def test_another_name_for_this_machine_is_refused(base: str) -> None:
    assert httpx.get(f"{base}/export/exceptions.csv", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "sightglass.example"])
def test_pages_without_a_login_are_not_served_beyond_this_machine(config: Path, host: str) -> None:
    with pytest.raises(ConfigError, match="no login"):
        web.serve(config, host, 1)
