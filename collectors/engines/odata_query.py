"""One entity set as requests of the JSON engine: which properties, which rows, in which order and pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from collectors.engines.odata_select import V2, Tree, absolute, expand, select, tree
from collectors.engines.odata_settings import ODataSettings, ODataStream, Params, Protocol
from collectors.engines.rest_settings import RestStream
from collectors.mapping import Format, Mapped, StreamMapping, compile_mapping, inherit
from collectors.mapping.chains import Chain, chains
from collectors.mapping.compiling import VERSION
from collectors.mapping.picking import columns_of, paths_of
from collectors.mapping.rules import Rule

#: both versions say what is wrong at the same place: version 2 wraps the text in its language, and some
#: servers say there only that something is
_ERROR = (
    "error && join(': ', [to_string(not_null(error.code, '')),"
    " to_string(not_null(error.innererror.message, error.message.value, error.message, ''))])"
)
_NEXT = {2: "d.__next", 4: '"@odata.nextLink" || "@nextLink"'}
_TOTAL = {2: "d.__count", 4: '"@odata.count" || "@count"'}
_ROWS = {2: "d.results", 4: "value"}
_COUNT = {2: {"$inlinecount": "allpages"}, 4: {"$count": "true"}}
#: version 4.01 may write its names without the prefix, and so is not asked for
_HEADERS = {2: {"MaxDataServiceVersion": "2.0"}, 4: {"OData-Version": "4.0", "OData-MaxVersion": "4.0"}}
_MILLISECONDS = Format(instants=("odata_ms",))
#: a day that says what changed has to be an instant too, and names no zone
_DAYS = Format(zone="UTC")
_SECONDS = "%Y-%m-%dT%H:%M:%S"


@dataclass(frozen=True, slots=True)
class Query:
    """A stream with what it takes over from its system, compiled."""

    stream: ODataStream
    odata: Protocol
    mapped: Mapped
    fmt: Format
    paging: str
    page_size: int
    count: bool
    params: Params

    @property
    def level(self) -> Chain:
        """Where the rows stand below the entity."""
        return _dotted(self.stream.lines)

    @property
    def key(self) -> tuple[str, ...]:
        """The entity's own properties by which it is told from others; empty where nothing says."""
        rules = self._rules("id")
        return self.stream.key or tuple(sorted(chain[0] for chain in self._read_by(rules) if len(chain) == 1))

    @property
    def changed(self) -> tuple[str, ...]:
        """The properties by which the source can be asked for what changed."""
        return self.stream.changed or (() if self.stream.lines else self.mapped.changes)

    def rest(self) -> RestStream:
        """The stream as the JSON engine reads it."""
        taken_over = (*StreamMapping.model_fields, "overlap", "settle", "sweep_every", "start", "reread")
        order = self.changed if len(self.changed) == 1 else ()
        ids = self._request(self._wanted(self._rules("id")), (), ()) if self.stream.sweep else None
        return RestStream.model_validate(
            {
                **{name: getattr(self.stream, name) for name in taken_over},
                "format": self.fmt,
                "read": self._request(self._wanted(), self._asked(), order),
                "ids": ids,
                "since_as": _SECONDS if self._is_local() else f"{_SECONDS}Z",
                "window": self.stream.window if self.changed else None,
                "ordered": self._is_ordered(),
            }
        )

    # ---- the request -------------------------------------------------------------------------

    def _request(self, wanted: Tree, conditions: tuple[str, ...], order: tuple[str, ...]) -> dict[str, Any]:
        more = (f"({self.stream.filter})",) if self.stream.filter else ()
        names = self.stream.select and not self.stream.is_by_name
        options = {
            "$select": select(wanted, self.odata) if names else "",
            "$expand": expand(wanted, self.odata, names=names),
            "$filter": " and ".join((*conditions, *more)),
            "$orderby": ",".join(dict.fromkeys((*order, *self.key))),
            **(_COUNT[self.odata] if self.count else {}),
        }
        headers = dict(_HEADERS[self.odata])
        if self.paging == "links" and self.odata != V2:
            headers["Prefer"] = f"odata.maxpagesize={self.page_size}"
        place = (self.stream.service, self.stream.entity)
        return {
            "path": "".join(f"/{part.strip('/')}" for part in place if part),
            "params": {**{name: told for name, told in options.items() if told}, **self.params},
            "headers": headers,
            "rows": _ROWS[self.odata],
            "next": self._next(),
            "total": _TOTAL[self.odata] if self.count else None,
            "error": _ERROR,
        }

    def _next(self) -> dict[str, Any]:
        if self.paging == "links":
            return {"style": "link", "path": _NEXT[self.odata], "own_host": True}
        total = _TOTAL[self.odata] if self.count else None
        return {
            "style": "offset",
            "param": "$skip",
            "size_param": "$top",
            "size": self.page_size,
            "total": total,
        }

    def _asked(self) -> tuple[str, ...]:
        """The condition that asks for what changed in a window of time."""
        bounds = [" and ".join(self._bounds(name)) for name in self.changed]
        return (f"({' or '.join(f'({one})' for one in bounds)})",) if len(bounds) > 1 else tuple(bounds)

    def _bounds(self, name: str) -> tuple[str, str]:
        if self.stream.types.get(name) == "Date":
            form = "datetime'{}T00:00:00'" if self.odata == V2 else "{}"
            return f"{name} ge {form.format('{since_day}')}", f"{name} le {form.format('{until_day}')}"
        quoted = "datetime'{}'" if self._is_local() else "datetimeoffset'{}'"
        form = quoted if self.odata == V2 else "{}"
        return f"{name} ge {form.format('{since}')}", f"{name} lt {form.format('{until}')}"

    def _is_local(self) -> bool:
        """Whether the source is asked by a time that names no zone."""
        return "DateTime" in {self.stream.types.get(name) for name in self.changed}

    def _is_ordered(self) -> bool:
        """Whether rows in the order of what changed come in the order of their versions."""
        return self._read_by(self.stream.version or self._rules(VERSION)) == {self.changed}

    # ---- what is read ------------------------------------------------------------------------

    def _wanted(self, rules: tuple[Rule, ...] | None = None) -> Tree:
        """The properties that some rules read, all by default, and the key to count by."""
        also = set(map(_dotted, self.stream.also))
        every = self._seen(self.mapped.chains) | also
        found = every if rules is None else self._read_by(rules)
        expanded = (*map(_dotted, self.stream.expand),) if rules is None else ()
        return tree(found | {(name,) for name in self.key}, filter(None, (self.level, *expanded)))

    def _rules(self, field: str) -> tuple[Rule, ...]:
        if field in self.stream.fields:
            return (self.stream.fields[field],)
        return (Rule(column=field),) if self.stream.is_by_name else ()

    def _read_by(self, rules: tuple[Rule, ...]) -> set[Chain]:
        paths = {path for rule in rules for path in paths_of(rule)}
        columns = {(column,) for rule in rules for column in columns_of(rule)}
        return self._seen(columns | {chain for path in paths for chain in chains(path)})

    def _seen(self, read: Iterable[Chain]) -> set[Chain]:
        """What is read, as seen from the entity."""
        return {absolute(chain, self.level) for chain in read}


def queried(name: str, stream: ODataStream, system: ODataSettings) -> Query:
    """The query of a stream; raises ValueError for a mapping that cannot work."""
    odata = stream.odata or system.odata
    own = inherit(_DAYS if stream.types else Format(), inherit(system.format, stream.format))
    fmt = inherit(_MILLISECONDS, own) if odata == V2 else own
    return Query(
        stream=stream,
        odata=odata,
        mapped=compile_mapping(name, stream.kind or name, stream, fmt),
        fmt=fmt,
        paging=stream.paging or system.paging,
        page_size=stream.page_size or system.page_size,
        count=system.count if stream.count is None else stream.count,
        params={**system.params, **stream.params},
    )


def _dotted(told: str | None) -> Chain:
    return tuple(told.replace("/", ".").split(".")) if told else ()
