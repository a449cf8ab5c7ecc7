"""The PSA as Kantata shows it: what other systems call a record stands in its external references."""

from __future__ import annotations

import zlib
from typing import Any

from sandbox.living.held import Held
from sandbox.living.records import Person
from sandbox.living.shapes.shape import Shape, Shapes, Shown, day, instant, name_of, small_units, units
from sandbox.records import Allocation, Customer, Milestone, Project, Resource

_STATUSES = {
    "planned": ("Not Started", "grey"), "active": ("Active", "green"), "on_hold": ("On Hold", "yellow"),
    "complete": ("Completed", "grey"), "cancelled": ("Cancelled", "red"),
}  # fmt: skip
_MILESTONE = "milestone"


def _reference(row_id: str, service: str, model: str, there: str) -> dict[str, str]:
    number = str(zlib.crc32(f"{row_id}/{service}/{model}".encode()))
    return {"id": number, "service_name": service, "service_model": model, "service_model_ref": there}


def _group(row: Customer, _held: Held) -> Shown:
    return Shown("workspace_groups", row.id, {"name": row.name, "company": True})


def _user(row: Resource, _held: Held) -> Shown:
    references = [_reference(row.id, "workday", "Worker", row.code)] if row.code else []
    fields = {
        "full_name": row.name,
        "email_address": row.email,
        "disabled": not row.active,
        "external_references": references,
    }
    return Shown("users", row.id, fields)


def _money(currency: str) -> dict[str, Any]:
    return {"currency": currency, "currency_base_unit": units(currency)}


def _workspace(row: Project, held: Held) -> Shown:
    message, colour = _STATUSES.get(row.status, _STATUSES["complete"])
    deal = row.opportunity_id
    group = row.customer_id and {"id": row.customer_id, "name": name_of(held, Customer, row.customer_id)}
    fields = {
        "title": row.name,
        "status": {"message": message, "color": colour},
        "archived": row.status == "closed",
        "stories_are_fixed_fee_by_default": row.billing_method == _MILESTONE,
        "primary_workspace_group": {**group, "company": True} if group else None,
        "primary_maven": _maven(row.manager, held),
        "external_references": [_reference(row.id, "salesforce", "Opportunity", deal)] if deal else [],
        **(_money(row.currency) if row.currency else {}),
    }
    return Shown("workspaces", row.id, fields)


def _maven(name: str | None, held: Held) -> dict[str, str] | None:
    if name is None:
        return None
    known = next((row.id for kind in (Person, Resource) for row in held.by(kind, "name", name)), None)
    return {"id": known or str(zlib.crc32(name.encode())), "full_name": name}


def _story(row: Milestone, _held: Held) -> Shown:
    state = "completed" if row.status == "accepted" else "not started"
    changes = [{"id": f"{row.id}01", "state": state, "created_at": instant(row.accepted_at)}]
    fields = {
        "title": row.name,
        "story_type": _MILESTONE,
        "state": state,
        "archived": row.status == "cancelled",
        "fixed_fee": row.amount is not None,
        "budget_estimate_in_cents": small_units(row.amount, row.currency),
        "workspace": {"id": row.project_id, **_money(row.currency)},
        "story_state_changes": changes if row.accepted_at else [],
    }
    return Shown("stories", row.id, fields)


def _allocation(row: Allocation, _held: Held) -> Shown:
    fields = {
        "workspace_id": row.project_id,
        "workspace_resource": {"id": f"{row.id}01", "user_id": row.resource_id},
        "start_date": day(row.start_on),
        "end_date": day(row.end_on),
        "minutes": None if row.hours is None else row.hours * 60,
        "percentage": row.percent,
        "hard": True,
    }
    return Shown("workspace_allocations", row.id, fields)


SHAPES: Shapes = {
    Customer: Shape(_group),
    Resource: Shape(_user),
    Project: Shape(_workspace),
    Milestone: Shape(_story),
    Allocation: Shape(_allocation),
}
