"""Invoices for the OData server, and its pages read as plainly as can be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any
from urllib.parse import urljoin

from tests.real.odata import Odata

BILLING = "API_BILLING_DOCUMENT_SRV"
DOCUMENT = "A_BillingDocument"
FINANCE = "data"
MORNING = datetime(2026, 11, 2, 8, tzinfo=UTC)
LATER = MORNING + timedelta(hours=1)


def document(number: int) -> dict[str, Any]:
    """An invoice with one line, as it is put in."""
    name = f"{90000000 + number:010}"
    amount = Decimal(number) + Decimal("0.125")
    return {
        "BillingDocument": name,
        "BillingDocumentDate": date(2026, 10, 31),
        "CreationTime": "23:30:00",
        "BillingDocumentIsCancelled": False,
        "TotalNetAmount": amount,
        "TransactionCurrency": "EUR",
        "to_Item": [{"BillingDocumentItem": "000010", "NetAmount": amount, "WBSElement": "PRJ.1.1"}],
    }


def pages_v4(server: Odata, address: str, **query: str) -> Iterator[list[Any]]:
    """Every page of an answer in OData V4; each next one is asked for only when it is wanted."""
    answer = server.get(address, **query)
    while True:
        body = answer.raise_for_status().json()
        yield body["value"]
        if "@odata.nextLink" not in body:
            return
        answer = server.client.get(urljoin(str(answer.url), body["@odata.nextLink"]))


def pages_v2(server: Odata, address: str, **query: str) -> Iterator[list[Any]]:
    """Every page of an answer in OData V2."""
    body = server.get(address, **query).raise_for_status().json()["d"]
    yield body["results"]
    while "__next" in body:
        body = server.client.get(body["__next"]).raise_for_status().json()["d"]
        yield body["results"]


def flat(pages: Iterable[list[Any]]) -> list[Any]:
    """The rows of all these pages."""
    return list(chain.from_iterable(pages))


def names(rows: list[Any]) -> list[str]:
    """The numbers of these invoices."""
    return [row["BillingDocument"] for row in rows]


def numbered(start: int, stop: int) -> list[str]:
    """The numbers of the invoices from one to before another."""
    return [document(number)["BillingDocument"] for number in range(start, stop)]
