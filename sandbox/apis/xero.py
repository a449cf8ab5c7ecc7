"""Xero's accounting and projects APIs: pages, If-Modified-Since, dates in milliseconds, a limit a day."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.apis.api import Answer, Api
from sandbox.apis.shelf import Clock, Kept, Shelf

_KEYS = {"Contacts": "ContactID", "Invoices": "InvoiceID", "CreditNotes": "CreditNoteID"}
_TYPE = re.compile(r'Type=="(\w+)"')
_JOURNALS = 100
_WORDS = {401: "Unauthorized", 403: "Forbidden", 429: "Too Many Requests"}


class Xero(Api):
    """Tables by their collection's name. A refresh token is good once; ``left`` calls are left today."""

    vendor: ClassVar[str] = "xero"
    page_cap = 1000
    tenant = "45e4708e"
    client = "sightglass"
    secret = "xero-secret"  # noqa: S105 - of a simulated system

    def __init__(self, shelf: Shelf, clock: Clock | None = None) -> None:
        super().__init__(shelf, clock)
        self.refresh = "refresh-1"
        self.left = 5000

    def routes(self) -> Sequence[tuple[str, Sequence[str], Answer, bool]]:
        """Tokens, accounting, projects."""
        lists = [(f"/api.xro/2.0/{name}", ("GET",), self._collection, False) for name in _KEYS]
        projects = "/projects.xro/2.0"
        return [
            *lists,
            ("/connect/token", ("POST",), self._tokens_for, True),
            ("/api.xro/2.0/Organisation", ("GET",), self._organisation, False),
            ("/api.xro/2.0/Journals", ("GET",), self._journals, False),
            (f"{projects}/Projects", ("GET",), self._items, False),
            (f"{projects}/ProjectsUsers", ("GET",), self._items, False),
            (f"{projects}/Projects/{{project}}/{{what}}", ("GET",), self._items, False),
        ]

    def knows(self, request: Request) -> bool:
        """A token, and the organisation it is for."""
        return super().knows(request) and request.headers.get("xero-tenant-id") == self.tenant

    def refused(self, status: int, why: str) -> Response:
        """A problem."""
        body = {"Type": None, "Title": _WORDS.get(status, "BadRequest"), "Status": status, "Detail": why}
        return JSONResponse(body, status)

    def headers(self) -> dict[str, str]:
        """What is left of the day."""
        return {"X-DayLimit-Remaining": str(self.left), "X-MinLimit-Remaining": "59"}

    async def _tokens_for(self, request: Request) -> Response:
        form = await request.form()
        client = base64.b64encode(f"{self.client}:{self.secret}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {client}":
            return JSONResponse({"error": "invalid_client"}, 400)
        if form.get("refresh_token") != self.refresh:
            return JSONResponse({"error": "invalid_grant"}, 400)
        self.refresh = f"refresh-{int(self.refresh.partition('-')[2]) + 1}"
        token = {"access_token": self.token(), "token_type": "Bearer", "expires_in": 1800}
        return JSONResponse({**token, "refresh_token": self.refresh})

    async def _organisation(self, _request: Request) -> Response:
        rows = [{"OrganisationID": kept.id, **kept.fields} for kept in self.shelf.rows("Organisations")]
        return JSONResponse({"Status": "OK", "Organisations": rows})

    async def _collection(self, request: Request) -> Response:
        name, asked = request.url.path.rpartition("/")[2], request.query_params
        key = _KEYS[name]
        rows = [{key: kept.id, **_told(kept)} for kept in self._since(request, name)]
        wanted = _TYPE.search(asked.get("where", ""))
        rows = [row for row in rows if wanted is None or row.get("Type") == wanted[1]]
        if asked.get("includeArchived") != "true":
            rows = [row for row in rows if row.get("ContactStatus") != "ARCHIVED"]
        if asked.get("order") == f"{key} ASC":
            rows.sort(key=lambda row: str(row[key]))
        if "page" not in asked:
            return JSONResponse({"Status": "OK", name: [{**row, "LineItems": []} for row in rows]})
        found, pagination = self._page(rows, asked, 100)
        return JSONResponse({"Status": "OK", "pagination": pagination, name: found})

    async def _journals(self, request: Request) -> Response:
        offset = int(request.query_params.get("offset", 0))
        rows = [
            {"JournalID": kept.id, **kept.fields, "CreatedDateUTC": _milliseconds(kept.stamp)}
            for kept in self._since(request, "Journals")
            if kept.fields["JournalNumber"] > offset
        ]
        rows.sort(key=lambda row: int(row["JournalNumber"]))
        return JSONResponse({"Status": "OK", "Journals": rows[:_JOURNALS]})

    async def _items(self, request: Request) -> Response:
        project, what = request.path_params.get("project"), request.url.path.rpartition("/")[2]
        rows = [kept.fields for kept in self.shelf.rows(what)]
        rows = [row for row in rows if project is None or row["projectId"] == project]
        items, pagination = self._page(rows, request.query_params, 50)
        return JSONResponse({"pagination": pagination, "items": items})

    def _since(self, request: Request, table: str) -> list[Kept]:
        """Rows changed later than the second that the header names; deleted ones too."""
        told = request.headers.get("If-Modified-Since")
        since = datetime.fromisoformat(told).replace(tzinfo=UTC) if told else None
        return [kept for kept in self.shelf.rows(table, deleted=None) if since is None or kept.stamp > since]

    def _page(
        self, rows: Sequence[Any], asked: Mapping[str, str], usual: int
    ) -> tuple[list[Any], dict[str, int]]:
        size = min(int(asked.get("pageSize", usual)), self.page_cap)
        number = int(asked.get("page", 1))
        found = list(rows[(number - 1) * size : number * size])
        pages = -(-len(rows) // size)
        return found, {"page": number, "pageSize": size, "pageCount": pages, "itemCount": len(rows)}


def _told(kept: Kept) -> dict[str, Any]:
    gone = {"Status": "DELETED"} if kept.deleted_at is not None else {}
    return {**kept.fields, **gone, "UpdatedDateUTC": _milliseconds(kept.stamp)}


def _milliseconds(moment: datetime) -> str:
    return f"/Date({int(moment.timestamp() * 1000)}+0000)/"
