"""QuickBooks Online's query endpoint: a little SQL, at most 1,000 rows, refresh tokens that change."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.apis.api import Answer, Api
from sandbox.apis.shelf import Clock, Kept, Shelf

_QUERY = re.compile(
    r"select \* from (?P<entity>\w+)(?: where (?P<where>.+?))?(?: orderby Id)?"
    r" startposition (?P<start>\d+) maxresults (?P<size>\d+)",
    re.IGNORECASE,
)
_SINCE = re.compile(r"MetaData\.LastUpdatedTime >= '([^']+)'")
_ALL_NAMES = "Active in (true, false)"
_PACIFIC = timezone(timedelta(hours=-8))
_WORDS = {
    400: ("ValidationFault", "4000", "QueryParserError"),
    401: ("AUTHENTICATION", "3200", "AuthenticationFailed"),
    429: ("THROTTLED", "3001", "ThrottleExceeded"),
}


class Quickbooks(Api):
    """Entities on the shelf. A refresh token holds until the next one is given out."""

    vendor: ClassVar[str] = "quickbooks"
    page_cap = 1000
    realm = "9130"
    client = "sightglass"
    secret = "quickbooks-secret"  # noqa: S105 - of a simulated system

    def __init__(self, shelf: Shelf, clock: Clock | None = None) -> None:
        super().__init__(shelf, clock)
        self.refresh = "refresh-1"

    def routes(self) -> Sequence[tuple[str, Sequence[str], Answer, bool]]:
        """Tokens, and queries of one company."""
        return [
            ("/oauth2/v1/tokens/bearer", ("POST",), self._tokens_for, True),
            (f"/v3/company/{self.realm}/query", ("GET",), self._query, False),
        ]

    def refused(self, status: int, why: str) -> Response:
        """A fault."""
        kind, code, message = _WORDS.get(status, _WORDS[400])
        error = {"Message": f"message={message}; statusCode={status}", "Detail": why, "code": code}
        return JSONResponse({"Fault": {"Error": [error], "type": kind}, "time": "now"}, status)

    async def _tokens_for(self, request: Request) -> Response:
        form = await request.form()
        client = base64.b64encode(f"{self.client}:{self.secret}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {client}":
            return JSONResponse({"error": "invalid_client"}, 401)
        if form.get("refresh_token") != self.refresh:
            return JSONResponse({"error": "invalid_grant"}, 400)
        self.refresh = f"refresh-{int(self.refresh.partition('-')[2]) + 1}"
        return JSONResponse(
            {
                "access_token": self.token(),
                "token_type": "bearer",
                "expires_in": 3600,
                "refresh_token": self.refresh,
                "x_refresh_token_expires_in": 8_726_400,
            }
        )

    async def _query(self, request: Request) -> Response:
        asked = _QUERY.fullmatch(request.query_params.get("query", ""))
        if asked is None:
            return self.refused(400, "Error parsing query")
        where, entity = asked["where"] or "", asked["entity"]
        since = _SINCE.search(where)
        rows = self.shelf.rows(entity, since=datetime.fromisoformat(since[1]) if since else None)
        if _ALL_NAMES not in where:
            rows = [kept for kept in rows if kept.fields.get("Active", True)]
        if " orderby id" in asked[0].lower():
            rows.sort(key=lambda kept: int(kept.id))
        start, size = int(asked["start"]) - 1, min(int(asked["size"]), self.page_cap)
        page = rows[start : start + size]
        found = {entity: [_told(kept) for kept in page], "startPosition": start + 1, "maxResults": len(page)}
        return JSONResponse({"QueryResponse": found if page else {}, "time": "now"})


def _told(kept: Kept) -> dict[str, Any]:
    stamp = kept.stamp.astimezone(_PACIFIC).isoformat(timespec="seconds")
    times = {"CreateTime": stamp, "LastUpdatedTime": stamp}
    return {"Id": kept.id, "domain": "QBO", **kept.fields, "MetaData": times}
