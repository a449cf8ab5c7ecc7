"""Approved time that no invoice relieves, past its billing day: worked out in :mod:`sandbox.relief`."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.relief import unbilled_time

KEY = "unbilled_approved_time"


def gaps(books: Books) -> Iterator[Gap]:
    """Sums of open value per project, contract line and currency, of entries past the threshold only."""
    return unbilled_time(books)
