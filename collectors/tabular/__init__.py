"""Rows out of files: delimited text, JSON lines and workbooks, good rows apart from what is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from collectors.tabular.delimited import Item, read_delimited
from collectors.tabular.exact import read_exact
from collectors.tabular.header import Reading
from collectors.tabular.jsonlines import read_jsonlines
from collectors.tabular.source import FileUnreadableError, Reject, RestUnreadableError
from collectors.tabular.workbook import read_workbook

_JSON = (".jsonl", ".ndjson", ".json")
_WORKBOOKS = (".xlsx", ".xlsm")


def is_jsonlines(path: Path) -> bool:
    """Whether a file holds JSON lines, by the ending of its name."""
    return path.name.lower().removesuffix(".gz").endswith(_JSON)


def read_rows(path: Path, label: str, reading: Reading, after: int = 0) -> Iterator[Item]:
    """Rows or rejects of a file, each with its size in characters, by the ending of its name.

    ``after`` is how many lines of JSON lines were read already.
    Raises FileUnreadableError for a file that is not what its name says, RestUnreadableError where
    nothing after can be read, OSError when it cannot be opened.
    """
    if is_jsonlines(path):
        return read_jsonlines(path, label, reading, after)
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(_WORKBOOKS):
        return read_workbook(path, label, reading)
    return read_delimited(path, label, reading)


__all__ = [
    "FileUnreadableError",
    "Item",
    "Reading",
    "Reject",
    "RestUnreadableError",
    "is_jsonlines",
    "read_exact",
    "read_rows",
]
