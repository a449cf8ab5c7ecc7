"""Dynamics 365 Sales and Project Operations in Dataverse: deals, project contracts, milestones, time, drafts.

An opportunity is won by its state. A project contract is a sales order of type work based; its line bills by
time and material or by milestones, of which those ready for invoicing are accepted. A time entry is approved
by its entry status; whether it may be billed and at what rate only the actuals made of it say, so that the
contract's rates apply. Invoices here are drafts of what finance posts: posted once closed, or in one of
``posted_reasons``.

Traps: a currency and every other lookup is an id, so that currencies are expanded to their codes; a day that
a person wrote is an instant, their midnight in UTC, so that ``zone`` has to say where they are; counts end at
5000; there is no $skip; nothing says what was deleted, so that ids are compared (delta links would, where
change tracking is on: not used). A limit of six thousand requests in five minutes is answered by 429.

Not verified on an environment: names and codes that begin with msdyn_ beyond those of time entries, billing
methods and milestones; status reasons of projects.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from collectors.engines.odata import odata_system
from collectors.systems._dynamics import EntraSettings, entra, without

_CODE = 192350000
_WORK_BASED = _CODE + 1
_BILLS: dict[str, Literal["time_and_materials", "milestone"]] = {
    str(_CODE): "time_and_materials",
    str(_CODE + 1): "milestone",
}
_COVERS = {str(_CODE): "time", str(_CODE + 1): "milestone"}
_ENTRY = {
    str(_CODE): "draft",
    str(_CODE + 1): "rejected",
    str(_CODE + 2): "approved",
    str(_CODE + 3): "submitted",
    str(_CODE + 4): "submitted",
    "192354320": "rejected",
}
_READY = [str(_CODE + 1), str(_CODE + 2), str(_CODE + 3)]

Recognised = Literal["milestone", "over_time", "as_invoiced"]
Status = Literal["planned", "active", "on_hold", "complete", "closed", "cancelled"]


class DataverseSettings(EntraSettings):
    """``zone`` is where people are who write days; ``project_status`` what a status reason means.

    ``posted_reasons`` are the status reasons by which an invoice counts as posted, ``recognition`` says how
    revenue of time and material and of milestones is recognised, which only finance knows.
    """

    zone: str = "UTC"
    project_status: dict[str, Status] = Field(default_factory=dict)
    posted_reasons: tuple[int, ...] = ()
    recognition: dict[Literal["time_and_materials", "milestone"], Recognised] = Field(default_factory=dict)


def _declare(chosen: DataverseSettings) -> dict[str, Any]:
    return {
        "root": f"{chosen.environment}/api/data/v9.2",
        "auth": entra(chosen),
        "page_size": 5000,
        "format": {"zone": chosen.zone},
        "streams": {
            name: {**stream, "version": "modifiedon", "window": "90d", "start": chosen.start, "sweep": True}
            for name, stream in {**_sold(chosen), **_delivered(chosen), **_invoiced(chosen)}.items()
        },
    }


def _table(
    chosen: DataverseSettings,
    name: str,
    row: str,
    fields: Mapping[str, Any],
    *,
    money: bool = True,
    **more: Any,
) -> dict[str, Any]:
    """A table by its plural and its singular name."""
    place = f"{chosen.environment}/main.aspx?pagetype=entityrecord&etn={row}&id={{{row}id}}"
    currency = {"currency": {"path": "transactioncurrencyid.isocurrencycode"}} if money else {}
    told = {"id": f"{row}id", "source_url": {"template": place}, **currency, **fields}
    return {"entity": name, "fields": told, **({"expand": "transactioncurrencyid"} if money else {}), **more}


def _sold(chosen: DataverseSettings) -> dict[str, Any]:
    won = {"all": [{"column": "statecode", "is": 1}]}
    recognised = {code: chosen.recognition.get(kind, "") for code, kind in _BILLS.items()}
    return {
        "customer": _table(chosen, "accounts", "account", {"name": "name"}, money=False),
        "opportunity": _table(chosen, "opportunities", "opportunity", {
            "name": "name", "customer_id": "_customerid_value",
            "status": {"column": "statecode", "values": {"0": "open", "1": "won", "2": "lost"}},
            "won_at": {"when": [{**won, "then": {"column": "actualclosedate"}}], "else": ""},
            "amount": {"path": "actualvalue || totalamount || estimatedvalue"},
        }),
        "contract": _table(chosen, "salesorders", "salesorder", {
            "number": "ordernumber", "name": "name", "customer_id": "_customerid_value",
            "opportunity_id": "_opportunityid_value", "amount": "totalamount",
            "status": {"column": "statecode", "values": {
                "0": "active", "1": "active", "2": "cancelled", "3": "closed", "4": "closed",
            }},
        }, filter=f"msdyn_ordertype eq {_WORK_BASED}"),
        "contract_line": _table(chosen, "salesorderdetails", "salesorderdetail", {
            "contract_id": "_salesorderid_value", "name": "productdescription", "amount": "extendedamount",
            "kind": {"column": "msdyn_billingmethod", "values": _BILLS},
            "recognition": {"column": "msdyn_billingmethod", "values": recognised, "default": ""},
        }, filter="msdyn_billingmethod ne null", also="tax"),
    }  # fmt: skip


def _delivered(chosen: DataverseSettings) -> dict[str, Any]:
    inactive = {"all": [{"column": "statecode", "is": 1}]}
    reasons = [
        {"all": [{"column": "statuscode", "is": code}], "then": status}
        for code, status in chosen.project_status.items()
    ]
    ready = {"all": [{"column": "statecode", "is": 0}, {"column": "msdyn_invoicestatus", "in": _READY}]}
    return {
        "resource": _table(chosen, "bookableresources", "bookableresource", {
            "name": "name", "active": {"column": "statecode", "values": {"0": True, "1": False}},
        }, money=False),
        "project": _table(chosen, "msdyn_projects", "msdyn_project", {
            "name": "msdyn_subject", "customer_id": "_msdyn_customer_value",
            "contract_id": "_msdyn_salesorderid_value",
            "status": {"when": [*reasons, {**inactive, "then": "closed"}], "else": "active"},
        }),
        "milestone": _table(
            chosen, "msdyn_contractlinescheduleofvalues", "msdyn_contractlinescheduleofvalue", {
                "name": "msdyn_name", "amount": "msdyn_amount", "project_id": "_msdyn_project_value",
                "contract_line_id": "_msdyn_contractlineid_value",
                "status": {"when": [
                    {**inactive, "then": "cancelled"}, {**ready, "then": "accepted"},
                ], "else": "planned"},
                "accepted_at": {"when": [{**ready, "then": {"column": "msdyn_invoicedate"}}], "else": ""},
            },
        ),
        "time_entry": _table(chosen, "msdyn_timeentries", "msdyn_timeentry", {
            "project_id": "_msdyn_project_value", "resource_id": "_msdyn_bookableresource_value",
            "work_date": "msdyn_date", "hours": {"column": "msdyn_duration", "divide": 60},
            "status": {"column": "msdyn_entrystatus", "values": _ENTRY},
        }, money=False, filter="_msdyn_project_value ne null"),
    }  # fmt: skip


def _invoiced(chosen: DataverseSettings) -> dict[str, Any]:
    reasons = [{"column": "statuscode", "in": [str(code) for code in chosen.posted_reasons]}]
    posted = [{"all": reasons, "then": "posted"}] if chosen.posted_reasons else []
    return {
        "invoice": _table(chosen, "invoices", "invoice", {
            "number": "invoicenumber", "customer_id": "_customerid_value", "amount": "totalamount",
            "status": {"when": [
                {"all": [{"column": "statecode", "is": 3}], "then": "void"},
                {"all": [{"column": "statecode", "is": 2}], "then": "paid"},
                {"all": [{"column": "statecode", "is": 1}], "then": "posted"}, *posted,
            ], "else": "draft"},
        }, also="totaltax"),
        "invoice_line": _table(chosen, "invoicedetails", "invoicedetail", {
            "invoice_id": "_invoiceid_value", "project_id": "_msdyn_project_value",
            "contract_line_id": "_salesorderdetailid_value", "amount": "extendedamount",
            "covers": {"column": "msdyn_billingmethod", "values": _COVERS, "default": "fee"},
        }, also="tax"),
    }  # fmt: skip


def _line(row: dict[str, Any]) -> Mapping[str, Any]:
    return {**row, "extendedamount": without(row.get("tax"), row.get("extendedamount"))}


def _header(row: dict[str, Any]) -> Mapping[str, Any]:
    return {**row, "totalamount": without(row.get("totaltax"), row.get("totalamount"))}


SYSTEM = odata_system(
    kind="dataverse",
    title="Dynamics 365 Sales and Project Operations",
    roles=("crm", "contract", "psa", "time"),
    settings=DataverseSettings,
    declare=_declare,
    records=(
        "customer",
        "opportunity",
        "contract",
        "contract_line",
        "resource",
        "project",
        "milestone",
        "time_entry",
        "invoice",
        "invoice_line",
    ),
    tidy={"contract_line": _line, "invoice_line": _line, "invoice": _header},
    notes="Dataverse Web API 9.2; deletions by comparing ids",
)
