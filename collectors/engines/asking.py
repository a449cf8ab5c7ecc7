"""The columns a mapping reads, for sources that give only what they are asked for by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import jmespath
from pydantic import TypeAdapter

from collectors.mapping.picking import columns_of, paths_of
from collectors.mapping.rules import FieldRule

_RULES: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, FieldRule])
#: of these only the first part is looked up in the row itself, the others in what that one gives
_STEPS = {"subexpression", "index_expression", "projection", "filter_projection", "flatten", "pipe"}


def columns_read(fields: Mapping[str, Any], own: Mapping[str, Any] | None = None) -> list[str]:
    """The columns that ``fields`` read, those of the firm's ``own`` rules in place of ours, by name.

    Of a path it is the column that the path begins at.
    """
    rules = _RULES.validate_python({**fields, **(own or {})}).values()
    named = {column for rule in rules for column in columns_of(rule)}
    paths = {path for rule in rules for path in paths_of(rule)}
    return sorted(named | {head for path in paths for head in _heads(jmespath.compile(path).parsed)})


def _heads(node: Mapping[str, Any]) -> Iterator[str]:
    if node["type"] == "field":
        yield node["value"]
        return
    children = [child for child in node.get("children", ()) if isinstance(child, Mapping)]
    for child in children[:1] if node["type"] in _STEPS else children:
        yield from _heads(child)
