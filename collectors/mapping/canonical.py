"""Rows that already carry the canonical names and writing: parsed by dropping what is empty."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from collectors.errors import SkippableError
from collectors.mapping.billed import billed_time
from collectors.mapping.compiling import FALLBACK, FAULT, ORIGIN, VERSION
from collectors.mapping.formats import Format
from collectors.mapping.targets import targets
from collectors.mapping.values import UnreadError, number_reader

Parse = Callable[[Mapping[str, Any]], dict[str, Any]]

_LIST = "time_entries"


def canonical_name(column: str) -> str:
    """A header as the canonical name it stands for: ``Work Date`` is ``work_date``."""
    return "_".join(column.strip().lower().replace("-", " ").split())


def canonical_parser(where: str, kind: str) -> Parse:
    """Keep what the record kind knows and what is not empty; the struct's own decoding does the rest."""
    known = frozenset(targets(kind))

    def parse(row: Mapping[str, Any]) -> dict[str, Any]:
        # a native 0 or false is a value; only the rare empty cell pays for asking
        record = {name: held for name, held in row.items() if (held or held == 0) and name in known}
        if "id" not in record or FAULT in row:
            text = f"{where}: {row.get(ORIGIN, 'a row')}: {row.get(FAULT, 'it has no id')}"
            raise SkippableError(text, remedy="correct it in the source", fields=record)
        if VERSION not in record and FALLBACK in row:
            record[VERSION] = row[FALLBACK]
        return record

    return _with_entries(where, parse) if _LIST in known else parse


def known_columns(kind: str) -> frozenset[str]:
    """The columns of a canonical file that mean something, so that others can be counted as drift."""
    return frozenset(targets(kind)) | {ORIGIN, FALLBACK, FAULT}


def _with_entries(where: str, parse: Parse) -> Parse:
    entries = billed_time(number_reader(Format()))

    def with_entries(row: Mapping[str, Any]) -> dict[str, Any]:
        record = parse(row)
        if _LIST in record:
            try:
                record[_LIST] = entries(record[_LIST])
            except UnreadError as problem:
                text = f"{where}: record {record['id']}: {_LIST}: {problem}"
                raise SkippableError(text, remedy="correct it in the source", fields=record) from None
        return record

    return with_entries
