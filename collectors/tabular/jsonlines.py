"""Rows of a JSON lines file, each with its line; what is no object becomes a Reject."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from collectors.mapping import ORIGIN, exact_text, plain
from collectors.tabular.delimited import Item
from collectors.tabular.header import Reading
from collectors.tabular.source import FileUnreadableError, Lines, Reject, open_text


def read_jsonlines(path: Path, label: str, reading: Reading, after: int = 0) -> Iterator[Item]:
    """Rows or rejects after a line, each with its size in characters.

    Numbers keep every digit they were written with.
    """
    decoder = msgspec.json.Decoder(float_hook=exact_text(reading.decimal))
    with open_text(path, label, reading.encoding) as text:
        lines = Lines(text, label)
        for _ in islice(lines, after):
            lines.begin()
        while True:
            lines.begin()
            line = next(lines, None)
            if line is None:
                return
            if lines.number == 1 and line.lstrip().startswith("["):
                raise FileUnreadableError("it is one JSON array, not JSON lines", "write one object a line")
            if line.strip():
                yield _row(line, lines, label, reading, decoder), lines.size


def _row(
    line: str, lines: Lines, label: str, reading: Reading, decoder: msgspec.json.Decoder[Any]
) -> dict[str, Any] | Reject:
    origin = f"{label}:{lines.number}"
    if lines.fault or "\\u0000" in line:
        return Reject(lines.raw, f"{origin}: {lines.fault or 'it holds NUL characters'}")
    try:
        found = decoder.decode(line)
        if isinstance(found, dict):
            row = {reading.named(name): plain(value, reading.decimal) for name, value in found.items()}
            return {**row, ORIGIN: origin}
        reason = f"a JSON {type(found).__name__} where an object should be"
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        reason = f"it is not JSON ({error})"
    return Reject(lines.raw, f"{origin}: {reason}")
