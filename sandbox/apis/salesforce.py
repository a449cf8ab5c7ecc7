"""Salesforce's REST API as documented: SOQL over query and queryAll, cursors, the org's allowance, tokens."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any, ClassVar

import jwt
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.apis.api import Answer, Api, ExactJson
from sandbox.apis.shelf import Kept

_SOQL = re.compile(
    r"SELECT (?P<select>.+?) FROM (?P<object>\w+)(?: WHERE (?P<where>.+?))?(?: ORDER BY (?P<order>.+))?"
)
_TEST = re.compile(r"(?P<field>[\w.]+) (?P<sign>>=|<|=) (?P<value>\S+)")
_INSTANT = re.compile(r"(?P<year>\d{4})-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_ASSERTION = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LONGEST_CLAIM = timedelta(minutes=5)
_LAST_YEAR = 4000
_CURSORS = 10
_OWN = "Id IsDeleted SystemModstamp CreatedDate CurrencyIsoCode Name"


class _RefusedError(Exception):
    """What the API will not do: its code and its words."""


def fields(names: str) -> frozenset[str]:
    """An object's fields: those every object has, and these."""
    return frozenset(f"{_OWN} {names}".split())


class Salesforce(Api):
    """An org with several currencies. ``objects`` are its objects with the fields a user may read.

    ``client``, ``secret``, ``user`` and ``public_key`` are what proves who asks; ``daily`` is the org's
    allowance.
    """

    vendor: ClassVar[str] = "salesforce"
    page_cap = 2000
    client = "consumer-key"
    secret = "org-secret"  # noqa: S105 - of a simulated system
    user = "sightglass@firm.example"
    audience = "https://login.salesforce.com"
    public_key: Any = None
    daily = 100_000
    objects: ClassVar[Mapping[str, frozenset[str]]] = {
        "Account": fields("Type Industry"),
        "Opportunity": fields(
            "AccountId Account.Name StageName Amount CloseDate Probability IsClosed IsWon ContractId OwnerId"
            " Owner.Name LastStageChangeDate"
        ),
        "Contract": fields(
            "AccountId ContractNumber Status StatusCode StartDate EndDate ContractTerm ActivatedDate"
            " SBQQ__Opportunity__c"
        ),
        "Order": fields(
            "AccountId ContractId OpportunityId OrderNumber Status StatusCode EffectiveDate EndDate"
            " ActivatedDate TotalAmount"
        ),
    }

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._cursors: dict[str, list[dict[str, Any]]] = {}
        self._opened = count()

    def routes(self) -> Sequence[tuple[str, Sequence[str], Answer, bool]]:
        """Tokens, queries, and what is left of one."""
        root = "/services/data/{version}"
        return [
            ("/services/oauth2/token", ("POST",), self._token, True),
            (f"{root}/query", ("GET",), self._query, False),
            (f"{root}/queryAll", ("GET",), self._query, False),
            (f"{root}/query/{{locator}}", ("GET",), self._more, False),
        ]

    def refused(self, status: int, why: str) -> Response:
        """A list of one error."""
        code = {401: "INVALID_SESSION_ID", 403: "REQUEST_LIMIT_EXCEEDED"}.get(status, "MALFORMED_QUERY")
        if status == 401:
            why = "Session expired or invalid"
        return JSONResponse([{"message": why, "errorCode": code}], status)

    def used_up(self) -> Response:
        """The day's requests are used: 403, not 429."""
        return self.refused(403, "TotalRequests Limit exceeded.")

    def throttled(self) -> Response:
        """Too many requests at once, which is no matter of the day's allowance."""
        return self.refused(403, "ConcurrentRequests (Concurrent API Requests) Limit exceeded.")

    def headers(self) -> dict[str, str]:
        """How much of the org's allowance is used."""
        total = self.rate.requests if self.rate else self.daily
        return {"Sforce-Limit-Info": f"api-usage={self.used()}/{total}"}

    # ---- tokens ------------------------------------------------------------------------------

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        if form.get("grant_type") == _ASSERTION:
            problem = self._claim(str(form.get("assertion")))
        else:
            known = (form.get("client_id"), form.get("client_secret")) == (self.client, self.secret)
            problem = None if known else ("invalid_client", "invalid client credentials")
        if problem is not None:
            return JSONResponse({"error": problem[0], "error_description": problem[1]}, 400)
        told = {"instance_url": str(request.base_url).rstrip("/"), "token_type": "Bearer", "scope": "api"}
        return JSONResponse({"access_token": self.token(), **told})

    def _claim(self, assertion: str) -> tuple[str, str] | None:
        """What is wrong with a signed claim, judged by the org's own clock."""
        try:
            told = jwt.decode(
                assertion, self.public_key, algorithms=["RS256"], audience=self.audience,
                options={"verify_exp": False, "verify_iat": False},
            )  # fmt: skip
        except jwt.PyJWTError:
            return "invalid_grant", "invalid assertion"
        left = told["exp"] - self.clock().timestamp()
        if not 0 < left <= _LONGEST_CLAIM.total_seconds():
            return "invalid_grant", "expired authorization code"
        known = (told["iss"], told["sub"]) == (self.client, self.user)
        return None if known else ("invalid_grant", "user hasn't approved this consumer")

    # ---- queries -----------------------------------------------------------------------------

    async def _query(self, request: Request) -> Response:
        try:
            rows = self._found(request.query_params.get("q", ""), everything=request.url.path.endswith("All"))
        except _RefusedError as problem:
            code, why = problem.args
            return JSONResponse([{"message": why, "errorCode": code}], 400)
        locator = f"01gRO{next(self._opened):011}YA"
        self._cursors[locator] = rows
        # a user may hold ten cursors open: the oldest gives way
        if len(self._cursors) > _CURSORS:
            del self._cursors[next(iter(self._cursors))]
        return self._page(request, locator, 0)

    async def _more(self, request: Request) -> Response:
        locator, _, start = request.path_params["locator"].partition("-")
        if locator not in self._cursors or not start.isdigit():
            return JSONResponse(
                [{"message": "invalid query locator", "errorCode": "INVALID_QUERY_LOCATOR"}], 400
            )
        return self._page(request, locator, int(start))

    def _page(self, request: Request, locator: str, start: int) -> Response:
        rows, end = self._cursors[locator], start + self.page_cap
        told = {"totalSize": len(rows), "done": end >= len(rows), "records": rows[start:end]}
        if end < len(rows):
            root = f"{request.scope['root_path']}/services/data/{request.path_params['version']}"
            told["nextRecordsUrl"] = f"{root}/query/{locator}-{end}"
        return ExactJson(told)

    def _found(self, soql: str, *, everything: bool) -> list[dict[str, Any]]:
        asked = _SOQL.fullmatch(soql)
        if asked is None:
            raise _RefusedError("MALFORMED_QUERY", "unexpected token")
        name = asked["object"]
        if name not in self.objects:
            raise _RefusedError("INVALID_TYPE", f"sObject type '{name}' is not supported.")
        selected, tests = asked["select"].split(", "), [_test(text) for text in _parts(asked["where"])]
        order = (asked["order"] or "Id").split(", ")
        for field in (*selected, *(test[0] for test in tests), *order):
            if field not in self.objects[name] or field in self.renamed[name]:
                raise _RefusedError("INVALID_FIELD", f"No such column '{field}' on entity '{name}'.")
        rows = [
            kept
            for kept in self.shelf.rows(name, deleted=None if everything else False)
            if _fits(kept, tests)
        ]
        rows.sort(key=lambda kept: [str(_value(kept, field)) for field in order])
        return [_told(name, kept, selected) for kept in rows]


