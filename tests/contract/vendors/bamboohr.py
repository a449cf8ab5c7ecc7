"""BambooHR, from its reference: the change feed and the list of people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from sandbox.apis.api import Fault
from sandbox.apis.bamboohr import BambooHR
from tests.contract.case import Case, Sample


def settings(base: str, _folder: Path) -> Mapping[str, Any]:
    return {
        "company": "firm1",
        "key_env": "BAMBOOHR_KEY",
        "base": f"{base}/api/v1",
        "entity_field": "divisionName",
    }


def person(number: int, **changed: Any) -> Mapping[str, Any]:
    return {
        "firstName": "Ada", "lastName": f"King {number}", "status": "Active", "hireDate": "2024-03-01",
        "terminationDate": "0000-00-00", "divisionName": "UK01", "jobTitleName": "Consultant",
        "employeeNumber": f"E-{number}", "workEmail": "ada@firm1.example", **changed,
    }  # fmt: skip


CASES = (
    Case(
        api=BambooHR,
        settings=settings,
        env={"BAMBOOHR_KEY": BambooHR.secret},
        stream="resource",
        table="employees",
        row=person,
        changes=("lastName", "Lovelace", "name", "Ada Lovelace"),
        unstamped=timedelta(hours=20),
        deletes="soft",
        passing=(
            Fault(429, "", {"Retry-After": "11", "X-BambooHR-Error-Message": "Limit exceeded"}),
            Fault(503, "", {"Retry-After": "9", "X-BambooHR-Error-Message": "Limit exceeded"}),
        ),
        refusing=(
            Fault(403, "", {"X-BambooHR-Error-Message": "Insufficient permissions"}),
            Fault(400, "", {"X-BambooHR-Error-Message": "since is missing"}),
            Fault(403, "", {"X-BambooHR-Error-Message": "Insufficient permissions"}, after=1),
        ),
        wrong_in_200=(
            Fault(200, "<changed/>", {"Content-Type": "application/xml"}),
            Fault(200, {"latest": "2026-11-20T17:00:00+00:00"}),
            Fault(200, {"meta": {"total": 0}}, after=1),
        ),
        samples={
            "resource": Sample(
                table="employees",
                fields=person(1),
                means={
                    "id": "1", "name": "Ada King 1", "code": "E-1", "email": "ada@firm1.example", "active": True,
                    "start_on": "2024-03-01", "end_on": None,
                    "legal_entity": "UK01", "source_updated_at": "2026-11-20T17:30:00Z", "deleted_at": None,
                    "source_url": "https://firm1.bamboohr.com/employees/employee.php?id=1",
                },
            ),
            "resource#left": Sample(
                table="employees",
                fields=person(1, status="Inactive", terminationDate="2026-10-31"),
                means={"active": False, "end_on": "2026-10-31"},
            ),
            "resource#deleted": Sample(
                table="employees",
                fields=person(1),
                deleted=True,
                means={"id": "1", "active": False, "deleted_at": "2026-11-20T18:00:00Z"},
            ),
        },
    ),
)  # fmt: skip
