"""One rule, compiled: ``row -> the field's value or None``.

A closure does only what its rule says, so that a plain column costs one lookup and one conversion.
"""

from __future__ import annotations

from typing import Any

from collectors.mapping.billed import billed_time
from collectors.mapping.conditions import decides
from collectors.mapping.formats import Format
from collectors.mapping.picking import Pick, Row, from_path, from_template, place_of
from collectors.mapping.rules import PLACEHOLDER, Rule, Scalar
from collectors.mapping.targets import Target, converter
from collectors.mapping.values import Convert, UnreadError, number_reader, plain, shown, text_of

_CANONICAL = Format()
_KNOWN_SHOWN = 12


def reader(rule: Rule, target: Target, fmt: Format) -> Pick:
    """The compiled rule. Raises UnreadError (a ValueError) for a rule that can never fit the field."""
    if rule.constant is not None:
        value = _fixed(rule.constant, target)
        return lambda _row: value
    if rule.when is not None:
        return _decided(rule, target, fmt)
    nothing = frozenset({"", *fmt.nothing})
    convert, place = _convert(rule, target, fmt), place_of(rule)
    default = None if rule.default is None else _fixed(rule.default, target)
    if rule.column is not None:
        read = _column(rule.column, nothing, convert, default)
    else:
        read = _filled_in(_pick(rule, nothing), convert, place, default)
    return _with_columns(rule, read) if rule.entries and rule.entries.each != "{}" else read


def _column(column: str, nothing: frozenset[str], convert: Convert, default: Any) -> Pick:
    # most rules are this one, and most cells are empty: one call does it all
    def read(row: Row) -> Any:
        value = row.get(column)
        if value is None:
            return default
        if value.__class__ is str:
            value = value.strip()
            if value in nothing:
                return default
        try:
            return convert(value)
        except UnreadError as problem:
            raise UnreadError(f"column {column!r}: {problem}") from None

    return read


def _pick(rule: Rule, nothing: frozenset[str]) -> Pick:
    if rule.path is not None:
        return from_path(rule.path, nothing)
    return from_template(rule, nothing)


def _fixed(value: Scalar, target: Target) -> Any:
    """A value written in the mapping itself: canonical; empty text means nothing."""
    return None if value == "" else converter(target, _CANONICAL)(plain(value))


def _convert(rule: Rule, target: Target, fmt: Format) -> Convert:
    if rule.values is not None:
        return _translated(rule, target)
    if rule.entries is not None:
        return _entries(rule, target, fmt)
    if rule.divide is not None:
        return _divided(rule, target, fmt)
    return converter(target, fmt)


def _translated(rule: Rule, target: Target) -> Convert:
    table = {word: _fixed(value, target) for word, value in (rule.values or {}).items()}
    known = ", ".join(repr(word) for word in list(table)[:_KNOWN_SHOWN])
    more = f" and {len(table) - _KNOWN_SHOWN} more" if len(table) > _KNOWN_SHOWN else ""
    fallback = {} if rule.default is None else {"": _fixed(rule.default, target)}

    def convert(value: Any) -> Any:
        word = text_of(value)
        if word in table:
            return table[word]
        if fallback:
            return fallback[""]
        raise UnreadError(f"{shown(value)} has no translation; known: {known}{more}")

    return convert


def _entries(rule: Rule, target: Target, fmt: Format) -> Convert:
    if target.shape != "entries" or rule.entries is None:
        raise UnreadError("entries belongs to time_entries")
    system, listed = rule.entries.system, rule.entries
    parts = billed_time(number_reader(fmt), listed.separator, listed.hours_mark)

    def convert(value: Any) -> Any:
        found = parts(value)
        return [{**entry, "system": entry.get("system", system)} for entry in found] if system else found

    return convert


def _divided(rule: Rule, target: Target, fmt: Format) -> Convert:
    if target.shape != "number" or rule.divide is None:
        raise UnreadError("divide belongs to an amount, a rate or hours")
    number, divisor = number_reader(fmt), rule.divide
    return lambda value: number(value) / divisor


def _filled_in(pick: Pick, convert: Convert, place: str, default: Any) -> Pick:
    def read(row: Row) -> Any:
        value = pick(row)
        if value is None:
            return default
        try:
            return convert(value)
        except UnreadError as problem:
            raise UnreadError(f"{place}: {problem}") from None

    return read


def _with_columns(rule: Rule, read: Pick) -> Pick:
    """Entry ids composed with other columns of the row."""
    each = rule.entries.each if rule.entries else "{}"

    def composed(row: Row) -> Any:
        found = read(row)
        if found is None:
            return None

        def fill(entry_id: str) -> str:
            return PLACEHOLDER.sub(lambda hole: _part(row, hole[1]) if hole[1] else entry_id, each)

        return [{**entry, "id": fill(entry["id"])} for entry in found]

    return composed


def _part(row: Row, column: str) -> str:
    value = row.get(column)
    if value is None or not text_of(value):
        raise UnreadError(f"column {column!r} is empty, and the ids of time_entries are composed with it")
    return text_of(value)


def _decided(rule: Rule, target: Target, fmt: Format) -> Pick:
    cases = [(decides(case, fmt), reader(case.then, target, fmt)) for case in rule.when or ()]
    otherwise = None if rule.otherwise is None else reader(rule.otherwise, target, fmt)
    columns = sorted(
        {test.column or test.path or "" for case in rule.when or () for test in (*case.all, *case.any)}
    )

    def read(row: Row) -> Any:
        for holds, then in cases:
            if holds(row):
                return then(row)
        if otherwise is None:
            held = ", ".join(f"{column!r} is {shown(row.get(column))}" for column in columns)
            raise UnreadError(f"no case of when fits and there is no else: {held}")
        return otherwise(row)

    return read
