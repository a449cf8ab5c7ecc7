"""Time as Harvest shows it: rows tell the name of what they refer to, and a client its currency.

``employee_id`` of a user is unverified; it stands for the field in which a firm keeps that code.
"""

from __future__ import annotations

from typing import Any

from sandbox.living.held import Held
from sandbox.living.records import Person
from sandbox.living.shapes.shape import Shape, Shapes, Shown, day, name_of
from sandbox.records import Customer, Project, Resource, TimeEntry


def _number(identifier: str | None) -> int | None:
    return None if identifier is None else int(identifier)


def _named(held: Held, kind: type[Any], identifier: str | None, **more: Any) -> dict[str, Any] | None:
    if identifier is None and not any(more.values()):
        return None
    return {"id": _number(identifier), "name": name_of(held, kind, identifier), **more}


def _client(row: Customer, held: Held) -> Shown:
    currency = next((one.currency for one in held.by(Project, "customer_id", row.id)), None)
    return Shown("clients", row.id, {"name": row.name, "is_active": True, "currency": currency})


def _user(row: Resource, _held: Held) -> Shown:
    first, _, last = row.name.partition(" ")
    fields = {
        "first_name": first,
        "last_name": last,
        "email": row.email,
        "is_active": row.active,
        "employee_id": row.code,
    }
    return Shown("users", row.id, fields)


def _project(row: Project, held: Held) -> Shown:
    fields = {
        "name": row.name,
        "code": row.project_id or row.number,
        "is_active": row.status not in {"closed", "cancelled", "complete"},
        "is_billable": row.billing_method is not None,
        "is_fixed_fee": row.billing_method not in {None, "time_and_materials"},
        "hourly_rate": row.rate,
        "client": _named(held, Customer, row.customer_id, currency=row.currency),
    }
    return Shown("projects", row.id, fields)


def _entry(row: TimeEntry, held: Held) -> Shown:
    project = held[Project].get(row.project_id or "")
    person = held[Person].get(row.resource_id or "") or held[Resource].get(row.resource_id or "")
    fields = {
        "spent_date": day(row.work_date),
        "hours": row.hours,
        "rounded_hours": row.hours,
        "is_closed": row.status == "approved",
        "billable": row.billable,
        "is_billed": row.billed,
        "billable_rate": row.rate,
        "user": {"id": _number(row.resource_id), "name": person.name if person else None},
        "project": _named(held, Project, row.project_id, code=project.project_id if project else None),
        "client": _named(held, Customer, project.customer_id if project else None, currency=row.currency),
    }
    return Shown("time_entries", row.id, fields)


SHAPES: Shapes = {
    Customer: Shape(_client),
    Resource: Shape(_user),
    Project: Shape(_project),
    TimeEntry: Shape(_entry),
}
