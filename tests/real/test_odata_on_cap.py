"""The OData engine against a real server, in both versions: every row, every change, every digit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from collectors.contract import Connection, Page
from collectors.decode import decode
from collectors.discovery import systems
from collectors.errors import FatalError
from collectors.runner import Configured, Outcome, Runner, connected
from queries import polls
from queries.rows import Source
from queries.schema import RECORD_TABLES
from queries.store import migrate, open_engine, reading, writing
from tests.real.invoices import BILLING, DOCUMENT, FINANCE, LATER, MORNING, document, numbered
from tests.real.odata import PASSWORD, USER, Odata, Program, served

pytestmark = pytest.mark.real

COUNT = 250
NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)
INVOICE: dict[str, Any] = {
    "entity": DOCUMENT,
    "version": "LastChangeDateTime",
    "sweep": True,
    "fields": {
        "id": "BillingDocument",
        "number": "BillingDocument",
        "issued_on": "BillingDocumentDate",
        "status": {"column": "BillingDocumentIsCancelled", "values": {"true": "void", "false": "posted"}},
        "currency": "TransactionCurrency",
        "amount": "TotalNetAmount",
    },
}
LINE: dict[str, Any] = {
    "entity": DOCUMENT,
    "lines": "to_Item",
    "key": "BillingDocument",
    "changed": "LastChangeDateTime",
    "sweep": True,
    "fields": {
        "id": {"template": "{BillingDocument}:{BillingDocumentItem}"},
        "source_updated_at": {"path": "_parent.LastChangeDateTime"},
        "invoice_id": {"path": "_parent.BillingDocument"},
        "project_id": "WBSElement",
        "currency": {"path": "_parent.TransactionCurrency"},
        "amount": "NetAmount",
    },
}
Opened = Callable[[dict[str, Any]], Connection]
both = pytest.mark.parametrize("version", [2, 4])


@pytest.fixture(scope="module")
def erp(odata: Odata) -> Odata:
    """Two hundred and fifty invoices in two moments: many rows share a stamp, as after a billing run."""
    documents = [document(number) for number in range(COUNT)]
    odata.load(BILLING, DOCUMENT, documents[:150], at=MORNING)
    odata.load(BILLING, DOCUMENT, documents[150:], at=LATER)
    return odata


@pytest.fixture(scope="module")
def small(odata_program: Program, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Odata]:
    """A server with two rows on a page."""
    with served(odata_program, tmp_path_factory.mktemp("small"), page=2) as server:
        yield server


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """Opens a configured service; all are closed at the end."""
    monkeypatch.setenv("ERP_PASSWORD", PASSWORD)
    kind = systems()["odata"]
    with ExitStack() as stack:

        def connect(told: dict[str, Any]) -> Connection:
            connection = kind.connect("erp", kind.settings.model_validate(told))
            stack.callback(connection.close)
            return connection

        yield connect


def settings(server: Odata, version: int, streams: dict[str, Any], **more: Any) -> dict[str, Any]:
    """How the service is configured."""
    root = (server.v2 if version == 2 else server.v4)(BILLING)
    auth = {"style": "basic", "user": USER, "password_env": "ERP_PASSWORD"}
    return {"root": root, "odata": version, "auth": auth, "streams": streams, **more}


def pages(connection: Connection, since: str | None = None, now: datetime = NOW) -> list[Page]:
    (stream,) = connection.streams()
    return list(connection.pages(stream, since, now))


def records(connection: Connection, found: list[Page]) -> dict[str, Any]:
    """The records on these pages, by id."""
    (stream,) = connection.streams()
    decoded = [decode(stream, Source("erp"), page.rows) for page in found]
    assert [reject.reason for one in decoded for reject in one.rejects] == []
    return {record.id: record for one in decoded for record in one.records}


@both
@pytest.mark.parametrize("paging", ["links", "skip"])
def test_every_invoice_is_read_once_to_the_last_digit(
    erp: Odata, version: int, paging: str, opened: Opened
) -> None:
    connection = opened(settings(erp, version, {"invoice": INVOICE}, paging=paging, page_size=80))
    found = pages(connection)

    held = records(connection, found)
    assert sorted(held) == numbered(0, COUNT)
    assert sum(len(page.rows) for page in found) == COUNT
    assert sum(record.amount for record in held.values()) == sum(
        Decimal(number) + Decimal("0.125") for number in range(COUNT)
    )
    one = held[numbered(7, 8)[0]]
    assert (one.issued_on, one.amount, one.status) == (date(2026, 10, 31), Decimal("7.125"), "posted")
    assert (one.source_updated_at, held[numbered(200, 201)[0]].source_updated_at) == (MORNING, LATER)
    assert (found[-1].truncated, found[-1].complete_through) == (False, NOW - timedelta(minutes=1))


@both
def test_a_second_poll_asks_for_what_changed_since_and_no_more(
    erp: Odata, version: int, opened: Opened
) -> None:
    connection = opened(settings(erp, version, {"invoice": {**INVOICE, "settle": "0s", "overlap": "0s"}}))
    first = pages(connection, now=LATER)
    assert sorted(records(connection, first)) == numbered(0, 150)

    second = pages(connection, first[-1].position, NOW)
    third = pages(connection, second[-1].position, NOW + HOUR)

    assert sorted(records(connection, second)) == numbered(150, COUNT)
    assert [len(page.rows) for page in third if page.rows] == []


@both
def test_lines_come_with_their_invoice_and_are_dated_by_it(erp: Odata, version: int, opened: Opened) -> None:
    connection = opened(settings(erp, version, {"invoice_line": LINE}))
    found = pages(connection)

    held = records(connection, found)
    name = numbered(7, 8)[0]
    line = held[f"{name}:000010"]
    assert len(held) == COUNT
    assert (line.invoice_id, line.project_id, line.currency, line.amount) == (
        name,
        "PRJ.1.1",
        "EUR",
        Decimal("7.125"),
    )
    assert line.source_updated_at == MORNING
    assert not found[-1].truncated


@both
def test_a_day_says_what_changed_where_nothing_better_does(erp: Odata, version: int, opened: Opened) -> None:
    by_day = {**INVOICE, "version": "BillingDocumentDate", "types": {"BillingDocumentDate": "Date"}}
    connection = opened(settings(erp, version, {"invoice": {**by_day, "start": "2026-10-31T20:00:00Z"}}))
    later = opened(settings(erp, version, {"invoice": {**by_day, "start": "2026-11-02T00:00:00Z"}}))

    assert len(records(connection, pages(connection))) == COUNT
    assert records(later, pages(later)) == {}


@both
def test_a_year_is_read_in_pieces(erp: Odata, version: int, opened: Opened) -> None:
    told = {"invoice": {**INVOICE, "window": "1h", "start": "2026-11-02T07:30:00Z", "settle": "0s"}}
    connection = opened(settings(erp, version, told))
    found = pages(connection, now=LATER + HOUR)

    assert sorted(records(connection, found)) == numbered(0, COUNT)
    assert [len(page.rows) for page in found if page.rows] == [100, 50, 100]


def test_next_links_to_the_servers_own_name_are_asked_of_the_configured_one(
    erp: Odata, opened: Opened
) -> None:
    told = settings(erp, 2, {"invoice": INVOICE})
    connection = opened({**told, "root": told["root"].replace("localhost", "127.0.0.1")})

    assert sorted(records(connection, pages(connection))) == numbered(0, COUNT)


def test_decimals_written_as_text_are_the_same(
    odata_program: Program, tmp_path: Path, opened: Opened
) -> None:
    with served(odata_program, tmp_path, decimals_as_text=True) as server:
        server.load(BILLING, DOCUMENT, [document(7)], at=MORNING)
        connection = opened(settings(server, 4, {"invoice": INVOICE}))
        (held,) = records(connection, pages(connection)).values()

    assert held.amount == Decimal("7.125")


@both
def test_a_row_that_moves_between_two_pages_costs_completeness_and_is_found(
    small: Odata, version: int, opened: Opened
) -> None:
    """The server then skips another row without a word: only the count tells."""
    first = 1000 * version
    small.load(BILLING, DOCUMENT, [document(number) for number in range(first, first + 6)], at=MORNING)
    mine = f"BillingDocument ge '{numbered(first, first + 1)[0]}' and BillingDocument le '{numbered(first + 5, first + 6)[0]}'"
    connection = opened(settings(small, version, {"invoice": {**INVOICE, "filter": mine}}))
    (stream,) = connection.streams()
    coming = connection.pages(stream, None, NOW)
    seen = [next(coming)]
    small.change(
        BILLING, DOCUMENT, {"BillingDocument": numbered(first, first + 1)[0]}, {"CompanyCode": "1010"}, at=NOW
    )
    seen += list(coming)

    assert numbered(first + 2, first + 3)[0] not in records(connection, seen)
    assert seen[-1].truncated
    again = pages(connection, seen[-1].position, NOW + HOUR)
    assert sorted(records(connection, again)) == numbered(first, first + 6)
    assert (again[-1].truncated, again[-1].complete_through) == (False, NOW + HOUR - timedelta(minutes=1))


@both
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"filter": "Nope eq 1"},
            r'HTTP 400 .*400: Property "Nope" does not exist in',
        ),
        ({"entity": "A_Nope"}, r"HTTP 40[04] [^(]+ \(40[04]: "),
        ({"filter": "TotalNetAmount ~ 3"}, "HTTP 400 Bad Request"),
    ],
)
def test_what_the_server_refuses_is_told_in_its_words(
    erp: Odata, version: int, change: dict[str, Any], said: str, opened: Opened
) -> None:
    connection = opened(settings(erp, version, {"invoice": {**INVOICE, **change}}))

    with pytest.raises(FatalError, match=rf"^erp/invoice: {said}") as caught:
        pages(connection)
    assert PASSWORD not in str(caught.value)


@both
def test_a_wrong_password_is_no_empty_service(
    erp: Odata, version: int, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERP_PASSWORD", PASSWORD[::-1])

    with pytest.raises(FatalError, match=r"HTTP 401 Unauthorized\. Remedy: check the credentials"):
        pages(opened(settings(erp, version, {"invoice": INVOICE})))


def test_finance_of_every_company_is_read_with_a_parameter_of_its_own(erp: Odata, opened: Opened) -> None:
    rows = [
        {"dataAreaId": company, "ProjectId": "104", "ProjectName": company} for company in ("usmf", "gbsi")
    ]
    erp.load(FINANCE, "ProjectsV2", rows)
    project = {
        "entity": "ProjectsV2",
        "fields": {
            "id": {"template": "{dataAreaId}:{ProjectId}"},
            "name": "ProjectName",
            "status": {"constant": "active"},
        },
    }
    told = {"root": erp.v4(FINANCE), "streams": {"project": project}}
    every = opened({**told, "params": {"cross-company": True}})
    own = opened(told)

    assert sorted(records(every, pages(every))) == ["gbsi:104", "usmf:104"]
    assert sorted(records(own, pages(own))) == ["usmf:104"]


@both
def test_a_day_of_a_real_server_in_the_store(
    small: Odata, version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Filled, left alone, changed, removed: each poll brings what happened, and nothing else."""
    monkeypatch.setenv("ERP_PASSWORD", PASSWORD)
    first = 5000 + 100 * version
    names = numbered(first, first + 5)
    small.load(BILLING, DOCUMENT, [document(number) for number in range(first, first + 5)], at=MORNING)
    stream = {**INVOICE, "filter": f"BillingDocument ge '{names[0]}' and BillingDocument le '{names[-1]}'"}
    poll = polling(settings(small, version, {"invoice": stream}), tmp_path)

    assert (poll(NOW).progress.changed, poll(NOW + HOUR).progress.changed) == (5, 0)

    small.change(BILLING, DOCUMENT, {"BillingDocument": names[1]}, {"TotalNetAmount": "9.5"}, at=NOW + HOUR)
    small.remove(BILLING, DOCUMENT, {"BillingDocument": names[3]})
    outcome = poll(NOW + 30 * HOUR)

    assert (outcome.outcome, outcome.progress.changed) == ("ok", 1)
    assert stored(tmp_path) == {
        name: (950 if name == names[1] else None, name == names[3])
        for name in names
        if name in {names[1], names[3]}
    }


