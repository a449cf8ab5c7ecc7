"""A whole mapping, compiled once: raw row -> canonical mapping of a record kind.

:func:`compile_mapping` refuses what can never work (a field the kind does not have, a required field
without a rule, a value no field takes), so that a wrong mapping stops at start and not at the first row.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collectors.errors import SkippableError
from collectors.mapping.chains import Chain, chains
from collectors.mapping.conditions import Holds, decides
from collectors.mapping.formats import Format, inherit
from collectors.mapping.picking import Pick, Row, columns_of, paths_of
from collectors.mapping.reading import reader
from collectors.mapping.rules import Rule, StreamMapping
from collectors.mapping.targets import Target, targets
from collectors.mapping.values import UnreadError

VERSION = "source_updated_at"
#: what the reader of a file or a query adds to a raw row: where it was read, the version to take when
#: the row has none of its own, and what is wrong with it as a row
ORIGIN, FALLBACK, FAULT = "_origin", "_version", "_fault"
_REMEDY = "correct it in the source, or translate it in the mapping"


@dataclass(frozen=True, slots=True)
class Mapped:
    """A compiled mapping. ``columns`` and ``paths`` are what it reads, ``chains`` the names these lead by;
    ``changes`` are the columns by which the source can be asked for what changed; ``where`` is
    ``system/stream``, for error texts.
    """

    where: str
    kind: str
    readers: Mapping[str, Pick]
    columns: frozenset[str]
    paths: frozenset[str]
    changes: tuple[str, ...]
    required: frozenset[str]
    deleted: Holds | None

    def parse(self, row: Row) -> dict[str, Any]:
        """The canonical mapping of one raw row; raises SkippableError naming record, column and value."""
        if FAULT in row:
            raise self._refusal(row, row[FAULT])
        record: dict[str, Any] = {}
        try:
            for name, read in self.readers.items():
                value = read(row)
                if value is not None:
                    record[name] = value
            gone = self.deleted is not None and self.deleted(row)
        except UnreadError as problem:
            raise self._refusal(row, str(problem)) from None
        if VERSION not in record and FALLBACK in row:
            record[VERSION] = row[FALLBACK]
        if gone and VERSION in record:
            record["deleted_at"] = record[VERSION]
        if "id" in self.required and "id" not in record:
            raise self._refusal(row, "it has no id")
        return record

    @property
    def chains(self) -> frozenset[Chain]:
        """Every name it reads, those below other names too."""
        below = {chain for path in self.paths for chain in chains(path)}
        return frozenset({(column,) for column in self.columns} | below)

    def _refusal(self, row: Row, why: str) -> SkippableError:
        record = self._readable(row)
        return SkippableError(f"{self._label(row, record)}: {why}", remedy=_REMEDY, fields=record)

    def _readable(self, row: Row) -> dict[str, Any]:
        """What of a row can be read all the same, so that whom it names is known to be in doubt."""
        record: dict[str, Any] = {}
        for name, read in self.readers.items():
            with suppress(UnreadError):
                record[name] = read(row)
        return {name: value for name, value in record.items() if value is not None}

    def identify(self, row: Row) -> str | None:
        """The row's id alone, so that one unreadable amount does not make a row look deleted."""
        found = self._alone("id", row)
        return None if found is None else str(found)

    def version(self, row: Row) -> datetime | None:
        """When the source last changed the row, as far as the row says it readably."""
        found = self._alone(VERSION, row)
        return found if isinstance(found, datetime) else None

    def _alone(self, name: str, row: Row) -> Any:
        read = self.readers.get(name)
        try:
            return None if read is None else read(row)
        except UnreadError:
            return None

    def _label(self, row: Row, record: Mapping[str, Any]) -> str:
        """System, stream, record and where the row was read, as far as known."""
        named = f" {record['id']}" if "id" in record else ""
        origin = f" ({row[ORIGIN]})" if row.get(ORIGIN) else ""
        return f"{self.where}: record{named}{origin}"


def compile_mapping(
    where: str, kind: str, mapping: StreamMapping, system: Format, *, overlay: bool = False
) -> Mapped:
    """The mapping of a stream as a function, its format inherited from the system's.

    ``overlay`` compiles single fields laid over another parser's result: nothing is required of them.
    Raises ValueError naming the key that cannot work.
    """
    fmt, fields = inherit(system, mapping.format), targets(kind)
    rules = _rules(mapping, fields, overlay=overlay)
    readers = {name: _compiled(name, rule, fields, fmt) for name, rule in rules.items()}
    if mapping.version:
        readers[VERSION] = _newest(mapping.version, fields[VERSION], fmt)
    required = frozenset() if overlay else frozenset(name for name, it in fields.items() if it.required)
    missing = required - set(readers) - {VERSION}
    if missing:
        raise ValueError(f"fields.{min(missing)} is missing: a {kind} cannot be without it")
    columns, paths = _places(mapping)
    return Mapped(
        where=where,
        kind=kind,
        readers=readers,
        columns=columns,
        paths=paths,
        changes=mapping.changed or _version_columns(mapping, rules),
        required=required,
        deleted=decides(mapping.deleted, fmt) if mapping.deleted else None,
    )


def check_streams(streams: Mapping[str, StreamMapping], system: Format) -> None:
    """Compile every stream's mapping; raises ValueError naming stream and key where one cannot work."""
    for name, stream in streams.items():
        try:
            compile_mapping(name, stream.kind or name, stream, system)
        except ValueError as error:
            raise ValueError(f"streams.{name}: {error}") from None


def _places(mapping: StreamMapping) -> tuple[frozenset[str], frozenset[str]]:
    """The columns and the paths that are named in the mapping."""
    rules = (*mapping.fields.values(), *mapping.version)
    tests = (*mapping.deleted.all, *mapping.deleted.any) if mapping.deleted else ()
    columns = {column for rule in rules for column in columns_of(rule)} | {test.column for test in tests}
    paths = {path for rule in rules for path in paths_of(rule)} | {test.path for test in tests}
    return frozenset(column for column in columns if column), frozenset(path for path in paths if path)


def _version_columns(mapping: StreamMapping, rules: Mapping[str, Rule]) -> tuple[str, ...]:
    versions = mapping.version or tuple(rules[name] for name in (VERSION,) if name in rules)
    return tuple(rule.column for rule in versions if rule.column)


def _rules(mapping: StreamMapping, fields: dict[str, Target], *, overlay: bool) -> dict[str, Rule]:
    stray = set(mapping.fields) - set(fields)
    if stray:
        raise ValueError(f"fields.{min(stray)} is no field: known are {', '.join(fields)}")
    if mapping.version and VERSION in mapping.fields:
        raise ValueError(f"version and fields.{VERSION} say the same: give one of them")
    if mapping.deleted and "deleted_at" in mapping.fields:
        raise ValueError("deleted and fields.deleted_at say the same: give one of them")
    implied = mapping.is_by_name and not overlay
    same = {name: Rule(column=name) for name in fields} if implied else {}
    if mapping.version:
        same.pop(VERSION, None)
    given = {**same, **mapping.fields}
    return {name: given[name] for name in fields if name in given}


def _compiled(name: str, rule: Rule, fields: dict[str, Target], fmt: Format) -> Pick:
    try:
        return reader(rule, fields[name], fmt)
    except UnreadError as problem:
        raise ValueError(f"fields.{name}: {problem}") from None


def _newest(rules: tuple[Rule, ...], target: Target, fmt: Format) -> Pick:
    readers = [reader(rule, target, fmt) for rule in rules]

    def read(row: Row) -> Any:
        return max((moment for one in readers if (moment := one(row)) is not None), default=None)

    return read
