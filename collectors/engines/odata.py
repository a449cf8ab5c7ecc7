"""OData, version 2 and 4, on top of the JSON engine: entity sets read by what changed in them.

What differs between the versions ends here: rows of version 2 are given the shape of version 4 (a list of
lines instead of ``{"results": [...]}``, nothing that was not asked for), so that one mapping fits both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from collectors.contract import Role, System
from collectors.decode import raw_text
from collectors.engines.odata_query import Query, queried
from collectors.engines.odata_select import PARENT, V2
from collectors.engines.odata_settings import ODataSettings
from collectors.engines.rest import RestConnection, Spread
from collectors.engines.rest_settings import RestSettings
from collectors.engines.vendor import Declare, VendorSettings, merged
from collectors.errors import ConfigError
from collectors.mapping import FAULT
from collectors.mapping.chains import Chain

#: a vendor's own look at an entity before it is mapped; None leaves it out. What it adds is named like an
#: annotation (@name), so that the source is not asked for it
Tidy = Callable[[dict[str, Any]], Mapping[str, Any] | None]

_MORE = "@odata.nextLink"


class ODataConnection(RestConnection):
    """A configured OData service. ``tidy`` looks over entities before they are mapped, by stream."""

    def __init__(self, name: str, settings: ODataSettings, tidy: Mapping[str, Tidy] | None = None) -> None:
        queries = {stream: queried(stream, told, settings) for stream, told in settings.streams.items()}
        shared = ("auth", "headers", "timeout_s", "max_bytes", "signals", "quota")
        super().__init__(
            name,
            RestSettings.model_validate(
                {
                    **{key: getattr(settings, key) for key in shared},
                    "base": settings.root,
                    "streams": {stream: query.rest() for stream, query in queries.items()},
                }
            ),
            {stream: _entities_v2 if query.odata == V2 else _entities for stream, query in queries.items()},
            {stream: _spread(query, (tidy or {}).get(stream)) for stream, query in queries.items()},
        )


def odata_system(  # noqa: PLR0913 - what a system says of itself
    *,
    kind: str,
    title: str,
    roles: tuple[Role, ...],
    settings: type[VendorSettings],
    declare: Declare,
    records: tuple[str, ...],
    tidy: Mapping[str, Tidy] | None = None,
    notes: str = "",
) -> System:
    """A vendor's OData services; ``declare`` makes the engine's settings of the vendor's."""

    def connect(name: str, chosen: VendorSettings) -> ODataConnection:
        try:
            told = ODataSettings.model_validate(merged(declare, chosen))
        except ValueError as error:
            remedy = f"docs/systems.md lists the streams and keys of kind {kind!r}"
            raise ConfigError(f"systems.{name}: {error}", remedy=remedy) from error
        return ODataConnection(name, told, tidy)

    return System(kind, title, roles, settings, connect, "documented contract", records, notes, "odata")


# ---- rows of an answer ---------------------------------------------------------------------------


def _entities(body: Any) -> Any:
    return body.get("value") if isinstance(body, Mapping) else None


def _entities_v2(body: Any) -> Any:
    """The entities of version 2, in the shape of version 4. The oldest services list them in ``d`` itself."""
    held = body.get("d") if isinstance(body, Mapping) else None
    rows = held.get("results") if isinstance(held, Mapping) else held
    return [_modern(row) for row in rows] if isinstance(rows, list) else None


def _modern(row: Any) -> Any:
    if not isinstance(row, Mapping):
        return row
    found: dict[str, Any] = {}
    for name, held in row.items():
        if name == "__metadata" or (isinstance(held, Mapping) and "__deferred" in held):
            continue
        if isinstance(held, Mapping) and isinstance(held.get("results"), list):
            found[name] = [_modern(line) for line in held["results"]]
            if "__next" in held:
                found[name + _MORE] = held["__next"]
        else:
            found[name] = _modern(held)
    return found


# ---- rows of an entity ---------------------------------------------------------------------------


def _spread(query: Query, tidy: Tidy | None) -> Spread:
    key, level = query.key, query.level

    def rows(entity: Any) -> Sequence[Any]:
        if not isinstance(entity, Mapping):
            return (entity,)
        seen = tidy(dict(entity)) if tidy else entity
        return () if seen is None else list(_lines(seen, level))

    def known_by(entity: Any) -> str:
        whole = not key or not isinstance(entity, Mapping)
        return raw_text(entity) if whole else raw_text({name: entity.get(name) for name in key})

    return Spread(rows, known_by)


def _lines(row: Mapping[str, Any], level: Chain) -> Iterator[Mapping[str, Any]]:
    """The rows at a level below an entity, each with what it hangs on; the entity itself without a level."""
    if not level:
        yield row
        return
    name, deeper = level[0], level[1:]
    held = row.get(name) or ()
    above = {key: value for key, value in row.items() if key != name}
    for line in (held,) if isinstance(held, Mapping) else held:
        yield from _lines({**line, PARENT: above}, deeper)
    if name + _MORE in row:
        what = f"it has more {name} than come with it: read {name} as a stream of its own entity set"
        yield {PARENT: above, FAULT: what}
