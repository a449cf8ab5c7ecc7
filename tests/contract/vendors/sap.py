"""SAP S/4HANA Cloud, from the names and types its services publish."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.apis.api import Fault
from sandbox.apis.sap import Sap
from tests.contract.case import Case, Sample

JOURNAL = "sap/opu/odata4/sap/yy1_journal/srvd_a2x/sap/yy1_journal/0001/JournalEntryItem"


def settings(base: str, _folder: Path) -> Mapping[str, Any]:
    return {
        "root": base,
        "auth": {"style": "basic", "user": Sap.user, "password_env": "SAP_PASSWORD"},
        "revenue_accounts": ["41000000-41999999", "70000001"],
        "journal": JOURNAL,
        "journal_odata": 4,
        "recognition": {"milestone": "milestone"},
        "start": "2026-01-01T00:00:00Z",
    }


def name(number: int) -> str:
    return str(90000000 + number)


def document(number: int, **changed: Any) -> Mapping[str, Any]:
    return {
        "SDDocumentCategory": "M", "BillingDocumentType": "F2", "BillingDocumentDate": "2026-10-31",
        "CreationDate": "2026-10-30", "BillingDocumentIsCancelled": False, "CancelledBillingDocument": "",
        "TotalNetAmount": "12500.000", "TaxAmount": "2375.000", "TransactionCurrency": "EUR",
        "CompanyCode": "1010", "SoldToParty": "17100001", "AccountingPostingStatus": "C",
        "InvoiceClearingStatus": "A",
        "to_Item": [{
            "BillingDocument": name(number), "BillingDocumentItem": "10", "NetAmount": "12500.000",
            "TransactionCurrency": "EUR", "BillingQuantity": "100.000", "BillingQuantityUnit": "H",
            "WBSElement": "PRJ-ALPHA.1.1", "SalesDocument": "42", "SalesDocumentItem": "10", "BillingPlan": "",
            "BillingPlanItem": "000000", "ReferenceSDDocument": "42", "ReferenceSDDocumentItem": "10",
            "ReferenceSDDocumentCategory": "C",
        }],
        **changed,
    }  # fmt: skip


def items(number: int, **changed: Any) -> list[Any]:
    return [{**document(number)["to_Item"][0], **changed}]


ORDER: dict[str, Any] = {
    "SoldToParty": "17100001", "SalesOrderDate": "2026-09-01", "CreationDate": "2026-10-05",
    "TotalNetAmount": "90000.000", "TransactionCurrency": "EUR", "OverallSDProcessStatus": "B",
    "OverallSDDocumentRejectionSts": "A",
    "to_Item": [{
        "SalesOrder": "42", "SalesOrderItem": "10", "SalesOrderItemText": "Rollout", "Material": "P002",
        "WBSElement": "PRJ-ALPHA.1", "NetAmount": "90000.000", "TransactionCurrency": "EUR",
        "BillingPlan": "77", "SalesDocumentRjcnReason": "",
        "to_BillingPlan": {"SalesOrder": "42", "SalesOrderItem": "10", "BillingPlan": "77", "to_BillingPlanItem": [{
            "SalesOrder": "42", "SalesOrderItem": "10", "BillingPlan": "77", "BillingPlanItem": "1",
            "BillingPlanBillingDate": "2026-10-31", "BillingPlanAmount": "45000.000",
            "TransactionCurrency": "EUR", "BillingBlockReason": "", "BillingPlanRelatedBillgStatus": "A",
        }]},
    }],
}  # fmt: skip
ITEM: Mapping[str, Any] = ORDER["to_Item"][0]
CONTRACT = {
    "SoldToParty": "17100001", "SalesContractDate": "2026-08-31", "CreationDate": "2026-10-06",
    "SalesContractValidityStartDate": "2026-09-01", "SalesContractValidityEndDate": "2027-08-31",
    "TotalNetAmount": "240000.000", "TransactionCurrency": "EUR", "OverallSDProcessStatus": "A",
    "OverallSDDocumentRejectionSts": "A",
    "to_Item": [{
        "SalesContract": "40000001", "SalesContractItem": "10", "SalesContractItemText": "Advice",
        "Material": "P001", "NetAmount": "240000.000", "TransactionCurrency": "EUR",
    }],
}  # fmt: skip
POSTING = {
    "FiscalPeriod": "010", "GLAccount": "41000000", "WBSElement": "PRJ-ALPHA.1.1", "SalesDocument": "42",
    "SalesDocumentItem": "10", "TransactionCurrency": "EUR", "PostingDate": "2026-10-31",
    "LastChangeDate": None, "AmountInTransactionCurrency": "-12500.05",
}  # fmt: skip


def plan(**changed: Any) -> list[Any]:
    """The order's items, with a change in the date of the billing plan."""
    billing = ITEM["to_BillingPlan"]
    date = {**billing["to_BillingPlanItem"][0], **changed}
    return [{**ITEM, "to_BillingPlan": {**billing, "to_BillingPlanItem": [date]}}]


