"""Conditions over several columns, compiled: ``row -> holds or not``."""

from __future__ import annotations

from collections.abc import Callable

from collectors.mapping.formats import Format
from collectors.mapping.picking import Row, from_column, from_path
from collectors.mapping.rules import Condition, Conditions
from collectors.mapping.values import UnreadError, flag_reader, text_of

Holds = Callable[[Row], bool]


def decides(conditions: Conditions, fmt: Format) -> Holds:
    """Whether every condition of ``all`` and, where given, one of ``any`` holds."""
    every = [_condition(condition, fmt) for condition in conditions.all]
    some = [_condition(condition, fmt) for condition in conditions.any]

    def holds(row: Row) -> bool:
        return all(test(row) for test in every) and (not some or any(test(row) for test in some))

    return holds


def _condition(condition: Condition, fmt: Format) -> Holds:
    if condition.present is not None:
        return _present(condition, fmt)
    if isinstance(condition.equals, bool):
        return _flag(condition, fmt)
    wanted, expected = _words(condition)
    # the words for nothing may be asked for by name, so only a missing value is no word at all
    pick = _pick(condition, frozenset())

    def holds(row: Row) -> bool:
        value = pick(row)
        return ("" if value is None else text_of(value)) in wanted

    return holds if expected else lambda row: not holds(row)


def _words(condition: Condition) -> tuple[frozenset[str], bool]:
    """The texts a condition asks for, and whether it wants one of them or none."""
    if condition.differs is not None:
        differs = condition.differs if isinstance(condition.differs, tuple) else (condition.differs,)
        return frozenset(text_of(word) for word in differs), False
    among = (condition.equals,) if condition.among is None else condition.among
    return frozenset(text_of(word) for word in among), True


def _pick(condition: Condition, nothing: frozenset[str]) -> Callable[[Row], object]:
    if condition.column is not None:
        return from_column(condition.column, nothing)
    return from_path(condition.path or "", nothing)


def _present(condition: Condition, fmt: Format) -> Holds:
    pick = _pick(condition, frozenset({"", *fmt.nothing}))
    return lambda row: (pick(row) is not None) == condition.present


def _flag(condition: Condition, fmt: Format) -> Holds:
    pick, flag = _pick(condition, frozenset({"", *fmt.nothing})), flag_reader(fmt)
    place = repr(condition.column or condition.path)

    def holds(row: Row) -> bool:
        value = pick(row)
        try:
            return value is not None and flag(value) == condition.equals
        except UnreadError as problem:
            raise UnreadError(f"column {place}: {problem}") from None

    return holds
