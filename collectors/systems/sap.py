"""SAP S/4HANA Cloud: customers, contracts and orders, projects, billing documents and revenue postings.

A contract is a sales contract or a sales order, its lines are the items; an item's billing plan dates are
milestones, accepted once no billing block stands on them: the milestone's confirmation takes it away. A
project is an enterprise project, and so is each of its elements, by which all else names projects; released
means active. An invoice is posted once accounting has it, whatever sales says. Revenue is what stands on
``revenue_accounts`` of one ledger, each posting with its sign, so that reversals net by themselves.

Traps: a document is never deleted or voided but cancelled by another, which is a credit note here (and the
cancellation of a credit note an invoice); pro forma and internal invoices are left out; credit notes come
with either sign; items are dated by their document; LastChangeDateTime may be empty until the first change,
so that CreationDate is asked too; every posting repeats in every ledger; 000000 means nothing. Many services
of version 2 give no next links, so that pages are asked for.

Not verified on a tenant: processing statuses beyond 10 and 40, the products of ``line_kinds``, the links to
apps, the item's BillingPlan. An item names its project element but no project names its item: order and
project meet in milestones and in what the firm's PSA or CRM says of them. No service lists postings one by
one: ``journal`` is a view of the firm's own on I_JournalEntryItem. Time comes from elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collectors.engines.odata import odata_system
from collectors.systems._sap_asking import SapSettings, documents, lines, link
from collectors.systems._sap_sales import business, sales

_BILLED = ("M", "N", "O", "P", "S")
_CREDITS = ("N", "O")
_HOURS = ["H", "HR", "HUR", "STD"]


def _declare(chosen: SapSettings) -> dict[str, Any]:
    streams = {**business(chosen), **sales(chosen), **_billing(chosen)}
    for stream in streams.values():
        stream["service"] = f"{chosen.services}/{stream['service']}"
    if chosen.revenue_accounts:
        streams["revenue_line"] = _postings(chosen)
    for stream in streams.values():
        if "window" in stream:
            stream["start"] = chosen.start
    return {
        "root": chosen.root,
        "odata": 2,
        "auth": chosen.auth,
        "paging": "skip",
        "page_size": chosen.page_size,
        "format": {"nothing": ["", "000000", "0000000000"]},
        "streams": streams,
    }


def _billing(chosen: SapSettings) -> dict[str, Any]:
    service, posted = "API_BILLING_DOCUMENT_SRV", {"column": "AccountingPostingStatus", "is": "C"}
    only = " or ".join(f"SDDocumentCategory eq '{code}'" for code in _BILLED)
    kinds = {code: "credit_note" if code in _CREDITS else "invoice" for code in _BILLED}
    cancels = {"all": [{"column": "SDDocumentCategory", "is": "N"}]}
    credits_line = {"all": [
        {"path": "_parent.SDDocumentCategory", "in": list(_CREDITS)},
        {"column": "ReferenceSDDocumentCategory", "is": "M"},
    ]}  # fmt: skip
    hourly = {"all": [{"column": "BillingQuantityUnit", "in": _HOURS}]}
    item = "{SalesDocument}:{SalesDocumentItem}"
    return {
        "invoice": documents(service, "A_BillingDocument", {
            "id": "BillingDocument", "number": "BillingDocument", "customer_id": "SoldToParty",
            "kind": {"column": "SDDocumentCategory", "values": kinds},
            "status": {"when": [
                {"all": [posted, {"column": "InvoiceClearingStatus", "is": "C"}], "then": "paid"},
                {"all": [posted], "then": "posted"},
            ], "else": "pending_approval"},
            "issued_on": "BillingDocumentDate", "currency": "TransactionCurrency", "amount": "TotalNetAmount",
            "credits_id": {"when": [{**cancels, "then": {"column": "CancelledBillingDocument"}}], "else": ""},
            "legal_entity": "CompanyCode", "source_url": link(chosen, "BillingDocument"),
        }, filter=only),
        "invoice_line": lines(service, "A_BillingDocument", "to_Item", {
            "id": {"template": "{BillingDocument}:{BillingDocumentItem}"}, "invoice_id": "BillingDocument",
            "project_id": "WBSElement", "contract_line_id": {"template": item},
            "milestone_id": {"template": f"{item}:{{BillingPlan}}:{{BillingPlanItem}}"},
            "covers": {"when": [
                {"all": [{"column": "BillingPlanItem", "present": True}], "then": "milestone"},
                {**hourly, "then": "time"},
            ], "else": "fee"},
            "currency": "TransactionCurrency", "amount": "NetAmount",
            "hours": {"when": [{**hourly, "then": {"column": "BillingQuantity"}}], "else": ""},
            "credits_line_id": {"when": [
                {**credits_line, "then": {"template": "{ReferenceSDDocument}:{ReferenceSDDocumentItem}"}},
            ], "else": ""},
            "legal_entity": {"path": "_parent.CompanyCode"},
        }, key="BillingDocument", filter=only, also="TotalNetAmount"),
    }  # fmt: skip


def _postings(chosen: SapSettings) -> dict[str, Any]:
    service, _, name = chosen.journal.strip("/").rpartition("/")
    accounts = " or ".join(map(_account, chosen.revenue_accounts))
    return {
        "service": service, "entity": name, "odata": chosen.journal_odata, "window": "90d",
        "key": ["CompanyCode", "FiscalYear", "AccountingDocument", "LedgerGLLineItem", "Ledger"],
        "version": ["CreationDateTime", "LastChangeDate"], "types": {"LastChangeDate": "Date"},
        "filter": f"Ledger eq '{chosen.ledger}' and ({accounts})",
        "fields": {
            "id": {"template": "{CompanyCode}:{FiscalYear}:{AccountingDocument}:{LedgerGLLineItem}"},
            "state": {"constant": "posted"}, "posted_on": "PostingDate",
            "period": {"template": "{FiscalYear}-{FiscalPeriod}"}, "project_id": "WBSElement",
            "contract_line_id": {"template": "{SalesDocument}:{SalesDocumentItem}"},
            "currency": "TransactionCurrency", "amount": "AmountInTransactionCurrency",
            "legal_entity": "CompanyCode",
        },
    }  # fmt: skip


def _account(told: str) -> str:
    first, _, last = (part.strip().replace("'", "''") for part in told.partition("-"))
    return f"(GLAccount ge '{first}' and GLAccount le '{last}')" if last else f"GLAccount eq '{first}'"


def _upright(document: dict[str, Any]) -> Mapping[str, Any]:
    """A credit note with positive amounts, whichever way the document writes them."""
    total = str(document.get("TotalNetAmount") or "")
    if document.get("SDDocumentCategory") not in _CREDITS or not total.startswith("-"):
        return document
    items = document.get("to_Item") or ()
    turned = [{**item, "NetAmount": _opposite(item.get("NetAmount"))} for item in items]
    return {**document, "TotalNetAmount": _opposite(total), "to_Item": turned}


def _earned(posting: dict[str, Any]) -> Mapping[str, Any]:
    """Revenue as what was earned: accounting writes it as a credit."""
    return {**posting, "AmountInTransactionCurrency": _opposite(posting.get("AmountInTransactionCurrency"))}


def _opposite(amount: Any) -> str | None:
    if amount is None:
        return None
    text = str(amount).strip()
    return text[1:] if text.startswith("-") else f"-{text.removeprefix('+')}"


SYSTEM = odata_system(
    kind="sap",
    title="SAP S/4HANA Cloud",
    roles=("erp", "contract", "revenue"),
    settings=SapSettings,
    declare=_declare,
    records=(
        "customer",
        "contract",
        "contract_line",
        "project",
        "milestone",
        "invoice",
        "invoice_line",
        "revenue_line",
    ),
    tidy={"invoice": _upright, "invoice_line": _upright, "revenue_line": _earned},
    notes="OData 2 and 4 of the public cloud; revenue by a view of the firm's own on the journal",
)
