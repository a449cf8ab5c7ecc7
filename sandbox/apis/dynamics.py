"""Dynamics 365 Finance as documented: data entities over OData 4, one company unless all are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.apis._entra import DynamicsApi
from sandbox.apis._odata_model import Entity, entity

_SETS = {
    "Ledgers": entity(
        "Ledgers", "LegalEntityId", text="AccountingCurrency ReportingCurrency FiscalCalendar"
    ),
    "CustomersV3": entity("CustomersV3", "dataAreaId CustomerAccount", text="OrganizationName"),
    "ProjectsV2": entity(
        "ProjectsV2", "dataAreaId ProjectId",
        text="ProjectName ProjectContractId ProjectStage ProjectGroupId CustomerAccountNumber"
        " IntegrationSourceDataId ProjectManagerPersonnelNumber",
        instant="ActualStartDate ActualEndDate",
    ),
    "PSAActuals": entity(
        "PSAActuals", "dataAreaId TransId",
        text="ProjId ContractId PostingType ProjTransType Voucher",
        instant="ProjTransDate LedgerTransDate",
        decimal="Qty TotalInvoicedRevenue PLTotalAccruedRevenue WIPSalesValue NetWIP",
    ),
    "ProjInvoiceJournalHeaders": entity(
        "ProjInvoiceJournalHeaders", "dataAreaId ProjInvoiceId", stamp="ModifiedDateTime",
        text="ProjInvoiceProjId InvoiceAccount CurrencyId LedgerVoucher", instant="InvoiceDate",
        decimal="InvoiceAmount SumTax ExchRate",
    ),
    "ProjInvoiceJournalLines": entity(
        "ProjInvoiceJournalLines", "dataAreaId ProjInvoiceId LineNumber", stamp="ModifiedDateTime",
        text="ProjId TransId CurrencyId ProjTransType", instant="TransDate",
        decimal="Qty LineAmount TaxAmount",
        number="LineNumber",
    ),
}  # fmt: skip


class Dynamics(DynamicsApi):
    """``own_company`` is the company of the user, in the case data entities write it."""

    vendor: ClassVar[str] = "dynamics"
    services: ClassVar[Mapping[str, tuple[int, Mapping[str, Entity]]]] = {"/data": (4, _SETS)}
    page_cap = 10_000
    heeds_page_size = True
    own_company = "usmf"

    def rows_of(self, entity: Entity, request: Request) -> list[Mapping[str, Any]]:
        """Rows of the own company, of all where the request says so."""
        rows = super().rows_of(entity, request)
        if "dataAreaId" not in entity.key or request.query_params.get("cross-company") == "true":
            return rows
        return [row for row in rows if row["dataAreaId"] == self.own_company]

    def used_up(self) -> Response:
        """Too much is asked for at once; it says for how long."""
        return JSONResponse(
            {"error": {"code": "", "message": "Too many requests"}}, 429, {"Retry-After": "35"}
        )

    def error(self, status: int, why: str, _version: int) -> Response:
        """A refusal, whose reason stands inside."""
        inner = {"message": why, "type": "Microsoft.OData.ODataException", "stacktrace": ""}
        said = {"code": "", "message": "An error has occurred.", "innererror": inner}
        return JSONResponse({"error": said}, status)
