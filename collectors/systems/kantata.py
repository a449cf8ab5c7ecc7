"""Kantata OX (once Mavenlink): customers, people, projects, milestones, time, expenses, bookings, invoices.

Approved is the entry's own flag, also true where the project asks for no approval; an expense is approved
with its report, or where the project asks for none. No client accepts a milestone here: completed counts as
it, unless ``completed`` says ``reached``. A billing milestone is a billing event. An invoice is ``new`` once
it is no draft, and bills the entries and items it names; there are no credit notes, it is cancelled. The
project's status is a word of the firm's own: ``statuses`` adds to ours, an unknown one is quarantined.

Traps: an answer holds rows and what was included side by side, only ``results`` says which are which;
archived projects and all their time are left out unless asked for; money is in the currency's own small
unit; deletions are told nowhere, so ids are compared. A status 429 comes without a time to wait.

Not verified: that every list takes ``updated_after`` (one that does not is read whole), and that approving,
linking or invoicing stamps a row: so once a day all lists are reread 60 days back. A project's external
references are its links: ``links`` says by which service and model. Left out: project accounting records
(revenue; what their types mean is not public), an invoice's total (only its balance is told) and time
adjustments on invoices.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from collectors.engines.vendor import VendorSettings, rest_system
from collectors.systems._kantata_rows import BILLED, customers, lines, rows

_STATUSES = {
    "Not Started": "planned", "Estimate": "planned", "In Setup": "planned", "Prospect": "planned",
    "Active": "active", "In Progress": "active", "On Track": "active", "Caution": "active", "Issue": "active",
    "On Hold": "on_hold", "Completed": "complete", "Done": "complete", "Closed": "closed",
    "Cancelled": "cancelled", "Canceled": "cancelled",
}  # fmt: skip
_INVOICED = {"new": "sent", "accepted payment": "paid", "cancelled": "void"}
_COMPLETED = "(story_state_changes || `[]`)[?state=='completed'].created_at | max(@)"
_SUBMITTED = {"approved": "approved", "rejected": "rejected", "cancelled": "draft"}
#: a version that never moves: the same row read again is no news, a changed one is
_UNSTAMPED = {"constant": "2000-01-01T00:00:00Z"}
#: how far back to look for changes that may have left no stamp
_FAR = {"back": timedelta(days=60)}


Linked = Literal["opportunity", "contract", "project"]


class Link(BaseModel):
    """External references of this ``service`` and ``model`` name a record, of ``system`` where given."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    service: str
    model: str
    system: str | None = None


def _usual_links() -> dict[Linked, Link]:
    return {"opportunity": Link(service="salesforce", model="Opportunity")}


class KantataSettings(VendorSettings):
    """``token_env`` names the token of an application that an administrator registered.

    ``statuses`` says what the firm's own words for a project's status mean, ``completed`` what a completed
    milestone is, ``links`` which external references of a project are what.
    """

    token_env: str
    base: str = "https://api.mavenlink.com/api/v1"
    app: str = "https://app.mavenlink.com"
    statuses: dict[str, str] = Field(default_factory=dict)
    completed: Literal["accepted", "reached"] = "accepted"
    links: dict[Linked, Link] = Field(default_factory=_usual_links)
    # a request of theirs dies after three minutes, not sooner
    timeout_s: float = Field(default=190.0, gt=0, le=600)


def _list(
    collection: str,
    fields: Mapping[str, Any],
    *,
    include: str = "",
    params: Mapping[str, Any] | None = None,
    size: int = 200,
    changed: bool = True,
    **more: Any,
) -> dict[str, Any]:
    """A stream of one list; with ``changed`` it is asked for what changed, else read whole."""
    every: dict[str, Any] = {
        "path": f"/{collection}.json",
        "params": {**(params or {}), **({"include": include} if include else {})},
        "next": {"style": "page", "size_param": "per_page", "size": size, "pages": "meta.page_count"},
        "total": "count",
        "error": "errors[0].message",
    }
    since = {"updated_after": "{since}"} if changed else {}
    version = {"source_updated_at": "updated_at" if changed else _UNSTAMPED}
    read = {**every, "params": {**every["params"], **since}}
    far = {"reread": _FAR} if changed else {}
    return {"read": read, "ids": every, "fields": {"id": "id", **version, **fields}, **far, **more}