def polling(told: dict[str, Any], folder: Path) -> Callable[[datetime], Outcome]:
    """Polls of the service into a store in the folder, each at a time."""
    engine = open_engine(f"sqlite:///{folder / 'store.db'}")
    migrate(engine)
    kind = systems()["odata"]
    chosen = kind.settings.model_validate(told)
    source = Configured("erp", kind, chosen, Source("erp"), ("erp",), ("*",), HOUR / 12, HOUR)
    with writing(engine) as store:
        polls.configure(store, [polls.StreamConfig("erp", "invoice", "invoice", HOUR / 12, HOUR)], [])

    def poll(now: datetime) -> Outcome:
        with connected(source) as connection:
            (stream,) = connection.streams()
            return Runner(engine, lambda: now, lambda *_: None, "here:1").poll(source, stream, connection)

    return poll


def stored(folder: Path) -> dict[str, tuple[int | None, bool]]:
    """The amounts that were changed since the beginning, and what is deleted, by id."""
    table = RECORD_TABLES["invoice"]
    with reading(open_engine(f"sqlite:///{folder / 'store.db'}")) as store:
        rows = store.execute(select(table.c.id, table.c.amount, table.c.deleted_at)).all()
    return {
        row[0]: (None if row[2] is not None else row[1], row[2] is not None)
        for row in rows
        if row[2] is not None or row[1] == 950
    }
