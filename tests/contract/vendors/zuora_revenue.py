"""Zuora Revenue, from the objects its documentation names and the error bodies of its REST API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from sandbox.apis.api import Api, Fault
from sandbox.apis.zuora_revenue import ZuoraRevenue
from tests.contract.case import NOW, Case, Sample

ENTRIES, LINES = "revenuecontractaccountingentries", "revenuecontractlinesdimensions"
LINE = {
    "transactioncurrency": "EUR", "companycode": "DE01", "salesorderlineid": "00k7", "lineattribute7": "M-3",
}  # fmt: skip


def settings(base: str, _folder: Path) -> Mapping[str, Any]:
    return {
        "base": base,
        "client_id": ZuoraRevenue.client,
        "client_secret_env": "ZUORA_SECRET",
        "entity": "4028",
        "columns": {"milestone_id": "LineAttribute7"},
        "wait": "0s",
    }


def prepare(api: Api) -> None:
    for number in range(1, 25):
        line = {"revenuecontractlineid": f"L{number}", **LINE}
        api.shelf.put(LINES, str(number), line, visible_from=NOW - timedelta(days=1))


def entry(number: int, **changed: Any) -> Mapping[str, Any]:
    return {
        "revenuecontractid": "RC1", "revenuecontractlineid": f"L{number}", "periodid": "202610",
        "postingperiodid": "202610", "transactioncreditamount": "4000.10", "transactiondebitamount": "0",
        "accountingtypeid": "R", "schd_type_flag": "R", "initial_rep_entry_flag": "N", **changed,
    }  # fmt: skip


BESIDE = {LINES: {"1": {"revenuecontractlineid": "L1", **LINE}}}


def trouble(message: str) -> dict[str, Any]:
    return {"success": False, "processId": "P", "reasons": [{"code": 50000040, "message": message}]}


CASES = (
    Case(
        api=ZuoraRevenue,
        settings=settings,
        prepare=prepare,
        env={"ZUORA_SECRET": ZuoraRevenue.secret},
        stream="revenue_line",
        table=ENTRIES,
        row=entry,
        known_as=lambda number: f"RC1:L{number}:202610",
        changes=("transactioncreditamount", "4250.00", "amount", 425_000),
        has_tokens=True,
        is_incremental=False,
        passing=(
            Fault(429, {"code": "REQUEST_EXCEEDED_LIMIT", "message": "Your total number"}, path="/query/"),
            Fault(200, {"code": "REQUEST_EXCEEDED_LIMIT", "message": "Your total number"}, path="/query/"),
            Fault(200, trouble("The record is locked by another process, try again"), path="/query/"),
            Fault(200, b'{"contract": "RC1", "li', {"Content-Type": "binary/octet-stream"}, path="/files/"),
        ),
        refusing=(
            Fault(401, {"error": "invalid_client"}, path="/oauth/token"),
            Fault(403, b"<Error><Code>AccessDenied</Code></Error>", path="/files/"),
        ),
        wrong_in_200=(
            Fault(200, trouble("Cannot find the tenant"), path="/query/jobs"),
            Fault(200, {"data": {"id": "job-1", "queryStatus": "failed"}}, path="/query/jobs/"),
            Fault(200, {"data": {}}, path="/query/jobs"),
        ),
        samples={
            "revenue_line": Sample(
                table=ENTRIES,
                fields=entry(1),
                beside=BESIDE,
                means={
                    "id": "RC1:L1:202610", "state": "posted", "amount": "4000.10", "currency": "EUR",
                    "legal_entity": "DE01", "contract_line_id": "00k7", "milestone_id": "M-3",
                    "period": "202610", "contract_id": None,
                },
            ),
            "revenue_line#scheduled": Sample(
                table=ENTRIES, fields=entry(1, postingperiodid=None), beside=BESIDE,
                means={"id": "RC1:L1:202610", "state": "scheduled", "amount": "4000.10"},
            ),
            "revenue_line#reversed": Sample(
                table=ENTRIES,
                fields=entry(1, transactioncreditamount="0", transactiondebitamount="4000.10"),
                beside=BESIDE,
                means={"state": "posted", "amount": "-4000.10"},
            ),
            "revenue_line#adjustment": Sample(
                table=ENTRIES, fields=entry(1, schd_type_flag="A", accountingtypeid="X"), beside=BESIDE,
                means={"state": "posted", "amount": "4000.10"},
            ),
            "period": Sample(
                table="accountingperiods",
                id="402",
                fields={"name": "Oct '26", "startDate": "2026-10-01", "endDate": "2026-10-31", "status": "Open"},
                means={
                    "id": "402", "name": "Oct '26", "start_on": "2026-10-01", "end_on": "2026-10-31", "status": "open",
                },
            ),
            "period#closed": Sample(
                table="accountingperiods",
                fields={"name": "Sep '26", "startDate": "2026-09-01", "endDate": "2026-09-30", "status": "Closed"},
                means={"status": "closed"},
            ),
        },
    ),
)  # fmt: skip
