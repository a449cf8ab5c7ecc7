"""NetSuite by SuiteQL: subsidiaries, customers, projects, invoices with lines, revenue plans, periods, rates.

Active: a project in a status that ``project_statuses`` calls so (In Progress and Awarded; without a status
too, as it takes time and invoices). Posted: an invoice that is open or paid in full; pending approval is
neither. A void shows as its status; a void by a reversing journal shows as paid. Header amounts hold tax,
lines do not. Revenue is posted once its planned line is recognised; forecast plans are left out. Deletions
come from ``deletedrecord``; ids are compared besides, as a line taken off an invoice leaves no trace.

Traps: stamps are text in the zone of the integration user (``zone``), so give that user one without daylight
saving, where no hour comes twice; a query gives 100,000 rows at most; too many requests at once can look
like a failed login; adjustment periods overlap others and are left out; features that are off take their
tables with them (``omit = ["revenue_line"]`` without Advanced Revenue Management).
Unverified: the numbers of project statuses and of record types in deletedrecord, the word for forecast plans.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from collectors.engines.vendor import VendorSettings, rest_system
from collectors.systems import _netsuite_queries as suiteql

_PAGE = 1000
_MOST = 100_000
_STATUSES = {"1": "closed", "2": "active", "3": "cancelled", "4": "planned", "5": "active"}
_BILLING = {"TM": "time_and_materials", "CB": "time_and_materials", "FBI": "fixed_fee", "FBM": "milestone"}
_LETTERS = {"A": "posted", "B": "paid", "D": "pending_approval", "E": "draft", "V": "void"}
_TYPES = {"CustInvc": "invoice", "CustCred": "credit_note"}
#: some accounts tell the letter alone, others with the type before it
_STATUS = _LETTERS | {f"{type_}:{letter}": _LETTERS[letter] for type_ in _TYPES for letter in _LETTERS}
_DETAIL = r'"detail"\s*:\s*"([^"]{1,240})'
_RATES = ("average", "current", "historical")
_PAGES = {
    "customer": "common/entity/custjob",
    "project": "accounting/project/project",
    "invoice": "accounting/transactions/transaction",
}
_Column = Annotated[str, StringConstraints(pattern=r"^\w+\.\w+$")]


class NetSuiteSettings(VendorSettings):
    """``account``, and the integration's certificate: client id, certificate id, private key (RSA).

    ``zone`` is the time zone of the integration user. ``columns`` are further columns of a stream, such as
    ``project = ["j.custentity_deal"]``, for ``fields`` to map; ``project_source`` names the system whose ids
    stand in a project's external id.
    """

    account: str
    client_id: str
    certificate_id: str
    key_file: Path
    zone: str
    base: str | None = None
    columns: dict[str, tuple[_Column, ...]] = Field(default_factory=dict)
    project_statuses: dict[str, str] = _STATUSES
    project_source: str | None = None


def _asked(query: str, turn: Mapping[str, Any], columns: Sequence[str] = (), **more: Any) -> dict[str, Any]:
    return {
        "path": "/services/rest/query/v1/suiteql",
        "method": "POST",
        "headers": {"Prefer": "transient"},
        "params": {"limit": _PAGE},
        "body": {"q": suiteql.spelled(query, *columns)},
        "rows": "items",
        "next": turn,
        **more,
    }


def _paged(query: str, columns: Sequence[str] = ()) -> dict[str, Any]:
    # each page is asked anew: a row that changes meanwhile leaves, another slips by, and the total shows it
    turn = {"style": "offset", "size": _PAGE, "total": "totalResults"}
    return _asked(query, turn, columns, total="totalResults")


def _sought(query: str, columns: Sequence[str] = (), field: str = "id", **more: Any) -> dict[str, Any]:
    """However many rows there are: the cap is a query's, and here each page is one."""
    return _asked(query, {"style": "seek", "field": field, "more": "hasMore"}, columns, **more)


def _gone(record_type: int) -> dict[str, Any]:
    query = suiteql.DELETED.replace("RECORDTYPE", str(record_type))
    return _sought(query, field="@", rows="items[].id")


def _declare(chosen: NetSuiteSettings) -> dict[str, Any]:
    account = chosen.account.lower().replace("_", "-")
    base = chosen.base or f"https://{account}.suitetalk.api.netsuite.com"
    streams = {**_parties(chosen), **_documents(chosen), **_ledger(chosen)}
    stray = set(chosen.columns) - set(streams)
    if stray:
        raise ValueError(f"columns: there is no stream {min(stray)!r}: there are {', '.join(streams)}")
    for name, stream in streams.items():
        stream["since_as"] = "%Y-%m-%d %H:%M:%S"
        stream["fields"] = {"id": "id", "source_updated_at": "lastmodified", **stream["fields"]}
        if name in _PAGES:
            page = f"https://{account}.app.netsuite.com/app/{_PAGES[name]}.nl?id={{id}}"
            stream["fields"]["source_url"] = {"template": page}
    return {
        "base": base,
        "auth": {
            "style": "signed_claim", "grant": "client_assertion", "algorithm": "PS256",
            "token_url": f"{base}/services/rest/auth/oauth2/v1/token", "issuer": chosen.client_id,
            "key_id": chosen.certificate_id, "key_file": chosen.key_file,
            "extra_claims": {"scope": "rest_webservices"},
        },
        "format": {"zone": chosen.zone},
        "signals": [
            # too many sessions at once are answered like a wrong login
            {"status": 401, "text": "Invalid login attempt", "means": "retry"},
            {"status": 400, "text": "SSS_REQUEST_LIMIT_EXCEEDED", "means": "retry"},
            {
                "status": 400, "text": "Invalid search query", "means": "refuse", "names": _DETAIL,
                "remedy": "let the role read this, or omit the stream: its feature may be off",
            },
        ],
        "streams": streams,
    }  # fmt: skip