def _parts(where: str | None) -> Iterable[str]:
    return where.split(" AND ") if where else ()


def _test(text: str) -> tuple[str, str, Any]:
    found = _TEST.fullmatch(text)
    if found is None:
        raise _RefusedError("MALFORMED_QUERY", f"unexpected token: {text}")
    value: Any = found["value"].strip("'")
    if value in ("true", "false"):
        value = value == "true"
    elif instant := _INSTANT.fullmatch(value):
        if int(instant["year"]) > _LAST_YEAR:
            raise _RefusedError("INVALID_QUERY_FILTER_OPERATOR", f"{value} is not a valid date")
        value = datetime.fromisoformat(value)
    return found["field"], found["sign"], value


def _fits(kept: Kept, tests: Iterable[tuple[str, str, Any]]) -> bool:
    return all(_holds(_value(kept, field), sign, value) for field, sign, value in tests)


def _holds(found: Any, sign: str, value: Any) -> bool:
    if isinstance(value, datetime):
        if found is None:
            return False
        moment = datetime.fromisoformat(found)
        return moment >= value if sign == ">=" else moment < value
    return bool(found == value)


def _value(kept: Kept, field: str) -> Any:
    """A field of a row, or of what it refers to; stamps have whole seconds."""
    match field:
        case "Id":
            return kept.id
        case "IsDeleted":
            return kept.deleted_at is not None
        case "SystemModstamp":
            return f"{kept.stamp:%Y-%m-%dT%H:%M:%S}.000+0000"
    found: Any = kept.fields
    for part in field.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _told(name: str, kept: Kept, selected: Iterable[str]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "attributes": {"type": name, "url": f"/services/data/v67.0/sobjects/{name}/{kept.id}"}
    }
    for field in selected:
        first, _, rest = field.partition(".")
        if not rest:
            row[field] = _value(kept, field)
        elif isinstance(kept.fields.get(first), Mapping):
            row.setdefault(first, {"attributes": {"type": first}})[rest] = _value(kept, field)
        else:
            row[first] = None
    return row
