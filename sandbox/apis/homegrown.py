"""A PSA that a firm wrote itself: client credentials, a cursor in the query, deletions flagged in rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.apis.api import Answer, Api
from sandbox.apis.shelf import Kept


class HomeGrown(Api):
    """Lists under ``/api/<table>``; a cursor holds for the request it was given to."""

    vendor: ClassVar[str] = "rest"
    page_cap = 100
    secret = "home-grown-secret"  # noqa: S105 - of a simulated system

    def routes(self) -> Sequence[tuple[str, Sequence[str], Answer, bool]]:
        """A token endpoint and the lists."""
        return [("/token", ("POST",), self._token, True), ("/api/{table}", ("GET",), self._list, False)]

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        if form.get("client_secret") != self.secret:
            return JSONResponse({"error": "invalid_client", "error_description": "wrong secret"}, 401)
        return JSONResponse({"access_token": self.token(), "token_type": "Bearer", "expires_in": 3600})

    async def _list(self, request: Request) -> Response:
        asked = request.query_params
        since = asked.get("changed_since")
        rows = self.shelf.rows(
            request.path_params["table"], since=datetime.fromisoformat(since) if since else None, deleted=None
        )
        start = int(asked.get("cursor", 0))
        size = min(int(asked.get("limit", self.page_cap)), self.page_cap)
        more = start + size < len(rows)
        return JSONResponse(
            {
                "items": [_told(kept) for kept in rows[start : start + size]],
                "meta": {"count": len(rows), "next": str(start + size) if more else None},
            }
        )


def _told(kept: Kept) -> dict[str, Any]:
    return {
        "uid": kept.id,
        **kept.fields,
        "changed": kept.stamp.isoformat(),
        "gone": kept.deleted_at is not None,
    }