def _money(column: str, unit: str = "currency_base_unit") -> dict[str, Any]:
    """A column of small units in whole ones; an unknown base unit is refused, not guessed."""
    bases = [
        {"all": [{"path": unit, "is": base}], "then": {"column": column, "divide": base}}
        for base in (100, 1, 1000)
    ]
    return {"when": [{"all": [{"column": column, "present": False}], "then": ""}, *bases]}


def _declare(chosen: KantataSettings) -> dict[str, Any]:
    return {
        "base": chosen.base,
        "auth": {"style": "bearer", "token_env": chosen.token_env},
        "streams": {**_work(chosen), **_time(chosen), **_bills(chosen)},
    }


def _work(chosen: KantataSettings) -> dict[str, Any]:
    place = {"template": f"{chosen.app}/workspaces/{{id}}"}
    return {
        "customer": _list("workspace_groups", {"name": "name"}, changed=False),
        "resource": _list("users", {
            "name": "full_name", "email": "email_address",
            "active": {"column": "disabled", "values": {"true": False, "false": True}},
        }, include="external_references", changed=False),
        "project": _list("workspaces", {
            "name": "title", "customer_id": "primary_workspace_group_id", "status": _status(chosen),
            "currency": "currency", "manager": {"path": "primary_maven.full_name"}, "source_url": place,
            "billing_method": {
                "column": "stories_are_fixed_fee_by_default",
                "values": {"true": "fixed_fee", "false": "time_and_materials"},
            },
            **_links(chosen),
        }, include="external_references,primary_maven,primary_workspace_group",
            params={"include_archived": True}),
        "milestone": _list("stories", {
            "name": "title", "project_id": "workspace_id", "currency": {"path": "workspace.currency"},
            "status": {"when": [
                {"all": [{"column": "archived", "is": True}], "then": "cancelled"},
                {"all": [{"column": "state", "is": "completed"}], "then": chosen.completed},
            ], "else": "planned"},
            "accepted_at": {"when": [
                {"all": [{"column": "state", "is": "completed"}], "then": {"path": _COMPLETED}},
            ], "else": ""},
            "amount": {"when": [{
                "all": [{"column": "fixed_fee", "is": True}],
                "then": _money("budget_estimate_in_cents", "workspace.currency_base_unit"),
            }], "else": ""},
            "deleted_at": "deleted_at",
        }, include="workspace,story_state_changes",
            params={"story_type": "milestone", "show_archived": True, "show_deleted": True,
                    "show_from_archived_workspaces": True}),
        "allocation": _list("workspace_allocations", {
            "project_id": "workspace_id", "resource_id": {"path": "workspace_resource.user_id"},
            "start_on": "start_date", "end_on": "end_date", "percent": "percentage",
            "hours": {"column": "minutes", "divide": 60},
        }, include="workspace_resource", deleted={"column": "hard", "is": False}),
    }  # fmt: skip


def _status(chosen: KantataSettings) -> dict[str, Any]:
    word = {"path": "status.message", "values": {**_STATUSES, **chosen.statuses}}
    return {"when": [
        {"all": [{"column": "archived", "is": True}], "then": "closed"},
        {"all": [{"path": "status.message", "present": False}], "then": "planned"},
    ], "else": word}  # fmt: skip


def _links(chosen: KantataSettings) -> dict[str, Any]:
    """What the external references say: the vendor's own map of ids between systems."""
    fields: dict[str, Any] = {"link_method": {"constant": "external_id"}} if chosen.links else {}
    for name, link in chosen.links.items():
        wanted = f"service_name=='{link.service}' && service_model=='{link.model}'"
        there = f"external_references[?{wanted}].service_model_ref | [0]"
        fields[f"{name}_id"] = {"path": there}
        if link.system:
            known = [{"all": [{"path": there, "present": True}], "then": link.system}]
            fields[f"{name}_system"] = {"when": known, "else": ""}
    return fields


