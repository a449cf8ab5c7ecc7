"""Dynamics 365 Finance: customers, projects, project invoices and revenue of every company.

A project is active in stage In process. Invoices and their lines come from data entities of the firm's own
over ProjInvoiceJour and its lines, with the fields named below and ModifiedDateTime: none ships that lists
posted project invoices. What is there is posted, a negative total is a credit note. Revenue is what a
transaction in PSAActuals invoiced and accrued to profit and loss, posted with its sign, so that what accruals
reverse nets by itself.

Traps: without cross-company the user's own company comes and nothing says that there are others; a company
is written in either case; 1900-01-01 means no date; a date is noon in UTC. Entities that ship say nothing of
when a row changed: customers and projects are read whole, PSAActuals by posting date, a week back each time
and ``reread`` further now and then, so that what is posted late in an open period is found. Enumerations
cannot be asked for by their names, so that nothing is filtered by them. Entity sets are written as in
$metadata.

Not verified on a tenant: the stages beside In process, the values of ProjTransType, IntegrationSourceDataId
as the id of the project in Dataverse, the sum of invoiced and accrued revenue.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

from pydantic import Field

from collectors.engines.odata import Tidy, odata_system
from collectors.engines.rest_settings import Reread
from collectors.systems._dynamics import EntraSettings, entra, number, without

_NEVER = "1900-01-01T"
#: of what nothing turns on when it changed: one moment for all, so that a row left alone stays as it is
_UNDATED = {"source_updated_at": {"constant": "2000-01-01T00:00:00Z"}}
_COVERS = {"Hour": "time", "Cost": "expense", "Item": "fee", "Revenue": "fee", "OnAccount": "milestone"}

Status = Literal["planned", "active", "on_hold", "complete", "closed", "cancelled"]
_STAGES: dict[str, Status] = {
    "Created": "planned",
    "Estimated": "planned",
    "Scheduled": "planned",
    "InProcess": "active",
    "Completed": "closed",
}


class DynamicsSettings(EntraSettings):
    """``currencies`` is the currency of each company's books; without any, no revenue is read.

    ``operations`` is the name under which Project Operations is configured, where it keeps the same projects.
    ``invoices`` and ``invoice_lines`` are the firm's entity sets, ``project_stages`` what a stage means.
    """

    currencies: dict[str, str] = Field(default_factory=dict)
    operations: str | None = None
    invoices: str = "ProjInvoiceJournalHeaders"
    invoice_lines: str = "ProjInvoiceJournalLines"
    project_stages: dict[str, Status] = Field(default_factory=_STAGES.copy)
    reread: Reread = Reread(every=timedelta(hours=6), back=timedelta(days=62))


def _in_company(name: str) -> dict[str, str]:
    return {"template": f"{{dataAreaId}}:{{{name}}}"}


def _entity(name: str, key: str, fields: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "entity": name,
        "key": ["dataAreaId", *key.split()],
        "fields": {"legal_entity": "dataAreaId", **fields},
        **more,
    }


def _declare(chosen: DynamicsSettings) -> dict[str, Any]:
    changed = {"version": "ModifiedDateTime", "window": "90d", "start": chosen.start}
    same = {"project_system": {"constant": chosen.operations}, "project_id": "IntegrationSourceDataId"}
    streams = {
        "legal_entity": {
            "entity": "Ledgers",
            "fields": {
                **_UNDATED,
                "id": "LegalEntityId",
                "name": "LegalEntityId",
                "currency": "AccountingCurrency",
            },
        },
        "customer": _entity("CustomersV3", "CustomerAccount", {
            **_UNDATED, "id": _in_company("CustomerAccount"), "name": "OrganizationName",
        }),
        "project": _entity("ProjectsV2", "ProjectId", {
            "id": _in_company("ProjectId"), "number": "ProjectId", "name": "ProjectName",
            "customer_id": _in_company("CustomerAccountNumber"),
            "contract_id": _in_company("ProjectContractId"),
            "status": {"column": "ProjectStage", "values": chosen.project_stages},
            "activated_at": "ActualStartDate", "manager": "ProjectManagerPersonnelNumber",
            **(same if chosen.operations else {}),
        }, sweep=True),
        "invoice": _entity(chosen.invoices, "ProjInvoiceId", {
            "id": _in_company("ProjInvoiceId"), "number": "ProjInvoiceId",
            "kind": {"column": "@kind", "default": "invoice"}, "status": {"constant": "posted"},
            "customer_id": _in_company("InvoiceAccount"), "issued_on": "InvoiceDate",
            "currency": "CurrencyId", "amount": "InvoiceAmount",
        }, also="SumTax", **changed),
        "invoice_line": _entity(chosen.invoice_lines, "ProjInvoiceId LineNumber", {
            "id": {"template": "{dataAreaId}:{ProjInvoiceId}:{LineNumber}"},
            "invoice_id": _in_company("ProjInvoiceId"), "project_id": _in_company("ProjId"),
            "covers": {"column": "ProjTransType", "values": _COVERS, "default": "fee"},
            "currency": "CurrencyId", "amount": "LineAmount",
            "hours": {"when": [
                {"all": [{"column": "ProjTransType", "is": "Hour"}], "then": {"column": "Qty"}},
            ], "else": ""},
        }, **changed),
    }  # fmt: skip
    if chosen.currencies:
        streams["revenue_line"] = _revenue(chosen)
    return {
        "root": f"{chosen.environment}/data",
        "auth": entra(chosen),
        "params": {"cross-company": True},
        "page_size": 5000,
        "streams": streams,
    }


def _revenue(chosen: DynamicsSettings) -> dict[str, Any]:
    currencies = {company.upper(): currency for company, currency in chosen.currencies.items()}
    return _entity("PSAActuals", "TransId", {
        "id": _in_company("TransId"), "project_id": _in_company("ProjId"), "state": {"constant": "posted"},
        "posted_on": "LedgerTransDate", "currency": {"column": "dataAreaId", "values": currencies},
        "amount": "@revenue",
    }, version="LedgerTransDate", window="90d", start=chosen.start, overlap="7d", reread=chosen.reread,
        also=["TotalInvoicedRevenue", "PLTotalAccruedRevenue"])  # fmt: skip


def _company(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose company is written as the ledgers write it, without the dates that are none."""
    dated = {name: None if str(told).startswith(_NEVER) else told for name, told in row.items()}
    return {**dated, "dataAreaId": str(row.get("dataAreaId") or "").upper()}


