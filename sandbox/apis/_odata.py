"""An OData server, version 2 and 4: what the simulated SAP, Dynamics and CAP services have in common.

Pages are counted: a skip token says how many rows came before, as real servers do. So a row that leaves
the result between two pages makes the next page skip one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote, unquote, urlencode

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.apis._odata_model import V2, Entity, UnknownPropertyError, refusal, written
from sandbox.apis._odata_query import Wanted, condition, ordering, wanted
from sandbox.apis.api import Answer, Api

_OPTIONS = {
    2: {
        "$filter",
        "$orderby",
        "$select",
        "$expand",
        "$top",
        "$skip",
        "$skiptoken",
        "$inlinecount",
        "$format",
    },
    4: {"$filter", "$orderby", "$select", "$expand", "$top", "$skip", "$skiptoken", "$count"},
}
_encode = msgspec.json.Encoder(decimal_format="number").encode


class ODataApi(Api):
    """``services`` are entity sets by name, under the path of their service and its version.

    ``page_cap`` is the most rows of a page, ``heeds_page_size`` whether Prefer: odata.maxpagesize lowers
    it, ``link_host`` the host that next links name (None: the one that was asked; version 4 is relative
    then); ``count_cap`` is the most it counts to, ``precision`` that of instants in
    version 4, ``unknown_property`` how it refuses a property that is not there.
    """

    services: ClassVar[Mapping[str, tuple[int, Mapping[str, Entity]]]] = {}
    refuses: ClassVar[frozenset[str]] = frozenset()
    page_cap = 1000
    heeds_page_size = False
    link_host: str | None = None
    absolute_links = False
    count_cap: int | None = None
    precision = "milliseconds"
    unknown_property = 'Property "{name}" does not exist in "{table}"'

    def routes(self) -> Sequence[tuple[str, Sequence[str], Answer, bool]]:
        """One list an entity set."""
        return [
            (f"{path}/{name}", ("GET",), self._answering(version, name, entity), False)
            for path, (version, sets) in self.services.items()
            for name, entity in sets.items()
        ]

    def rows_of(self, entity: Entity, _request: Request) -> list[Mapping[str, Any]]:
        """All rows that the user sees."""
        found: list[Mapping[str, Any]] = []
        for kept in self.shelf.rows(entity.table):
            key = dict(zip(entity.key, kept.id.split("|"), strict=True))
            # a row may say of itself that it was never stamped
            found.append({**({entity.stamp: kept.stamp} if entity.stamp else {}), **key, **kept.fields})
        return found

    def error(self, status: int, why: str, version: int) -> Response:
        """A refusal in the words of the version."""
        message = {"lang": "en", "value": why} if version == V2 else why
        return JSONResponse({"error": {"code": str(status), "message": message}}, status)

    # ---- a list ------------------------------------------------------------------------------

    def _answering(self, version: int, name: str, entity: Entity) -> Answer:
        async def answer(request: Request) -> Response:
            try:
                return self._list(request, version, name, entity)
            except UnknownPropertyError as lack:
                why = self.unknown_property.format(name=lack.name, table=lack.table)
                return self.error(lack.status_code, why, version)
            except HTTPException as refused:
                return self.error(refused.status_code, refused.detail, version)

        return answer

    def _list(self, request: Request, version: int, name: str, entity: Entity) -> Response:
        entity = entity.without(self.renamed[entity.table])
        options = self._options(request, version)
        rows = self.rows_of(entity, request)
        if "$filter" in options:
            holds = condition(options["$filter"], entity, version)
            rows = [row for row in rows if holds(row)]
        for key, descending in ordering(options.get("$orderby", ""), entity):
            rows.sort(key=key, reverse=descending)
        total = len(rows)
        rows = rows[int(options.get("$skip", 0)) :][: int(options.get("$top", total))]
        start, size = int(options.get("$skiptoken", 0)), self._size(request, version)
        told = wanted(options, entity, version)
        page = [_shown(row, entity, told, version, self.precision) for row in rows[start : start + size]]
        following = self._link(request, name, version, start + size) if start + size < len(rows) else None
        total = total if self.count_cap is None else min(total, self.count_cap)
        counts = "$inlinecount" in options or options.get("$count") == "true"
        return self._page(version, page, total if counts else None, following)

    def _options(self, request: Request, version: int) -> dict[str, str]:
        query = request.url.query
        if version != V2 and "+" in query:
            raise refusal("a blank is %20")
        options = {key: held for key, held in parse_qsl(query, keep_blank_values=True) if key.startswith("$")}
        stray = (set(options) - _OPTIONS[version]) | (set(options) & self.refuses)
        if stray:
            raise refusal(f"The query option '{min(stray)}' is not supported")
        return options

    def _size(self, request: Request, version: int) -> int:
        _, named, size = request.headers.get("Prefer", "").partition("odata.maxpagesize=")
        heeds = self.heeds_page_size and version != V2 and named
        return min(int(size), self.page_cap) if heeds else self.page_cap

    def _link(self, request: Request, name: str, version: int, start: int) -> str:
        parts = [(key, held) for key, held in parse_qsl(request.url.query) if key != "$skiptoken"]
        query = urlencode([*parts, ("$skiptoken", str(start))], quote_via=quote)
        if self.link_host is None and version != V2 and not self.absolute_links:
            return f"{name}?{query}"
        host = self.link_host or f"{request.url.scheme}://{request.url.netloc}"
        return f"{host}{unquote(request.url.path)}?{query}"

    def _page(self, version: int, rows: list[Any], total: int | None, following: str | None) -> Response:
        if version == V2:
            told: dict[str, Any] = {"results": rows}
            told |= {} if total is None else {"__count": str(total)}
            told |= {} if following is None else {"__next": following}
            return Response(_encode({"d": told}), media_type="application/json")
        body: dict[str, Any] = {"@odata.context": "$metadata"}
        body |= {} if total is None else {"@odata.count": total}
        body |= {} if following is None else {"@odata.nextLink": following}
        return Response(
            _encode({**body, "value": rows}), media_type="application/json;odata.metadata=minimal"
        )


def _shown(
    row: Mapping[str, Any], entity: Entity, told: Wanted, version: int, precision: str
) -> dict[str, Any]:
    names = entity.types if told.names is None else told.names
    found = {name: written(entity.types[name], row.get(name), version, precision) for name in sorted(names)}
    if version == V2:
        found["__metadata"] = {"type": entity.table}
        found |= {
            name: {"__deferred": {"uri": name}} for name in entity.navigations if name not in told.below
        }
    for name, below in told.below.items():
        held, leads_to = row.get(name), entity.navigations[name]
        if leads_to.single:
            found[name] = held and _shown(held, leads_to, below, version, precision)
            continue
        lines = [_shown(line, leads_to, below, version, precision) for line in held or ()]
        found[name] = {"results": lines} if version == V2 else lines
    return found
