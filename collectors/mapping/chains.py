"""The names that a path follows through a nested row: what must be there for it to find something."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jmespath

#: names that lead from a row to a value in it; lists on the way are gone through
Chain = tuple[str, ...]

_BESIDE = frozenset(
    {
        "or_expression",
        "and_expression",
        "not_expression",
        "comparator",
        "function_expression",
        "multi_select_list",
        "multi_select_dict",
        "key_val_pair",
        "expref",
    }
)
_STILL = frozenset({"index", "slice", "identity", "current"})


def chains(expression: str) -> set[Chain]:
    """The chains of names that a JMESPath follows from a row: ``items[0].net || net`` has two."""
    found: set[Chain] = set()
    found.update(_walk(jmespath.compile(expression).parsed, (), found))
    return found - {()}


def _walk(node: Mapping[str, Any], base: Chain, seen: set[Chain]) -> set[Chain]:
    """Where a part of the expression ends when it begins at ``base``; what it only tests goes to ``seen``."""
    kind, children = node["type"], node["children"]
    if kind == "field":
        return {(*base, node["value"])}
    if kind in _STILL:
        return {base}
    if kind in _BESIDE:
        return {end for child in children for end in _walk(child, base, seen)}
    if kind == "filter_projection":
        # its condition stands last and is tested on what stands first
        first, then, test = children
        firsts = _walk(first, base, seen)
        seen.update(end for start in firsts for end in _walk(test, start, seen))
        children = (first, then)
    ends = {base}
    for child in children:
        ends = {end for start in ends for end in _walk(child, start, seen)}
    return set() if kind == "literal" else ends
