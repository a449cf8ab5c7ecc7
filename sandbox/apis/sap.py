"""SAP S/4HANA Cloud as its API descriptions say it: OData 2 of the gateway, OData 4 for a view of one's own.

A service gives no more rows than the gateway's cap and names the rest at a host inside; who is not known is
told so in HTML; a refusal carries the number of its transaction.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from sandbox.apis._odata import ODataApi
from sandbox.apis._odata_model import V2, Entity, entity
from sandbox.apis.api import UNAUTHORIZED

_GATEWAY = "/sap/opu/odata/sap"
_STAMP = "LastChangeDateTime"

_PROJECT = entity(
    "A_EnterpriseProject", "ProjectUUID", stamp=_STAMP,
    text="Project ProjectDescription EnterpriseProjectType ProcessingStatus CompanyCode ProjectCurrency",
    day="ProjectStartDate ProjectEndDate", flag="IsBillingRelevant",
)  # fmt: skip
_ELEMENT = entity(
    "A_EnterpriseProjectElement", "ProjectElementUUID", stamp=_STAMP,
    text="ProjectUUID ProjectElement ProjectElementDescription ProcessingStatus",
    flag="WBSElementIsBillingElement",
    navigations={"to_EnterpriseProject": entity(
        "A_EnterpriseProject", "ProjectUUID", single=True, text="Project CompanyCode ProjectCurrency",
    )},
)  # fmt: skip
_PLAN_ITEM = entity(
    "A_SlsOrderItemBillingPlanItem", "SalesOrder SalesOrderItem BillingPlan BillingPlanItem",
    text="TransactionCurrency BillingBlockReason BillingPlanRelatedBillgStatus BillingPlanMilestoneUsage",
    day="BillingPlanBillingDate", decimal="BillingPlanAmount BillingPlanAmountPercent",
)  # fmt: skip
_PLAN = entity(
    "A_SalesOrderItemBillingPlan", "SalesOrder SalesOrderItem BillingPlan", single=True,
    text="BillingPlanType", navigations={"to_BillingPlanItem": _PLAN_ITEM},
)  # fmt: skip
_ORDER = entity(
    "A_SalesOrder", "SalesOrder", stamp=_STAMP,
    text="SalesOrderType SalesOrganization SoldToParty TransactionCurrency PurchaseOrderByCustomer"
    " OverallSDProcessStatus OverallSDDocumentRejectionSts",
    day="SalesOrderDate CreationDate", decimal="TotalNetAmount",
    navigations={"to_Item": entity(
        "A_SalesOrderItem", "SalesOrder SalesOrderItem",
        text="SalesOrderItemText SalesOrderItemCategory Material WBSElement TransactionCurrency BillingPlan"
        " SalesDocumentRjcnReason SDProcessStatus",
        decimal="NetAmount RequestedQuantity", navigations={"to_BillingPlan": _PLAN},
    )},
)  # fmt: skip
_CONTRACT = entity(
    "A_SalesContract", "SalesContract", stamp=_STAMP,
    text="SalesContractType SoldToParty TransactionCurrency OverallSDProcessStatus"
    " OverallSDDocumentRejectionSts",
    day="SalesContractDate SalesContractValidityStartDate SalesContractValidityEndDate CreationDate",
    decimal="TotalNetAmount",
    navigations={"to_Item": entity(
        "A_SalesContractItem", "SalesContract SalesContractItem",
        text="SalesContractItemText Material WBSElement TransactionCurrency", decimal="NetAmount",
    )},
)  # fmt: skip
_BILLING = entity(
    "A_BillingDocument", "BillingDocument", stamp=_STAMP,
    text="SDDocumentCategory BillingDocumentType CancelledBillingDocument TransactionCurrency CompanyCode"
    " SoldToParty AccountingPostingStatus InvoiceClearingStatus OverallBillingStatus",
    day="BillingDocumentDate CreationDate", decimal="TotalNetAmount TaxAmount",
    flag="BillingDocumentIsCancelled",
    navigations={"to_Item": entity(
        "A_BillingDocumentItem", "BillingDocument BillingDocumentItem",
        text="WBSElement SalesDocument SalesDocumentItem BillingPlan BillingPlanItem BillingQuantityUnit"
        " ReferenceSDDocument ReferenceSDDocumentItem ReferenceSDDocumentCategory TransactionCurrency",
        decimal="NetAmount BillingQuantity",
    )},
)  # fmt: skip
_PARTNER = entity(
    "A_BusinessPartner", "BusinessPartner",
    text="Customer BusinessPartnerFullName", day="CreationDate LastChangeDate",
)  # fmt: skip
_JOURNAL = entity(
    "YY1_JournalEntryItem", "CompanyCode FiscalYear AccountingDocument LedgerGLLineItem Ledger",
    stamp="CreationDateTime",
    text="FiscalPeriod GLAccount WBSElement SalesDocument SalesDocumentItem TransactionCurrency",
    day="PostingDate LastChangeDate", decimal="AmountInTransactionCurrency", flag="IsReversal IsReversed",
)  # fmt: skip


class Sap(ODataApi):
    """``user`` and ``secret`` are the communication user's."""

    vendor: ClassVar[str] = "sap"
    services: ClassVar[Mapping[str, tuple[int, Mapping[str, Entity]]]] = {
        f"{_GATEWAY}/API_BUSINESS_PARTNER": (2, {"A_BusinessPartner": _PARTNER}),
        f"{_GATEWAY}/API_ENTERPRISE_PROJECT_SRV;v=0002": (
            2,
            {"A_EnterpriseProject": _PROJECT, "A_EnterpriseProjectElement": _ELEMENT},
        ),
        f"{_GATEWAY}/API_SALES_CONTRACT_SRV": (2, {"A_SalesContract": _CONTRACT}),
        f"{_GATEWAY}/API_SALES_ORDER_SRV": (2, {"A_SalesOrder": _ORDER}),
        f"{_GATEWAY}/API_BILLING_DOCUMENT_SRV": (2, {"A_BillingDocument": _BILLING}),
        f"{_GATEWAY}/YY1_JOURNALENTRYITEM_CDS": (2, {"YY1_JournalEntryItem": _JOURNAL}),
        "/sap/opu/odata4/sap/yy1_journal/srvd_a2x/sap/yy1_journal/0001": (4, {"JournalEntryItem": _JOURNAL}),
    }
    user, secret = "SIGHTGLASS", "communication-password"
    link_host = "https://inner.s4.example:44300"

    def knows(self, request: Request) -> bool:
        """The communication user with its password."""
        proof = base64.b64encode(f"{self.user}:{self.secret}".encode()).decode()
        return request.headers.get("Authorization") == f"Basic {proof}"

    def refused(self, status: int, why: str) -> Response:
        """Who is not known gets a page for people."""
        if status == UNAUTHORIZED:
            return HTMLResponse("<html><body>Logon failed</body></html>", status)
        return self.error(status, why, V2)

    def error(self, status: int, why: str, version: int) -> Response:
        """A refusal of the gateway."""
        if version != V2:
            return super().error(status, why, version)
        code, inner = "/IWBEP/CM_MGW_RT/021", {"transactionid": "4E5F", "errordetails": []}
        message = {"lang": "en", "value": why}
        return JSONResponse({"error": {"code": code, "message": message, "innererror": inner}}, status)
