"""SuiteProjects Pro (once OpenAir), its REST half: people, projects, milestones, time, expenses, bookings.

Approved is no word of a time entry or a receipt: their timesheet and their expense report have it, and are
asked for with them. Where the answer does not hold them, what has a charge (``slipId``) was approved, and
all else is ``unapproved`` (submitted). A charge is what the PSA calls billed. Billable is what belongs to no
task marked otherwise. A project is active by its own flag unless its stage says otherwise in ``stages``. A
milestone is accepted once it is ready for recognition (since when is not told), and reached when closed or
wholly done.

Traps: approving a timesheet need not stamp its entries, so they are reread 60 days back every six hours. A
filter takes days, and stamps are in the account's ``zone`` without saying so: a poll asks from the day
before. An offset must be a multiple of the limit, so the links of an answer are followed. Hours come as
hours and minutes, or as a decimal. Status 429 says that the requests of 60 seconds are used up, or those of
24 hours, and not which: all is left alone a quarter of an hour. Deletions are told nowhere.

Not verified: the host, the token address, the zone, the shape of what is asked for with a row, whether a
timesheet may be asked for so, and the names ``isActive`` and ``expenseReportId``. Left out, since only the
XML API has them: invoices, charges with their rates, agreements, revenue, and the amounts of milestones.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from collectors.engines.vendor import VendorSettings, rest_system

_APPROVAL = {
    "O": "draft",
    "P": "submitted",
    "S": "submitted",
    "A": "approved",
    "X": "approved",
    "R": "rejected",
}
_CHARGED = {"column": "slipId", "not": ["", 0]}
#: attribute of a row -> the word in the type of what it refers to
_EXPANDED = {
    "timesheetId": "timesheet", "expenseReportId": "expensereport", "projectTaskId": "projecttask",
    "projectId": "project",
}  # fmt: skip


class SuiteProjectsSettings(VendorSettings):
    """``company`` is the word before the domain; ``zone`` the account's, ``currency`` where none is told.

    ``stages`` says what a project's stage (its id) means, ``external`` whose id a project's external id is,
    ``unapproved`` what time and expenses are of which no approval can be read.
    """

    company: str = Field(pattern=r"^[A-Za-z0-9-]+$")
    client_id: str
    client_secret_env: str
    refresh_token_file: Path
    currency: str
    zone: str = "UTC"
    base: str | None = None
    stages: dict[str, str] = Field(default_factory=dict)
    external: Literal["opportunity", "contract", "project"] | None = None
    unapproved: Literal["draft", "submitted", "approved"] = "submitted"


def _list(path: str, fields: Mapping[str, Any], expand: str = "", **more: Any) -> dict[str, Any]:
    every: dict[str, Any] = {
        "path": f"/rest/v1/{path}/",
        "params": {"limit": 1000, "orderBy": "id"},
        "next": {"style": "link", "path": "meta.links[?rel=='next'].href | [0]"},
        "total": "meta.totalRows",
    }
    changed = {"q": "updated ON_OR_AFTER '{since}'", **({"expand": expand} if expand else {})}
    return {
        "read": {**every, "params": {**every["params"], **changed}},
        "ids": {**every, "params": {**every["params"], "fields": "id"}},
        "since_as": "%Y-%m-%d",
        # a day in UTC may already be the next one in the account's zone, or still the one before
        "overlap": timedelta(hours=26),
        "fields": {"id": "id", "source_updated_at": "updated", **fields},
        **more,
    }


def _declare(chosen: SuiteProjectsSettings) -> dict[str, Any]:
    base = chosen.base or f"https://{chosen.company}.app.netsuitesuiteprojectspro.com"
    return {
        "base": base,
        "auth": {
            "style": "refresh_token",
            "token_url": f"{base}/login/oauth2/v1/token",
            "client_id": chosen.client_id,
            "client_secret_env": chosen.client_secret_env,
            "refresh_token_file": chosen.refresh_token_file,
        },
        "signals": [{"status": 429, "means": "stop", "pause": "15m"}],
        "format": {"zone": chosen.zone},
        "streams": {**_plans(chosen), **_actuals(chosen)},
    }


def _plans(chosen: SuiteProjectsSettings) -> dict[str, Any]:
    stages = [
        {"all": [{"column": "projectStageId", "is": stage}], "then": means}
        for stage, means in chosen.stages.items()
    ]
    external = {} if chosen.external is None else {f"{chosen.external}_id": "externalId"}
    link = {"link_method": {"constant": "external_id"}} if external else {}
    return {
        "customer": _list("customers", {"name": "name"}),
        "resource": _list("users", {
            "name": "name", "active": {"when": _flag(yes=True, no=False)},
        }),
        "project": _list("projects", {
            "name": "name", "number": "code", "customer_id": _reference("customerId"), "currency": "currency",
            "status": {"when": [*stages, *_flag(yes="active", no="closed")]},
            **external, **link,
        }),
        "milestone": _list("project-milestones", {
            "name": "name", "project_id": _reference("projectId"),
            "currency": {"path": "currency || projectId_.currency", "default": chosen.currency},
            "status": {"when": [
                {"all": [{"column": "isReadyForRecognition", "is": True}], "then": "accepted"},
                {"any": [
                    {"column": "isClosed", "is": True}, {"column": "percentComplete", "in": [100, "100.0"]},
                ], "then": "reached"},
            ], "else": "planned"},
        }, "projectId"),
        "allocation": _list("bookings", {
            "project_id": _reference("projectId"), "resource_id": _reference("userId"),
            "start_on": "startDate", "end_on": "endDate", "hours": "hours", "percent": "percentage",
        }, deleted={"column": "approvalStatus", "is": "R"}),
    }  # fmt: skip


def _actuals(chosen: SuiteProjectsSettings) -> dict[str, Any]:
    far = {"every": timedelta(hours=6), "back": timedelta(days=60)}
    return {
        "time_entry": _list("time-entries", {
            "project_id": _reference("projectId"), "resource_id": _reference("userId"), "work_date": "date",
            "hours": "hours_", "status": _approval("timesheetId_", chosen),
            "billable": {"when": [
                {"all": [{"path": "projectTaskId_.isNonBillable", "is": True}], "then": False},
            ], "else": True},
            "billed": {"when": [{"all": [_CHARGED], "then": True}], "else": False},
        }, "timesheetId,projectTaskId", reread=far),
        "expense": _list("receipts", {
            "project_id": _reference("projectId"), "incurred_on": "date", "amount": "total",
            "currency": {"column": "currency", "default": chosen.currency},
            "status": _approval("expenseReportId_", chosen),
            "billable": {"when": [
                {"all": [{"column": "isNonBillable", "is": True}], "then": False},
            ], "else": True},
        }, "expenseReportId", reread=far),
    }  # fmt: skip


def _flag(*, yes: str | bool, no: str | bool) -> list[dict[str, Any]]:
    """By the row's own flag; without one it is refused, and not called inactive."""
    there = "not_null(isActive, active)"
    return [
        {"all": [{"path": there, "is": True}], "then": yes},
        {"all": [{"path": there, "is": False}], "then": no},
    ]


