"""Workday by the descriptions of its web services: one report, whole and all text, and a token endpoint."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import timedelta, timezone
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.apis.api import UNAUTHORIZED, Answer, Api
from sandbox.apis.shelf import Kept

_PACIFIC = timezone(timedelta(hours=-8))


class Workday(Api):
    """``user`` with ``secret`` may ask directly, ``client`` by the tokens it gets for its refresh token."""

    vendor: ClassVar[str] = "workday"
    tenant = "firm1"
    report = "ISU_Sightglass/Workers"
    client = "api-client"
    user = "ISU_Sightglass"
    secret = "workday-secret"  # noqa: S105 - of a simulated system
    refresh = "workday-refresh"

    def routes(self) -> Sequence[tuple[str, Sequence[str], Answer, bool]]:
        """The token endpoint and the report."""
        return [
            (f"/ccx/oauth2/{self.tenant}/token", ("POST",), self._token, True),
            (f"/ccx/service/customreport2/{self.tenant}/{{owner}}/{{name}}", ("GET",), self._report, False),
        ]

    def knows(self, request: Request) -> bool:
        """An integration user's password, or a token."""
        return request.headers.get("Authorization") == _basic(self.user, self.secret) or super().knows(
            request
        )

    def refused(self, status: int, why: str) -> Response:
        """Errors name themselves."""
        return JSONResponse({"error": why, "errors": []}, status)

    def used_up(self) -> Response:
        """Over some ten requests a second."""
        return JSONResponse({"error": "Too many requests"}, 429, {"Retry-After": "5"})

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        known = request.headers.get("Authorization") == _basic(self.client, self.secret)
        if (
            not known
            or form.get("grant_type") != "refresh_token"
            or form.get("refresh_token") != self.refresh
        ):
            return JSONResponse({"error": "invalid_client"}, UNAUTHORIZED)
        return JSONResponse({"access_token": self.token(), "token_type": "Bearer", "expires_in": 3600})

    async def _report(self, request: Request) -> Response:
        if f"{request.path_params['owner']}/{request.path_params['name']}" != self.report:
            return self.refused(404, "The task is not found")
        rows = [_told(kept) for kept in self.shelf.rows("workers")]
        if request.query_params.get("format") != "json":
            return Response("<wd:Report_Data/>", media_type="text/xml")
        return JSONResponse({"Report_Entry": rows})


def _told(kept: Kept) -> dict[str, Any]:
    """Everything is text, and what is empty is absent."""
    stamp = kept.stamp.astimezone(_PACIFIC).isoformat(timespec="milliseconds")
    row = {"Worker_ID": kept.id, **kept.fields, "Last_Functionally_Updated": stamp}
    return {name: _text(value) for name, value in row.items() if value is not None}


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