def _signed(row: dict[str, Any]) -> Mapping[str, Any]:
    """An invoice without tax; a negative one is a credit note with a positive amount."""
    net = without(row.get("SumTax"), row.get("InvoiceAmount"))
    if str(net).startswith("-"):
        return {**_company(row), "InvoiceAmount": str(net)[1:], "@kind": "credit_note"}
    return {**_company(row), "InvoiceAmount": net}


def _recognised(row: dict[str, Any]) -> Mapping[str, Any] | None:
    """A transaction with its revenue; most have none and are not ours."""
    parts = [number(row.get(name) or 0) for name in ("TotalInvoicedRevenue", "PLTotalAccruedRevenue")]
    known = [part for part in parts if part is not None]
    return {**_company(row), "@revenue": str(sum(known))} if sum(known) else None


_TIDY: dict[str, Tidy] = {
    "customer": _company,
    "project": _company,
    "invoice": _signed,
    "invoice_line": _company,
    "revenue_line": _recognised,
}

SYSTEM = odata_system(
    kind="dynamics",
    title="Dynamics 365 Finance",
    roles=("erp", "revenue"),
    settings=DynamicsSettings,
    declare=_declare,
    records=("legal_entity", "customer", "project", "invoice", "invoice_line", "revenue_line"),
    tidy=_TIDY,
    notes="data entities over OData 4; invoices by data entities of the firm's own",
)
