"""Harvest v2 as its help pages describe it: pages linked in the body, newest first, 429 with Retry-After."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.apis.api import Answer, Api, ExactJson
from sandbox.apis.shelf import Kept

_COLLECTIONS = ("clients", "users", "projects", "time_entries", "expenses", "invoices")


class Harvest(Api):
    """``token`` and ``account`` are what a request must show; ``page_cap`` the most rows a page has."""

    vendor: ClassVar[str] = "harvest"
    page_cap = 2000
    secret = "harvest-token"  # noqa: S105 - of a simulated system
    account = "4711"

    def routes(self) -> Sequence[tuple[str, Sequence[str], Answer, bool]]:
        """One list a collection."""
        return [(f"/v2/{name}", ("GET",), self._list, False) for name in _COLLECTIONS]

    def knows(self, request: Request) -> bool:
        """A personal access token together with its account."""
        return (
            request.headers.get("Authorization") == f"Bearer {self.secret}"
            and request.headers.get("Harvest-Account-Id") == self.account
        )

    def used_up(self) -> Response:
        """Over 100 requests in 15 seconds."""
        return JSONResponse({"message": "Too many requests"}, 429, {"Retry-After": "7"})

    async def _list(self, request: Request) -> Response:
        if "(" not in request.headers.get("User-Agent", ""):
            return self.refused(400, "the User-Agent must name the application and a contact")
        name = request.url.path.rpartition("/")[2]
        asked = request.query_params
        size = min(int(asked.get("per_page", self.page_cap)), self.page_cap)
        number = int(asked.get("page", 1))
        since = asked.get("updated_since")
        rows = self.shelf.rows(name, since=datetime.fromisoformat(since) if since else None)[::-1]
        pages = max(-(-len(rows) // size), 1)
        following = request.url.include_query_params(page=number + 1) if number < pages else None
        return ExactJson(
            {
                name: [_told(kept) for kept in rows[(number - 1) * size : number * size]],
                "per_page": size,
                "total_pages": pages,
                "total_entries": len(rows),
                "page": number,
                "links": {"first": str(request.url), "next": str(following) if following else None},
            }
        )


def _told(kept: Kept) -> dict[str, Any]:
    stamp = kept.stamp.isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"id": int(kept.id), **kept.fields, "updated_at": stamp}