def _time(chosen: KantataSettings) -> dict[str, Any]:
    place = {"template": f"{chosen.app}/workspaces/{{workspace_id}}"}
    archived = {"from_archived_workspaces": True}
    return {
        "time_entry": _list("time_entries", {
            "project_id": "workspace_id", "resource_id": "user_id", "work_date": "date_performed",
            "hours": {"column": "time_in_minutes", "divide": 60}, "billable": "billable",
            "status": {"when": [
                {"all": [{"column": "approved", "is": True}], "then": "approved"},
                {"all": [{"column": "active_submission_id", "present": True}], "then": "submitted"},
            ], "else": "draft"},
            "billed": "is_invoiced", "currency": "currency", "rate": _money("rate_in_cents"),
            "source_url": place,
        }, params=archived),
        "expense": _list("expenses", {
            "project_id": "workspace_id", "incurred_on": "date", "billable": "is_billable",
            "currency": "currency", "amount": _money("amount_in_cents"), "source_url": place,
            "status": {"when": [
                {"all": [{"path": "active_submission.status", "present": True}],
                 "then": {"path": "active_submission.status", "values": _SUBMITTED, "default": "submitted"}},
                {"all": [{"path": "workspace.require_expense_approvals", "is": False}], "then": "approved"},
            ], "else": "draft"},
        }, include="active_submission,workspace", params=archived),
    }  # fmt: skip


def _bills(chosen: KantataSettings) -> dict[str, Any]:
    line = _list("invoices", {
        "source_updated_at": {"path": "invoice.updated_at"}, "invoice_id": {"path": "invoice.id"},
        "project_id": "workspace_id", "covers": "covers", "currency": "currency",
        "amount": _money("amount_in_cents"), "milestone_id": "milestone_id",
        "hours": {"column": "time_in_minutes", "divide": 60},
        "time_entries": {"column": "time_entry_id", "entries": {}},
    }, include=",".join(BILLED), size=20, kind="invoice_line")  # fmt: skip
    for request in (line["read"], line["ids"]):
        # the count is of invoices, and these rows are lines
        del request["total"]
    return {
        "billing_event": _list("billing_milestones", {
            "project_id": "workspace_id", "milestone_id": "story_id", "currency": "currency",
            "amount": _money("amount_in_cents"),
            "status": {"when": [
                {"all": [{"path": "invoice_ids[0] || invoice_id", "present": True}], "then": "invoiced"},
            ], "else": "draft"},
        }),
        "invoice": _list("invoices", {
            "number": "user_invoice_number", "issued_on": "invoice_date", "due_on": "due_date",
            "currency": "currency", "source_url": {"template": f"{chosen.app}/invoices/{{id}}"},
            "status": {
                "when": [{"all": [{"column": "draft", "is": True}], "then": "draft"}],
                "else": {"column": "status", "values": _INVOICED},
            },
        }),
        "invoice_line": line,
    }  # fmt: skip


_ROWS = (
    "resource", "project", "milestone", "allocation", "time_entry", "expense", "billing_event", "invoice",
)  # fmt: skip
SYSTEM = rest_system(
    kind="kantata",
    title="Kantata OX",
    roles=("psa", "time", "erp"),
    settings=KantataSettings,
    declare=_declare,
    records=("customer", *_ROWS, "invoice_line"),
    unpack={**dict.fromkeys(_ROWS, rows), "customer": customers, "invoice_line": lines},
    reads={"invoice_line": ("rate_in_cents", "time_in_minutes", "billable", "story_id")},
    notes="API v1; no credit notes and no revenue; deletions by comparing ids",
    permissions=("an OAuth token of an administrator: others see their own projects only",),
)
