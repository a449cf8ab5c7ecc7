"""HCM as a report of Workday shows it; a person's id is the employee code."""

from __future__ import annotations

from sandbox.living.held import Held
from sandbox.living.shapes.shape import Shape, Shapes, Shown, day
from sandbox.records import Resource


def _worker(row: Resource, _held: Held) -> Shown:
    fields = {
        "Employee_Name": row.name,
        "Active_Status": row.active,
        "Hire_Date": day(row.start_on),
        "Termination_Date": day(row.end_on),
        "Company_ID": row.legal_entity,
    }
    return Shown("workers", row.id, fields)


SHAPES: Shapes = {Resource: Shape(_worker)}
