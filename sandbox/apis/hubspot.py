"""HubSpot's CRM API v3 as documented: a search with its cap, lists of living and archived objects, limits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.apis.api import Answer, Api
from sandbox.apis.shelf import Kept, page

_STAMP = "hs_lastmodifieddate"
_SEARCH_LIMIT, _LIST_LIMIT = 200, 100


class HubSpot(Api):
    """``search_cap`` is how many rows one search gives; ``daily`` how many requests a day has."""

    vendor: ClassVar[str] = "hubspot"
    page_cap = _SEARCH_LIMIT
    search_cap = 10_000
    daily = 650_000
    secret = "pat-eu1-private-app"  # noqa: S105 - of a simulated system

    def routes(self) -> Sequence[tuple[str, Sequence[str], Answer, bool]]:
        """A search and a list for each kind of object."""
        root = "/crm/v3/objects/{collection}"
        return [(f"{root}/search", ("POST",), self._search, False), (root, ("GET",), self._list, False)]

    def knows(self, request: Request) -> bool:
        """The token of a private app."""
        return request.headers.get("Authorization") == f"Bearer {self.secret}"

    def refused(self, status: int, why: str) -> Response:
        """An error with its category."""
        category = {401: "INVALID_AUTHENTICATION", 429: "RATE_LIMITS"}.get(status, "VALIDATION_ERROR")
        told = {"status": "error", "message": why, "correlationId": "c-1", "category": category}
        return JSONResponse(told, status)

    def used_up(self) -> Response:
        """The day's requests are used."""
        told = {"status": "error", "message": "You have reached your daily limit.", "errorType": "RATE_LIMIT"}
        return JSONResponse({**told, "correlationId": "c-1", "policyName": "DAILY", "requestId": "r-1"}, 429)

    async def _search(self, request: Request) -> Response:
        asked = await request.json()
        start, limit = int(asked.get("after", 0)), asked.get("limit", 10)
        if limit > _SEARCH_LIMIT or len(asked.get("sorts", ())) > 1:
            return self.refused(400, "There was a problem with the request.")
        if start + min(limit, self.page_cap) > self.search_cap:
            return self.refused(400, "The paging is beyond what a search gives")
        rows = self.shelf.rows(request.path_params["collection"])
        for group in asked["filterGroups"]:
            for wanted in group["filters"]:
                if not isinstance(wanted["value"], str):
                    return self.refused(400, "Invalid input JSON: a value is text")
                rows = [kept for kept in rows if _passes(kept, wanted)]
        names = self._there(request, asked.get("properties", ()))
        told = self._page(rows, start, min(limit, self.page_cap), names)
        return JSONResponse({"total": len(rows), **told})

    async def _list(self, request: Request) -> Response:
        asked = request.query_params
        limit, start = int(asked.get("limit", 10)), int(asked.get("after", 0))
        if limit > _LIST_LIMIT:
            return self.refused(400, "Invalid limit")
        archived = asked.get("archived") == "true"
        rows = self.shelf.rows(request.path_params["collection"], deleted=archived)
        rows.sort(key=lambda kept: int(kept.id))
        names = self._there(request, asked.get("properties", "").split(","))
        response = JSONResponse(self._page(rows, start, min(limit, self.page_cap), names))
        response.headers["X-HubSpot-RateLimit-Daily"] = str(self.daily)
        response.headers["X-HubSpot-RateLimit-Daily-Remaining"] = str(self.daily - len(self.asked))
        return response

    def _there(self, request: Request, names: Sequence[str]) -> list[str]:
        """The properties asked for that there are; the others are passed over without a word."""
        renamed = self.renamed[request.path_params["collection"]]
        return [name for name in names if name not in renamed]

    def _page(self, rows: Sequence[Kept], start: int, size: int, names: Sequence[str]) -> dict[str, Any]:
        told: dict[str, Any] = {"results": [_told(kept, names) for kept in page(rows, start, size)]}
        if start + size < len(rows):
            told["paging"] = {"next": {"after": str(start + size)}}
        return told


def _milliseconds(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _passes(kept: Kept, wanted: dict[str, str]) -> bool:
    if (wanted["propertyName"], wanted["operator"]) != (_STAMP, "GTE"):
        return False
    stamp = datetime.fromisoformat(_milliseconds(kept.stamp))
    return stamp.timestamp() * 1000 >= int(wanted["value"])


def _told(kept: Kept, names: Sequence[str]) -> dict[str, Any]:
    """A row with what was asked for and what is always told; a property without a value is null."""
    stamp = _milliseconds(kept.stamp)
    known = {**kept.fields, _STAMP: stamp, "hs_object_id": kept.id}
    told = {
        "id": kept.id,
        "properties": {name: known.get(name) for name in (*names, _STAMP, "hs_object_id") if name},
        "createdAt": "2025-04-03T12:59:10.726Z",
        "updatedAt": stamp,
        "archived": kept.deleted_at is not None,
    }
    return {**told, "archivedAt": _milliseconds(kept.deleted_at)} if kept.deleted_at else told
