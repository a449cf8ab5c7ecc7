"""SuiteProjects Pro's REST API as its guide describes it: links to pages, filters by day, local stamps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.apis.api import UNAUTHORIZED, Answer, Api
from sandbox.apis.shelf import Kept

#: list -> what may be asked for with a row: the attribute, and the type of what it refers to
_LISTS: dict[str, dict[str, str]] = {
    "customers": {},
    "users": {},
    "projects": {},
    "project-milestones": {"projectId": "Project"},
    "bookings": {},
    "time-entries": {"timesheetId": "Timesheet", "projectTaskId": "ProjectTask"},
    "receipts": {"expenseReportId": "ExpenseReport"},
}
_FILTER = re.compile(r"updated ON_OR_AFTER '(\d{4}-\d{2}-\d{2})'")


class SuiteProjects(Api):
    """``secret`` is the client's, ``refresh`` the token that gives others.

    A row's ``_with`` holds what its attributes refer to.
    """

    vendor: ClassVar[str] = "suiteprojects"
    page_cap = 1000
    zone = ZoneInfo("America/New_York")
    secret = "suite-secret"  # noqa: S105 - of a simulated system
    refresh = "suite-refresh"

    def routes(self) -> Sequence[tuple[str, Sequence[str], Answer, bool]]:
        """The token endpoint and a list for every resource."""
        lists = [(f"/rest/v1/{name}/", ("GET",), self._list, False) for name in _LISTS]
        return [("/login/oauth2/v1/token", ("POST",), self._token, True), *lists]

    def refused(self, status: int, why: str) -> Response:
        """A message and nothing else."""
        return JSONResponse({"message": why}, status)

    def used_up(self) -> Response:
        """Of 60 seconds or of 24 hours: it does not say which."""
        return self.refused(429, "Too many requests")

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        if form.get("client_secret") != self.secret or form.get("refresh_token") != self.refresh:
            return JSONResponse({"error": "invalid_grant"}, UNAUTHORIZED)
        return JSONResponse({"access_token": self.token(), "token_type": "Bearer", "expires_in": 900})

    async def _list(self, request: Request) -> Response:
        name, asked = request.url.path.split("/")[-2], request.query_params
        wanted, offset = int(asked.get("limit", 100)), int(asked.get("offset", 0))
        limit = min(wanted, self.page_cap)
        if offset % wanted:
            return self.refused(400, "The offset must be divisible by the limit")
        filtered = _FILTER.fullmatch(asked.get("q", ""))
        if "q" in asked and filtered is None:
            return self.refused(400, "The query expression is not valid")
        since = date.fromisoformat(filtered[1]) if filtered else date.min
        found = [kept for kept in self.shelf.rows(name) if kept.stamp.astimezone(self.zone).date() >= since]
        rows = sorted(found, key=lambda kept: int(kept.id))
        shown, expand = rows[offset : offset + limit], asked.get("expand", "").split(",")
        more = request.url.include_query_params(limit=limit, offset=offset + limit)
        links = [{"rel": "self", "href": str(request.url)}]
        links += [{"rel": "next", "href": str(more)}] if offset + limit < len(rows) else []
        only = [word for word in asked.get("fields", "").split(",") if word]
        return JSONResponse(
            {
                "data": [self._told(kept, only) for kept in shown],
                "included": [one for kept in shown for one in _included(name, kept, expand)],
                "message": "success",
                "meta": {
                    "rowsPerPage": limit,
                    "totalPages": -(-len(rows) // limit),
                    "totalRows": len(rows),
                    "links": links,
                },
            }
        )

    def _told(self, kept: Kept, only: Sequence[str]) -> dict[str, Any]:
        row = {"id": int(kept.id), **kept.fields}
        row["updated"] = kept.stamp.astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")
        return {name: row[name] for name in only or row if name != "_with"}


def _included(name: str, kept: Kept, expand: Sequence[str]) -> list[dict[str, Any]]:
    there = kept.fields.get("_with", {})
    return [
        {"type": kind, "id": kept.fields[attribute], **there[attribute]}
        for attribute, kind in _LISTS[name].items()
        if attribute in expand and attribute in there
    ]
