"""An ERP's own tables, read with nothing but a configuration: the one that stands in the docs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from app.bootstrap import application
from tests.conftest import database_url, plain, server
from tests.real import ledgersmb
from tests.real.conftest import CACHE
from tests.truth import firm

pytestmark = pytest.mark.real

_TEMPLATE = f"sightglass_ledgersmb_{os.getpid()}"
_READER, _PASSWORD = f"sightglass_reader_{os.getpid()}", "demo-secret"
_DATA = Path(__file__).with_name("ledgersmb_firm.sql")
K1, K2 = "project_awaiting_activation", "unbilled_approved_time"
UNSENT = "invoice_not_sent"

Wrong = set[tuple[str, str, str, str]]

#: what is wrong in the firm, counted by hand
WRONG: Wrong = {
    # 8 h and 3 h of 8 are billed (11 x 120), travel bills no time: 5 x 120 + 6.25 x 130
    (K2, "22", "1412.50", "GBP"),
    # 999.90 + 32.9967 rounded to the cent; yesterday's 8 h are not due, 4 h are not billable
    (K2, "23", "1032.90", "EUR"),
    # ordered in full there, but nobody approved the invoice
    (K2, "24", "750.00", "GBP"),
    # billed and taken back
    (K2, "25", "1320.00", "GBP"),
    # 10 h of 20 are billed, at 120 with tax, 100 without
    (K2, "26", "1000.00", "GBP"),
    # 20 x 100 less 10 x 95: what the discount gave away is asked for too
    (K2, "27", "1050.00", "EUR"),
    # sold without a project: 40 x 150 less 10 %, and one travel; the quotation is not sold
    (K1, "302", "5850.00", "EUR"),
    # the drafts themselves: the sum of their lines
    (UNSENT, "203", "750.00", "GBP"),
    (UNSENT, "208", "1000.00", "EUR"),
}


@pytest.fixture(scope="module")
def installed(postgres_url: str) -> Iterator[str]:
    """The name of a LedgerSMB with the firm in it, copied for each test."""
    cache = Path(os.environ.get(CACHE, firm.ROOT / ".cache")) / "ledgersmb"
    sql = ledgersmb.scripts(cache)
    server(postgres_url, f"CREATE DATABASE {_TEMPLATE} TEMPLATE template0")
    server(postgres_url, f"ALTER DATABASE {_TEMPLATE} SET timezone = 'Europe/London'")
    address = plain(database_url(postgres_url, _TEMPLATE))
    ledgersmb.install(address, sql)
    with psycopg.connect(address) as connection:
        connection.execute(_DATA.read_bytes())
        connection.execute(
            f"CREATE ROLE {_READER} LOGIN PASSWORD '{_PASSWORD}';"
            f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {_READER}".encode()
        )
    yield _TEMPLATE
    server(postgres_url, f"DROP DATABASE {_TEMPLATE} WITH (FORCE)")
    server(postgres_url, f"DROP ROLE {_READER}")


@pytest.fixture
def database(postgres_url: str, installed: str) -> Iterator[str]:
    name = f"{installed}_copy"
    server(postgres_url, f"CREATE DATABASE {name} TEMPLATE {installed}")
    server(postgres_url, f"ALTER DATABASE {name} SET timezone = 'Europe/London'")
    yield database_url(postgres_url, name)
    server(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def config(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration of the docs at another address, and a first poll of everything."""
    example = (firm.ROOT / "docs" / "ledgersmb" / "sightglass.toml").read_text(encoding="utf-8")
    address = "postgresql://reader@db.example:5432/ledgersmb"
    assert address in example
    own = make_url(database).set(username=_READER, password=None).render_as_string()
    found = tmp_path / "sightglass.toml"
    found.write_text(example.replace(address, own), encoding="utf-8")
    monkeypatch.setenv("LEDGERSMB_PASSWORD", _PASSWORD)
    firm.poll(found)
    return found


@pytest.fixture
def erp(database: str) -> Callable[[str], None]:
    """A person at work in LedgerSMB."""

    def run(statement: str) -> None:
        with psycopg.connect(plain(database)) as connection:
            connection.execute(statement.encode())

    return run


def wrong(config: Path) -> Wrong:
    return {(check, key, amount, currency) for check, _, _, key, _, amount, currency in firm.found(config)}


def polled(config: Path) -> dict[str, tuple[int, int, int]]:
    """Another poll: rows read, changed and deleted of each stream with a change or a deletion."""
    with application(config) as app:
        outcomes = list(app.poll())
    assert {outcome.outcome for outcome in outcomes} == {"ok"}
    counted = {o.stream: (o.progress.read, o.progress.changed, o.progress.deleted) for o in outcomes}
    return {stream: counts for stream, counts in counted.items() if any(counts[1:])}


def test_what_is_wrong_is_found_and_nothing_else(config: Path) -> None:
    assert wrong(config) == WRONG
    assert firm.drift(config) == {}


def test_billing_in_the_erp_clears_that_finding_and_no_other(
    config: Path, erp: Callable[[str], None]
) -> None:
    erp(
        "INSERT INTO ar (id, invnumber, entity_credit_account, curr, amount, netamount, invoice, approved)"
        " VALUES (209, 'AR-209', 12, 'EUR', 877.97, 877.97, true, false);"
        "INSERT INTO invoice (id, trans_id, parts_id, qty, fxsellprice, sellprice, allocated)"
        " VALUES (410, 209, 1, 10, 99.99, 84.99, 0), (411, 209, 1, 0.33, 99.99, 84.99, 0);"
        "INSERT INTO business_unit_inv (entry_id, class_id, bu_id) VALUES (410, 2, 23), (411, 2, 23);"
        "UPDATE jcitems SET allocated = qty WHERE id IN (105, 106)"
    )
    assert polled(config) == {"invoice": (2, 1, 0), "invoice_line": (3, 2, 0), "time_entry": (13, 2, 0)}
    assert wrong(config) == WRONG, "a draft bills nothing"

    erp("SELECT draft_approve(209)")

    assert polled(config) == {"invoice": (1, 1, 0), "invoice_line": (2, 2, 0)}
    assert wrong(config) == WRONG - {(K2, "23", "1032.90", "EUR")}


def test_approving_the_draft_that_waited_clears_its_time(config: Path, erp: Callable[[str], None]) -> None:
    erp("SELECT draft_approve(203)")
    polled(config)

    assert wrong(config) == WRONG - {(K2, "24", "750.00", "GBP"), (UNSENT, "203", "750.00", "GBP")}


def test_a_poll_without_news_changes_nothing(config: Path) -> None:
    assert polled(config) == {}
    assert wrong(config) == WRONG


def test_what_is_deleted_in_the_erp_is_gone_here(config: Path, erp: Callable[[str], None]) -> None:
    erp(
        "DELETE FROM jcitems WHERE id = 104; DELETE FROM invoice WHERE trans_id = 208; SELECT draft_delete(208)"
    )

    gone = polled(config)

    assert {stream: deleted for stream, (_, _, deleted) in gone.items()} == {
        "time_entry": 1, "invoice": 1, "invoice_line": 1,
    }  # fmt: skip
    gone_too = {(K2, "22", "1412.50", "GBP"), (UNSENT, "208", "1000.00", "EUR")}
    assert wrong(config) == WRONG - gone_too | {(K2, "22", "600.00", "GBP")}
