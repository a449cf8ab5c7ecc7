"""The few forms of $filter, $orderby, $select and $expand that a collector asks by, in both versions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from sandbox.apis._odata_model import V2, Entity, Kind, literal, refusal, value

Row = Mapping[str, Any]
Holds = Callable[[Row], bool]

_TOKEN = re.compile(r"\s*(\(|\)|(?:[A-Za-z0-9_.]*)'(?:[^']|'')*'|[^\s()']+)")
_COMPARES: Mapping[str, Callable[[Any, Any], Any]] = {
    "eq": eq,
    "ne": ne,
    "ge": ge,
    "gt": gt,
    "le": le,
    "lt": lt,
}
_TWO = 2


def condition(text: str, entity: Entity, version: int) -> Holds:
    """A $filter as a function of a row."""
    tokens = _TOKEN.findall(text)
    if re.sub(r"\s", "", "".join(tokens)) != re.sub(r"\s", "", text):
        raise refusal(f"the filter cannot be read: {text}")
    parser = _Parser([*tokens, ""], entity, version)
    found = parser.any()
    if parser.tokens != [""]:
        raise refusal(f"the filter cannot be read at {parser.tokens[0]!r}")
    return found


@dataclass(slots=True)
class _Parser:
    tokens: list[str]
    entity: Entity
    version: int

    def any(self) -> Holds:
        parts = [self.all()]
        while self.tokens[0] == "or":
            self.tokens.pop(0)
            parts.append(self.all())
        return lambda row: any(part(row) for part in parts)

    def all(self) -> Holds:
        parts = [self.one()]
        while self.tokens[0] == "and":
            self.tokens.pop(0)
            parts.append(self.one())
        return lambda row: all(part(row) for part in parts)

    def one(self) -> Holds:
        if self.tokens[0] == "(":
            self.tokens.pop(0)
            found = self.any()
            if self.tokens.pop(0) != ")":
                raise refusal("a bracket is not closed")
            return found
        if len(self.tokens) <= _TWO + 1 or self.tokens[1] not in _COMPARES:
            raise refusal(f"a comparison is expected at {self.tokens[0]!r}")
        name, compare, text = self.tokens.pop(0), _COMPARES[self.tokens.pop(0)], self.tokens.pop(0)
        kind = self.entity.type_of(name)
        wanted = literal(kind, text, self.version)

        def holds(row: Row) -> bool:
            held = value(kind, row.get(name))
            if held is None or wanted is None:
                return compare in {eq, ne} and bool(compare(held, wanted))
            return bool(compare(held, wanted))

        return holds


def ordering(text: str, entity: Entity) -> list[tuple[Callable[[Row], Any], bool]]:
    """An $orderby as keys and whether each is descending, the last one first: for stable sorting."""
    found = []
    for part in filter(None, text.split(",")):
        name, _, direction = part.strip().partition(" ")
        if direction not in {"", "asc", "desc"}:
            raise refusal(f"the order cannot be read: {part}")
        found.append((_sorted_by(name, entity.type_of(name)), direction == "desc"))
    return found[::-1]


def _sorted_by(name: str, kind: Kind) -> Callable[[Row], Any]:
    def key(row: Row) -> Any:
        held = value(kind, row.get(name))
        return (held is not None, held if held is not None else 0)

    return key


@dataclass(slots=True)
class Wanted:
    """Which properties of a level are asked for (None: all), and what is expanded below it."""

    names: set[str] | None = None
    below: dict[str, Wanted] = field(default_factory=dict)


def wanted(options: Mapping[str, str], entity: Entity, version: int) -> Wanted:
    """$select and $expand, whichever way the version writes them."""
    root = Wanted()
    if version == V2:
        for path in filter(None, options.get("$expand", "").split(",")):
            _place(root, path.split("/"), entity)
        for path in filter(None, options.get("$select", "").split(",")):
            *above, name = path.split("/")
            level, reached = _place(root, above, entity, is_expanded=False)
            if name not in reached.navigations:
                reached.type_of(name)
                level.names = {*(level.names or ()), name}
        return root
    _fill(root, options, entity)
    return root


def _place(
    root: Wanted, path: list[str], entity: Entity, *, is_expanded: bool = True
) -> tuple[Wanted, Entity]:
    level = root
    for name in path:
        if name not in entity.navigations or not (is_expanded or name in level.below):
            raise refusal(f"'{name}' is no expanded navigation of '{entity.table}'")
        level, entity = level.below.setdefault(name, Wanted()), entity.navigations[name]
    return level, entity


def _fill(level: Wanted, options: Mapping[str, str], entity: Entity) -> None:
    names = options.get("$select", "")
    if names:
        level.names = set(names.split(","))
        for name in level.names:
            entity.type_of(name)
    for part in _split(options.get("$expand", ""), ","):
        name, _, inner = part.partition("(")
        if name not in entity.navigations:
            raise refusal(f"'{name}' is no navigation of '{entity.table}'")
        told = dict(option.split("=", 1) for option in _split(inner.removesuffix(")"), ";"))
        if set(told) - {"$select", "$expand"}:
            raise refusal(f"$expand does not take {sorted(told)}")
        _fill(level.below.setdefault(name, Wanted()), told, entity.navigations[name])


def _split(text: str, mark: str) -> list[str]:
    """Parts at a mark that stands outside all brackets."""
    parts, depth = [""], 0
    for sign in text:
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == mark and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part for part in parts if part]
