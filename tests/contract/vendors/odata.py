"""A PSA on SAP CAP, described in configuration alone."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.apis.api import Fault
from sandbox.apis.cap import Cap
from tests.contract.case import Case, Sample

DOCS = Path(__file__).parents[3] / "docs" / "own-odata.md"


def settings(base: str, _folder: Path) -> Mapping[str, Any]:
    """What the documentation shows, at another address."""
    text = DOCS.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    told = tomllib.loads(text.replace("https://psa.example", base))["systems"]["psa"]
    return {key: value for key, value in told.items() if key not in {"kind", "roles"}}


def project(number: int) -> Mapping[str, Any]:
    return {
        "title": f"Project {number}", "state": "live", "currency": "EUR", "rate": "120.15",
        "customer": {"ID": "C-1", "name": "Nordwind"},
    }  # fmt: skip


ENTRY = {
    "project_ID": "7",
    "person_ID": "P-1",
    "day": "2026-10-30",
    "minutes": 450,
    "approved": True,
    "billable": True,
}
INVOICE = {
    "currency": "EUR", "issued": "2026-10-31", "posted": True,
    "items": [{"ID": "10", "project_ID": "7", "net": "900.750", "hours": "7.5"}],
}  # fmt: skip

CASES = (
    Case(
        api=Cap,
        settings=settings,
        env={"PSA_PASSWORD": Cap.secret},
        stream="project",
        table="Projects",
        row=project,
        changes=("title", "Renamed", "name", "Renamed"),
        passing=(
            Fault(429, {"error": {"code": "429", "message": "Too Many Requests"}}, {"Retry-After": "3"}),
            Fault(200, {"error": {"code": "503", "message": "database is locked"}}),
        ),
        wrong_in_200=(
            Fault(200, {"error": {"code": "500", "message": "the view is broken"}}),
            Fault(200, {"@odata.context": "$metadata"}),
            Fault(200, {"d": {"results": []}}),
        ),
        refusing=(Fault(401, "Unauthorized", times=9),),
        samples={
            "project": Sample(
                table="Projects",
                fields=project(1),
                means={
                    "id": "1", "name": "Project 1", "status": "active", "customer_id": "C-1", "rate": "120.15",
                    "currency": "EUR", "source_updated_at": "2026-11-20T17:30:00Z", "deleted_at": None,
                },
            ),
            "project#nobody": Sample(
                table="Projects",
                fields={**project(1), "customer": None, "state": "draft"},
                means={"customer_id": None, "status": "planned"},
            ),
            "time_entry": Sample(
                table="TimeEntries",
                fields=ENTRY,
                means={
                    "project_id": "7", "resource_id": "P-1", "work_date": "2026-10-30", "hours": "7.5",
                    "status": "approved",
                },
            ),
            "invoice": Sample(
                table="Invoices",
                id="RE-1",
                fields=INVOICE,
                means={
                    "id": "RE-1", "number": "RE-1", "issued_on": "2026-10-31", "status": "posted",
                    "source_updated_at": "2026-11-20T17:30:00Z",
                },
            ),
            "invoice_line": Sample(
                table="Invoices",
                id="RE-1",
                fields=INVOICE,
                means={
                    "id": "RE-1:10", "invoice_id": "RE-1", "currency": "EUR", "project_id": "7",
                    "amount": "900.750", "hours": "7.5", "source_updated_at": "2026-11-20T17:30:00Z",
                },
            ),
        },
    ),
)  # fmt: skip
