"""The columns a mapping reads, for sources that give only what they are asked for by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from collectors.mapping.picking import columns_of
from collectors.mapping.rules import FieldRule

_RULES: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, FieldRule])


def columns_read(fields: Mapping[str, Any], own: Mapping[str, Any] | None = None) -> list[str]:
    """The columns that ``fields`` read, those of the firm's ``own`` rules in place of ours, by name."""
    rules = _RULES.validate_python({**fields, **(own or {})})
    return sorted({column for rule in rules.values() for column in columns_of(rule)})
