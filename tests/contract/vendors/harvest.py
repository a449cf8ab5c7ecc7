"""Harvest v2, from the shapes its help pages document."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.apis.api import Fault
from sandbox.apis.harvest import Harvest
from tests.contract.case import Case, Sample


def settings(base: str, _folder: Path) -> Mapping[str, Any]:
    return {
        "base": f"{base}/v2",
        "account_id": "4711",
        "token_env": "HARVEST_TOKEN",
        "contact": "ops@firm.example",
    }


def entry(number: int, **changed: Any) -> Mapping[str, Any]:
    return {
        "spent_date": "2026-10-30", "hours": 7.4, "rounded_hours": 7.5, "is_closed": True, "billable": True,
        "is_billed": False, "billable_rate": 120.1, "user": {"id": 7, "name": "Ada"},
        "client": {"id": 3, "name": "Nordwind", "currency": "EUR"},
        "project": {"id": 100 + number, "name": "Rollout", "code": "NW-1"},
        **changed,
    }  # fmt: skip


PROJECT = {
    "code": "NW-1", "name": "Rollout", "is_active": True, "is_billable": True, "is_fixed_fee": False,
    "hourly_rate": 120.0, "client": {"id": 3, "name": "Nordwind", "currency": "EUR"},
}  # fmt: skip
INVOICE = {
    "number": "1001", "state": "open", "issue_date": "2026-11-01", "due_date": "2026-12-01", "currency": "EUR",
    "amount": 900.75, "client": {"id": 3, "name": "Nordwind"},
    "line_items": [
        {"id": 55, "kind": "Service", "quantity": 7.5, "unit_price": 120.1, "amount": 900.75, "project": {"id": 101}},
    ],
}  # fmt: skip

CASES = (
    Case(
        api=Harvest,
        settings=settings,
        env={"HARVEST_TOKEN": Harvest.secret},
        stream="time_entry",
        table="time_entries",
        row=entry,
        changes=("rounded_hours", 3.25, "hours", 3_250_000),
        passing=(Fault(429, {"message": "Too many requests"}, {"Retry-After": "7"}),),
        samples={
            "customer": Sample(table="clients", fields={"name": "Nordwind"}, means={"id": "1", "name": "Nordwind"}),
            "resource": Sample(
                table="users",
                fields={
                    "first_name": "Ada", "last_name": "King", "email": "ada@firm1.example", "is_active": False,
                },
                means={"name": "Ada King", "email": "ada@firm1.example", "active": False},
            ),
            "project": Sample(
                table="projects",
                fields=PROJECT,
                means={
                    "number": "NW-1", "status": "active", "billing_method": "time_and_materials", "currency": "EUR",
                    "rate": "120.0", "customer_id": "3",
                },
            ),
            "project#fixed": Sample(
                table="projects",
                fields={**PROJECT, "is_active": False, "is_fixed_fee": True, "hourly_rate": None},
                means={"status": "closed", "billing_method": "fixed_fee", "rate": None},
            ),
            "time_entry": Sample(
                table="time_entries",
                fields=entry(1),
                means={
                    "project_id": "101", "resource_id": "7", "work_date": "2026-10-30", "hours": "7.5",
                    "status": "approved", "billable": True, "billed": False, "rate": "120.1", "currency": "EUR",
                    "source_updated_at": "2026-11-20T17:30:00Z",
                },
            ),
            "time_entry#open": Sample(
                table="time_entries", fields=entry(1, is_closed=False), means={"status": "draft"}
            ),
            "expense": Sample(
                table="expenses",
                fields={
                    "spent_date": "2026-10-30", "total_cost": 42.5, "billable": True, "is_closed": True,
                    "client": {"currency": "EUR"}, "project": {"id": 101},
                },
                means={"project_id": "101", "amount": "42.5", "currency": "EUR", "status": "approved"},
            ),
            "invoice": Sample(
                table="invoices",
                fields=INVOICE,
                means={"number": "1001", "status": "sent", "issued_on": "2026-11-01", "amount": "900.75"},
            ),
            "invoice_line": Sample(
                table="invoices",
                fields=INVOICE,
                means={
                    "id": "1:55", "invoice_id": "1", "project_id": "101", "amount": "900.75", "covers": "time",
                    "currency": "EUR",
                },
            ),
        },
    ),
)  # fmt: skip
