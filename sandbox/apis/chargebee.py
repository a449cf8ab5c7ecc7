"""Chargebee's API v2 as its reference describes it: wrapped rows, opaque marks, filters in brackets."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.apis.api import Answer, Api
from sandbox.apis.shelf import Kept

_RESOURCES = {"customers": "customer", "invoices": "invoice", "credit_notes": "credit_note"}
_PARAMETERS = {
    "limit", "offset", "include_deleted", "sort_by[asc]", "updated_at[after]", "updated_at[before]",
}  # fmt: skip


class Chargebee(Api):
    """``secret`` is the API key, which goes as the user of basic authentication."""

    vendor: ClassVar[str] = "chargebee"
    page_cap = 100
    secret = "live_chargebee_key"  # noqa: S105 - of a simulated system

    def routes(self) -> Sequence[tuple[str, Sequence[str], Answer, bool]]:
        """One list a resource."""
        return [(f"/api/v2/{name}", ("GET",), self._list, False) for name in _RESOURCES]

    def knows(self, request: Request) -> bool:
        """The key, with no password behind it."""
        proof = base64.b64encode(f"{self.secret}:".encode()).decode()
        return request.headers.get("Authorization") == f"Basic {proof}"

    def refused(self, status: int, why: str) -> Response:
        """An error with its code."""
        code = {401: "api_authentication_failed", 400: "param_wrong_value"}.get(status, "internal_error")
        return self._error(status, code, why)

    def used_up(self) -> Response:
        """More requests a minute than the site may send."""
        return self._error(429, "api_request_limit_exceeded", "Maximum request limit exceeded")

    def _error(self, status: int, code: str, why: str) -> Response:
        told = {"message": why, "type": "invalid_request", "api_error_code": code, "http_status_code": status}
        return JSONResponse(told, status)

    async def _list(self, request: Request) -> Response:
        name, asked = request.url.path.rpartition("/")[2], request.query_params
        stray = set(asked) - _PARAMETERS
        if stray:
            return self.refused(400, f"{min(stray)}: unknown parameter")
        first, end = int(asked.get("updated_at[after]", 0)), int(asked.get("updated_at[before]", 2**40))
        deleted = None if asked.get("include_deleted") == "true" else False
        rows = [kept for kept in self.shelf.rows(name, deleted=deleted) if first < _stamp(kept) < end]
        if asked.get("sort_by[asc]") != "updated_at":
            rows.reverse()
        place = self._place(asked.get("offset"))
        if place is None:
            return self.refused(400, "offset: invalid value")
        size = min(int(asked.get("limit", 10)), self.page_cap)
        page = [{_RESOURCES[name]: _told(kept)} for kept in rows[place : place + size]]
        more = {"next_offset": self._mark(place + size)} if place + size < len(rows) else {}
        return JSONResponse({"list": page, **more})

    @staticmethod
    def _mark(place: int) -> str:
        return f'["{place}","{place * 7919}"]'

    @staticmethod
    def _place(mark: str | None) -> int | None:
        if mark is None:
            return 0
        first, _, second = mark.strip('[]"').partition('","')
        return int(first) if first.isdigit() and second == str(int(first) * 7919) else None


def _stamp(kept: Kept) -> int:
    return int(kept.stamp.timestamp())


def _told(kept: Kept) -> dict[str, Any]:
    return {"id": kept.id, **kept.fields, "updated_at": _stamp(kept), "deleted": kept.deleted_at is not None}
