"""Dataverse as documented: tables over OData 4, lookups as ids, counts that end, no skipping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from starlette.responses import JSONResponse, Response

from sandbox.apis._entra import DynamicsApi
from sandbox.apis._odata_model import Entity, entity

_CURRENCY = entity("transactioncurrencies", "transactioncurrencyid", single=True, text="isocurrencycode")


def _table(name: str, row: str, *, money: bool = True, **properties: str) -> Entity:
    state = f"statecode statuscode {properties.pop('number', '')}"
    navigations = {"transactioncurrencyid": _CURRENCY} if money else {}
    key, stamp = f"{row}id", "modifiedon"
    return entity(name, key, stamp=stamp, navigations=navigations, single=False, number=state, **properties)


_TABLES = {
    "accounts": _table("accounts", "account", money=False, text="name"),
    "opportunities": _table(
        "opportunities", "opportunity", text="name", uuid="_customerid_value", day="actualclosedate",
        decimal="actualvalue totalamount estimatedvalue",
    ),
    "salesorders": _table(
        "salesorders", "salesorder", text="ordernumber name", uuid="_customerid_value _opportunityid_value",
        decimal="totalamount", number="msdyn_ordertype",
    ),
    "salesorderdetails": _table(
        "salesorderdetails", "salesorderdetail", text="productdescription", uuid="_salesorderid_value",
        decimal="extendedamount tax", number="msdyn_billingmethod",
    ),
    "bookableresources": _table("bookableresources", "bookableresource", money=False, text="name"),
    "msdyn_projects": _table(
        "msdyn_projects", "msdyn_project", text="msdyn_subject",
        uuid="_msdyn_customer_value _msdyn_salesorderid_value",
    ),
    "msdyn_contractlinescheduleofvalues": _table(
        "msdyn_contractlinescheduleofvalues", "msdyn_contractlinescheduleofvalue", text="msdyn_name",
        uuid="_msdyn_project_value _msdyn_contractlineid_value", decimal="msdyn_amount",
        instant="msdyn_invoicedate", number="msdyn_invoicestatus",
    ),
    "msdyn_timeentries": _table(
        "msdyn_timeentries", "msdyn_timeentry", money=False,
        uuid="_msdyn_project_value _msdyn_bookableresource_value", instant="msdyn_date",
        number="msdyn_duration msdyn_entrystatus msdyn_type",
    ),
    "invoices": _table(
        "invoices", "invoice", text="invoicenumber name", uuid="_customerid_value",
        decimal="totalamount totaltax",
    ),
    "invoicedetails": _table(
        "invoicedetails", "invoicedetail", text="description",
        uuid="_invoiceid_value _msdyn_project_value _salesorderdetailid_value", decimal="extendedamount tax",
        number="msdyn_billingmethod",
    ),
}  # fmt: skip


class Dataverse(DynamicsApi):
    """``page_cap`` is also the most a count says."""

    vendor: ClassVar[str] = "dataverse"
    services: ClassVar[Mapping[str, tuple[int, Mapping[str, Entity]]]] = {"/api/data/v9.2": (4, _TABLES)}
    refuses: ClassVar[frozenset[str]] = frozenset({"$skip"})
    page_cap = 5000
    count_cap = 5000
    heeds_page_size = True

    def used_up(self) -> Response:
        """Service protection: too many requests of a user in five minutes."""
        said = {
            "code": "0x80072322",
            "message": "Number of requests exceeded the limit of 6000 over 300 seconds.",
        }
        return JSONResponse({"error": said}, 429, {"Retry-After": "41"})

    def error(self, status: int, why: str, _version: int) -> Response:
        """A refusal with a code of the platform."""
        return JSONResponse({"error": {"code": "0x80060888", "message": why}}, status)
