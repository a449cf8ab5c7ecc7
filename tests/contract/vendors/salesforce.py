"""Salesforce Sales Cloud, from the shapes its developer pages document."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.apis.api import Fault
from sandbox.apis.salesforce import Salesforce
from tests.contract.case import Case, Sample


def settings(base: str, _folder: Path) -> Mapping[str, Any]:
    return {
        "base": base, "client_id": Salesforce.client, "client_secret_env": "SALESFORCE_SECRET", "orders": True,
        "start": "2025-06-01T00:00:00Z", "fields": {"contract": {"opportunity_id": "SBQQ__Opportunity__c"}},
    }  # fmt: skip


def deal(number: int, **changed: Any) -> Mapping[str, Any]:
    return {
        "AccountId": "001000000000003AAA", "Account": {"Name": "Nordwind"}, "Owner": {"Name": "Ada King"},
        "Name": f"Rollout {number}", "StageName": "Gewonnen", "Amount": 133283.1, "CurrencyIsoCode": "EUR",
        "CloseDate": "2026-12-31", "IsClosed": True, "IsWon": True, "ContractId": None,
        "CreatedDate": "2026-09-01T08:00:00.000+0000", "LastStageChangeDate": "2026-10-30T16:02:11.000+0000",
        **changed,
    }  # fmt: skip


def refusal(code: str, message: str) -> list[dict[str, str]]:
    return [{"message": message, "errorCode": code}]


CONTRACT = {
    "AccountId": "001000000000003AAA", "ContractNumber": "00000104", "Status": "Aktiviert", "StatusCode": "Activated",
    "StartDate": "2026-11-01", "EndDate": "2027-10-31", "ActivatedDate": "2026-10-31T09:00:00.000+0000",
    "CurrencyIsoCode": "EUR", "SBQQ__Opportunity__c": "006000000000001AAA",
}  # fmt: skip
ORDER = {
    "AccountId": "001000000000003AAA", "OrderNumber": "00000077", "StatusCode": "Draft", "EffectiveDate": "2026-11-01",
    "EndDate": None, "ActivatedDate": None, "TotalAmount": 90000, "CurrencyIsoCode": "EUR",
    "OpportunityId": "006000000000001AAA", "ContractId": "800000000000001AAA",
}  # fmt: skip
EMPTY = {"totalSize": 0, "done": True, "records": []}
QUERY = "/services/data/v67.0/query"
#: said of every query of the API, whatever it asks for
PASSING = (
    Fault(400, refusal("INVALID_QUERY_LOCATOR", "invalid query locator"), path=f"{QUERY}/"),
    Fault(
        403,
        refusal("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."),
        path=QUERY,
    ),
    Fault(420, "<html>too many</html>", path=QUERY),
    Fault(406, "", path=QUERY),
)
STOPPING = (
    Fault(403, refusal("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), path=QUERY),
    Fault(
        200,
        EMPTY,
        {"Sforce-Limit-Info": "per-app-api-usage=1/250(appName=a); api-usage=80000/100000"},
        path=QUERY,
    ),
)
REFUSING = (
    Fault(400, refusal("INVALID_FIELD", "No such column 'Amount' on entity 'Opportunity'."), path=QUERY),
    Fault(400, refusal("INVALID_TYPE", "sObject type 'Order' is not supported."), path=QUERY),
    Fault(
        403,
        refusal("API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner"),
        path=QUERY,
    ),
    Fault(401, refusal("INVALID_SESSION_ID", "Session expired or invalid"), path=QUERY, times=9),
    Fault(
        400,
        {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"},
        path="/token",
        times=9,
    ),
)
WRONG_IN_200 = (Fault(200, {"totalSize": 3, "done": True}, path=QUERY), Fault(200, [], path=QUERY))

CASES = (
    Case(
        api=Salesforce,
        settings=settings,
        env={"SALESFORCE_SECRET": Salesforce.secret},
        stream="opportunity",
        table="Opportunity",
        row=deal,
        id=lambda number: f"006{number:012}AAA",
        known_as=lambda number: f"006{number:012}AAA",
        changes=("Amount", 90000.55, "amount", 9_000_055),
        deletes="soft",
        has_tokens=True,
        passing=PASSING,
        stopping=STOPPING,
        refusing=REFUSING,
        wrong_in_200=WRONG_IN_200,
        samples={
            "customer": Sample(table="Account", fields={"Name": "Nordwind"}, means={"id": "1", "name": "Nordwind"}),
            "opportunity": Sample(
                table="Opportunity",
                id="006000000000001AAA",
                fields=deal(1),
                means={
                    "id": "006000000000001AAA", "name": "Rollout 1", "status": "won", "currency": "EUR",
                    "won_at": "2026-10-30T16:02:11Z", "amount": "133283.1", "services_amount": None,
                    "customer_id": "001000000000003AAA", "customer_name": "Nordwind", "owner": "Ada King",
                    "source_updated_at": "2026-11-20T17:30:00Z", "deleted_at": None,
                },
            ),
            "opportunity#made_won": Sample(
                table="Opportunity", fields=deal(1, LastStageChangeDate=None), means={"won_at": "2026-09-01T08:00:00Z"}
            ),
            "opportunity#lost": Sample(
                table="Opportunity", fields=deal(1, IsWon=False), means={"status": "lost", "won_at": None}
            ),
            "opportunity#open": Sample(
                table="Opportunity",
                fields=deal(1, IsWon=False, IsClosed=False, StageName="Closed Won", Account=None, AccountId=None),
                means={"status": "open", "won_at": None, "customer_id": None, "customer_name": None},
            ),
            "opportunity#deleted": Sample(
                table="Opportunity", fields=deal(1), deleted=True, means={"deleted_at": "2026-11-20T18:00:00Z"}
            ),
            "contract": Sample(
                table="Contract",
                fields=CONTRACT,
                means={
                    "number": "00000104", "status": "active", "signed_at": "2026-10-31T09:00:00Z", "currency": "EUR",
                    "start_on": "2026-11-01", "end_on": "2027-10-31", "customer_id": "001000000000003AAA",
                    "opportunity_id": "006000000000001AAA",
                },
            ),
            "contract#draft": Sample(
                table="Contract", fields={**CONTRACT, "StatusCode": "InApproval"}, means={"status": "draft"}
            ),
            "contract#ended": Sample(
                table="Contract", fields={**CONTRACT, "StatusCode": "Terminated"}, means={"status": "cancelled"}
            ),
            "contract#expired": Sample(
                table="Contract", fields={**CONTRACT, "StatusCode": "Expired"}, means={"status": "closed"}
            ),
            "order": Sample(
                table="Order",
                fields=ORDER,
                means={
                    "number": "00000077", "status": "draft", "signed_at": None, "amount": "90000",
                    "opportunity_id": "006000000000001AAA", "start_on": "2026-11-01",
                },
            ),
            "order#active": Sample(
                table="Order",
                fields={**ORDER, "StatusCode": "Activated", "ActivatedDate": "2026-11-02T10:00:00.000+0000"},
                means={"status": "active", "signed_at": "2026-11-02T10:00:00Z"},
            ),
        },
    ),
)  # fmt: skip
