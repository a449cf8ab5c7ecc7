"""Which properties are asked for: the names in a mapping's columns and paths, along its navigations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import jmespath

#: version 2 of OData, which writes most things otherwise
V2 = 2
#: in a row that was taken out of another, the row it was taken out of
PARENT = "_parent"

Chain = tuple[str, ...]
Tree = dict[str, "Tree | None"]

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


def absolute(chain: Chain, level: Chain) -> Chain:
    """A chain as seen from the entity, when it was written for rows found at ``level`` below it."""
    place = list(level)
    for name in chain:
        if name == PARENT:
            place = place[:-1]
        else:
            place.append(name)
    return tuple(place)


def tree(found: Iterable[Chain], navigations: Iterable[Chain]) -> Tree:
    """The chains as one tree: a navigation has a level below it, a property None.

    What is no navigation is asked for whole: a structured property, say.
    """
    root: Tree = {}
    for chain in navigations:
        _level(root, chain)
    for chain in sorted(found):
        place: Tree | None = root
        for name in chain:
            # an annotation comes with its property
            bare = name.partition("@")[0]
            if place is None or not bare:
                break
            place = place.setdefault(bare, None)
    return root


def _level(root: Tree, chain: Chain) -> None:
    place = root
    for name in chain:
        below = place.setdefault(name, {})
        assert below is not None, "navigations are placed before properties"
        place = below


def select(wanted: Tree, version: int, prefix: str = "") -> str:
    """$select: the names of a level; in version 2 those of the levels below it too."""
    names = [prefix + name for name, below in wanted.items() if below is None]
    if version == V2:
        for name, below in wanted.items():
            if below is not None:
                names.append(select(below, version, f"{prefix}{name}/") or prefix + name)
    return ",".join(names)


def expand(wanted: Tree, version: int, *, names: bool, prefix: str = "") -> str:
    """$expand: the navigations of a level and of those below it; with ``names``, what is wanted of each."""
    found = []
    for name, below in wanted.items():
        if below is None:
            continue
        if version == V2:
            deeper = expand(below, version, names=names, prefix=f"{prefix}{name}/")
            found += [prefix + name, *([deeper] if deeper else [])]
            continue
        options = {
            "$select": select(below, version) if names else "",
            "$expand": expand(below, version, names=names),
        }
        inner = ";".join(f"{option}={told}" for option, told in options.items() if told)
        found.append(f"{name}({inner})" if inner else name)
    return ",".join(found)
