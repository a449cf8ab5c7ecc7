"""Facts about open items: what an explanation is made of, and how those of one subject add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from metrics.check import SHAPE

_NUMBERS = (int, float)
#: facts whose name begins so are of the whole subject, the same on each of its rows
_ONCE = "total_"


def facts_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a row says beyond the shape that all checks share, as plain values."""
    return {name: _plain(value) for name, value in row.items() if name not in SHAPE or name == "source_url"}


def add_facts(total: dict[str, Any], row: Mapping[str, Any]) -> None:
    """Numbers add up, totals do not; anything else is the first one's."""
    for name, value in total.items():
        more = row.get(name)
        adds_up = isinstance(value, _NUMBERS) and not isinstance(value, bool) and not name.startswith(_ONCE)
        if more is not None and adds_up:
            total[name] = value + _plain(more)


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, str | bool | float) else int(value)


def facts_of_all(facts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The facts of several items of one subject, the first one's words for all."""
    total = dict(facts[0])
    for other in facts[1:]:
        add_facts(total, other)
    return total
