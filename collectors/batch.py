"""Pages that follow each other closely, on their way into one transaction."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from collectors.contract import Page, Stream
from collectors.decode import Decoded, decode, raw_text, refusal
from queries.records import Record
from queries.rejects import Reject
from queries.rows import Source


@contextmanager
def unswept() -> Iterator[None]:
    """Look for no garbage meanwhile: a batch makes rows by the ten thousand and never a circle of them."""
    sweeps = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if sweeps:
            gc.enable()


@dataclass(slots=True)
class Batch:
    """Pages that follow each other closely: they are stored and judged together."""

    pages: list[tuple[Page, Decoded]] = field(default_factory=list)
    read: int = 0
    since: float = 0.0

    def add(self, page: Page, decoded: Decoded) -> None:
        """One more page."""
        # what is read while the batch before is stored has not waited yet
        self.since = self.since if self.pages else time.monotonic()
        self.pages.append((page, decoded))
        self.read += len(page.rows) + len(page.rejects)

    def is_due(self, rows: int, seconds: float) -> bool:
        """Whether it holds so many rows, or the first of them has waited so long."""
        return self.read >= rows or time.monotonic() - self.since >= seconds

    def records(self) -> list[Record]:
        """The records of all pages, in the order in which they came."""
        return [record for _, decoded in self.pages for record in decoded.records]

    def gone(self) -> list[str]:
        """The ids that were deleted, in the order in which they came."""
        return [identifier for page, _ in self.pages for identifier in page.gone]


def refusals(
    stream: Stream, source: Source, batch: Batch, refused: Sequence[tuple[Record, str]]
) -> list[Reject]:
    """Rejects of records that cannot be kept, each with its row as it came: only that can be read again."""
    came: dict[tuple[str, datetime], str] = {}
    if refused:
        for row in (row for page, _ in batch.pages for row in page.rows):
            for record in decode(stream, source, [row]).records:
                came[record.id, record.source_updated_at] = raw_text(row)
    rejects = []
    for record, reason in refused:
        reject = refusal(stream, source, record, reason)
        rejects.append(reject._replace(raw=came.get((record.id, record.source_updated_at), reject.raw)))
    return rejects
