"""NetSuite, from the tables that public models of its analytics data name and Oracle's REST pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from sandbox.apis.api import Api, Fault
from sandbox.apis.netsuite import SUITEQL, TOKEN, NetSuite
from tests.contract.case import NOW, Case, Sample


@cache
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def settings(base: str, folder: Path) -> Mapping[str, Any]:
    pem = key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "netsuite.pem").write_bytes(pem)
    return {
        "account": "1234567_SB1",
        "base": base,
        "client_id": NetSuite.client,
        "certificate_id": NetSuite.certificate_id,
        "key_file": folder / "netsuite.pem",
        "zone": NetSuite.zone,
        "columns": {"project": ["j.jobtype"]},
        "project_source": "psa",
        # deletions must show by deletedrecord alone
        "sweep_every": "30d",
    }


def prepare(api: Api) -> None:
    assert isinstance(api, NetSuite)
    api.certificate = (
        key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    )
    for identifier, currency in CURRENCIES.items():
        api.shelf.put("currency", identifier, currency, visible_from=NOW - timedelta(days=1))


def refusal(status: int, code: str, detail: str, **more: Any) -> Fault:
    body = {"title": detail, "status": status, "o:errorDetails": [{"detail": detail, "o:errorCode": code}]}
    return Fault(status, body, path=SUITEQL, **more)


CURRENCIES = {"1": {"symbol": "USD"}, "4": {"symbol": "EUR"}}
JOB = {
    "entityid": "NW-1", "companyname": "Rollout", "customer": "731", "entitystatus": "2", "isinactive": "F",
    "jobbillingtype": "TM", "externalid": "a0P7", "currency": "4", "projectmanager": "9",
}  # fmt: skip
TOTAL = {"uniquekey": "900", "id": "0", "mainline": "T", "taxline": "F", "iscogs": "F", "foreignamount": "14875",
         "subsidiary": "2"}  # fmt: skip
WORK = {"uniquekey": "901", "id": "1", "mainline": "F", "taxline": "F", "iscogs": "F", "foreignamount": "-12500",
        "itemtype": "Service", "entity": "55", "subsidiary": "2"}  # fmt: skip
TAX = {**WORK, "uniquekey": "902", "taxline": "T", "foreignamount": "-2375"}


def invoice(number: int, **changed: Any) -> Mapping[str, Any]:
    return {
        "tranid": f"INV-{number}", "type": "CustInvc", "status": "A", "posting": "T", "trandate": "2026-10-31",
        "duedate": "2026-11-30", "currency": "4", "foreigntotal": "14875", "entity": "731",
        "lines": [{**TOTAL, "uniquekey": f"{number}0"}], **changed,
    }  # fmt: skip


def credit(**changed: Any) -> Mapping[str, Any]:
    lines = [{**TOTAL, "createdfrom": "77"}, {**WORK, "foreignamount": "500"}]
    return invoice(1, tranid="CM-1", type="CustCred", foreigntotal="-595", lines=lines, **changed)


MONTH = {
    "periodname": "Oct 2026", "startdate": "2026-10-01", "enddate": "2026-10-31", "isposting": "T",
    "isadjust": "F", "isquarter": "F", "isyear": "F", "closed": "F", "arlocked": "F", "alllocked": "F",
}  # fmt: skip
BESIDE: Mapping[str, Any] = {"currency": CURRENCIES, "job": {"55": JOB}}


def revenue(**changed: Any) -> Mapping[str, Any]:
    planned = {"id": "1", "amount": "4000", "isrecognized": "F", "plannedperiod": "318", **changed}
    plan = {"id": "61", "revenueplantype": "ACTUAL", "planned": [planned]}
    return {"entity": "55", "currency": "4", "subsidiary": "2", "plans": [plan]}


CASES = (
    Case(
        api=NetSuite,
        settings=settings,
        prepare=prepare,
        stream="invoice",
        table="transaction",
        row=invoice,
        changes=("status", "B", "status", "paid"),
        deletes="soft",
        has_tokens=True,
        passing=(
            refusal(429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked."),
            refusal(400, "SSS_REQUEST_LIMIT_EXCEEDED", "Request limit exceeded"),
            refusal(401, "INVALID_LOGIN", "Invalid login attempt. See the Login Audit Trail.", times=2),
        ),
        refusing=(
            Fault(401, {"error": "invalid_client"}, path=TOKEN),
            refusal(400, "INVALID_PARAMETER", "Invalid search query. Field 'currency' was not found."),
            refusal(403, "INSUFFICIENT_PERMISSION", "Permission Violation"),
        ),
        wrong_in_200=(Fault(200, {"links": [], "count": 0, "hasMore": False, "totalResults": 0}, path=SUITEQL),),
        samples={
            "customer": Sample(
                table="customer",
                id="731",
                fields={"entityid": "C-731", "companyname": "Nordwind GmbH"},
                means={
                    "id": "731", "name": "Nordwind GmbH", "source_updated_at": "2026-11-20T17:30:00Z",
                    "source_url": "https://1234567-sb1.app.netsuite.com/app/common/entity/custjob.nl?id=731",
                },
            ),
            "customer#person": Sample(
                table="customer", fields={"entityid": "Ada King"}, means={"name": "Ada King"}
            ),
            "project": Sample(
                table="job",
                id="55",
                fields=JOB,
                beside={"currency": CURRENCIES, "employee": {"9": {"entityid": "Ada King"}}},
                means={
                    "id": "55", "number": "NW-1", "name": "Rollout", "customer_id": "731", "status": "active",
                    "billing_method": "time_and_materials", "currency": "EUR", "manager": "Ada King",
                    "project_id": "a0P7", "project_system": "psa",
                    "source_url": "https://1234567-sb1.app.netsuite.com/app/accounting/project/project.nl?id=55",
                },
            ),
            "project#pending": Sample(
                table="job",
                fields={"entityid": "NW-2", "entitystatus": "4", "isinactive": "F", "parent": "731"},
                means={"status": "planned", "customer_id": "731", "project_id": None, "project_system": None},
            ),
            "project#without a status": Sample(
                table="job", fields={**JOB, "entitystatus": None, "jobbillingtype": "FBM"},
                means={"status": "active", "billing_method": "milestone"},
            ),
            "project#inactive": Sample(
                table="job", fields={**JOB, "isinactive": "T"}, means={"status": "closed"}
            ),
            "invoice": Sample(
                table="transaction",
                id="88",
                fields=invoice(88),
                beside=BESIDE,
                means={
                    "id": "88", "number": "INV-88", "kind": "invoice", "status": "posted", "customer_id": "731",
                    "issued_on": "2026-10-31", "due_on": "2026-11-30", "currency": "EUR", "amount": "14875",
                    "legal_entity": "2", "credits_id": None, "source_updated_at": "2026-11-20T17:30:00Z",
                },
            ),
            "invoice#of a project": Sample(
                table="transaction", fields=invoice(88, entity="55"), beside=BESIDE, means={"customer_id": "731"}
            ),
            "invoice#pending": Sample(
                table="transaction", fields=invoice(88, status="D"), beside=BESIDE,
                means={"status": "pending_approval"},
            ),
            "invoice#void": Sample(
                table="transaction", fields=invoice(88, status="CustInvc:V"), beside=BESIDE,
                means={"status": "void"},
            ),
            "invoice#credit of an order that is no invoice": Sample(
                table="transaction", fields=credit(status="B"), beside=BESIDE,
                means={"kind": "credit_note", "status": "paid", "amount": "595", "credits_id": None},
            ),
            "invoice_line": Sample(
                table="transaction",
                id="88",
                fields=invoice(88, lines=[TOTAL, WORK, TAX]),
                beside=BESIDE,
                means={
                    "id": "901", "invoice_id": "88", "project_id": "55", "amount": "12500", "currency": "EUR",
                    "covers": "time", "legal_entity": "2", "source_updated_at": "2026-11-20T17:30:00Z",
                },
            ),
            "invoice_line#milestone, changed later than its header": Sample(
                table="transaction",
                fields=invoice(88, lines=[TOTAL, {**WORK, "billingschedule": "3",
                                                  "linelastmodifieddate": "2026-11-20 09:45:00"}]),
                beside=BESIDE,
                means={"covers": "milestone", "source_updated_at": "2026-11-20T17:45:00Z"},
            ),
            "invoice_line#credit of a project's customer": Sample(
                table="transaction", fields=credit(entity="55"), beside=BESIDE,
                means={"amount": "500", "project_id": "55", "covers": "time"},
            ),
            "revenue_line": Sample(
                table="revenueelement",
                id="70",
                fields=revenue(),
                beside={**BESIDE, "accountingperiod": {"318": MONTH}},
                means={
                    "id": "1", "state": "scheduled", "amount": "4000", "currency": "EUR", "project_id": "55",
                    "period": "Oct 2026", "posted_on": None, "legal_entity": "2",
                    "source_updated_at": "2026-11-20T17:30:00Z",
                },
            ),
            "revenue_line#posted": Sample(
                table="revenueelement",
                fields=revenue(isrecognized="T", dateexecuted="2026-11-04", postingperiod="318", journal="91"),
                beside={**BESIDE, "transaction": {"91": {"type": "Journal", "trandate": "2026-10-31"}}},
                means={"state": "posted", "posted_on": "2026-10-31"},
            ),
            "legal_entity": Sample(
                table="subsidiary",
                id="2",
                fields={"name": "Nordwind Ltd", "country": "GB", "currency": "1", "iselimination": "F"},
                beside={"currency": CURRENCIES},
                means={"id": "2", "name": "Nordwind Ltd", "country": "GB", "currency": "USD"},
            ),
            "period": Sample(
                table="accountingperiod",
                fields=MONTH,
                means={"name": "Oct 2026", "start_on": "2026-10-01", "end_on": "2026-10-31", "status": "open"},
            ),
            "period#receivables locked": Sample(
                table="accountingperiod", fields={**MONTH, "arlocked": "T"}, means={"status": "soft_closed"}
            ),
            "period#closed": Sample(
                table="accountingperiod", fields={**MONTH, "closed": "T", "alllocked": "T"},
                means={"status": "closed"},
            ),
            "fx_rate": Sample(
                table="consolidatedexchangerate",
                fields={"postingperiod": "318", "fromcurrency": "4", "tocurrency": "1", "averagerate": "1.0812"},
                beside={"currency": CURRENCIES, "accountingperiod": {"318": MONTH}},
                means={
                    "id": "1:average", "rate_type": "average", "base_currency": "EUR", "currency": "USD",
                    "valid_on": "2026-10-01", "rate": "1.0812",
                },
            ),
        },
    ),
)  # fmt: skip
