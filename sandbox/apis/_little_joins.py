"""Joins of the little SQL: found by the value of a key where the condition has one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.apis._little_values import Expression, Scope, sortable

#: what of the rows so far equals what of a table that joins them
Key = tuple[Expression, Expression]


def equalities(condition: Sequence[str]) -> Iterator[tuple[int, set[str], set[str]]]:
    """The equalities of which each must hold: where one begins, the tables left and right of its sign.

    A condition with OR or brackets outside of a function's arguments is left to be tried row by row.
    """
    if any(token.lower() in {"or", "case"} for token in condition):
        return
    begin = 0
    for end in [*(at for at, token in enumerate(condition) if token.lower() == "and"), len(condition)]:
        part = condition[begin:end]
        if part.count("=") == 1 and part.count("(") == part.count(")") and part[0] != "(":
            sign = part.index("=")
            left, right = _aliases(part[:sign]), _aliases(part[sign:])
            if left and right and left.isdisjoint(right):
                yield begin, left, right
        begin = end + 1


def _aliases(tokens: Sequence[str]) -> set[str]:
    """The tables whose columns are named."""
    return {token.lower().partition(".")[0] for token in tokens if re.fullmatch(r"[A-Za-z_]\w*\.\w+", token)}


def joined(
    scopes: Sequence[Scope],
    name: str,
    rows: Sequence[Mapping[str, Any]],
    holds: Expression | None,
    key: Key | None,
    *,
    outer: bool,
) -> list[Scope]:
    """Each row with those of the new table that fit; found by the key's value where there is one, which
    is all of the condition where there is no other.
    """
    found: list[Scope] = []
    by_value: dict[Any, list[Mapping[str, Any]]] = {}
    of_old = None
    if key is not None:
        of_old, of_new = key
        for row in rows:
            value = of_new({name: row})
            if value is not None:
                by_value.setdefault(sortable(value), []).append(row)
    for scope in scopes:
        among = rows if of_old is None else by_value.get(sortable(of_old(scope)), ())
        before = len(found)
        for row in among:
            both = {**scope, name: row}
            if holds is None or holds(both) is True:
                found.append(both)
        if outer and len(found) == before:
            found.append({**scope, name: {}})
    return found