GATEWAY_BUSY = {"error": {"code": "/IWBEP/CM_MGW_RT/022", "message": {"lang": "en", "value": "Timed out"}}}
CASES = (
    Case(
        api=Sap,
        settings=settings,
        env={"SAP_PASSWORD": Sap.secret},
        stream="invoice",
        table="A_BillingDocument",
        row=document,
        id=name,
        known_as=name,
        changes=("TotalNetAmount", "1250.500", "amount", 125_050),
        deletes="never",
        passing=(
            Fault(429, {"error": {"code": "429", "message": {"value": "Too many requests"}}}, {"Retry-After": "9"}),
            Fault(503, "<html>Service Unavailable</html>", {"Retry-After": "30"}),
            Fault(200, GATEWAY_BUSY),
        ),
        refusing=(
            Fault(401, "<html>Logon failed</html>", times=9),
            Fault(403, {"error": {"code": "/IWFND/MED/170", "message": {"value": "No authorization"}}}),
        ),
        wrong_in_200=(
            Fault(200, {"error": {"code": "/IWBEP/CM_TEA/004", "message": {"lang": "en", "value": "Not set up"}}}),
            Fault(200, {"d": {"__count": "3"}}),
            Fault(200, {"value": []}),
        ),
        samples={
            "customer": Sample(
                table="A_BusinessPartner",
                id="BP1",
                fields={
                    "Customer": "17100001", "BusinessPartnerFullName": "Nordwind AG", "CreationDate": "2026-10-01",
                    "LastChangeDate": None,
                },
                means={"id": "17100001", "name": "Nordwind AG", "source_updated_at": "2026-10-01T00:00:00Z"},
            ),
            "project": Sample(
                table="A_EnterpriseProject",
                id="11111111-2222-3333-4444-555555555555",
                fields={
                    "Project": "PRJ-ALPHA", "ProjectDescription": "Rollout", "ProcessingStatus": "10",
                    "CompanyCode": "1010", "ProjectCurrency": "EUR",
                },
                means={
                    "id": "PRJ-ALPHA", "number": "PRJ-ALPHA", "name": "Rollout", "status": "active",
                    "legal_entity": "1010", "currency": "EUR",
                },
            ),
            "project#new": Sample(
                table="A_EnterpriseProject",
                id="1",
                fields={"Project": "PRJ-BETA", "ProcessingStatus": "00"},
                means={"id": "PRJ-BETA", "status": "planned"},
            ),
            "project_element": Sample(
                table="A_EnterpriseProjectElement",
                id="2",
                fields={
                    "ProjectElement": "PRJ-ALPHA.1.1", "ProjectElementDescription": "Design",
                    "ProcessingStatus": "40",
                    "to_EnterpriseProject": {
                        "ProjectUUID": "1", "Project": "PRJ-ALPHA", "CompanyCode": "1010", "ProjectCurrency": "EUR",
                    },
                },
                means={
                    "id": "PRJ-ALPHA.1.1", "project_id": "PRJ-ALPHA", "status": "closed", "legal_entity": "1010",
                    "currency": "EUR",
                },
            ),
            "contract": Sample(
                table="A_SalesContract",
                id="40000001",
                fields=CONTRACT,
                means={
                    "id": "40000001", "status": "active", "customer_id": "17100001", "amount": "240000.000",
                    "signed_at": "2026-08-31T00:00:00Z", "start_on": "2026-09-01", "end_on": "2027-08-31",
                    "source_updated_at": "2026-11-20T17:30:00Z",
                },
            ),
            "contract#rejected": Sample(
                table="A_SalesContract",
                id="40000001",
                fields={**CONTRACT, "OverallSDDocumentRejectionSts": "C", "OverallSDProcessStatus": "C"},
                means={"status": "cancelled"},
            ),
            "contract#untouched": Sample(
                table="A_SalesContract",
                id="40000001",
                fields={**CONTRACT, "LastChangeDateTime": None, "OverallSDProcessStatus": "C"},
                means={"status": "closed", "source_updated_at": "2026-10-06T00:00:00Z"},
            ),
            "contract_line": Sample(
                table="A_SalesContract",
                id="40000001",
                fields=CONTRACT,
                means={
                    "id": "40000001:10", "contract_id": "40000001", "kind": "time_and_materials", "name": "Advice",
                    "amount": "240000.000", "currency": "EUR",
                },
            ),
            "order": Sample(
                table="A_SalesOrder",
                id="42",
                fields=ORDER,
                means={
                    "id": "42", "number": "42", "status": "active", "signed_at": "2026-09-01T00:00:00Z",
                    "customer_id": "17100001", "amount": "90000.000",
                },
            ),
            "order_line": Sample(
                table="A_SalesOrder",
                id="42",
                fields=ORDER,
                means={"id": "42:10", "contract_id": "42", "kind": "milestone", "recognition": "milestone", "amount": "90000.000"},
            ),
            "order_line#fixed": Sample(
                table="A_SalesOrder",
                id="42",
                fields={**ORDER, "to_Item": [{**ITEM, "BillingPlan": ""}]},
                means={"id": "42:10", "kind": "fixed_fee", "recognition": None},
            ),
            "milestone": Sample(
                table="A_SalesOrder",
                id="42",
                fields=ORDER,
                means={
                    "id": "42:10:77:1", "contract_line_id": "42:10", "project_id": "PRJ-ALPHA.1", "name": "Rollout",
                    "status": "accepted", "accepted_at": "2026-10-31T00:00:00Z", "amount": "45000.000",
                    "currency": "EUR", "source_updated_at": "2026-11-20T17:30:00Z",
                },
            ),
            "milestone#blocked": Sample(
                table="A_SalesOrder",
                id="42",
                fields={**ORDER, "to_Item": plan(BillingBlockReason="02")},
                means={"status": "planned", "accepted_at": None},
            ),
            "milestone#billed": Sample(
                table="A_SalesOrder",
                id="42",
                fields={**ORDER, "to_Item": plan(BillingBlockReason="02", BillingPlanRelatedBillgStatus="C")},
                means={"status": "accepted"},
            ),
            "milestone#rejected": Sample(
                table="A_SalesOrder",
                id="42",
                fields={**ORDER, "to_Item": [{**plan()[0], "SalesDocumentRjcnReason": "Z1"}]},
                means={"status": "cancelled", "accepted_at": None},
            ),
            "invoice": Sample(
                table="A_BillingDocument",
                id="90000001",
                fields=document(1),
                means={
                    "id": "90000001", "number": "90000001", "kind": "invoice", "status": "posted",
                    "issued_on": "2026-10-31", "amount": "12500.000", "currency": "EUR", "legal_entity": "1010",
                    "customer_id": "17100001", "credits_id": None, "source_updated_at": "2026-11-20T17:30:00Z",
                },
            ),
            "invoice#paid": Sample(
                table="A_BillingDocument",
                id="90000001",
                fields=document(1, InvoiceClearingStatus="C"),
                means={"status": "paid"},
            ),
            "invoice#unposted": Sample(
                table="A_BillingDocument",
                id="90000001",
                fields=document(1, AccountingPostingStatus="A"),
                means={"status": "pending_approval"},
            ),
            "invoice#cancelled": Sample(
                table="A_BillingDocument",
                id="90000001",
                fields=document(1, BillingDocumentIsCancelled=True),
                means={"status": "posted", "kind": "invoice"},
            ),
            "invoice#cancellation": Sample(
                table="A_BillingDocument",
                id="90000002",
                fields=document(2, SDDocumentCategory="N", CancelledBillingDocument="90000001"),
                means={"kind": "credit_note", "credits_id": "90000001", "amount": "12500.000"},
            ),
            "invoice#credit": Sample(
                table="A_BillingDocument",
                id="90000003",
                fields=document(3, SDDocumentCategory="O", TotalNetAmount="-500.000"),
                means={"kind": "credit_note", "credits_id": None, "amount": "500.000"},
            ),
            "invoice#credit_cancelled": Sample(
                table="A_BillingDocument",
                id="90000004",
                fields=document(4, SDDocumentCategory="S", CancelledBillingDocument="90000003"),
                means={"kind": "invoice", "credits_id": None},
            ),
            "invoice_line": Sample(
                table="A_BillingDocument",
                id="90000001",
                fields=document(1),
                means={
                    "id": "90000001:10", "invoice_id": "90000001", "project_id": "PRJ-ALPHA.1.1",
                    "contract_line_id": "42:10", "milestone_id": None, "covers": "time", "hours": "100.000",
                    "amount": "12500.000", "currency": "EUR", "credits_line_id": None, "legal_entity": "1010",
                    "source_updated_at": "2026-11-20T17:30:00Z",
                },
            ),
            "invoice_line#milestone": Sample(
                table="A_BillingDocument",
                id="90000001",
                fields=document(
                    1, to_Item=items(1, BillingPlan="77", BillingPlanItem="1", BillingQuantityUnit="EA")
                ),
                means={"milestone_id": "42:10:77:1", "covers": "milestone", "hours": None},
            ),
            "invoice_line#fee": Sample(
                table="A_BillingDocument",
                id="90000001",
                fields=document(1, to_Item=items(1, BillingQuantityUnit="EA", SalesDocumentItem="000000")),
                means={"covers": "fee", "contract_line_id": None},
            ),
            "invoice_line#credit": Sample(
                table="A_BillingDocument",
                id="90000003",
                fields=document(
                    3,
                    SDDocumentCategory="O",
                    TotalNetAmount="-500.000",
                    to_Item=items(
                        3, NetAmount="-500.000", ReferenceSDDocument="90000001", ReferenceSDDocumentItem="10",
                        ReferenceSDDocumentCategory="M",
                    ),
                ),
                means={"id": "90000003:10", "amount": "500.000", "credits_line_id": "90000001:10"},
            ),
            "revenue_line": Sample(
                table="YY1_JournalEntryItem",
                id="1010|2026|100000001|000002|0L",
                fields=POSTING,
                means={
                    "id": "1010:2026:100000001:000002", "state": "posted", "amount": "12500.05", "currency": "EUR",
                    "posted_on": "2026-10-31", "period": "2026-010", "project_id": "PRJ-ALPHA.1.1",
                    "contract_line_id": "42:10", "legal_entity": "1010",
                },
            ),
            "revenue_line#reversal": Sample(
                table="YY1_JournalEntryItem",
                id="1010|2026|100000009|000002|0L",
                fields={**POSTING, "GLAccount": "70000001", "AmountInTransactionCurrency": "12500.05"},
                means={"state": "posted", "amount": "-12500.05"},
            ),
        },
    ),
)  # fmt: skip
