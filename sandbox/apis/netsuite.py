"""NetSuite's REST web services as Oracle documents them: a token for a signed claim, and SuiteQL.

Rows nest as NetSuite shows them on a form: a transaction holds its ``lines``, a revenue element its
``plans``, a plan its ``planned`` lines; queries see them as tables. Stamps are local to the user's zone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import jwt
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.apis.api import Answer, Api
from sandbox.apis.little_sql import Known, Row, SqlError, Tables, answer
from sandbox.apis.shelf import Clock, Kept, Shelf

TOKEN = "/services/rest/auth/oauth2/v1/token"  # noqa: S105 - a path
SUITEQL = "/services/rest/query/v1/suiteql"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_COLUMNS = {
    "customer": "id entityid companyname externalid currency lastmodifieddate",
    "subsidiary": "id name fullname country currency parent iselimination isinactive lastmodifieddate",
    "employee": "id entityid isinactive lastmodifieddate",
    "job": "id entityid companyname externalid customer parent jobbillingtype jobtype entitystatus startdate"
    " enddate percentcomplete projectmanager currency subsidiary isinactive datecreated lastmodifieddate",
    "currency": "id symbol name exchangerate currencyprecision isbasecurrency lastmodifieddate",
    "transaction": "id tranid transactionnumber type trandate duedate postingperiod posting status currency"
    " exchangerate foreigntotal entity createddate lastmodifieddate isreversal reversal memo externalid",
    "transactionline": "id transaction uniquekey linesequencenumber mainline taxline iscogs item itemtype"
    " entity createdfrom netamount foreignamount quantity rate isbillable billingschedule subsidiary memo"
    " linelastmodifieddate",
    "accountingperiod": "id periodname startdate enddate isposting isadjust isquarter isyear closed arlocked"
    " alllocked lastmodifieddate parent",
    "consolidatedexchangerate": "id postingperiod fromsubsidiary tosubsidiary fromcurrency tocurrency"
    " averagerate currentrate historicalrate accountingbook",
    "revenueelement": "id recordnumber revenuearrangement referenceid entity currency subsidiary"
    " lastmodifieddate",
    "revenueplan": "id recordnumber createdfrom amount status revenueplantype",
    "revenueplanplannedrevenue": "id revenueplan amount plannedperiod postingperiod isrecognized journal"
    " dateexecuted",
    "deletedrecord": "recordid recordtypeid deleteddate name",
}
#: table -> where the rows inside its rows go, and the column that names the outer one
_INSIDE = {
    "transaction": ("lines", "transactionline", "transaction"),
    "revenueelement": ("plans", "revenueplan", "createdfrom"),
    "revenueplan": ("planned", "revenueplanplannedrevenue", "revenueplan"),
}
_ANSWERS = 8
_RECORD_TYPES = {"customer": "-2", "job": "-7", "transaction": "-30"}
_DATES = ("trandate", "duedate", "startdate", "enddate", "dateexecuted", "closedondate")


class Moment(str):
    """A date as the database holds it; as text it takes the user's own format."""

    __slots__ = ()


