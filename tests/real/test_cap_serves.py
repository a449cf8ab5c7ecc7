"""What OData looks like on the wire, V4 and V2, from a real server: the facts our reading relies on."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.real.invoices import (
    BILLING,
    DOCUMENT,
    FINANCE,
    LATER,
    MORNING,
    document,
    flat,
    names,
    numbered,
    pages_v2,
    pages_v4,
)
from tests.real.odata import PAGE, PASSWORD, USER, Odata, Program, served

pytestmark = pytest.mark.real

COUNT = 250
ROUTE = "LastChangeDateTime,BillingDocument"


@pytest.fixture(scope="module")
def erp(odata: Odata) -> Odata:
    """Two hundred and fifty invoices in two moments: many rows share a stamp, as after a billing run."""
    documents = [document(number) for number in range(COUNT)]
    odata.load(BILLING, DOCUMENT, documents[:150], at=MORNING)
    odata.load(BILLING, DOCUMENT, documents[150:], at=LATER)
    return odata


@pytest.mark.parametrize(
    ("service", "entities"),
    [
        ("API_SALES_ORDER_SRV", "A_SalesOrder A_SalesOrderItem A_SlsOrderItemBillingPlanItem"),
        ("API_SALES_CONTRACT_SRV", "A_SalesContract A_SalesContractItem"),
        (BILLING, "A_BillingDocument A_BillingDocumentItem"),
        ("API_ENTERPRISE_PROJECT_SRV", "A_EnterpriseProject A_EnterpriseProjectElement"),
        ("YY1_JOURNALENTRYITEM_CDS", "YY1_JournalEntryItem"),
        (FINANCE, "PSAActuals ProjInvoiceJournalHeaders ProjInvoiceJournalLines ProjectsV2"),
        (
            "api/data/v9.2",
            "invoicedetails invoices msdyn_actuals msdyn_projects msdyn_timeentries msdyn_transactionconnections salesorderdetails salesorders transactioncurrencies",
        ),
    ],
)
def test_every_service_lists_its_entities_and_each_answers_in_both_versions(
    odata: Odata, service: str, entities: str
) -> None:
    listed = odata.get(odata.v4(service)).json()["value"]

    assert sorted(entry["name"] for entry in listed) == entities.split()
    for entity in entities.split():
        assert "value" in odata.get(odata.v4(f"{service}/{entity}"), top="1").raise_for_status().json()
        assert "results" in odata.get(odata.v2(f"{service}/{entity}"), top="1").raise_for_status().json()["d"]


# --- V4 ---


def test_v4_next_links_lead_to_every_row_once(erp: Odata) -> None:
    found = list(pages_v4(erp, erp.v4(f"{BILLING}/{DOCUMENT}"), orderby=ROUTE))

    assert [len(rows) for rows in found] == [PAGE, PAGE, COUNT - 2 * PAGE]
    assert names(flat(found)) == numbered(0, COUNT)


def test_v4_next_link_is_relative_and_carries_the_question(erp: Odata) -> None:
    body = erp.get(erp.v4(f"{BILLING}/{DOCUMENT}"), orderby=ROUTE, count="true").json()

    assert body["@odata.count"] == COUNT
    link = urlsplit(body["@odata.nextLink"])
    assert (link.scheme, link.netloc, link.path) == ("", "", DOCUMENT)
    assert parse_qs(link.query) == {"$orderby": [ROUTE], "$count": ["true"], "$skiptoken": [str(PAGE)]}


def test_v4_next_links_stop_at_top_and_hide_what_they_count(erp: Odata) -> None:
    address = erp.v4(f"{BILLING}/{DOCUMENT}")

    found = list(pages_v4(erp, address, orderby=ROUTE, top="120"))

    assert [len(rows) for rows in found] == [PAGE, 20]
    link = erp.get(address, orderby=ROUTE, top="120").json()["@odata.nextLink"]
    assert not parse_qs(urlsplit(link).query)["$skiptoken"][0].isdecimal()


def test_v4_a_full_last_page_is_followed_by_an_empty_one(erp: Odata) -> None:
    wanted = f"BillingDocument lt '{numbered(PAGE, PAGE + 1)[0]}'"

    found = list(pages_v4(erp, erp.v4(f"{BILLING}/{DOCUMENT}"), filter=wanted))

    assert [len(rows) for rows in found] == [PAGE, 0]


def test_v4_a_filter_by_stamp_includes_the_rows_of_that_very_moment(erp: Odata) -> None:
    wanted = f"LastChangeDateTime ge {LATER:%Y-%m-%dT%H:%M:%SZ}"

    found = list(pages_v4(erp, erp.v4(f"{BILLING}/{DOCUMENT}"), filter=wanted, orderby=ROUTE))

    assert names(flat(found)) == numbered(150, COUNT)


def test_v4_a_position_is_a_stamp_and_a_key(erp: Odata) -> None:
    stamp, last = f"{MORNING:%Y-%m-%dT%H:%M:%SZ}", numbered(119, 120)[0]
    wanted = (
        f"LastChangeDateTime gt {stamp} or (LastChangeDateTime eq {stamp} and BillingDocument gt '{last}')"
    )

    found = list(pages_v4(erp, erp.v4(f"{BILLING}/{DOCUMENT}"), filter=wanted, orderby=ROUTE))

    assert names(flat(found)) == numbered(120, COUNT)


def test_v4_only_selected_fields_come_with_expanded_items(erp: Odata) -> None:
    [row] = erp.get(
        erp.v4(f"{BILLING}/{DOCUMENT}"),
        select="BillingDocument",
        expand="to_Item($select=BillingDocumentItem,NetAmount)",
        filter="BillingDocument eq '0090000007'",
    ).json()["value"]

    item = {"BillingDocument": "0090000007", "BillingDocumentItem": "000010", "NetAmount": 7.125}
    assert row == {"BillingDocument": "0090000007", "to_Item": [item]}


def test_v4_dates_are_days_and_instants_have_a_zone(erp: Odata) -> None:
    row = erp.get(erp.v4(f"{BILLING}/{DOCUMENT}('0090000007')")).json()

    assert row["BillingDocumentDate"] == "2026-10-31"
    assert row["CreationTime"] == "23:30:00"
    assert row["LastChangeDateTime"] == "2026-11-02T08:00:00.000Z"
    assert row["BillingDocumentIsCancelled"] is False
    assert row["CancelledBillingDocument"] is None


def test_v4_a_decimal_is_a_number_that_must_not_become_a_float(erp: Odata) -> None:
    key = {"dataAreaId": "usmf", "TransId": "PT-1"}
    exact = Decimal("123456789.123456")
    erp.load(FINANCE, "PSAActuals", [key | {"AmountMST": exact}])

    text = erp.get(erp.v4(f"{FINANCE}/PSAActuals(dataAreaId='usmf',TransId='PT-1')")).text

    assert '"AmountMST":123456789.123456' in text
    assert json.loads(text, parse_float=Decimal)["AmountMST"] == exact


def test_composite_keys_of_journal_entries_read_in_both_versions(erp: Odata) -> None:
    key = {
        "SourceLedger": "0L",
        "CompanyCode": "1010",
        "FiscalYear": "2026",
        "AccountingDocument": "0100000001",
        "LedgerGLLineItem": "000002",
        "Ledger": "0L",
    }
    amount = {"TransactionCurrency": "EUR", "AmountInTransactionCurrency": Decimal("-12500.05")}
    erp.load("YY1_JOURNALENTRYITEM_CDS", "YY1_JournalEntryItem", [key | amount])
    place = (
        "YY1_JOURNALENTRYITEM_CDS/YY1_JournalEntryItem("
        + ",".join(f"{n}='{v}'" for n, v in key.items())
        + ")"
    )

    assert erp.get(erp.v4(place)).json()["AmountInTransactionCurrency"] == -12500.05
    assert erp.get(erp.v2(place)).json()["d"]["AmountInTransactionCurrency"] == "-12500.05"


def test_v4_a_decimal_may_be_text(odata_program: Program, tmp_path: Path) -> None:
    with served(odata_program, tmp_path, decimals_as_text=True) as server:
        server.load(BILLING, DOCUMENT, [document(7)])

        row = server.get(server.v4(f"{BILLING}/{DOCUMENT}('0090000007')")).json()

    assert row["TotalNetAmount"] == "7.125"


def test_v4_errors_are_told_in_one_object(erp: Odata) -> None:
    answer = erp.get(erp.v4(f"{BILLING}/{DOCUMENT}"), filter="Nope eq 1")

    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert answer.json()["error"] == {
        "code": "400",
        "message": f'Property "Nope" does not exist in "{BILLING}.{DOCUMENT}"',
        "@Common.numericSeverity": 4,
    }


def test_v4_says_not_found_for_a_row_and_for_an_entity(erp: Odata) -> None:
    row = erp.get(erp.v4(f"{BILLING}/{DOCUMENT}('x')"))
    entity = erp.get(erp.v4(f"{BILLING}/Nope"))

    assert (row.status_code, row.json()["error"]["message"]) == (404, "Not Found")
    assert (entity.status_code, entity.json()["error"]["message"]) == (
        404,
        f'Invalid resource path "{BILLING}.Nope"',
    )


@pytest.mark.parametrize("version", ["v2", "v4"])
def test_a_wrong_password_is_refused_without_json(erp: Odata, version: str) -> None:
    answer = httpx.get(f"{erp.address}/odata/{version}/{BILLING}/{DOCUMENT}", auth=(USER, PASSWORD[::-1]))

    assert (answer.status_code, answer.text) == (401, "Unauthorized")
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Users"'


def test_v4_takes_a_blank_only_as_percent_twenty(erp: Odata) -> None:
    """What HTTP clients make of a blank in parameters by themselves is a plus: V2 reads it, V4 does not."""
    question = "?$filter=BillingDocument+eq+'0090000007'"

    assert erp.client.get(erp.v4(f"{BILLING}/{DOCUMENT}") + question).status_code == httpx.codes.BAD_REQUEST
    assert erp.client.get(erp.v2(f"{BILLING}/{DOCUMENT}") + question).status_code == httpx.codes.OK


def test_a_page_size_asked_for_by_a_header_is_not_promised(erp: Odata) -> None:
    answer = erp.client.get(
        erp.v4(f"{BILLING}/{DOCUMENT}"), headers={"Prefer": "odata.maxpagesize=5"}
    ).raise_for_status()

    assert len(answer.json()["value"]) == PAGE
    assert "Preference-Applied" not in answer.headers


# --- V2 ---


def test_v2_next_links_lead_to_every_row_once(erp: Odata) -> None:
    found = list(pages_v2(erp, erp.v2(f"{BILLING}/{DOCUMENT}"), orderby=ROUTE))

    assert [len(rows) for rows in found] == [PAGE, PAGE, COUNT - 2 * PAGE]
    assert names(flat(found)) == numbered(0, COUNT)


def test_v2_next_link_is_whole_and_the_count_is_text(erp: Odata) -> None:
    body = erp.get(erp.v2(f"{BILLING}/{DOCUMENT}"), orderby=ROUTE, inlinecount="allpages").json()["d"]

    assert body["__count"] == str(COUNT)
    link = urlsplit(body["__next"])
    assert f"{link.scheme}://{link.netloc}{link.path}" == erp.v2(f"{BILLING}/{DOCUMENT}")
    assert parse_qs(link.query)["$skiptoken"] == [str(PAGE)]


def test_v2_next_link_names_another_host_than_was_asked(erp: Odata) -> None:
    asked = erp.v2(f"{BILLING}/{DOCUMENT}").replace("localhost", "127.0.0.1")

    link = erp.get(asked).json()["d"]["__next"]

    assert urlsplit(link).hostname == "localhost"


def test_v2_dates_are_milliseconds_decimals_are_text(erp: Odata) -> None:
    row = erp.get(erp.v2(f"{BILLING}/{DOCUMENT}('0090000007')")).json()["d"]

    assert (
        row["BillingDocumentDate"] == f"/Date({1000 * int(datetime(2026, 10, 31, tzinfo=UTC).timestamp())})/"
    )
    assert row["LastChangeDateTime"] == f"/Date({1000 * int(MORNING.timestamp())}+0000)/"
    assert row["CreationTime"] == "PT23H30M00S"
    assert row["TotalNetAmount"] == "7.125"
    assert row["BillingDocumentIsCancelled"] is False
    assert row["CancelledBillingDocument"] is None


def test_v2_a_row_says_what_it_is_and_what_it_left_out(erp: Odata) -> None:
    row = erp.get(erp.v2(f"{BILLING}/{DOCUMENT}('0090000007')")).json()["d"]

    own = erp.v2(f"{BILLING}/{DOCUMENT}('0090000007')")
    assert row["__metadata"] == {"type": f"{BILLING}.{DOCUMENT}", "uri": own}
    assert row["to_Item"] == {"__deferred": {"uri": f"{own}/to_Item"}}


def test_v2_items_asked_for_come_as_results(erp: Odata) -> None:
    [row] = erp.get(
        erp.v2(f"{BILLING}/{DOCUMENT}"), expand="to_Item", filter="BillingDocument eq '0090000007'"
    ).json()["d"]["results"]

    assert [item["NetAmount"] for item in row["to_Item"]["results"]] == ["7.125"]


@pytest.mark.parametrize(
    "wanted",
    [
        f"LastChangeDateTime ge datetimeoffset'{LATER:%Y-%m-%dT%H:%M:%SZ}'",
        f"LastChangeDateTime gt datetimeoffset'{MORNING:%Y-%m-%dT%H:%M:%SZ}' and BillingDocumentDate ge datetime'2026-10-31T00:00:00'",
    ],
)
def test_v2_filters_name_the_type_of_a_moment(erp: Odata, wanted: str) -> None:
    found = list(pages_v2(erp, erp.v2(f"{BILLING}/{DOCUMENT}"), filter=wanted, orderby=ROUTE))

    assert names(flat(found)) == numbered(150, COUNT)


def test_v2_errors_are_told_with_a_language_and_details(erp: Odata) -> None:
    answer = erp.get(erp.v2(f"{BILLING}/{DOCUMENT}"), filter="Nope eq 1")

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "400")
    assert error["message"] == {
        "lang": "en",
        "value": f'Property "Nope" does not exist in "{BILLING}.{DOCUMENT}"',
    }
    assert error["innererror"]["errordetails"][0]["message"] == error["message"]
