"""Which time entries an invoice line bills: the text ``T1:4.5;T2``, or a list, made canonical.

Each part is an id, and after a colon the hours billed of it; no hours means all of them. A part whose
last piece is no number is an id as it stands, so an id that itself ends in a colon and digits must
carry its hours.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from collectors.mapping.values import Convert, UnreadError, shown, text_of

Entry = dict[str, Any]


def billed_time(number: Callable[[Any], Decimal], separator: str = ";", hours_mark: str = ":") -> Convert:
    """A reader of one cell -> list of ``{"id", "hours"?, "system"?}``."""

    def part(text: str) -> Entry:
        before, mark, after = text.rpartition(hours_mark) if hours_mark else ("", "", text)
        if mark and before.strip():
            try:
                return {"id": before.strip(), "hours": number(after)}
            except UnreadError:
                pass
        return {"id": text.strip()}

    def item(value: Any) -> Entry:
        if isinstance(value, dict):
            if value.get("id") in (None, ""):
                raise UnreadError(f"{shown(value)} names no time entry")
            entry = {"id": text_of(value["id"]), "system": value.get("system")}
            if value.get("hours") is not None:
                entry["hours"] = number(value["hours"])
            return {key: held for key, held in entry.items() if held is not None}
        return part(text_of(value))

    def read(value: Any) -> list[Entry]:
        if isinstance(value, dict):
            return [item(value)]
        parts = value if isinstance(value, (list, tuple)) else text_of(value).split(separator)
        return [item(one) for one in parts if not isinstance(one, str) or one.strip()]

    return read
