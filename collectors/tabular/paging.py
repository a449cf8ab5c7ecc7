"""Items of a file gathered into pages of bounded length and weight."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from collectors.mapping import FAULT, ORIGIN
from collectors.tabular.delimited import Item
from collectors.tabular.source import Reject, RestUnreadableError

PAGE_ROWS = 5_000
PAGE_CHARACTERS = 16 * 2**20


@dataclass(slots=True)
class Batch:
    """Some rows, what between them was none, and whether the file broke off after them."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    broken: bool = False

    @property
    def faults(self) -> list[str]:
        """What is wrong with rows and with what is none, in words."""
        faults = [f"{row[ORIGIN]}: {row[FAULT]}" for row in self.rows if FAULT in row]
        return faults + [reject.reason for reject in self.rejects]


def batches(items: Iterator[Item]) -> Iterator[Batch]:
    """Batches of at most 5,000 items or 16 M characters; the last one says if the file broke off."""
    batch, size, count = Batch(), 0, 0
    try:
        for item, weight in items:
            if isinstance(item, Reject):
                batch.rejects.append(item)
            else:
                batch.rows.append(item)
            size += weight
            count += 1
            if count >= PAGE_ROWS or size >= PAGE_CHARACTERS:
                yield batch
                batch, size, count = Batch(), 0, 0
    except RestUnreadableError as error:
        batch.rejects.append(error.reject)
        batch.broken = True
    if count or batch.broken:
        yield batch
