"""Dynamics 365 Finance, from the names its data entities publish."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.apis.api import Fault
from sandbox.apis.dynamics import Dynamics
from tests.contract.case import Case, Sample


def settings(base: str, _folder: Path) -> Mapping[str, Any]:
    return {
        "environment": base,
        "authority": base,
        "tenant": Dynamics.tenant,
        "client_id": Dynamics.client,
        "client_secret_env": "ENTRA_SECRET",
        "currencies": {"usmf": "USD", "GBSI": "GBP"},
        "operations": "projops",
        "start": "2026-01-01T00:00:00Z",
    }


def company(number: int) -> str:
    return "usmf" if number % 2 else "gbsi"


def invoice(number: int, **changed: Any) -> Mapping[str, Any]:
    return {
        "ProjInvoiceProjId": f"0000{100 + number}", "InvoiceAccount": "US-001",
        "InvoiceDate": "2026-10-31T12:00:00Z", "CurrencyId": "USD", "InvoiceAmount": "14875.00", "SumTax": "2375.00",
        **changed,
    }  # fmt: skip


PROJECT = {
    "ProjectName": "Rollout", "ProjectContractId": "CT-0007", "ProjectStage": "InProcess",
    "CustomerAccountNumber": "US-001", "IntegrationSourceDataId": "d7f5", "ProjectManagerPersonnelNumber": "000020",
    "ActualStartDate": "2026-09-01T12:00:00Z",
}  # fmt: skip
LINE = {
    "ProjId": "00000104", "TransId": "PT-1", "CurrencyId": "USD", "ProjTransType": "Hour", "Qty": "100.000000",
    "LineAmount": "12500.000000", "TaxAmount": "2375.00",
}  # fmt: skip
ACTUAL = {
    "ProjId": "00000104", "PostingType": "ProjTurnover", "LedgerTransDate": "2026-10-31T12:00:00Z",
    "TotalInvoicedRevenue": "12500.00", "PLTotalAccruedRevenue": "0.00",
}  # fmt: skip
BUSY = {"error": {"code": "", "message": "Number of requests exceeded the limit"}}

CASES = (
    Case(
        api=Dynamics,
        settings=settings,
        env={"ENTRA_SECRET": Dynamics.secret},
        stream="invoice",
        table="ProjInvoiceJournalHeaders",
        row=invoice,
        id=lambda number: f"{company(number)}|PI-{number:03}",
        known_as=lambda number: f"{company(number).upper()}:PI-{number:03}",
        changes=("InvoiceAmount", "3375.00", "amount", 100_000),
        deletes="never",
        has_tokens=True,
        passing=(
            Fault(429, BUSY, {"Retry-After": "35"}, path="/data/"),
            Fault(503, "<html>Service Unavailable</html>", path="/data/"),
        ),
        refusing=(
            Fault(401, {"error": "invalid_client", "error_description": "AADSTS7000215"}, path="/token"),
            Fault(400, {"error": "unauthorized_client", "error_description": "AADSTS700016"}, path="/token"),
        ),
        wrong_in_200=(
            Fault(200, {"error": {"code": "", "message": "An error has occurred."}}, path="/data/"),
            Fault(200, {"@odata.context": "$metadata"}, path="/data/"),
        ),
        samples={
            "legal_entity": Sample(
                table="Ledgers",
                id="USMF",
                fields={"AccountingCurrency": "USD"},
                means={"id": "USMF", "name": "USMF", "currency": "USD"},
            ),
            "customer": Sample(
                table="CustomersV3",
                id="gbsi|GB-001",
                fields={"OrganizationName": "Nordwind"},
                means={"id": "GBSI:GB-001", "name": "Nordwind", "legal_entity": "GBSI"},
            ),
            "project": Sample(
                table="ProjectsV2",
                id="gbsi|00000104",
                fields=PROJECT,
                means={
                    "id": "GBSI:00000104", "number": "00000104", "name": "Rollout", "status": "active",
                    "customer_id": "GBSI:US-001", "contract_id": "GBSI:CT-0007", "legal_entity": "GBSI",
                    "activated_at": "2026-09-01T12:00:00Z", "project_system": "projops", "project_id": "d7f5",
                    "manager": "000020",
                },
            ),
            "project#new": Sample(
                table="ProjectsV2",
                id="usmf|00000105",
                fields={**PROJECT, "ProjectStage": "Created", "ActualStartDate": "1900-01-01T12:00:00Z"},
                means={"status": "planned", "activated_at": None},
            ),
            "project#closed": Sample(
                table="ProjectsV2",
                id="usmf|00000106",
                fields={**PROJECT, "ProjectStage": "Completed", "IntegrationSourceDataId": ""},
                means={"status": "closed", "project_id": None},
            ),
            "invoice": Sample(
                table="ProjInvoiceJournalHeaders",
                id="usmf|PI-1",
                fields=invoice(1),
                means={
                    "id": "USMF:PI-1", "number": "PI-1", "kind": "invoice", "status": "posted", "amount": "12500.00",
                    "issued_on": "2026-10-31", "currency": "USD", "customer_id": "USMF:US-001",
                    "legal_entity": "USMF", "source_updated_at": "2026-11-20T17:30:00Z",
                },
            ),
            "invoice#credit": Sample(
                table="ProjInvoiceJournalHeaders",
                id="usmf|PI-2",
                fields=invoice(2, InvoiceAmount="-595.00", SumTax="-95.00"),
                means={"kind": "credit_note", "amount": "500.00"},
            ),
            "invoice_line": Sample(
                table="ProjInvoiceJournalLines",
                id="usmf|PI-1|1",
                fields=LINE,
                means={
                    "id": "USMF:PI-1:1", "invoice_id": "USMF:PI-1", "project_id": "USMF:00000104", "covers": "time",
                    "hours": "100.000000", "amount": "12500.000000", "currency": "USD",
                },
            ),
            "invoice_line#milestone": Sample(
                table="ProjInvoiceJournalLines",
                id="usmf|PI-1|2",
                fields={**LINE, "ProjTransType": "OnAccount", "Qty": "1.000000"},
                means={"covers": "milestone", "hours": None},
            ),
            "revenue_line": Sample(
                table="PSAActuals",
                id="gbsi|PT-1",
                fields=ACTUAL,
                means={
                    "id": "GBSI:PT-1", "state": "posted", "amount": "12500.00", "currency": "GBP",
                    "posted_on": "2026-10-31", "project_id": "GBSI:00000104", "legal_entity": "GBSI",
                },
            ),
            "revenue_line#reversed_accrual": Sample(
                table="PSAActuals",
                id="usmf|PT-2",
                fields={**ACTUAL, "TotalInvoicedRevenue": "0.00", "PLTotalAccruedRevenue": "-9000.50"},
                means={"amount": "-9000.50", "currency": "USD"},
            ),
        },
    ),
)  # fmt: skip
