"""Odoo's JSON-2 API: one method a call, domains in prefix order, false for nothing, stamps cut to seconds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.apis.api import Answer, Api
from sandbox.apis.shelf import Kept

_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda held, wanted: held == wanted,
    "!=": lambda held, wanted: held != wanted,
    ">": lambda held, wanted: held is not False and held > wanted,
    ">=": lambda held, wanted: held is not False and held >= wanted,
    "in": lambda held, wanted: held in wanted,
}
_NAMES = {
    401: "werkzeug.exceptions.Unauthorized",
    404: "werkzeug.exceptions.NotFound",
    415: "werkzeug.exceptions.UnsupportedMediaType",
    422: "werkzeug.exceptions.UnprocessableEntity",
    500: "builtins.ValueError",
}


class Odoo(Api):
    """Records by model on the shelf; linked records are objects in them, with id and name."""

    vendor: ClassVar[str] = "odoo"
    secret = "odoo-api-key"  # noqa: S105 - of a simulated system
    database = "nordwind"

    def routes(self) -> Sequence[tuple[str, Sequence[str], Answer, bool]]:
        """The two ways to search and read."""
        return [
            ("/json/2/{model}/search_read", ("POST",), self._search_read, False),
            ("/json/2/{model}/web_search_read", ("POST",), self._web_search_read, False),
        ]

    def knows(self, request: Request) -> bool:
        """An API key, and the database it is of."""
        how, _, key = request.headers.get("Authorization", "").partition(" ")
        return (
            how.lower() == "bearer"
            and key == self.secret
            and request.headers.get("X-Odoo-Database") == self.database
        )

    def refused(self, status: int, why: str) -> Response:
        """The exception by name, with what was said of it."""
        body = {
            "name": _NAMES[status],
            "message": why,
            "arguments": [why],
            "context": {},
            "debug": "Traceback",
        }
        return JSONResponse(body, status)

    async def _search_read(self, request: Request) -> Response:
        found = await self._found(request)
        if isinstance(found, Response):
            return found
        asked, rows = found
        fields = ["id", *asked.get("fields", ())]
        return JSONResponse([{name: _pair(row.get(name, False)) for name in fields} for row in rows])

    async def _web_search_read(self, request: Request) -> Response:
        found = await self._found(request)
        if isinstance(found, Response):
            return found
        asked, rows = found
        if "specification" not in asked:
            return self.refused(422, "missing a required argument: 'specification'")
        records = [_specified(row, asked["specification"]) for row in rows]
        return JSONResponse({"length": len(records), "records": records})

    async def _found(self, request: Request) -> tuple[dict[str, Any], list[dict[str, Any]]] | Response:
        if not request.headers.get("Content-Type", "").startswith("application/json"):
            return self.refused(415, "the body must be JSON")
        asked, model = json.loads(await request.body()), request.path_params["model"]
        for name in (*asked.get("fields", ()), *asked.get("specification", ())):
            if name in self.renamed[model]:
                return self.refused(500, f"Invalid field '{name}' on '{model}'")
        rows = [_record(kept) for kept in self.shelf.rows(model)]
        if asked.get("context", {}).get("active_test", True):
            rows = [row for row in rows if row.get("active", True)]
        domain = asked.get("domain", [])
        rows = sorted((row for row in rows if _holds(row, domain)), key=lambda row: int(row["id"]))
        start = asked.get("offset", 0)
        return asked, rows[start : start + (asked.get("limit") or len(rows))]


def _record(kept: Kept) -> dict[str, Any]:
    stamp = kept.stamp.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return {"id": int(kept.id), **kept.fields, "write_date": stamp}


def _holds(row: Mapping[str, Any], domain: Sequence[Any]) -> bool:
    """A domain: terms that must all hold, where ``|`` takes the two that follow it."""
    terms = iter(domain)
    return all(_term(row, term, terms) for term in terms)


def _term(row: Mapping[str, Any], term: Any, rest: Iterator[Any]) -> bool:
    if term == "|":
        # both are read, whatever the first one says
        either = [_term(row, next(rest), rest) for _ in range(2)]
        return any(either)
    place, how, wanted = term
    held: Any = row
    for name in place.split("."):
        held = held.get(name, False) if isinstance(held, Mapping) else False
    return _TESTS[how](held, wanted)


def _pair(held: Any) -> Any:
    """A linked record as ``search_read`` tells it."""
    if isinstance(held, Mapping):
        return [held["id"], held.get("name", "")]
    return [one["id"] for one in held] if isinstance(held, list) else held


def _specified(row: Mapping[str, Any], specification: Mapping[str, Any]) -> dict[str, Any]:
    """A record as the web client is told it: linked ones as ids, or as objects where fields are asked for."""
    found: dict[str, Any] = {"id": row["id"]}
    for name, more in specification.items():
        held, inner = row.get(name, False), more.get("fields")
        if isinstance(held, Mapping):
            found[name] = held["id"] if inner is None else _specified(held, inner)
        elif isinstance(held, list):
            found[name] = [one["id"] if inner is None else _specified(one, inner) for one in held]
        else:
            found[name] = held
    return found
