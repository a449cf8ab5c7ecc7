"""Ways in which an export can be less than perfect, while what is true of the firm stays the same.

* ``repeated_rows``: every seventh row stands in the file twice;
* ``shuffled_rows``: rows come in no order;
* ``unreadable_rows``: each file ends with a row that cannot be read and names nothing;
* ``stale_<system>``: the system's files are complete only up to three days before the others.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from random import Random

from sandbox.books import SYSTEMS

Row = list[str]

_EVERY = 7
_STALE = timedelta(days=3)
FAULTS = frozenset({"repeated_rows", "shuffled_rows", "unreadable_rows"}).union(
    f"stale_{name}" for name in SYSTEMS
)


def refuse_unknown(faults: Collection[str]) -> None:
    """Raise ValueError naming the faults there are, if one is asked for that is not among them."""
    unknown = sorted(set(faults) - FAULTS)
    if unknown:
        raise ValueError(f"no such fault: {', '.join(unknown)}; choose from {', '.join(sorted(FAULTS))}")


def spoil(rows: list[Row], faults: Collection[str], rng: Random) -> list[Row]:
    """The rows of one file, header left out, as a flawed export writes them."""
    found = list(rows)
    if "repeated_rows" in faults:
        found += found[::_EVERY]
    if "shuffled_rows" in faults:
        rng.shuffle(found)
    if "unreadable_rows" in faults and found:
        found.append(["" for _ in found[0]])
    return found


def complete_through(system: str, as_of: datetime, faults: Collection[str]) -> datetime:
    """Up to when the system's files are complete."""
    return as_of - _STALE if f"stale_{system}" in faults else as_of