class NetSuite(Api):
    """``certificate`` is the public key of the integration, ``zone`` the time zone of its user."""

    vendor: ClassVar[str] = "netsuite"
    page_cap = 1000
    row_cap = 100_000
    client = "client-4711"
    certificate_id = "certificate-1"
    certificate = ""
    zone = "America/Los_Angeles"

    def __init__(self, shelf: Shelf, clock: Clock | None = None) -> None:
        super().__init__(shelf, clock)
        # a query is asked page by page, and most queries of the same rows
        self._known: tuple[object, Tables, Known] | None = None
        self._answers: dict[tuple[object, str], list[Row]] = {}

    def routes(self) -> Sequence[tuple[str, Sequence[str], Answer, bool]]:
        """The token endpoint and SuiteQL."""
        return [(TOKEN, ("POST",), self._token, True), (SUITEQL, ("POST",), self._suiteql, False)]

    def refused(self, status: int, why: str) -> Response:
        """An error with its details."""
        code = {400: "INVALID_PARAMETER", 401: "INVALID_LOGIN"}.get(status, "UNEXPECTED_ERROR")
        return self._error(status, code, why)

    def used_up(self) -> Response:
        """More requests at once than the account's licences allow."""
        return self._error(429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded")

    def _error(self, status: int, code: str, why: str) -> Response:
        told = {"title": why, "status": status, "o:errorDetails": [{"detail": why, "o:errorCode": code}]}
        return JSONResponse(told, status, media_type="application/vnd.oracle.resource+json; type=error")

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        claim = str(form.get("client_assertion"))
        if form.get("grant_type") != "client_credentials" or form.get("client_assertion_type") != _ASSERTION:
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        try:
            header = jwt.get_unverified_header(claim)
            # a claim's time is judged by this system's own clock
            options: Any = {"require": ["iss", "aud", "iat", "exp", "scope"], "verify_exp": False,
                            "verify_iat": False}  # fmt: skip
            told = jwt.decode(
                claim, self.certificate, ["PS256", "ES256"], options, audience=str(request.url),
                issuer=self.client,
            )  # fmt: skip
        except jwt.PyJWTError:
            return JSONResponse({"error": "invalid_client"}, 401)
        life = told["exp"] - told["iat"]
        known = header.get("kid") == self.certificate_id and told["scope"] == "rest_webservices"
        if not known or not 0 < life <= 3600:
            return JSONResponse({"error": "invalid_client"}, 401)
        return JSONResponse({"access_token": self.token(), "expires_in": "3600", "token_type": "bearer"})

    async def _suiteql(self, request: Request) -> Response:
        if request.headers.get("Prefer") != "transient":
            return self.refused(400, "Required header Prefer: transient is missing")
        limit = min(int(request.query_params.get("limit", self.page_cap)), self.page_cap)
        offset = int(request.query_params.get("offset", 0))
        if offset >= self.row_cap:
            return self.refused(400, f"Only the first {self.row_cap} results can be accessed")
        try:
            found = self._answer((await request.json())["q"])
        except SqlError as error:
            return self.refused(
                400, f"Invalid search query. Detailed unprocessed description follows. {error}"
            )
        page = found[offset : offset + limit]
        more = offset + limit < len(found)
        following = request.url.include_query_params(limit=limit, offset=offset + limit)
        return JSONResponse(
            {
                "links": [{"rel": "next", "href": str(following)}] if more else [],
                "count": len(page),
                "hasMore": more,
                "offset": offset,
                "totalResults": len(found),
                "items": [{"links": [], **{name: _told(row[name]) for name in row}} for row in page],
            }
        )

    def _answer(self, query: str) -> list[Row]:
        key = (self.shelf.state(), query)
        if key not in self._answers:
            self._answers[key] = answer(query, *self._tables())
            while len(self._answers) > _ANSWERS:
                del self._answers[next(iter(self._answers))]
        return self._answers[key]

    # ---- tables ------------------------------------------------------------------------------

    def _tables(self) -> tuple[Tables, Known]:
        state = self.shelf.state()
        if self._known is None or self._known[0] != state:
            self._known = (state, self._spread_out(), {})
        return self._known[1:]

    def _spread_out(self) -> Tables:
        rows: dict[str, list[Mapping[str, Any]]] = {name: [] for name in _COLUMNS}
        for name in list(self.shelf.tables):
            for kept in self.shelf.rows(name, deleted=None):
                if kept.deleted_at is None:
                    self._spread(rows, name, {"id": kept.id, **kept.fields}, self._local(kept.stamp))
                elif name in _RECORD_TYPES:
                    rows["deletedrecord"].append(self._tombstone(name, kept))
        return {
            name: (frozenset(_COLUMNS[name].split()) - self.renamed[name], rows[name]) for name in _COLUMNS
        }

    def _spread(
        self, rows: dict[str, list[Mapping[str, Any]]], table: str, row: Mapping[str, Any], stamp: Moment
    ) -> None:
        version = "linelastmodifieddate" if table == "transactionline" else "lastmodifieddate"
        inner, inside, outer = _INSIDE.get(table, ("", "", ""))
        for part in row.get(inner, ()):
            self._spread(rows, inside, {outer: row["id"], **part}, stamp)
        told = {name: Moment(value) if name in _DATES else value for name, value in row.items()}
        rows[table].append({version: stamp, **told})

    def _tombstone(self, table: str, kept: Kept) -> Mapping[str, Any]:
        deleted = self._local(kept.deleted_at or kept.stamp)
        return {"recordid": kept.id, "recordtypeid": _RECORD_TYPES[table], "deleteddate": deleted}

    def _local(self, moment: datetime) -> Moment:
        return Moment(moment.astimezone(UTC).astimezone(ZoneInfo(self.zone)).strftime("%Y-%m-%d %H:%M:%S"))


def _told(value: Any) -> str:
    """Everything is text; a bare date comes in the user's format, which says less than the database holds."""
    if isinstance(value, Moment):
        return f"{value[5:7]}/{value[8:10]}/{value[:4]}"
    return str(value)
