"""Stripe's API as its reference describes it: lists newest first by ``created``, events of what changed.

An invoice's ``lines`` are kept with it; a list shows ten of them, the lines' own list all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.apis.api import Answer, Api
from sandbox.apis.shelf import Clock, Kept, Shelf

_OBJECTS = {"customers": "customer", "invoices": "invoice", "credit_notes": "credit_note"}
_LINES = {"invoices": "line_item", "credit_notes": "credit_note_line_item"}
_PARAMETERS = {"limit", "starting_after", "created[gte]", "created[lt]", "type"}
_SHOWN = 10
_KEPT = timedelta(days=30)


class Stripe(Api):
    """``secret`` is the key; an event is made of the latest change of each row, and kept for 30 days."""

    vendor: ClassVar[str] = "stripe"
    page_cap = 100
    secret = "rk_test_stripe"  # noqa: S105 - of a simulated system

    def __init__(self, shelf: Shelf, clock: Clock | None = None) -> None:
        super().__init__(shelf, clock)
        self._created: dict[tuple[str, str], int] = {}

    def routes(self) -> Sequence[tuple[str, Sequence[str], Answer, bool]]:
        """Lists, the lines of one document, and events."""
        return [
            *((f"/v1/{name}", ("GET",), self._list, False) for name in _OBJECTS),
            *((f"/v1/{name}/{{id}}/lines", ("GET",), self._lines, False) for name in _LINES),
            ("/v1/events", ("GET",), self._events, False),
        ]

    def knows(self, request: Request) -> bool:
        """The key."""
        return request.headers.get("Authorization") == f"Bearer {self.secret}"

    def refused(self, status: int, why: str) -> Response:
        """An error object."""
        return JSONResponse({"error": {"type": "invalid_request_error", "message": why}}, status)

    def used_up(self) -> Response:
        """Too many requests at once."""
        error = {"type": "invalid_request_error", "code": "rate_limit", "message": "Too many requests"}
        return JSONResponse({"error": error}, 429, {"Stripe-Should-Retry": "true"})

    # ---- lists -------------------------------------------------------------------------------

    async def _list(self, request: Request) -> Response:
        name = request.url.path.rpartition("/")[2]
        objects = [self._object(name, kept) for kept in self.shelf.rows(name)]
        return self._page(request, objects)

    async def _lines(self, request: Request) -> Response:
        name, identifier = request.url.path.split("/")[2], request.path_params["id"]
        kept = self.shelf.get(name, identifier)
        if kept is None:
            return self.refused(404, f"No such {_OBJECTS[name]}: {identifier!r}")
        return self._page(request, self._parts(name, kept), ordered=False)

    async def _events(self, request: Request) -> Response:
        wanted = request.query_params.get("type", "*")
        events = [
            self._event(name, kept)
            for name in _OBJECTS
            for kept in self.shelf.rows(name, since=self.clock() - _KEPT, deleted=None)
        ]
        events += [self._upcoming()]
        fits = [event for event in events if _matches(wanted, event["type"])]
        return self._page(request, fits)

    def _page(self, request: Request, rows: list[dict[str, Any]], *, ordered: bool = True) -> Response:
        asked = request.query_params
        stray = set(asked) - _PARAMETERS
        if stray:
            return self.refused(400, f"Received unknown parameter: {min(stray)}")
        if ordered:
            rows = sorted(rows, key=lambda row: (row["created"], row["id"]), reverse=True)
            first, end = int(asked.get("created[gte]", 0)), int(asked.get("created[lt]", 2**40))
            rows = [row for row in rows if first <= row["created"] < end]
        if "starting_after" in asked:
            places = [place for place, row in enumerate(rows) if row["id"] == asked["starting_after"]]
            if not places:
                return self.refused(400, f"No such object: {asked['starting_after']!r}")
            rows = rows[places[0] + 1 :]
        size = min(int(asked.get("limit", 10)), self.page_cap)
        return JSONResponse({"object": "list", "data": rows[:size], "has_more": len(rows) > size})

    # ---- objects -----------------------------------------------------------------------------

    def _object(self, name: str, kept: Kept) -> dict[str, Any]:
        created = self._created.setdefault((name, kept.id), int(kept.stamp.timestamp()))
        told = {"id": kept.id, "object": _OBJECTS[name], "created": created, **kept.fields}
        if name in _LINES:
            parts = self._parts(name, kept)
            told["lines"] = {"object": "list", "data": parts[:_SHOWN], "has_more": len(parts) > _SHOWN}
        return told

    def _parts(self, name: str, kept: Kept) -> list[dict[str, Any]]:
        return [{"object": _LINES[name], **line} for line in kept.fields.get("lines", ())]

    def _event(self, name: str, kept: Kept) -> dict[str, Any]:
        what = "deleted" if kept.deleted_at else "finalized" if _is_final(kept.fields) else "updated"
        if name == "credit_notes":
            what = "created"
        return {
            "id": f"evt_{name}_{kept.id}", "object": "event", "type": f"{_OBJECTS[name]}.{what}",
            "created": int(kept.stamp.timestamp()), "data": {"object": self._object(name, kept)},
        }  # fmt: skip

    def _upcoming(self) -> dict[str, Any]:
        """A notice of an invoice that is yet to be, which has no id."""
        told = {"object": "invoice", "status": "draft", "currency": "eur", "total": 1}
        return {
            "id": "evt_upcoming", "object": "event", "type": "invoice.upcoming",
            "created": int((self.clock() - timedelta(hours=2)).timestamp()), "data": {"object": told},
        }  # fmt: skip


def _is_final(fields: Mapping[str, Any]) -> bool:
    return fields.get("status") == "open"


def _matches(wanted: str, event: str) -> bool:
    return event == wanted or (wanted.endswith("*") and event.startswith(wanted[:-1]))
