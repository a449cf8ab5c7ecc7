"""Text out of a file, line by line: gzip, byte order marks, damaged bytes, endless lines.

:class:`Lines` feeds a parser and remembers the lines of the record it is in, so that one stray quote
costs its own line and not the rest of the file.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Self, TextIO

#: characters one record may have: far above a cell of 1 MB, far below what memory minds
LONGEST = 4 * 2**20
_RAW_KEPT = 100_000
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: these codecs insist on a mark of their own; without one, such exports are little-endian
_NEEDS_MARK = {"utf-16": "utf-16-le", "utf-32": "utf-32-le"}
_CUT = "\0\0"
_NUL = "it holds NUL bytes: if the file is UTF-16, set encoding in the format"
_UNDECODED = "it holds bytes that are not text in this encoding: set encoding in the format"
_ENDLESS = f"it is a line of more than {LONGEST} characters"


class Reject(NamedTuple):
    """Text that is no row, and why."""

    raw: str
    reason: str


class RestUnreadableError(Exception):
    """From here on the file cannot be read; what came before it can."""

    def __init__(self, raw: str, reason: str) -> None:
        super().__init__(reason)
        self.reject = Reject(kept(raw), reason)


class FileUnreadableError(Exception):
    """The file as a whole is not what it should be."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.remedy = remedy


def kept(raw: str) -> str:
    """Raw text as quarantine can keep it: without NUL, and not without end."""
    return raw.rstrip("\r\n").replace("\0", "\u2400")[:_RAW_KEPT]


def open_text(path: Path, label: str, encoding: str | None) -> TextIO:
    """The file as text, gzip undone. Without a configured encoding: its mark's, else UTF-8.

    Bytes that do not decode become U+FFFD, which :class:`Lines` reports.
    """
    buffer = gzip.GzipFile(path) if path.suffix.lower() == ".gz" else path.open("rb")
    try:
        start = buffer.peek(4)[:4]
    except gzip.BadGzipFile as error:
        buffer.close()
        raise FileUnreadableError(f"it is not gzip ({error})", "rename it or compress it again") from None
    except (EOFError, zlib.error) as error:
        buffer.close()
        raise RestUnreadableError(label, f"{label}: the compressed file ends early ({error})") from None
    return io.TextIOWrapper(buffer, encoding=_encoding(start, encoding), errors="replace", newline="")


def _encoding(start: bytes, configured: str | None) -> str:
    marked = next((name for mark, name in _BOMS if start.startswith(mark)), None)
    if configured is None:
        return marked or "utf-8"
    name = codecs.lookup(configured).name
    if name == "utf-8":
        return "utf-8-sig"
    return name if marked else _NEEDS_MARK.get(name, name)


class Lines:
    """Lines of a text, one record at a time.

    ``record`` are the lines handed out since :meth:`begin`, ``fault`` says what is wrong with one of
    them, ``cut`` that the record became longer than any record is.
    """

    def __init__(self, text: TextIO, label: str) -> None:
        self._text = text
        self._label = label
        self._again: deque[str] = deque()
        self.number = 0
        self.begin()

    def begin(self) -> None:
        """A new record starts with the next line."""
        self.record: list[str] = []
        self.size = 0
        self.fault = ""
        self.cut = False

    def retry(self) -> None:
        """Hand out all lines of this record but the first once more: the first was no record."""
        self._again.extendleft(reversed(self.record[1:]))
        self.number -= len(self.record) - 1

    def again(self) -> None:
        """Hand out this record once more, its first line included."""
        self._again.extendleft(reversed(self.record))
        self.number -= len(self.record)
        self.begin()

    @property
    def first(self) -> int:
        """The number of the record's first line."""
        return self.number - max(len(self.record) - 1, 0)

    @property
    def raw(self) -> str:
        """The record's first line, as quarantine keeps it."""
        return kept(self.record[0]) if self.record else ""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read()
        if not line:
            raise StopIteration
        if self.record and self.size + len(line) > LONGEST:
            self._again.appendleft(line)
            self.cut = True
            raise StopIteration
        self.number += 1
        self.size += len(line)
        self.record.append(line)
        if "\0" in line:
            self.fault = _ENDLESS if line.endswith(_CUT) else _NUL
        elif "\ufffd" in line:
            self.fault = _UNDECODED
        return line

    def _read(self) -> str:
        try:
            line = self._text.readline(LONGEST)
            if len(line) == LONGEST and not line.endswith(("\n", "\r")):
                self._skip_to_end_of_line()
                line = line[:_RAW_KEPT] + _CUT
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            reason = f"{self._label}: from line {self.number + 1} on: the file ends early ({error})"
            raise RestUnreadableError(self._label, reason) from None
        return line

    def _skip_to_end_of_line(self) -> None:
        with suppress(StopIteration):
            while (rest := self._text.readline(LONGEST)) and not rest.endswith(("\n", "\r")):
                continue
