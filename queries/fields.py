"""What the fields of each record kind hold: the units in which the store keeps them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from types import NoneType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from queries.records import KINDS

#: unit of a numeric field -> how the store keeps it
UNITS = ("money", "hours", "rate")


def field_unit(annotation: Any) -> str:
    """What a struct field holds: a unit of UNITS, or instant, day, bool, int, list, text."""
    for part in _flatten(annotation):
        for meta in getattr(part, "__metadata__", ()):
            if meta.extra and "unit" in meta.extra:
                return str(meta.extra["unit"])
    plain = {_plain(part) for part in _flatten(annotation)}
    for python, unit in ((datetime, "instant"), (date, "day"), (bool, "bool"), (int, "int"), (tuple, "list")):
        if python in plain:
            return unit
    if Decimal in plain:
        raise TypeError(f"{annotation} is a bare Decimal: say whether it is money, hours or a rate")
    return "text"


def _flatten(annotation: Any) -> list[Any]:
    if get_origin(annotation) in (Union, type(int | None)):
        return [part for arm in get_args(annotation) for part in _flatten(arm)]
    return [annotation] if annotation is not NoneType else []


def _plain(annotation: Any) -> Any:
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if get_origin(annotation) is Literal:
        return str
    return get_origin(annotation) or annotation


#: kind -> field -> unit, in the order of the struct; lists live in tables of their own
FIELDS: dict[str, dict[str, str]] = {
    kind: {
        name: unit
        for name, annotation in get_type_hints(struct, include_extras=True).items()
        if name in struct.__struct_fields__ and (unit := field_unit(annotation)) != "list"
    }
    for kind, struct in KINDS.items()
}
