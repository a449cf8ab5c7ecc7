"""SuiteProjects Pro's REST API, from its guide."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from sandbox.apis.api import Fault
from sandbox.apis.suiteprojects import SuiteProjects
from tests.contract.case import Case, Sample


def settings(base: str, folder: Path) -> Mapping[str, Any]:
    token = folder / "refresh"
    token.write_text(SuiteProjects.refresh, encoding="utf-8")
    return {
        "company": "firm1",
        "base": base,
        "client_id": "sightglass",
        "client_secret_env": "SUITE_SECRET",
        "refresh_token_file": token,
        "currency": "USD",
        "zone": "America/New_York",
        "stages": {"5": "on_hold"},
        "external": "opportunity",
    }


def timesheet(status: str) -> Mapping[str, Any]:
    return {"_with": {"timesheetId": {"status": status}, "projectTaskId": {"isNonBillable": 0}}}


def entry(number: int, **changed: Any) -> Mapping[str, Any]:
    return {
        "date": "2026-10-30", "hour": 7, "minute": 30, "decimalHours": 0, "projectId": 100 + number, "userId": 7,
        "timesheetId": 40, "projectTaskId": 40, "slipId": 0, "customerId": 3, **timesheet("A"), **changed,
    }  # fmt: skip


def of_entry(means: Mapping[str, Any], **changed: Any) -> Sample:
    return Sample(table="time-entries", fields=entry(1, **changed), means=means)


PROJECT = {
    "name": "Rollout", "code": "NW-1", "customerId": 3, "currency": "EUR", "isActive": True, "projectStageId": 2,
    "externalId": "006A",
}  # fmt: skip
MILESTONE = {
    "name": "Go-live", "projectId": 101, "percentComplete": 40, "isClosed": False, "isReadyForRecognition": False,
    "_with": {"projectId": {"currency": "EUR"}},
}  # fmt: skip
BOOKING = {
    "projectId": 101, "userId": 7, "startDate": "2026-11-02", "endDate": "2026-11-30", "hours": 80,
    "percentage": 50, "asPercentage": 0, "approvalStatus": "A",
}  # fmt: skip
RECEIPT = {
    "projectId": 101, "date": "2026-10-29", "total": 42.5, "currency": "EUR", "slipId": 0, "expenseReportId": 9,
    "isNonBillable": 0, "_with": {"expenseReportId": {"status": "A"}},
}  # fmt: skip

CASES = (
    Case(
        api=SuiteProjects,
        settings=settings,
        env={"SUITE_SECRET": SuiteProjects.secret},
        stream="time_entry",
        table="time-entries",
        row=entry,
        changes=("hour", 3, "hours", 3_500_000),
        unstamped=timedelta(hours=6),
        is_incremental=False,
        has_tokens=True,
        stopping=(Fault(429, {"message": "Too many requests"}, path="/rest/"),),
        refusing=(
            Fault(400, {"message": "The query expression is not valid"}, path="/rest/"),
            Fault(403, {"message": "You do not have access"}, path="/rest/"),
            Fault(401, {"error": "invalid_grant"}, path="/login/"),
        ),
        wrong_in_200=(
            Fault(200, {"message": "No permission to read"}, path="/rest/"),
            Fault(200, "<html>Sign in</html>", path="/rest/"),
        ),
        samples={
            "customer": Sample(table="customers", fields={"name": "Nordwind"}, means={"id": "1", "name": "Nordwind"}),
            "resource": Sample(
                table="users", fields={"name": "Ada King", "isActive": 1}, means={"name": "Ada King", "active": True}
            ),
            "resource#left": Sample(
                table="users", fields={"name": "Bo Lund", "isActive": 0}, means={"active": False}
            ),
            "project": Sample(
                table="projects",
                fields=PROJECT,
                means={
                    "id": "1", "name": "Rollout", "number": "NW-1", "status": "active", "customer_id": "3",
                    "currency": "EUR", "opportunity_id": "006A", "link_method": "external_id",
                    "source_updated_at": "2026-11-20T17:30:00Z",
                },
            ),
            "project#no longer active": Sample(
                table="projects", fields={**PROJECT, "isActive": False}, means={"status": "closed"}
            ),
            "project#by its stage": Sample(
                table="projects",
                fields={**PROJECT, "projectStageId": 5, "customerId": 0, "externalId": ""},
                means={"status": "on_hold", "customer_id": None, "opportunity_id": None},
            ),
            "milestone": Sample(
                table="project-milestones",
                fields={**MILESTONE, "isReadyForRecognition": True},
                means={
                    "name": "Go-live", "project_id": "101", "status": "accepted", "currency": "EUR",
                    "accepted_at": None, "amount": None,
                },
            ),
            "milestone#done": Sample(
                table="project-milestones",
                fields={**MILESTONE, "percentComplete": 100},
                means={"status": "reached"},
            ),
            "milestone#open": Sample(
                table="project-milestones",
                fields={**MILESTONE, "_with": {}},
                means={"status": "planned", "currency": "USD"},
            ),
            "allocation": Sample(
                table="bookings",
                fields=BOOKING,
                means={
                    "project_id": "101", "resource_id": "7", "start_on": "2026-11-02", "end_on": "2026-11-30",
                    "hours": "80", "percent": "50", "deleted_at": None,
                },
            ),
            "allocation#rejected": Sample(
                table="bookings",
                fields={**BOOKING, "approvalStatus": "R"},
                means={"deleted_at": "2026-11-20T17:30:00Z"},
            ),
            "time_entry": of_entry({
                "project_id": "101", "resource_id": "7", "work_date": "2026-10-30", "hours": "7.5",
                "status": "approved", "billable": True, "billed": False,
                "source_updated_at": "2026-11-20T17:30:00Z",
            }),
            "time_entry#archived": of_entry({"status": "approved"}, **timesheet("X")),
            "time_entry#submitted": of_entry({"status": "submitted"}, **timesheet("S")),
            "time_entry#open": of_entry({"status": "draft"}, **timesheet("O")),
            "time_entry#rejected": of_entry({"status": "rejected"}, **timesheet("R")),
            "time_entry#charged": of_entry({"status": "approved", "billed": True}, slipId=77, _with={}),
            "time_entry#nothing told of its timesheet": of_entry({"status": "submitted"}, _with={}),
            "time_entry#not billable": of_entry(
                {"billable": False, "status": "approved"},
                _with={"timesheetId": {"status": "A"}, "projectTaskId": {"isNonBillable": 1}},
            ),
            "time_entry#decimal hours": of_entry({"hours": "2.25"}, hour=0, minute=0, decimalHours=2.25),
            "expense": Sample(
                table="receipts",
                fields=RECEIPT,
                means={
                    "project_id": "101", "incurred_on": "2026-10-29", "amount": "42.5", "currency": "EUR",
                    "status": "approved", "billable": True,
                },
            ),
            "expense#submitted": Sample(
                table="receipts",
                fields={**RECEIPT, "_with": {"expenseReportId": {"status": "S"}}, "isNonBillable": 1, "currency": ""},
                means={"status": "submitted", "billable": False, "currency": "USD"},
            ),
        },
    ),
)  # fmt: skip