def _reference(column: str) -> dict[str, Any]:
    """An id of another row; 0 is none."""
    return {"when": [{"all": [{"column": column, "is": 0}], "then": ""}], "else": {"column": column}}


def _approval(of: str, chosen: SuiteProjectsSettings) -> dict[str, Any]:
    return {"when": [
        {"all": [{"path": f"{of}.status", "present": True}],
         "then": {"path": f"{of}.status", "values": _APPROVAL}},
        {"all": [_CHARGED], "then": "approved"},
    ], "else": chosen.unapproved}  # fmt: skip


def _rows(body: Any) -> Any:
    """The rows, each with what was asked for with it under the attribute's name and ``_``, and its hours."""
    if not isinstance(body, Mapping) or not isinstance(body.get("data"), list):
        return None
    told = {}
    for one in body.get("included") or ():
        kind = str(one.get("type") or one.get("objectType") or "").lower().replace("-", "").replace("_", "")
        told[kind, str(one.get("id"))] = {**one.get("attributes", {}), **one}
    return [_row(row, told) for row in body["data"]]


def _row(row: Mapping[str, Any], told: Mapping[tuple[str, str], Any]) -> dict[str, Any]:
    with_it = {
        f"{name}_": told.get((kind, str(row.get(name)))) for name, kind in _EXPANDED.items() if name in row
    }
    return {**row, **with_it, "hours_": _hours(row)}


def _hours(row: Mapping[str, Any]) -> str | None:
    """Decimal hours where they are told, else hours and minutes."""
    if Decimal(row.get("decimalHours") or 0):
        return str(row["decimalHours"])
    if "hour" not in row and "minute" not in row:
        return None
    return str(Decimal(row.get("hour") or 0) + Decimal(row.get("minute") or 0) / 60)


_STREAMS = ("customer", "resource", "project", "milestone", "allocation", "time_entry", "expense")
SYSTEM = rest_system(
    kind="suiteprojects",
    title="SuiteProjects Pro (OpenAir)",
    roles=("psa", "time"),
    settings=SuiteProjectsSettings,
    declare=_declare,
    records=_STREAMS,
    unpack=dict.fromkeys(_STREAMS, _rows),
    reads={
        "time_entry": ("hour", "minute", "decimalHours", "timesheetId", "projectTaskId"),
        "expense": ("expenseReportId",),
    },
    notes="REST API v1; invoices, charges and revenue are in the XML API only",
    permissions=("an API integration with OAuth 2.0, and a user who may see all projects and timesheets",),
)
