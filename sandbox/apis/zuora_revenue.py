"""Zuora as its developer pages describe it: tokens, Data Query jobs with their files, accounting periods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.apis.api import Answer, Api, exact
from sandbox.apis.little_sql import SqlError, Tables, answer
from sandbox.apis.shelf import Clock, Shelf

_COLUMNS = {
    "revenuecontractaccountingentries": "revenuecontractid revenuecontractlineid periodid postingperiodid"
    " transactioncreditamount transactiondebitamount accountingtypeid schd_type_flag"
    " initial_rep_entry_flag",
    "revenuecontractlinesdimensions": "revenuecontractlineid transactioncurrency companycode salesorderlineid"
    " salesordernumber " + " ".join(f"lineattribute{number}" for number in range(1, 11)),
}
_LOOKS, _FILES = 2, 20


class ZuoraRevenue(Api):
    """``id`` and ``secret`` are what a client shows; a query is done at the second look."""

    vendor: ClassVar[str] = "zuora_revenue"
    client = "client-1"
    secret = "zuora-secret"  # noqa: S105 - of a simulated system

    def __init__(self, shelf: Shelf, clock: Clock | None = None) -> None:
        super().__init__(shelf, clock)
        self._orders = count(1)
        self._files: dict[str, tuple[str, list[Mapping[str, Any]]]] = {}
        self._looked: dict[str, int] = {}

    def routes(self) -> Sequence[tuple[str, Sequence[str], Answer, bool]]:
        """Tokens, queries, their files, and periods."""
        return [
            ("/oauth/token", ("POST",), self._token, True),
            ("/query/jobs", ("POST",), self._order, False),
            ("/query/jobs/{job}", ("GET",), self._look, False),
            ("/files/{job}", ("GET",), self._file, True),
            ("/v1/accounting-periods", ("GET",), self._periods, False),
        ]

    def refused(self, status: int, why: str) -> Response:
        """A refusal, which often comes with status 200."""
        told = {"success": False, "processId": "P-1", "reasons": [{"code": 90000011, "message": why}]}
        return JSONResponse(told, status)

    def used_up(self) -> Response:
        """Too many requests at once."""
        why = "Your total number of concurrent requests has exceeded the limit"
        return JSONResponse({"code": "REQUEST_EXCEEDED_LIMIT", "message": why}, 429)

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        if (form.get("client_id"), form.get("client_secret")) != (self.client, self.secret):
            return JSONResponse({"error": "invalid_client", "error_description": "Bad credentials"}, 401)
        return JSONResponse({"access_token": self.token(), "token_type": "bearer", "expires_in": 3598})

    async def _order(self, request: Request) -> Response:
        asked = await request.json()
        if asked.get("output") != {"target": "S3"} or asked.get("outputFormat") not in {"CSV", "JSON", "TSV"}:
            return self.refused(400, "output.target must be S3, outputFormat one of CSV, JSON, TSV")
        job = f"job-{next(self._orders)}"
        # files are kept for some time only
        if len(self._files) >= _FILES:
            oldest = next(iter(self._files))
            self._looked.pop(oldest, None)
            del self._files[oldest]
        try:
            self._files[job] = ("completed", [*answer(asked["query"], self._tables())])
        except SqlError as error:
            self._files[job] = ("failed", [{"errorMessage": str(error)}])
        return JSONResponse({"data": {"id": job, "query": asked["query"], "queryStatus": "submitted"}})

    async def _look(self, request: Request) -> Response:
        job = request.path_params["job"]
        if job not in self._files:
            return self.refused(404, "Job not found")
        state, rows = self._files[job]
        self._looked[job] = self._looked.get(job, 0) + 1
        told: dict[str, Any] = {"id": job, "queryStatus": "in_progress"}
        if self._looked[job] >= _LOOKS:
            told["queryStatus"] = state
            if state == "failed":
                told |= rows[0]
            else:
                path = f"{request.scope['root_path']}/files/{job}"
                told |= {"dataFile": str(request.url.replace(path=path)), "outputRows": len(rows)}
        return JSONResponse({"data": told})

    async def _file(self, request: Request) -> Response:
        # the address is signed: a second proof beside it is refused
        if "Authorization" in request.headers:
            return Response("<Error><Code>InvalidArgument</Code></Error>", 400, media_type="application/xml")
        if request.path_params["job"] not in self._files:
            return Response("<Error><Code>NoSuchKey</Code></Error>", 404, media_type="application/xml")
        _, rows = self._files[request.path_params["job"]]
        lines = [exact(row) for row in rows]
        return Response(b"\n".join(lines), media_type="binary/octet-stream")

    async def _periods(self, _: Request) -> Response:
        rows = [{"id": kept.id, **kept.fields} for kept in self.shelf.rows("accountingperiods")]
        return JSONResponse({"accountingPeriods": rows, "success": True})

    def _tables(self) -> Tables:
        return {
            name: (
                frozenset(columns.split()) - self.renamed[name],
                [kept.fields for kept in self.shelf.rows(name)],
            )
            for name, columns in _COLUMNS.items()
        }
