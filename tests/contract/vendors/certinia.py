"""Certinia PSA, from the names that orgs show and Salesforce's own shapes; signed in by a claim."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.apis.api import Api
from sandbox.apis.certinia import Certinia
from tests.contract.case import Case, Sample
from tests.contract.vendors.salesforce import PASSING, REFUSING, STOPPING, WRONG_IN_200


@cache
def key() -> rsa.RSAPrivateKey:
    """One for all tests: making it takes longer than any of them."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def settings(base: str, folder: Path) -> Mapping[str, Any]:
    file = folder / "key.pem"
    pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file.write_bytes(key().private_bytes(serialization.Encoding.PEM, pkcs8, plain))
    return {
        "base": base, "client_id": Certinia.client, "user": Certinia.user, "key_file": file, "sweep": True,
        "customers": True, "zone": "Europe/Berlin", "start": "2025-06-01T00:00:00Z",
        "stages": {"Abgeschlossen": "complete", "Pausiert": "on_hold"},
    }  # fmt: skip


def trust(api: Api) -> None:
    assert isinstance(api, Certinia)
    api.public_key = key().public_key()


def split(number: int, **changed: Any) -> Mapping[str, Any]:
    return {
        "pse__Project__c": f"a0P{number:012}AAA", "pse__Resource__c": "003000000000007AAA",
        "pse__Start_Date__c": "2026-10-26", "pse__End_Date__c": "2026-10-31", "pse__Total_Hours__c": 37.5,
        "pse__Total_Billable_Amount__c": 4503.75, "CurrencyIsoCode": "EUR", "pse__Status__c": "Approved",
        "pse__Submitted__c": True, "pse__Approved__c": True, "pse__Include_In_Financials__c": True,
        "pse__Billable__c": True, "pse__Exclude_from_Billing__c": False, "pse__Billing_Hold__c": False,
        "pse__Billed__c": False,
        **changed,
    }  # fmt: skip


PROJECT = {
    "pse__Project_ID__c": "PR-104", "Name": "Rollout", "pse__Account__c": "001000000000003AAA", "CurrencyIsoCode": "EUR",
    "pse__Opportunity__c": "006000000000001AAA", "pse__Stage__c": "In Arbeit", "pse__Is_Active__c": True,
    "pse__Is_Template__c": False, "pse__Billing_Type__c": "Time and Materials",
    "pse__Project_Manager__r": {"Name": "Grace Hopper"},
}  # fmt: skip
MILESTONE = {
    "Name": "Design sign-off", "pse__Project__c": "a0P000000000001AAA", "pse__Status__c": "Completed",
    "pse__Actual_Date__c": "2026-11-05", "pse__Milestone_Amount__c": 120000, "CurrencyIsoCode": "EUR",
    "pse__Approved__c": True, "pse__Recognition_Method__c": "Deliverable",
}  # fmt: skip
EXPENSE = {
    **{name: value for name, value in split(1).items() if name not in {"pse__Start_Date__c", "pse__Total_Hours__c"}},
    "pse__Expense_Date__c": "2026-10-30", "pse__Amount__c": 100, "CurrencyIsoCode": "GBP",
    "pse__Billing_Amount__c": 118.5, "pse__Billing_Currency__c": "EUR",
}  # fmt: skip
EVENT = {
    "SystemModstamp": "2026-11-20T17:45:00.000+0000",
    "pse__Is_Released__c": True,
    "pse__Invoiced__c": False,
}
ITEM = {
    "pse__Project__c": "a0P000000000001AAA", "pse__Milestone__c": "a0M000000000001AAA", "pse__Amount__c": 120000,
    "CurrencyIsoCode": "EUR", "pse__Category__c": "Milestone", "pse__Billing_Event__r": EVENT,
}  # fmt: skip


def project(**changed: Any) -> Sample:
    status = changed.pop("status")
    return Sample(table="pse__Proj__c", fields={**PROJECT, **changed}, means={"status": status})


