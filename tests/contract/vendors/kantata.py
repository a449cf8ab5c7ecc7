"""Kantata OX, from its reference and its own field list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from sandbox.apis.api import Fault
from sandbox.apis.kantata import Kantata
from tests.contract.case import Case, Sample

EUR = {"currency": "EUR", "currency_base_unit": 100}


def settings(base: str, _folder: Path) -> Mapping[str, Any]:
    return {
        "base": f"{base}/api/v1",
        "token_env": "KANTATA_TOKEN",
        "statuses": {"Ramping up": "active"},
        "fields": {
            "resource": {
                "code": {"path": "external_references[?service_name=='workday'].service_model_ref | [0]"}
            }
        },
        "links": {
            "opportunity": {"service": "salesforce", "model": "Opportunity", "system": "crm"},
            "project": {"service": "netsuite", "model": "Job", "system": "erp"},
        },
    }


def entry(number: int, **changed: Any) -> Mapping[str, Any]:
    return {
        "date_performed": "2026-10-30", "time_in_minutes": 450, "billable": True, "approved": True,
        "rate_in_cents": 18050, "is_invoiced": False, "invoice_id": None, "workspace_id": str(100 + number),
        "user_id": "7", "active_submission_id": "5", **EUR, **changed,
    }  # fmt: skip


def expense(**changed: Any) -> Mapping[str, Any]:
    return {
        "date": "2026-10-29", "amount_in_cents": 4250, "is_billable": True, "workspace_id": "101", **EUR,
        "active_submission": {"id": "61", "status": "approved"},
        "workspace": {"id": "101", "require_expense_approvals": True}, **changed,
    }  # fmt: skip


def reference(number: str, service: str, model: str, there: str) -> Mapping[str, Any]:
    return {"id": number, "service_name": service, "service_model": model, "service_model_ref": there}


PROJECT = {
    "title": "Rollout", "status": {"key": 300, "message": "In Progress", "color": "green"}, "archived": False,
    "stories_are_fixed_fee_by_default": False, **EUR, "primary_maven": {"id": "7", "full_name": "Ada King"},
    "primary_workspace_group": {"id": "3", "name": "Nordwind", "company": True},
    "external_references": [
        reference("81", "netsuite", "Job", "J-9"), reference("82", "salesforce", "Account", "001A"),
        reference("83", "salesforce", "Opportunity", "006A"),
    ],
}  # fmt: skip
MILESTONE = {
    "title": "Go-live", "story_type": "milestone", "state": "completed", "archived": False, "fixed_fee": True,
    "budget_estimate_in_cents": 2500000, "workspace": {"id": "101", **EUR},
    "story_state_changes": [
        {"id": "91", "state": "started", "created_at": "2026-10-01T08:00:00+00:00"},
        {"id": "92", "state": "completed", "created_at": "2026-11-05T09:30:00+00:00"},
    ],
}  # fmt: skip
INVOICE = {
    "user_invoice_number": 1001, "status": "new", "draft": False, "invoice_date": "2026-11-01",
    "due_date": "2026-12-01", "balance_in_cents": 135375, **EUR,
}  # fmt: skip
ALLOCATION = {
    "workspace_id": "101", "start_date": "2026-11-02", "end_date": "2026-11-30", "minutes": 4800,
    "percentage": 50, "hard": True, "workspace_resource": {"id": "41", "user_id": "7"},
}  # fmt: skip
BILLING = {
    "title": "First half",
    "workspace_id": "101",
    "amount_in_cents": 1250000,
    "currency": "EUR",
    "story_id": "55",
}


def invoice(**changed: Any) -> Sample:
    means = changed.pop("means")
    return Sample(table="invoices", fields={**INVOICE, **changed}, means=means)


CASES = (
    Case(
        api=Kantata,
        settings=settings,
        env={"KANTATA_TOKEN": Kantata.secret},
        stream="time_entry",
        table="time_entries",
        row=entry,
        changes=("time_in_minutes", 195, "hours", 3_250_000),
        unstamped=timedelta(hours=20),
        passing=(
            Fault(429, {"errors": [{"type": "system", "message": "Rate limit exceeded"}]}),
            Fault(504, "<html>Gateway Time-out</html>"),
        ),
        refusing=(Fault(422, {"errors": [{"type": "validation", "message": "No such filter", "field": "order"}]}),),
        wrong_in_200=(
            Fault(200, {"errors": [{"type": "system", "message": "Search is not supported"}]}),
            Fault(200, {"count": 1, "results": [{"key": "time_entries", "id": "1"}], "time_entries": {}}),
        ),
        samples={
            "customer": Sample(
                table="workspace_groups",
                fields={"name": "Nordwind", "company": True},
                means={"id": "1", "name": "Nordwind"},
            ),
            "resource": Sample(
                table="users",
                fields={"full_name": "Ada King", "email_address": "ada@firm1.example", "disabled": False},
                means={"name": "Ada King", "email": "ada@firm1.example", "active": True},
            ),
            "resource#known to HCM by a code": Sample(
                table="users",
                fields={"full_name": "Ada King", "external_references": [reference("7", "workday", "Worker", "W-7")]},
                means={"name": "Ada King", "code": "W-7"},
            ),
            "resource#left": Sample(
                table="users", fields={"full_name": "Bo Lund", "disabled": True}, means={"active": False}
            ),
            "project": Sample(
                table="workspaces",
                fields=PROJECT,
                means={
                    "name": "Rollout", "status": "active", "customer_id": "3", "currency": "EUR",
                    "manager": "Ada King", "billing_method": "time_and_materials", "opportunity_id": "006A",
                    "opportunity_system": "crm", "project_id": "J-9", "project_system": "erp",
                    "link_method": "external_id", "source_url": "https://app.mavenlink.com/workspaces/1",
                    "source_updated_at": "2026-11-20T17:30:00Z",
                },
            ),
            "project#archived": Sample(
                table="workspaces",
                fields={**PROJECT, "archived": True, "stories_are_fixed_fee_by_default": True},
                means={"status": "closed", "billing_method": "fixed_fee"},
            ),
            "project#own word": Sample(
                table="workspaces",
                fields={**PROJECT, "status": {"message": "Ramping up"}, "external_references": []},
                means={"status": "active", "opportunity_id": None, "opportunity_system": None},
            ),
            "project#without a word": Sample(
                table="workspaces", fields={"title": "New"}, means={"status": "planned", "customer_id": None}
            ),
            "milestone": Sample(
                table="stories",
                fields=MILESTONE,
                means={
                    "name": "Go-live", "status": "accepted", "accepted_at": "2026-11-05T09:30:00Z",
                    "project_id": "101", "amount": "25000", "currency": "EUR", "deleted_at": None,
                },
            ),
            "milestone#open": Sample(
                table="stories",
                fields={**MILESTONE, "state": "started", "fixed_fee": False},
                means={"status": "planned", "accepted_at": None, "amount": None},
            ),
            "milestone#archived": Sample(
                table="stories", fields={**MILESTONE, "archived": True}, means={"status": "cancelled"}
            ),
            "milestone#deleted": Sample(
                table="stories",
                fields={**MILESTONE, "deleted_at": "2026-11-10T10:00:00+00:00"},
                means={"deleted_at": "2026-11-10T10:00:00Z"},
            ),
            "allocation": Sample(
                table="workspace_allocations",
                fields=ALLOCATION,
                means={
                    "project_id": "101", "resource_id": "7", "start_on": "2026-11-02", "end_on": "2026-11-30",
                    "hours": "80", "percent": "50", "deleted_at": None,
                },
            ),
            "allocation#only pencilled in": Sample(
                table="workspace_allocations",
                fields={**ALLOCATION, "hard": False},
                means={"deleted_at": "2026-11-20T17:30:00Z"},
            ),
            "time_entry": Sample(
                table="time_entries",
                fields=entry(1),
                means={
                    "project_id": "101", "resource_id": "7", "work_date": "2026-10-30", "hours": "7.5",
                    "status": "approved", "billable": True, "billed": False, "rate": "180.5", "currency": "EUR",
                    "source_url": "https://app.mavenlink.com/workspaces/101",
                },
            ),
            "time_entry#submitted": Sample(
                table="time_entries", fields=entry(1, approved=False), means={"status": "submitted"}
            ),
            "time_entry#draft": Sample(
                table="time_entries",
                fields=entry(1, approved=False, active_submission_id=None),
                means={"status": "draft"},
            ),
            "time_entry#of an archived project": Sample(
                table="time_entries", fields=entry(1, _from_archived=True), means={"status": "approved"}
            ),
            "time_entry#yen": Sample(
                table="time_entries",
                fields=entry(1, currency="JPY", currency_base_unit=1, rate_in_cents=15000),
                means={"rate": "15000", "currency": "JPY"},
            ),
            "time_entry#dinar": Sample(
                table="time_entries",
                fields=entry(1, currency="KWD", currency_base_unit=1000, rate_in_cents=45500),
                means={"rate": "45.5"},
            ),
            "time_entry#rate not shown": Sample(
                table="time_entries", fields=entry(1, rate_in_cents=None), means={"rate": None}
            ),
            "expense": Sample(
                table="expenses",
                fields=expense(),
                means={
                    "project_id": "101", "incurred_on": "2026-10-29", "amount": "42.5", "currency": "EUR",
                    "status": "approved", "billable": True,
                },
            ),
            "expense#submitted": Sample(
                table="expenses",
                fields=expense(active_submission={"id": "61", "status": "pending"}),
                means={"status": "submitted"},
            ),
            "expense#rejected": Sample(
                table="expenses",
                fields=expense(active_submission={"id": "61", "status": "rejected"}),
                means={"status": "rejected"},
            ),
            "expense#draft": Sample(
                table="expenses", fields=expense(active_submission=None), means={"status": "draft"}
            ),
            "expense#needs no approval": Sample(
                table="expenses",
                fields=expense(active_submission=None, workspace={"id": "101", "require_expense_approvals": False}),
                means={"status": "approved", "project_id": "101"},
            ),
            "billing_event": Sample(
                table="billing_milestones",
                fields={**BILLING, "invoice_id": None, "invoice_ids": []},
                means={
                    "status": "draft", "amount": "12500", "currency": "EUR", "project_id": "101",
                    "milestone_id": "55",
                },
            ),
            "billing_event#invoiced": Sample(
                table="billing_milestones", fields={**BILLING, "invoice_ids": ["9"]}, means={"status": "invoiced"}
            ),
            "invoice": invoice(
                means={
                    "number": "1001", "status": "sent", "issued_on": "2026-11-01", "due_on": "2026-12-01",
                    "currency": "EUR", "amount": None, "kind": "invoice",
                },
            ),
            "invoice#draft": invoice(draft=True, means={"status": "draft"}),
            "invoice#paid": invoice(status="accepted payment", means={"status": "paid"}),
            "invoice#cancelled": invoice(status="cancelled", means={"status": "void"}),
            "invoice_line": invoice(
                time_entries=[{"id": "11", **entry(1)}],
                means={
                    "id": "1:time_entries:11", "invoice_id": "1", "project_id": "101", "covers": "time",
                    "amount": "1353.75", "hours": "7.5", "currency": "EUR",
                    "time_entries": "11",
                },
            ),
            "invoice_line#shown, not charged": invoice(
                time_entries=[{"id": "11", **entry(1, billable=False)}], means={"amount": "0"}
            ),
            "invoice_line#expense": invoice(
                expenses=[{"id": "12", "amount_in_cents": 4250, "workspace_id": "101", **EUR}],
                means={"covers": "expense", "amount": "42.5", "time_entries": ""},
            ),
            "invoice_line#milestone": invoice(
                billing_milestones=[{"id": "13", **BILLING}],
                means={"covers": "milestone", "milestone_id": "55", "amount": "12500", "project_id": "101"},
            ),
            "invoice_line#fee": invoice(
                fixed_fee_items=[{"id": "14", "amount_in_cents": 90000, "currency": "EUR", "workspace_id": "101"}],
                means={"covers": "fee", "amount": "900", "id": "1:fixed_fee_items:14"},
            ),
        },
    ),
)  # fmt: skip
