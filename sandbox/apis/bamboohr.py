"""BambooHR as its reference describes it: a change feed of ids, and a list of people with cursors."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.apis.api import Answer, Api
from sandbox.apis.shelf import Kept

_DEFAULT = ("firstName", "lastName", "preferredName", "jobTitleName", "status")


class BambooHR(Api):
    """``secret`` is the API key, sent as the user. ``_restricted`` in a row names what it may not read."""

    vendor: ClassVar[str] = "bamboohr"
    page_cap = 2500
    secret = "bamboo-key"  # noqa: S105 - of a simulated system

    def routes(self) -> Sequence[tuple[str, Sequence[str], Answer, bool]]:
        """The change feed and the list."""
        return [
            ("/api/v1/employees/changed", ("GET",), self._changed, False),
            ("/api/v1/employees", ("GET",), self._list, False),
        ]

    def knows(self, request: Request) -> bool:
        """The key as the user, with any password."""
        user = base64.b64decode(request.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        return user.partition(":")[0] == self.secret

    def refused(self, status: int, why: str) -> Response:
        """The reason is in a header, the body is empty."""
        return Response(None, status, {"X-BambooHR-Error-Message": why})

    def used_up(self) -> Response:
        """Too many requests, since 16 September 2026."""
        return Response(None, 429, {"Retry-After": "11", "X-BambooHR-Error-Message": "Limit exceeded"})

    async def _changed(self, request: Request) -> Response:
        if "json" not in request.headers.get("Accept", ""):
            return Response("<changed/>", media_type="application/xml")
        try:
            since = datetime.fromisoformat(request.query_params["since"])
        except (KeyError, ValueError):
            return self.refused(400, "since is missing, or no ISO 8601 moment")
        found = self.shelf.rows("employees", since=since, deleted=None)
        latest = _written(max((kept.stamp for kept in found), default=since))
        # an empty map comes as an empty list
        return JSONResponse({"latest": latest, "employees": {kept.id: _change(kept) for kept in found} or []})

    async def _list(self, request: Request) -> Response:
        asked = request.query_params
        wanted = asked["filter[ids]"].split(",") if "filter[ids]" in asked else None
        people = [
            kept
            for kept in sorted(self.shelf.rows("employees"), key=lambda one: int(one.id))
            if wanted is None or kept.id in wanted
        ]
        size = min(int(asked.get("page[limit]", 250)), self.page_cap)
        start = int(asked.get("page[after]", 0))
        more = start + size < len(people)
        names = {*_DEFAULT, *filter(None, asked.get("fields", "").split(","))}
        return JSONResponse(
            {
                "data": [_told(kept, names) for kept in people[start : start + size]],
                "meta": {
                    "total": len(people),
                    "page": {"limit": size, "nextCursor": str(start + size) if more else None},
                },
                "_links": {"self": str(request.url)},
            }
        )


def _change(kept: Kept) -> dict[str, str]:
    action = "Updated" if kept.deleted_at is None else "Deleted"
    return {"id": kept.id, "action": action, "lastChanged": _written(kept.stamp)}


def _told(kept: Kept, names: set[str]) -> dict[str, Any]:
    """Fields nobody knows are left out, those the key may not read come empty."""
    hidden = kept.fields.get("_restricted", [])
    row = {name: None if name in hidden else kept.fields[name] for name in names if name in kept.fields}
    return {"employeeId": kept.id, **row, **({"_restrictedFields": hidden} if hidden else {})}


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