def _changing(name: str, query: str, ids: str, chosen: NetSuiteSettings, **more: Any) -> dict[str, Any]:
    read = _paged(query, chosen.columns.get(name, ()))
    return {"read": read, "ids": _sought(ids), "ordered": True, "cap": _MOST, **more}


def _parties(chosen: NetSuiteSettings) -> dict[str, dict[str, Any]]:
    fields: dict[str, Any] = {
        "number": "entityid", "name": "companyname", "customer_id": "customer", "currency": "currency",
        "manager": "manager",
        "status": {"when": [
            {"all": [{"column": "isinactive", "is": "T"}], "then": "closed"},
            {"all": [{"column": "entitystatus", "present": True}],
             "then": {"column": "entitystatus", "values": chosen.project_statuses}},
        ], "else": "active"},
        "billing_method": {"column": "jobbillingtype", "values": _BILLING},
    }  # fmt: skip
    if chosen.project_source:
        here = {"all": [{"column": "externalid", "present": True}], "then": chosen.project_source}
        fields |= {"project_id": "externalid", "project_system": {"when": [here], "else": ""}}
    customer = _changing("customer", suiteql.CUSTOMER, suiteql.CUSTOMER_IDS, chosen, gone=_gone(-2))
    project = _changing("project", suiteql.PROJECT, suiteql.PROJECT_IDS, chosen, gone=_gone(-7))
    return {
        "customer": {**customer, "fields": {"name": "name"}},
        "project": {**project, "fields": fields},
    }


def _documents(chosen: NetSuiteSettings) -> dict[str, dict[str, Any]]:
    invoice = _changing("invoice", suiteql.INVOICE, suiteql.INVOICE_IDS, chosen, gone=_gone(-30))
    line = _changing("invoice_line", suiteql.INVOICE_LINE, suiteql.INVOICE_LINE_IDS, chosen)
    revenue = _sought(suiteql.REVENUE_LINE, chosen.columns.get("revenue_line", ()))
    planned = _sought(suiteql.REVENUE_LINE_IDS)
    return {
        "invoice": {**invoice, "fields": {
            "number": "tranid", "kind": {"column": "type", "values": _TYPES}, "customer_id": "customer",
            "status": {"column": "status", "values": _STATUS}, "issued_on": "trandate", "due_on": "duedate",
            "currency": "currency", "amount": "total", "legal_entity": "subsidiary", "credits_id": "credits",
        }},
        "invoice_line": {**line, "fields": {
            "invoice_id": "transaction", "project_id": "project", "amount": "amount", "currency": "currency",
            "legal_entity": "subsidiary",
            "covers": {"when": [
                {"all": [{"column": "billingschedule", "present": True}], "then": "milestone"},
                {"all": [{"column": "itemtype", "is": "Service"}], "then": "time"},
            ], "else": "fee"},
        }},
        "revenue_line": {"read": revenue, "ids": planned, "overlap": "2d", "fields": {
            "state": {"column": "isrecognized", "values": {"T": "posted", "F": "scheduled"}},
            "amount": "amount", "currency": "currency", "legal_entity": "subsidiary", "project_id": "project",
            "period": "period", "posted_on": "posted",
        }},
    }  # fmt: skip


def _ledger(chosen: NetSuiteSettings) -> dict[str, dict[str, Any]]:
    """What is small enough to be read anew: locks and rates change without a stamp that tells."""
    more = chosen.columns
    rates = _paged(suiteql.FX_RATE, more.get("fx_rate", ()))
    # the total counts rows of three rates each
    del rates["total"]
    return {
        "legal_entity": {"read": _paged(suiteql.LEGAL_ENTITY, more.get("legal_entity", ())), "fields": {
            "name": "name", "country": "country", "currency": "currency",
        }},
        "period": {"read": _paged(suiteql.PERIOD, more.get("period", ())), "fields": {
            "name": "periodname", "start_on": "startdate", "end_on": "enddate",
            "status": {"when": [
                {"all": [{"column": "closed", "is": "T"}], "then": "closed"},
                {"any": [{"column": "alllocked", "is": "T"}, {"column": "arlocked", "is": "T"}],
                 "then": "soft_closed"},
            ], "else": "open"},
        }},
        "fx_rate": {"read": rates, "overlap": "100d", "fields": {
            "rate_type": "rate_type", "base_currency": "base", "currency": "currency",
            "valid_on": "startdate", "rate": "rate",
        }},
    }  # fmt: skip


def _three_rates(body: Any) -> Sequence[Mapping[str, Any]]:
    """A row of a period holds a rate of each type; an open period's may be missing yet."""
    return [
        {**row, "id": f"{row['id']}:{kind}", "rate_type": kind, "rate": row[f"{kind}rate"]}
        for row in body["items"]
        for kind in _RATES
        if row.get(f"{kind}rate")
    ]


SYSTEM = rest_system(
    kind="netsuite",
    title="Oracle NetSuite",
    roles=("erp", "revenue", "psa"),
    settings=NetSuiteSettings,
    declare=_declare,
    records=(
        "legal_entity", "customer", "project", "invoice", "invoice_line", "revenue_line", "period", "fx_rate",
    ),
    unpack={"fx_rate": _three_rates},
    notes="REST with OAuth 2.0 by certificate; SuiteQL",
    permissions=(
        "Log in using OAuth 2.0 Access Tokens", "REST Web Services", "SuiteAnalytics Workbook",
        "View on customers, projects, invoices, credit memos, revenue, periods, rates and deleted records",
    ),
)  # fmt: skip
