"""Frappe's resource API: lists by fields and filters, stamps in the site's zone, whole documents by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.apis.api import Answer, Api
from sandbox.apis.shelf import Kept

_DEFAULT_LENGTH = 20
_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda held, wanted: str(held) == str(wanted),
    ">": lambda held, wanted: held is not None and held > wanted,
    ">=": lambda held, wanted: held is not None and held >= wanted,
    "in": lambda held, wanted: held in wanted,
    "is": lambda held, wanted: bool(held) == (wanted == "set"),
}
_WORDS = {401: "AuthenticationError", 404: "DoesNotExistError", 417: "DataError"}


class Erpnext(Api):
    """Documents by type on the shelf, their child rows as lists in them; ``zone`` is the site's."""

    vendor: ClassVar[str] = "erpnext"
    secret = "key:secret"  # noqa: S105 - of a simulated system
    zone = ZoneInfo("Asia/Kolkata")

    def routes(self) -> Sequence[tuple[str, Sequence[str], Answer, bool]]:
        """Lists, and documents."""
        return [
            ("/api/resource/{doctype}", ("GET",), self._list, False),
            ("/api/resource/{doctype}/{name:path}", ("GET",), self._document, False),
        ]

    def knows(self, request: Request) -> bool:
        """Key and secret of a user."""
        return request.headers.get("Authorization") == f"token {self.secret}"

    def refused(self, status: int, why: str) -> Response:
        """As Frappe says it: the name of the exception, and its text."""
        name = _WORDS.get(status, "ValidationError")
        return JSONResponse({"exc_type": name, "exception": f"frappe.exceptions.{name}: {why}"}, status)

    async def _document(self, request: Request) -> Response:
        doctype, name = request.path_params["doctype"], request.path_params["name"]
        kept = self.shelf.get(doctype, name)
        if kept is None:
            return self.refused(404, f"{doctype} {name} not found")
        return JSONResponse({"data": {**self._head(kept), "doctype": doctype}})

    async def _list(self, request: Request) -> Response:
        asked, doctype = request.query_params, request.path_params["doctype"]
        fields = json.loads(asked.get("fields", '["name"]'))
        tests = [*json.loads(asked.get("filters", "[]")), *json.loads(asked.get("or_filters", "[]"))]
        tables = {field.partition(".")[0] for field in fields if "." in field}
        for field in fields:
            if field.partition(" as ")[0] in self.renamed[doctype]:
                return self.refused(417, f"Field not permitted in query: {field}")
        order, _, way = asked.get("order_by", "modified desc").rpartition(" ")
        try:
            rows = [
                row
                for kept in self.shelf.rows(doctype)
                for row in self._joined(self._head(kept), tables)
                if all(_holds(row, doctype, test) for test in tests)
            ]
        except KeyError as unknown:
            return self.refused(417, f"Field not permitted in query: {unknown}")
        rows.sort(key=lambda row: str(_value(row, doctype, *_place(order, doctype))), reverse=way == "desc")
        start = int(asked.get("limit_start", 0))
        size = int(asked.get("limit_page_length", _DEFAULT_LENGTH)) or len(rows)
        return JSONResponse({"data": [_picked(row, fields) for row in rows[start : start + size]]})

    def _head(self, kept: Kept) -> dict[str, Any]:
        stamp = kept.stamp.astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S.%f")
        return {"name": kept.id, "creation": stamp, **kept.fields, "modified": stamp}

    def _joined(self, head: Mapping[str, Any], tables: set[str]) -> Iterator[dict[str, Any]]:
        """The document once for each of its child rows; a document without any comes all the same."""
        [table] = [name for name in tables if isinstance(head.get(name), list)] or [""]
        for child in head.get(table) or [{}]:
            yield {**head, "_child": child, "_table": table}


def _place(order: str, doctype: str) -> tuple[str, str]:
    """The document type and field of an order such as `tabTask`.`name`."""
    table, _, field = order.replace("`", "").rpartition(".")
    return table.removeprefix("tab") or doctype, field


def _value(row: Mapping[str, Any], doctype: str, of: str, field: str) -> Any:
    if of != doctype:
        return row["_child"].get(field)
    return row[field]


def _holds(row: Mapping[str, Any], doctype: str, test: Sequence[Any]) -> bool:
    of, field, how, wanted = (doctype, *test) if len(test) == 3 else test
    return _TESTS[how](_value(row, doctype, of, field), wanted)


def _picked(row: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """The fields asked for, by alias; those of a linked document stand in the row by their dotted name."""
    found = {}
    for field in fields:
        name, _, alias = field.partition(" as ")
        table, dot, part = name.partition(".")
        of_child = dot and table == row["_table"]
        found[alias or part or name] = row["_child"].get(part) if of_child else row.get(name)
    return found
