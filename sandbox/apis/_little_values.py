"""What expressions of the little SQL are worth, row by row: comparisons, sums, functions, sort keys."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

Scope = dict[str, Mapping[str, Any]]
Expression = Callable[[Scope], Any]

_SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge,
}  # fmt: skip
_REFLEXIVE = frozenset({"=", "<=", ">="})


class SqlError(ValueError):
    """A query that cannot be answered; the text says why."""


class Constant:
    """A value that stands in the query."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self, _scope: Scope) -> Any:
        """The value, whatever the row."""
        return self.value


def all_of(parts: Sequence[Expression]) -> Expression:
    """Whether every part holds."""

    def holds(scope: Scope) -> bool:
        for part in parts:  # noqa: SIM110 - a generator for each of a hundred thousand rows is slower
            if part(scope) is not True:
                return False
        return True

    return holds


def one_of(left: Expression, among: Sequence[Expression], *, refused: bool) -> Expression:
    """Whether a value is one of these, or is not where it is ``refused``."""
    values = [one.value for one in among if isinstance(one, Constant)]
    if len(values) == len(among):
        return lambda scope: (left(scope) in values) != refused
    return lambda scope: (left(scope) in [one(scope) for one in among]) != refused


def compared(left: Expression, sign: str, right: Expression) -> Expression:
    holds = _SIGNS[sign]

    def told(scope: Scope) -> bool | None:
        first, second = left(scope), right(scope)
        if first is None or second is None:
            return None
        if first == second:
            return sign in _REFLEXIVE
        a, b = sortable(first), sortable(second)
        if a[0] != b[0]:
            a, b = (1, str(first)), (1, str(second))
        return bool(holds(a, b))

    return told


def combined(left: Expression, sign: str, right: Expression) -> Expression:
    def told(scope: Scope) -> Any:
        first, second = left(scope), right(scope)
        if sign == "||":
            return f"{'' if first is None else first}{'' if second is None else second}"
        if first is None or second is None:
            return None
        a, b = Decimal(str(first)), Decimal(str(second))
        return a - b if sign == "-" else a + b

    return told


def called(name: str, given: Sequence[Expression]) -> Expression:
    if name in {"nvl", "coalesce"}:
        return lambda scope: next((value for one in given if (value := one(scope)) is not None), None)
    if name in {"to_timestamp", "to_date"}:
        return given[0]
    if name == "to_char":
        return lambda scope: _shortened(given[0](scope), given[1](scope))
    if name == "abs":
        return lambda scope: None if given[0](scope) is None else abs(Decimal(str(given[0](scope))))
    raise SqlError(f"Invalid or unsupported search: unknown function {name.upper()!r}")


def _shortened(value: Any, pattern: str) -> str | None:
    """A moment as text; rows hold moments as ISO texts, so that a pattern is a length."""
    return None if value is None else str(value).replace("T", " ")[: len(pattern.replace("24", ""))]


def sortable(value: Any) -> tuple[int, Any]:
    """Numbers before texts, and numeric texts with the numbers: ids are texts on the wire."""
    if value.__class__ is str:
        return _sortable_text(value)
    if value is None:
        return (-1, "")
    if isinstance(value, int | Decimal):
        return (0, Decimal(value))
    return _sortable_text(str(value))


@lru_cache(1 << 16)
def _sortable_text(text: str) -> tuple[int, Any]:
    return (0, Decimal(text)) if re.fullmatch(r"-?\d+(\.\d+)?", text) else (1, text)
