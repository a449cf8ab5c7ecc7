"""What each field of a record kind takes, read off the record structs.

From a field and a format comes its :data:`~collectors.mapping.values.Convert`: raw value -> value of
the field's type, or :class:`~collectors.mapping.values.UnreadError`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal

from msgspec import inspect

from collectors.mapping.billed import billed_time
from collectors.mapping.formats import Format
from collectors.mapping.values import (
    Convert,
    UnreadError,
    day_reader,
    flag_reader,
    instant_reader,
    number_reader,
    shown,
    text_of,
)
from queries.records import KINDS

Shape = Literal["text", "choice", "flag", "whole", "number", "day", "instant", "entries"]

_SHAPES: dict[type[inspect.Type], Shape] = {
    inspect.StrType: "text",
    inspect.LiteralType: "choice",
    inspect.BoolType: "flag",
    inspect.IntType: "whole",
    inspect.DecimalType: "number",
    inspect.DateType: "day",
    inspect.DateTimeType: "instant",
    inspect.VarTupleType: "entries",
}


@dataclass(frozen=True, slots=True)
class Target:
    """One field of a record kind. ``choices`` are the words a choice may be."""

    name: str
    shape: Shape
    required: bool
    choices: tuple[str, ...] = ()


@cache
def targets(kind: str) -> dict[str, Target]:
    """Field name -> what it takes. Raises ValueError for a kind that is not one."""
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of record: give kind as one of {', '.join(KINDS)}")
    struct = inspect.type_info(KINDS[kind])
    if not isinstance(struct, inspect.StructType):
        raise TypeError(f"{kind} is not a struct")
    return {field.name: _target(field) for field in struct.fields}


def _target(field: inspect.Field) -> Target:
    inner = _unwrapped(field.type)
    choices = tuple(str(value) for value in inner.values) if isinstance(inner, inspect.LiteralType) else ()
    return Target(field.name, _SHAPES[type(inner)], field.required, choices)


def _unwrapped(given: inspect.Type) -> inspect.Type:
    if isinstance(given, inspect.Metadata):
        return _unwrapped(given.type)
    if isinstance(given, inspect.UnionType):
        return next(_unwrapped(one) for one in given.types if not isinstance(one, inspect.NoneType))
    return given


def converter(target: Target, fmt: Format) -> Convert:
    """The reader of a field's values when they are written in ``fmt``."""
    return _choice(target) if target.shape == "choice" else _reader(target.shape, fmt)


@lru_cache(256)
def _reader(shape: Shape, fmt: Format) -> Convert:
    """One per shape and format: a row says the same instant in several columns."""
    readers: dict[Shape, Callable[[Format], Convert]] = {
        "flag": flag_reader,
        "whole": _whole,
        "number": number_reader,
        "day": day_reader,
        "instant": instant_reader,
        "entries": lambda written: billed_time(number_reader(written)),
    }
    return readers[shape](fmt) if shape in readers else _text


def _text(value: Any) -> str:
    return value if isinstance(value, str) else text_of(value)


def _choice(target: Target) -> Convert:
    known = {choice: choice for choice in target.choices}
    words = ", ".join(known)

    def read(value: Any) -> str:
        word = known.get(text_of(value))
        if word is None:
            raise UnreadError(f"{shown(value)} has no translation; {target.name} is one of {words}")
        return word

    return read


def _whole(fmt: Format) -> Convert:
    number = number_reader(fmt)

    def read(value: Any) -> int:
        exact = number(value)
        if exact != exact.to_integral_value():
            raise UnreadError(f"{shown(value)} is not a whole number")
        return int(exact)

    return read
