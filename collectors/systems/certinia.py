"""Certinia PSA: projects, milestones, time, expenses, staffing and billing in a Salesforce org (``pse__``).

A project is active while ``pse__Is_Active__c``; before and after, its stage decides, whose words are an
org's own (``stages``). A milestone is accepted when approved; its actual date stands for the moment, as no
other is kept. Time is the timecard split, the part a billing event bills (its header may span periods),
dated by its last day. It is approved when it also counts in financials, priced by its own billable amount
over its hours, as the header's rate may be daily or in another currency, and held by ``Billing Hold``.
``billed`` means that a billing event holds it, not that there is an invoice. A billing event is told item
by item; release and invoicing happen to its header, and its items' stamps stand still meanwhile, so they
are also asked for by their header's. Rollups trail, so none is read; templates are left out.

A milestone is also its own contract line, which recognises on acceptance under the method Deliverable;
``lines = false`` where lines come from a contract system. Accounts are Sales Cloud's, as project and deal
must name one customer; ``customers = true`` where only Certinia is read. Deletions as in Sales Cloud.

Unverified: API names that follow from documented labels (expenses, items, splits), the words of billing
types, recognition methods and milestone states, that scheduled hours move an assignment's stamp.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field

from collectors.engines.vendor import rest_system
from collectors.systems._salesforce import OrgSettings, changed, currency, org

Stage = Literal["planned", "active", "on_hold", "complete", "closed", "cancelled"]
_STAGES: dict[str, Stage] = {
    "On Hold": "on_hold", "Completed": "complete", "Complete": "complete", "Closed": "closed",
    "Cancelled": "cancelled", "Canceled": "cancelled",
}  # fmt: skip
_BILLING = {
    "Time and Materials": "time_and_materials", "T&M": "time_and_materials", "Fixed Price": "fixed_fee",
    "Fixed Fee": "fixed_fee", "Milestone": "milestone", "Retainer": "retainer", "Recurring": "retainer",
}  # fmt: skip
_RECOGNITION = {"Deliverable": "milestone", "% Complete": "over_time", "Equal Split": "over_time"}
_CANCELLED = {"column": "pse__Status__c", "in": ["Cancelled", "Canceled"]}
_REACHED = {"column": "pse__Status__c", "in": ["Completed", "Complete", "Closed"]}
_AMOUNT, _HOURS = "pse__Total_Billable_Amount__c", "pse__Total_Hours__c"
_RATE_UNIT = Decimal("0.000001")
_EVENT = "pse__Billing_Event__r"


class CertiniaSettings(OrgSettings):
    """``stages`` translates stages of inactive projects, ``zone`` is where milestones' dates are written.

    ``base`` is the My Domain address, ``client_id`` the external client app's consumer key. Either
    ``client_secret_env``, or ``key_file`` with ``user`` for a signed claim at ``audience`` (of a sandbox org:
    https://test.salesforce.com). ``currency`` is set for an org without multiple currencies. Rows are read
    from ``start`` on, ``window`` at once. ``sweep`` also compares ids: it finds what was erased, and takes
    for erased what the user may no longer see.
    """

    stages: dict[str, Stage] = Field(default=_STAGES)
    zone: str = "UTC"
    lines: bool = True
    customers: bool = False


def _is(column: str) -> dict[str, Any]:
    return {"column": column, "is": True}


def _approval() -> dict[str, Any]:
    approved = [_is("pse__Approved__c"), _is("pse__Include_In_Financials__c")]
    return {"when": [
        {"all": [{"column": "pse__Status__c", "is": "Rejected"}], "then": "rejected"},
        {"all": approved, "then": "approved"},
        {"any": [_is("pse__Submitted__c"), _is("pse__Approved__c")], "then": "submitted"},
    ], "else": "draft"}  # fmt: skip


def _billable() -> dict[str, Any]:
    passed_on = [_is("pse__Billable__c"), {"column": "pse__Exclude_from_Billing__c", "not": True}]
    return {"when": [{"all": passed_on, "then": True}], "else": False}


def _projects(chosen: CertiniaSettings) -> dict[str, Any]:
    project = {"project_id": "pse__Project__c"}
    stage = {"column": "pse__Stage__c", "values": chosen.stages, "default": "planned"}
    return {
        "customer": changed(chosen, "customer", "Account", {"name": "Name"}),
        "resource": changed(chosen, "resource", "Contact", {
            "name": "Name", "active": "pse__Is_Resource_Active__c",
        }, where="pse__Is_Resource__c = true"),
        "project": changed(chosen, "project", "pse__Proj__c", {
            "number": "pse__Project_ID__c", "name": "Name", "customer_id": "pse__Account__c",
            "opportunity_id": "pse__Opportunity__c",
            "status": {"when": [{"all": [_is("pse__Is_Active__c")], "then": "active"}], "else": stage},
            "billing_method": {"column": "pse__Billing_Type__c", "values": _BILLING, "default": ""},
            "currency": currency(chosen), "manager": {"path": "pse__Project_Manager__r.Name"},
        }, where="pse__Is_Template__c = false"),
        "allocation": changed(chosen, "allocation", "pse__Assignment__c", {
            **project, "resource_id": "pse__Resource__c", "start_on": "pse__Start_Date__c",
            "end_on": "pse__End_Date__c", "hours": "pse__Scheduled_Hours__c",
            "percent": "pse__Percent_Allocated__c",
        }),
    }  # fmt: skip


def _milestones(chosen: CertiniaSettings) -> dict[str, Any]:
    money = {"currency": currency(chosen), "amount": "pse__Milestone_Amount__c"}
    approved = [{"column": "pse__Status__c", "not": ["Cancelled", "Canceled"]}, _is("pse__Approved__c")]
    done = [_REACHED, {"column": "pse__Actual_Date__c", "present": True}]
    milestone = {
        "name": "Name", "project_id": "pse__Project__c", **money,
        "status": {"when": [
            {"all": [_CANCELLED], "then": "cancelled"},
            {"all": approved, "then": "accepted"},
            {"any": done, "then": "reached"},
        ], "else": "planned"},
        "accepted_at": {"when": [{"all": approved, "then": {"column": "pse__Actual_Date__c"}}], "else": ""},
    }  # fmt: skip
    if chosen.lines:
        milestone["contract_line_id"] = "Id"
    method = {"column": "pse__Recognition_Method__c", "values": _RECOGNITION, "default": ""}
    line = {"name": "Name", "kind": {"constant": "milestone"}, "recognition": method, **money}
    return {
        "milestone": changed(
            chosen, "milestone", "pse__Milestone__c", milestone, format={"zone": chosen.zone}
        ),
        "contract_line": changed(chosen, "contract_line", "pse__Milestone__c", line),
    }


def _work(chosen: CertiniaSettings) -> dict[str, Any]:
    common = {"project_id": "pse__Project__c", "status": _approval(), "billable": _billable()}
    billing = "pse__Billing_Amount__c"
    in_billing = [{"column": name, "present": True} for name in (billing, "pse__Billing_Currency__c")]
    spent = {"column": "CurrencyIsoCode"}
    money = currency(chosen)
    if chosen.currency is None:
        money = {"when": [{"all": in_billing, "then": {"column": "pse__Billing_Currency__c"}}], "else": spent}
    amount = {
        "when": [{"all": in_billing, "then": {"column": billing}}],
        "else": {"column": "pse__Amount__c"},
    }
    return {
        "time_entry": changed(chosen, "time_entry", "pse__Timecard__c", {
            **common, "resource_id": "pse__Resource__c", "work_date": "pse__End_Date__c", "hours": _HOURS,
            "held": "pse__Billing_Hold__c", "billed": "pse__Billed__c", "rate": "_rate",
            "currency": currency(chosen),
        }, also=(_AMOUNT,)),
        "expense": changed(chosen, "expense", "pse__Expense__c", {
            **common, "incurred_on": "pse__Expense_Date__c", "currency": money, "amount": amount,
        }),
    }  # fmt: skip


def _billing(chosen: CertiniaSettings) -> dict[str, Any]:
    stamp = f"{_EVENT}.SystemModstamp"
    item = {
        "project_id": "pse__Project__c", "milestone_id": "pse__Milestone__c", "amount": "pse__Amount__c",
        "currency": currency(chosen),
        "status": {"when": [
            {"all": [{"path": f"{_EVENT}.pse__Invoiced__c", "is": True}], "then": "invoiced"},
            {"all": [{"path": f"{_EVENT}.pse__Is_Released__c", "is": True}], "then": "released"},
        ], "else": "draft"},
    }  # fmt: skip
    version: dict[str, Any] = {
        "kind": "billing_event",
        "version": ["SystemModstamp", {"path": stamp}],
        "also": (stamp,),
    }
    named = "pse__Billing_Event_Item__c"
    moved = changed(chosen, "billing_event_moved", named, item, stamp=stamp, **version)
    # the ids are those of the items, which the other stream compares
    moved.pop("ids", None)
    return {
        "billing_event": changed(chosen, "billing_event", named, item, **version),
        "billing_event_moved": moved,
    }


def _declare(chosen: CertiniaSettings) -> dict[str, Any]:
    streams = {**_projects(chosen), **_milestones(chosen), **_work(chosen), **_billing(chosen)}
    if not chosen.customers:
        del streams["customer"]
    if not chosen.lines:
        del streams["contract_line"]
    return org(chosen, streams)


def _priced(body: Any) -> Any:
    """The splits of an answer, each with its rate for an hour."""
    rows = body.get("records") if isinstance(body, Mapping) else None
    if isinstance(rows, list):
        return [{**row, "_rate": _rate(row)} if isinstance(row, Mapping) else row for row in rows]
    return rows


def _rate(split: Mapping[str, Any]) -> Any:
    amount, hours = split.get(_AMOUNT), split.get(_HOURS)
    try:
        worked = Decimal(str(hours or 0))
        return (
            str((Decimal(str(amount)) / worked).quantize(_RATE_UNIT))
            if amount is not None and worked
            else None
        )
    except ArithmeticError:
        # whoever reads the field says what is wrong with it
        return amount


SYSTEM = rest_system(
    kind="certinia",
    title="Certinia PSA",
    roles=("psa", "time"),
    settings=CertiniaSettings,
    declare=_declare,
    records=(
        "customer", "resource", "project", "allocation", "milestone", "contract_line", "time_entry",
        "expense", "billing_event",
    ),
    unpack={"time_entry": _priced},
    notes="Salesforce REST API v67.0, objects of the namespace pse__",
    permissions=(
        "an external client app, as for Salesforce",
        "an integration user with a PSA read permission set, and View All on the pse__ objects",
    ),
)  # fmt: skip