def milestone(means: Mapping[str, Any], **changed: Any) -> Sample:
    return Sample(table="pse__Milestone__c", fields={**MILESTONE, **changed}, means=means)


def time(means: Mapping[str, Any], **changed: Any) -> Sample:
    return Sample(table="pse__Timecard__c", fields=split(1, **changed), means=means)


def item(status: str, **changed: Any) -> Sample:
    fields = {**ITEM, "pse__Billing_Event__r": {**EVENT, **changed}}
    return Sample(table="pse__Billing_Event_Item__c", fields=fields, means={"status": status})


CASES = (
    Case(
        api=Certinia,
        settings=settings,
        prepare=trust,
        stream="time_entry",
        table="pse__Timecard__c",
        row=split,
        id=lambda number: f"a0T{number:012}AAA",
        known_as=lambda number: f"a0T{number:012}AAA",
        changes=("pse__Total_Hours__c", 40.25, "hours", 40_250_000),
        has_tokens=True,
        passing=PASSING,
        stopping=STOPPING,
        refusing=REFUSING,
        wrong_in_200=WRONG_IN_200,
        samples={
            "customer": Sample(table="Account", fields={"Name": "Nordwind"}, means={"id": "1", "name": "Nordwind"}),
            "resource": Sample(
                table="Contact",
                fields={
                    "Name": "Ada King", "pse__Is_Resource__c": True,
                    "pse__Is_Resource_Active__c": False,
                },
                means={"name": "Ada King", "active": False},
            ),
            "project": Sample(
                table="pse__Proj__c",
                id="a0P000000000001AAA",
                fields=PROJECT,
                means={
                    "id": "a0P000000000001AAA", "number": "PR-104", "name": "Rollout", "status": "active",
                    "customer_id": "001000000000003AAA", "opportunity_id": "006000000000001AAA", "currency": "EUR",
                    "billing_method": "time_and_materials", "manager": "Grace Hopper",
                    "source_updated_at": "2026-11-20T17:30:00Z",
                },
            ),
            "project#planned": project(pse__Is_Active__c=False, status="planned"),
            "project#complete": project(pse__Is_Active__c=False, pse__Stage__c="Abgeschlossen", status="complete"),
            "project#on_hold": project(pse__Is_Active__c=False, pse__Stage__c="Pausiert", status="on_hold"),
            "project#fixed": Sample(
                table="pse__Proj__c",
                fields={**PROJECT, "pse__Billing_Type__c": "Fixed Price", "pse__Project_Manager__r": None},
                means={"billing_method": "fixed_fee", "manager": None},
            ),
            "project#own_type": Sample(
                table="pse__Proj__c", fields={**PROJECT, "pse__Billing_Type__c": "Hausmarke"}, means={"billing_method": None}
            ),
            "allocation": Sample(
                table="pse__Assignment__c",
                fields={
                    "pse__Project__c": "a0P000000000001AAA", "pse__Resource__c": "003000000000007AAA",
                    "pse__Start_Date__c": "2026-11-02", "pse__End_Date__c": "2026-12-18",
                    "pse__Scheduled_Hours__c": 140, "pse__Percent_Allocated__c": 50,
                },
                means={
                    "project_id": "a0P000000000001AAA", "resource_id": "003000000000007AAA", "hours": "140",
                    "percent": "50", "start_on": "2026-11-02", "end_on": "2026-12-18",
                },
            ),
            "milestone": Sample(
                table="pse__Milestone__c",
                id="a0M000000000001AAA",
                fields=MILESTONE,
                means={
                    "name": "Design sign-off", "project_id": "a0P000000000001AAA", "status": "accepted",
                    "accepted_at": "2026-11-04T23:00:00Z", "currency": "EUR", "amount": "120000",
                    "contract_line_id": "a0M000000000001AAA",
                },
            ),
            "milestone#reached": milestone({"status": "reached", "accepted_at": None}, pse__Approved__c=False),
            "milestone#planned": milestone(
                {"status": "planned"}, pse__Approved__c=False, pse__Status__c="Planned", pse__Actual_Date__c=None
            ),
            "milestone#cancelled": milestone({"status": "cancelled", "accepted_at": None}, pse__Status__c="Cancelled"),
            "contract_line": Sample(
                table="pse__Milestone__c",
                id="a0M000000000001AAA",
                fields=MILESTONE,
                means={
                    "id": "a0M000000000001AAA", "kind": "milestone", "recognition": "milestone", "amount": "120000",
                    "currency": "EUR",
                },
            ),
            "contract_line#over_time": Sample(
                table="pse__Milestone__c",
                fields={**MILESTONE, "pse__Recognition_Method__c": "% Complete"},
                means={"recognition": "over_time"},
            ),
            "contract_line#own_method": Sample(
                table="pse__Milestone__c",
                fields={**MILESTONE, "pse__Recognition_Method__c": "Hausmarke"},
                means={"recognition": None},
            ),
            "time_entry": time(
                {
                    "project_id": "a0P000000000001AAA", "resource_id": "003000000000007AAA", "work_date": "2026-10-31",
                    "hours": "37.5", "status": "approved", "billable": True, "held": False, "billed": False,
                    "rate": "120.100000", "currency": "EUR",
                }
            ),
            "time_entry#not_in_financials": time({"status": "submitted"}, pse__Include_In_Financials__c=False),
            "time_entry#submitted": time({"status": "submitted"}, pse__Approved__c=False),
            "time_entry#saved": time(
                {"status": "draft"}, pse__Approved__c=False, pse__Submitted__c=False, pse__Status__c="Saved"
            ),
            "time_entry#rejected": time(
                {"status": "rejected"}, pse__Approved__c=False, pse__Submitted__c=False, pse__Status__c="Rejected"
            ),
            "time_entry#excluded": time({"billable": False}, pse__Exclude_from_Billing__c=True),
            "time_entry#not_billable": time(
                {"billable": False, "rate": "0.000000"}, pse__Billable__c=False, pse__Total_Billable_Amount__c=0
            ),
            "time_entry#unpriced": time({"rate": None}, pse__Total_Billable_Amount__c=None),
            "time_entry#held": time({"held": True, "billed": True}, pse__Billing_Hold__c=True, pse__Billed__c=True),
            "time_entry#deleted": Sample(
                table="pse__Timecard__c", fields=split(1), deleted=True, means={"deleted_at": "2026-11-20T18:00:00Z"}
            ),
            "expense": Sample(
                table="pse__Expense__c",
                fields=EXPENSE,
                means={
                    "project_id": "a0P000000000001AAA", "incurred_on": "2026-10-30", "status": "approved",
                    "billable": True, "currency": "EUR", "amount": "118.5",
                },
            ),
            "expense#not_converted": Sample(
                table="pse__Expense__c",
                fields={**EXPENSE, "pse__Billing_Amount__c": None},
                means={"currency": "GBP", "amount": "100"},
            ),
            "billing_event": Sample(
                table="pse__Billing_Event_Item__c",
                fields=ITEM,
                means={
                    "project_id": "a0P000000000001AAA", "milestone_id": "a0M000000000001AAA", "amount": "120000",
                    "currency": "EUR", "status": "released", "source_updated_at": "2026-11-20T17:45:00Z",
                },
            ),
            "billing_event#draft": item("draft", pse__Is_Released__c=False),
            "billing_event#invoiced": item("invoiced", pse__Invoiced__c=True),
            "billing_event_moved": Sample(
                table="pse__Billing_Event_Item__c",
                fields=ITEM,
                means={"status": "released", "source_updated_at": "2026-11-20T17:45:00Z"},
            ),
            "billing_event_moved#invoiced": item("invoiced", pse__Invoiced__c=True),
        },
    ),
)  # fmt: skip
