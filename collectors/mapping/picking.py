"""Where a raw value comes from: a column, a path into a nested row, or a template over several.

Each function here compiles one place into ``row -> raw value or None``; None is an absent column or
one of the format's words for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jmespath

from collectors.mapping.rules import PLACEHOLDER, Rule
from collectors.mapping.values import text_of

Row = Mapping[str, Any]
Pick = Callable[[Row], Any]


def from_column(column: str, nothing: frozenset[str]) -> Pick:
    """The stripped value of a column."""

    def pick(row: Row) -> Any:
        value = row.get(column)
        if value.__class__ is str:
            value = value.strip()
            return None if value in nothing else value
        return value

    return pick


def from_path(path: str, nothing: frozenset[str]) -> Pick:
    """What a JMESPath finds in the row."""
    search = jmespath.compile(path).search

    def pick(row: Row) -> Any:
        value = search(row)
        if isinstance(value, str):
            value = value.strip()
            return None if value in nothing else value
        return value

    return pick


def from_template(rule: Rule, nothing: frozenset[str]) -> Pick:
    """The template filled in; None as soon as one of its places holds nothing."""
    template = rule.template or ""
    literals = PLACEHOLDER.split(template)[::2]
    picks = [
        from_path(rule.paths[name] or "", nothing) if name in rule.paths else from_column(name, nothing)
        for name in PLACEHOLDER.findall(template)
    ]

    def pick(row: Row) -> Any:
        filled = [literals[0]]
        for pick_one, literal in zip(picks, literals[1:], strict=True):
            value = pick_one(row)
            if value is None:
                return None
            filled += (text_of(value), literal)
        return "".join(filled)

    return pick


def columns_of(rule: Rule) -> set[str]:
    """The columns a rule reads, those of its cases and its entries included."""
    columns = {rule.column} if rule.column is not None else set()
    columns |= set(PLACEHOLDER.findall(rule.template or "")) - set(rule.paths)
    columns |= set(PLACEHOLDER.findall(rule.entries.each if rule.entries else "")) - {""}
    for case in rule.when or ():
        columns |= {test.column for test in (*case.all, *case.any) if test.column is not None}
        columns |= columns_of(case.then)
    return columns | (columns_of(rule.otherwise) if rule.otherwise else set())


def paths_of(rule: Rule) -> set[str]:
    """The paths a rule reads, those of its cases included."""
    paths = {rule.path, *rule.paths.values()}
    for case in rule.when or ():
        paths |= {test.path for test in (*case.all, *case.any)} | paths_of(case.then)
    if rule.otherwise:
        paths |= paths_of(rule.otherwise)
    return {path for path in paths if path is not None}


def place_of(rule: Rule) -> str:
    """A rule's source in words, for error texts."""
    if rule.column is not None:
        return f"column {rule.column!r}"
    if rule.path is not None:
        return f"path {rule.path!r}"
    if rule.template is not None:
        return f"template {rule.template!r}"
    if rule.when is not None:
        return "columns " + ", ".join(repr(column) for column in sorted(columns_of(rule)))
    return "constant"
