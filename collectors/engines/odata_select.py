"""Which properties are asked for: the names in a mapping's columns and paths, along its navigations."""

from __future__ import annotations

from collections.abc import Iterable

from collectors.mapping.chains import Chain

#: version 2 of OData, which writes most things otherwise
V2 = 2
#: in a row that was taken out of another, the row it was taken out of
PARENT = "_parent"

Tree = dict[str, "Tree | None"]


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
