"""Changes and removals in a real OData server, and what is particular to the services of Dynamics."""

from __future__ import annotations

from collections.abc import Iterator
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
    pages_v4,
)
from tests.real.odata import Odata, Program, served

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def small(odata_program: Program, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Odata]:
    """A server with two rows on a page."""
    with served(odata_program, tmp_path_factory.mktemp("small"), page=2) as server:
        yield server


def test_a_change_moves_the_stamp(odata: Odata) -> None:
    odata.load(BILLING, DOCUMENT, [document(number) for number in range(3)], at=MORNING)
    [name] = numbered(1, 2)

    odata.change(BILLING, DOCUMENT, {"BillingDocument": name}, {"TotalNetAmount": "9.5"}, at=LATER)

    wanted = f"LastChangeDateTime ge {LATER:%Y-%m-%dT%H:%M:%SZ}"
    [changed] = odata.get(odata.v4(f"{BILLING}/{DOCUMENT}"), filter=wanted).json()["value"]
    assert (changed["BillingDocument"], changed["TotalNetAmount"]) == (name, 9.5)


def test_a_stamp_is_the_servers_own(odata: Odata) -> None:
    forged = document(30) | {"LastChangeDateTime": "2001-01-01T00:00:00Z"}

    odata.load(BILLING, DOCUMENT, [forged], at=MORNING)

    row = odata.get(odata.v4(f"{BILLING}/{DOCUMENT}('{forged['BillingDocument']}')")).json()
    assert row["LastChangeDateTime"] == "2026-11-02T08:00:00.000Z"


def test_a_row_with_a_tag_is_changed_only_by_who_names_it(odata: Odata) -> None:
    key = {"dataAreaId": "usmf", "ProjInvoiceId": "PI-2"}
    odata.load(FINANCE, "ProjInvoiceJournalHeaders", [key], at=MORNING)
    address = odata.v4(f"{FINANCE}/ProjInvoiceJournalHeaders(dataAreaId='usmf',ProjInvoiceId='PI-2')")

    unnamed = odata.client.patch(address, json={"InvoiceAmount": 1})
    named = odata.client.patch(
        address, json={"InvoiceAmount": 1}, headers={"If-Match": 'W/"2026-11-02T08:00:00Z"'}
    )

    assert (unnamed.status_code, named.status_code) == (428, 200)


def test_a_change_of_an_item_alone_does_not_move_the_stamp_of_its_header(odata: Odata) -> None:
    odata.load(BILLING, DOCUMENT, [document(10)], at=MORNING)
    key = {"BillingDocument": numbered(10, 11)[0], "BillingDocumentItem": "000010"}

    odata.change(BILLING, "A_BillingDocumentItem", key, {"NetAmount": "9.5"}, at=LATER)

    header = odata.get(odata.v4(f"{BILLING}/{DOCUMENT}('{key['BillingDocument']}')")).json()
    assert header["LastChangeDateTime"] == "2026-11-02T08:00:00.000Z"


def test_a_row_removed_between_two_pages_makes_the_next_page_skip_one(small: Odata) -> None:
    small.load(BILLING, DOCUMENT, [document(number) for number in range(4)])
    pages = pages_v4(small, small.v4(f"{BILLING}/{DOCUMENT}"), orderby="BillingDocument")
    first = next(pages)

    small.remove(BILLING, DOCUMENT, {"BillingDocument": numbered(0, 1)[0]})

    assert (names(first), names(flat(pages))) == (numbered(0, 2), numbered(3, 4))


def test_a_removed_row_leaves_nothing_behind(odata: Odata) -> None:
    odata.load(BILLING, DOCUMENT, [document(20)])
    [name] = numbered(20, 21)

    odata.remove(BILLING, DOCUMENT, {"BillingDocument": name})

    assert odata.get(odata.v4(f"{BILLING}/{DOCUMENT}('{name}')")).status_code == httpx.codes.NOT_FOUND
    items = odata.get(odata.v4(f"{BILLING}/A_BillingDocumentItem"), filter=f"BillingDocument eq '{name}'")
    assert items.json()["value"] == []


def test_another_company_is_silently_left_out_unless_asked_for(odata: Odata) -> None:
    projects = [{"dataAreaId": company, "ProjectId": "00000104"} for company in ("usmf", "gbsi")]
    odata.load(FINANCE, "ProjectsV2", projects)
    address = odata.v4(f"{FINANCE}/ProjectsV2")

    own = odata.get(address).json()["value"]
    every = odata.client.get(address, params={"cross-company": "true"}).json()["value"]

    assert [row["dataAreaId"] for row in own] == ["usmf"]
    assert sorted(row["dataAreaId"] for row in every) == ["gbsi", "usmf"]


def test_a_next_link_keeps_what_is_no_system_option(small: Odata) -> None:
    small.load(FINANCE, "ProjectsV2", [{"dataAreaId": "gbsi", "ProjectId": name} for name in "ABC"])

    body = small.client.get(small.v4(f"{FINANCE}/ProjectsV2"), params={"cross-company": "true"}).json()

    assert parse_qs(urlsplit(body["@odata.nextLink"]).query)["cross-company"] == ["true"]


def test_rows_of_dynamics_bring_a_tag_a_large_number_and_seconds(odata: Odata) -> None:
    key = {"dataAreaId": "usmf", "ProjInvoiceId": "PI'1", "LineNumber": 1}
    odata.load(FINANCE, "ProjInvoiceJournalLines", [key | {"RecId": 5637144576}], at=MORNING)

    [row] = odata.get(
        odata.v4(f"{FINANCE}/ProjInvoiceJournalLines"), filter="ProjInvoiceId eq 'PI''1'"
    ).json()["value"]

    assert row["@odata.etag"] == 'W/"2026-11-02T08:00:00Z"'
    assert (row["RecId"], row["ModifiedDateTime"]) == (5637144576, "2026-11-02T08:00:00Z")
    odata.remove(FINANCE, "ProjInvoiceJournalLines", key)


def test_dataverse_finds_rows_by_lookup_and_stamp(odata: Odata) -> None:
    project = "11111111-2222-4333-8444-555555555555"
    entry = {
        "msdyn_timeentryid": project.replace("1", "9"),
        "_msdyn_project_value": project,
        "msdyn_duration": 480,
    }
    odata.load("api/data/v9.2", "msdyn_timeentries", [entry], at=MORNING)
    wanted = f"_msdyn_project_value eq {project} and modifiedon ge 2026-11-02T08:00:00Z"

    [row] = odata.get(odata.v4("api/data/v9.2/msdyn_timeentries"), filter=wanted).json()["value"]

    assert (row["msdyn_timeentryid"], row["msdyn_duration"], row["statecode"]) == (
        entry["msdyn_timeentryid"],
        480,
        0,
    )
