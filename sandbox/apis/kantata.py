"""Kantata OX by its reference: rows keyed by id beside what was included, archived ones hidden."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.apis.api import UNAUTHORIZED, Answer, Api, ExactJson
from sandbox.apis.shelf import Kept

#: list -> what may be included: its name -> (the ids in the row, where the included ones stand)
_LISTS: dict[str, dict[str, tuple[str, str]]] = {
    "workspace_groups": {},
    "users": {"external_references": ("external_reference_ids", "external_references")},
    "workspaces": {
        "external_references": ("external_reference_ids", "external_references"),
        "primary_maven": ("primary_maven_id", "users"),
        "primary_workspace_group": ("primary_workspace_group_id", "workspace_groups"),
    },
    "stories": {
        "workspace": ("workspace_id", "workspaces"),
        "story_state_changes": ("story_state_change_ids", "story_state_changes"),
    },
    "workspace_allocations": {"workspace_resource": ("workspace_resource_id", "workspace_resources")},
    "time_entries": {},
    "expenses": {
        "active_submission": ("active_submission_id", "expense_report_submissions"),
        "workspace": ("workspace_id", "workspaces"),
    },
    "billing_milestones": {},
    "invoices": {
        name: (f"{name[:-1]}_ids" if name != "time_entries" else "time_entry_ids", name)
        for name in ("time_entries", "expenses", "billing_milestones", "fixed_fee_items", "additional_items")
    },
}
#: list -> parameter that shows what is hidden else, and the field that hides
_HIDDEN = {
    "workspaces": ("include_archived", "archived"),
    "time_entries": ("from_archived_workspaces", "_from_archived"),
    "expenses": ("from_archived_workspaces", "_from_archived"),
    "stories": ("show_archived", "archived"),
}
_REMEMBERED = 8
_STAMPLESS = ("workspace_groups", "users")


class Kantata(Api):
    """``secret`` is the application's token. What a row of the shelf nests is only told when it is included.

    ``_from_archived`` in a row says that its project is archived.
    """

    vendor: ClassVar[str] = "kantata"
    page_cap = 200
    secret = "kantata-token"  # noqa: S105 - of a simulated system

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._found: dict[object, Sequence[Kept]] = {}

    def routes(self) -> Sequence[tuple[str, Sequence[str], Answer, bool]]:
        """One list a collection."""
        return [(f"/api/v1/{name}.json", ("GET",), self._list, False) for name in _LISTS]

    def knows(self, request: Request) -> bool:
        """Tokens do not expire."""
        return request.headers.get("Authorization") == f"Bearer {self.secret}"

    def refused(self, status: int, why: str) -> Response:
        """Errors have a type and a message."""
        kind, text = ("oauth", "Invalid OAuth 2 Request") if status == UNAUTHORIZED else ("system", why)
        return JSONResponse({"errors": [{"type": kind, "message": text}]}, status)

    def used_up(self) -> Response:
        """Over the limit: no time to wait is told."""
        return self.refused(429, "Rate limit exceeded")

    async def _list(self, request: Request) -> Response:
        name, asked = request.url.path.rpartition("/")[2].removesuffix(".json"), request.query_params
        include = [word for word in asked.get("include", "").split(",") if word]
        unknown = set(include) - set(_LISTS[name])
        if unknown:
            return self.refused(400, f"Invalid include: {min(unknown)}")
        rows = self._matching(name, asked)
        size = min(int(asked.get("per_page", 20)), self.page_cap)
        number = int(asked.get("page", 1))
        shown = rows[(number - 1) * size : number * size]
        body: dict[str, Any] = {
            "count": len(rows),
            "results": [{"key": name, "id": kept.id} for kept in shown],
            name: {},
            "meta": {
                "count": len(rows),
                "page_count": -(-len(rows) // size),
                "page_number": number,
                "page_size": size,
            },
        }
        # an object has no order: it comes sorted by text here, as good as any
        for kept in sorted(shown, key=lambda one: one.id):
            body[name][kept.id] = _told(name, kept, include, body)
        return ExactJson(body)

    def _matching(self, name: str, asked: Mapping[str, str]) -> Sequence[Kept]:
        """The newest first; pages of one list are cut from the same rows as long as nothing changes."""
        filters = {
            word: value for word, value in asked.items() if word not in {"page", "per_page", "include"}
        }
        key = (self.shelf.state(), name, repr(sorted(filters.items())))
        if key not in self._found:
            self._found[key] = list(self._filtered(name, filters))
            while len(self._found) > _REMEMBERED:
                del self._found[next(iter(self._found))]
        return self._found[key]

    def _filtered(self, name: str, asked: Mapping[str, str]) -> Iterable[Kept]:
        """``updated_after`` leaves out the moment itself."""
        after = datetime.fromisoformat(asked["updated_after"]) if asked.get("updated_after") else None
        shown, hides = _HIDDEN.get(name, ("", ""))
        for kept in self.shelf.rows(name, since=after)[::-1]:
            if kept.stamp == after:
                continue
            if hides and kept.fields.get(hides) and asked.get(shown) != "true":
                continue
            kind = kept.fields.get("story_type", "")
            if kind != asked.get("story_type", kind):
                continue
            yield kept


def _told(name: str, kept: Kept, include: Sequence[str], body: dict[str, Any]) -> dict[str, Any]:
    row = {field: value for field, value in kept.fields.items() if not field.startswith("_")}
    for association, (ids, collection) in _LISTS[name].items():
        nested = row.pop(association, None)
        if association not in include or nested is None:
            continue
        many = nested if isinstance(nested, list) else [nested]
        body.setdefault(collection, {}).update({one["id"]: one for one in many})
        row[ids] = [one["id"] for one in many] if isinstance(nested, list) else nested["id"]
    if name not in _STAMPLESS:
        row["updated_at"] = kept.stamp.isoformat(timespec="seconds")
    return {"id": kept.id, **row}
