"""JSON lines that already are what we keep: whole blocks of them straight to records.

Reading stops at the first block that needs a closer look; the rows from there on are read one by one.
"""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Generator
from pathlib import Path
from typing import Any

from collectors.tabular.source import LONGEST
from collectors.wire import records_of_lines
from queries.records import Record

_BLOCK = 2**20


def read_exact(path: Path, kind: str) -> Generator[list[Record], None, int | None]:
    """Records block by block; at last the number of lines they took, None if those were all.

    Raises OSError when the file cannot be opened.
    """
    taken = 0
    with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as content:
        rest = b""
        while block := _more(content, rest):
            whole, rest = _lines(block, rest)
            records = _records(kind, whole.removeprefix(codecs.BOM_UTF8) if not taken else whole)
            if records is None or len(rest) > LONGEST:
                return taken
            taken += whole.count(b"\n")
            if records:
                yield records
    return None if block is not None else taken


def _more(content: Any, rest: bytes) -> bytes | None:
    """The next bytes, at the end of the file a line end for what is left; None where it is damaged."""
    try:
        return content.read(_BLOCK) or (b"\n" if rest else b"")
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return None


def _lines(block: bytes, rest: bytes) -> tuple[bytes, bytes]:
    """Whole lines, and the beginning of the next one."""
    whole, end, after = block.rpartition(b"\n")
    return (rest + whole + end, after) if end else (b"", rest + block)


def _records(kind: str, text: bytes) -> list[Record] | None:
    """None also for what only looks like one record a line."""
    if text.count(b"\r") != text.count(b"\r\n"):
        return None
    records = records_of_lines(kind, text)
    told = sum(1 for line in text.split(b"\n") if line.strip())
    return records if records is not None and len(records) == told else None
