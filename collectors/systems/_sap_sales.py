"""Customers, projects, sales contracts and orders of an S/4HANA Cloud, for kind sap."""

from __future__ import annotations

from typing import Any

from collectors.systems._sap_asking import Bills, SapSettings, documents, entity, lines, link

_REJECTED = {"all": [{"path": "_parent._parent.SalesDocumentRjcnReason", "present": True}]}
#: a date of a billing plan that waits for its milestone stands under a block
_CONFIRMED = {
    "any": [
        {"column": "BillingPlanRelatedBillgStatus", "in": ["B", "C"]},
        {"column": "BillingBlockReason", "present": False},
    ]
}
_STATUS = {
    "when": [
        {"all": [{"column": "OverallSDDocumentRejectionSts", "is": "C"}], "then": "cancelled"},
        {"all": [{"column": "OverallSDProcessStatus", "is": "C"}], "then": "closed"},
    ],
    "else": "active",
}
_HEADER = {
    "customer_id": "SoldToParty",
    "status": _STATUS,
    "currency": "TransactionCurrency",
    "amount": "TotalNetAmount",
}
_ITEM = {"currency": "TransactionCurrency", "amount": "NetAmount"}


def business(chosen: SapSettings) -> dict[str, Any]:
    """Customers and projects. A customer says by day only when it changed."""
    service = "API_ENTERPRISE_PROJECT_SRV;v=0002"
    status = {"column": "ProcessingStatus", "values": chosen.project_status}
    days = {"LastChangeDate": "Date", "CreationDate": "Date"}
    return {
        "customer": entity("API_BUSINESS_PARTNER", "A_BusinessPartner", {
            "id": "Customer", "name": "BusinessPartnerFullName",
        }, key="BusinessPartner", filter="Customer ne ''", version=tuple(days), types=days),
        "project": entity(service, "A_EnterpriseProject", {
            "id": "Project", "number": "Project", "name": "ProjectDescription", "status": status,
            "currency": "ProjectCurrency", "legal_entity": "CompanyCode",
        }, key="ProjectUUID", version="LastChangeDateTime", sweep=True),
        "project_element": entity(service, "A_EnterpriseProjectElement", {
            "id": "ProjectElement", "number": "ProjectElement", "name": "ProjectElementDescription",
            "project_id": {"path": "to_EnterpriseProject.Project"}, "status": status,
            "currency": {"path": "to_EnterpriseProject.ProjectCurrency"},
            "legal_entity": {"path": "to_EnterpriseProject.CompanyCode"},
        }, kind="project", key="ProjectElementUUID", expand="to_EnterpriseProject",
            version="LastChangeDateTime", sweep=True),
    }  # fmt: skip


def sales(chosen: SapSettings) -> dict[str, Any]:
    """Contracts, orders, their items, and the dates of billing plans."""
    order, contract, item = "API_SALES_ORDER_SRV", "API_SALES_CONTRACT_SRV", "{SalesOrder}:{SalesOrderItem}"
    return {
        "contract": documents(contract, "A_SalesContract", {
            **_HEADER, "id": "SalesContract", "number": "SalesContract", "signed_at": "SalesContractDate",
            "start_on": "SalesContractValidityStartDate", "end_on": "SalesContractValidityEndDate",
            "source_url": link(chosen, "SalesContract"),
        }, sweep=True),
        "contract_line": lines(contract, "A_SalesContract", "to_Item", {
            **_ITEM, "id": {"template": "{SalesContract}:{SalesContractItem}"},
            "contract_id": "SalesContract", "name": "SalesContractItemText", **_bills(chosen, by_plan=False),
        }, key="SalesContract", sweep=True),
        "order": documents(order, "A_SalesOrder", {
            **_HEADER, "id": "SalesOrder", "number": "SalesOrder", "signed_at": "SalesOrderDate",
            "source_url": link(chosen, "SalesOrder"),
        }, kind="contract", sweep=True),
        "order_line": lines(order, "A_SalesOrder", "to_Item", {
            **_ITEM, "id": {"template": item}, "contract_id": "SalesOrder", "name": "SalesOrderItemText",
            **_bills(chosen, by_plan=True),
        }, kind="contract_line", key="SalesOrder", sweep=True),
        "milestone": lines(order, "A_SalesOrder", "to_Item.to_BillingPlan.to_BillingPlanItem", {
            "id": {"template": f"{item}:{{BillingPlan}}:{{BillingPlanItem}}"},
            "name": {"path": "_parent._parent.SalesOrderItemText"},
            "project_id": {"path": "_parent._parent.WBSElement"}, "contract_line_id": {"template": item},
            "status": {"when": [
                {**_REJECTED, "then": "cancelled"}, {**_CONFIRMED, "then": "accepted"},
            ], "else": "planned"},
            "accepted_at": {"when": [
                {**_REJECTED, "then": ""}, {**_CONFIRMED, "then": {"column": "BillingPlanBillingDate"}},
            ], "else": ""},
            "currency": "TransactionCurrency", "amount": "BillingPlanAmount",
        }, key="SalesOrder", sweep=True),
    }  # fmt: skip


def _bills(chosen: SapSettings, *, by_plan: bool) -> dict[str, Any]:
    """How an item bills: by its product; a fixed price with a billing plan bills by milestones."""
    cases: list[tuple[list[dict[str, Any]], Bills]] = []
    for product, kind in chosen.line_kinds.items():
        named = {"column": "Material", "is": product}
        if kind == "fixed_fee" and by_plan:
            cases.append(([named, {"column": "BillingPlan", "present": True}], "milestone"))
        cases.append(([named], kind))
    known = [{"all": tests, "then": chosen.recognition.get(kind, "")} for tests, kind in cases]
    return {
        "kind": {"when": [{"all": tests, "then": kind} for tests, kind in cases]},
        "recognition": {"when": known, "else": ""},
    }
