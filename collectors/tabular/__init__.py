"""Rows out of files: delimited text, JSON lines and workbooks, good rows apart from what is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from collectors.tabular.delimited import Item, read_delimited
from collectors.tabular.header import Reading
from collectors.tabular.jsonlines import read_jsonlines
from collectors.tabular.source import FileUnreadableError, Reject, RestUnreadableError
from collectors.tabular.workbook import read_workbook

_JSON = (".jsonl", ".ndjson", ".json")
_WORKBOOKS = (".xlsx", ".xlsm")


def read_rows(path: Path, label: str, reading: Reading) -> Iterator[Item]:
    """Rows or rejects of a file, each with its size in characters, by the ending of its name.

    Raises FileUnreadableError for a file that is not what its name says, RestUnreadableError where
    nothing after can be read, OSError when it cannot be opened.
    """
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(_WORKBOOKS):
        return read_workbook(path, label, reading)
    if name.endswith(_JSON):
        return read_jsonlines(path, label, reading)
    return read_delimited(path, label, reading)


__all__ = ["FileUnreadableError", "Item", "Reading", "Reject", "RestUnreadableError", "read_rows"]
