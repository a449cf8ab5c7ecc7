"""Kind sap against a real server with the names of its services: from what is put in to records."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from collectors.decode import decode
from collectors.discovery import systems
from queries.rows import Source
from tests.real.invoices import BILLING, DOCUMENT, MORNING
from tests.real.odata import PASSWORD, USER, Odata

pytestmark = pytest.mark.real

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
JOURNAL = "YY1_JOURNALENTRYITEM_CDS"
ORDER = {
    "SalesOrder": "42",
    "SoldToParty": "17100001",
    "SalesOrderDate": date(2026, 9, 1),
    "CreationDate": date(2026, 9, 1),
    "TotalNetAmount": Decimal("90000.000"),
    "TransactionCurrency": "EUR",
    "OverallSDProcessStatus": "B",
}
ITEM = {
    "BillingDocumentItem": "10",
    "NetAmount": Decimal("-12500.125"),
    "TransactionCurrency": "KWD",
    "BillingQuantity": Decimal("100.000"),
    "BillingQuantityUnit": "H",
    "WBSElement": "PRJ-ALPHA.1.1",
    "SalesDocument": "42",
    "SalesDocumentItem": "10",
    "BillingPlanItem": "000000",
}
INVOICE = {
    "BillingDocument": "90000001",
    "SDDocumentCategory": "O",
    "BillingDocumentDate": date(2026, 10, 31),
    "CreationDate": date(2026, 10, 31),
    "TotalNetAmount": Decimal("-12500.125"),
    "TransactionCurrency": "KWD",
    "CompanyCode": "1010",
    "AccountingPostingStatus": "C",
    "to_Item": [ITEM],
}
POSTING = {
    "SourceLedger": "0L",
    "CompanyCode": "1010",
    "FiscalYear": "2026",
    "AccountingDocument": "100000001",
    "LedgerGLLineItem": "000002",
    "Ledger": "0L",
    "FiscalPeriod": "010",
    "PostingDate": date(2026, 10, 31),
    "GLAccount": "41000000",
    "WBSElement": "PRJ-ALPHA.1.1",
    "TransactionCurrency": "EUR",
    "AmountInTransactionCurrency": Decimal("-12500.05"),
}


@pytest.fixture(scope="module")
def erp(odata: Odata) -> Odata:
    odata.load("API_SALES_ORDER_SRV", "A_SalesOrder", [ORDER], at=MORNING)
    pro_forma = {**INVOICE, "BillingDocument": "90000002", "SDDocumentCategory": "U", "to_Item": []}
    odata.load(BILLING, DOCUMENT, [INVOICE, pro_forma], at=MORNING)
    rows = [
        POSTING,
        {**POSTING, "Ledger": "2L"},
        {**POSTING, "LedgerGLLineItem": "000001", "GLAccount": "12100000"},
    ]
    odata.load(JOURNAL, "YY1_JournalEntryItem", rows, at=MORNING)
    return odata


@pytest.fixture
def read(erp: Odata, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Reads one stream, with the journal in version 2 or 4."""
    monkeypatch.setenv("SAP_PASSWORD", PASSWORD)
    kind = systems()["sap"]
    opened = []

    def records(stream: str, version: int = 2) -> dict[str, Any]:
        told = {
            "root": erp.address,
            "services": "odata/v2",
            "auth": {"style": "basic", "user": USER, "password_env": "SAP_PASSWORD"},
            "revenue_accounts": ["41000000-41999999"],
            "journal": f"odata/v{version}/{JOURNAL}/YY1_JournalEntryItem",
            "journal_odata": version,
            "start": "2026-06-01T00:00:00Z",
        }
        connection = kind.connect("erp", kind.settings.model_validate(told))
        opened.append(connection)
        (wanted,) = (one for one in connection.streams() if one.name == stream)
        found = [decode(wanted, Source("erp"), page.rows) for page in connection.pages(wanted, None, NOW)]
        assert [reject.reason for one in found for reject in one.rejects] == []
        return {record.id: record for one in found for record in one.records}

    yield records
    for connection in opened:
        connection.close()


def test_an_order_is_a_contract(read: Any) -> None:
    order = read("order")["42"]

    assert (order.status, order.amount, order.currency) == ("active", Decimal("90000.000"), "EUR")
    assert (order.signed_at, order.source_updated_at) == (datetime(2026, 9, 1, tzinfo=UTC), MORNING)


def test_a_credit_note_is_upright_and_a_pro_forma_is_none(read: Any) -> None:
    invoices, lines = read("invoice"), read("invoice_line")

    assert list(invoices) == ["90000001"]
    assert (invoices["90000001"].kind, invoices["90000001"].amount) == ("credit_note", Decimal("12500.125"))
    assert invoices["90000001"].issued_on == date(2026, 10, 31)
    line = lines["90000001:10"]
    assert (line.amount, line.currency, line.hours, line.covers) == (
        Decimal("12500.125"),
        "KWD",
        Decimal(100),
        "time",
    )
    assert (line.project_id, line.contract_line_id, line.milestone_id) == ("PRJ-ALPHA.1.1", "42:10", None)


@pytest.mark.parametrize("version", [2, 4])
def test_revenue_of_one_ledger_and_its_accounts_is_read_with_its_sign(read: Any, version: int) -> None:
    found = read("revenue_line", version)

    assert list(found) == ["1010:2026:100000001:000002"]
    (posting,) = found.values()
    assert (posting.amount, posting.posted_on, posting.period) == (
        Decimal("12500.05"),
        date(2026, 10, 31),
        "2026-010",
    )
