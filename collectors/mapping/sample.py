"""What a mapping could not read in a sample of rows, before it is used on all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from collectors.errors import FatalError
from collectors.mapping.compiling import VERSION, Mapped
from collectors.mapping.picking import Row, from_path
from collectors.mapping.rules import StreamMapping
from collectors.mapping.values import UnreadError

#: rows looked at before a mapping is used
SAMPLE = 100
#: with fewer rows than this a bad sample says more about the rows than about the mapping
_ENOUGH = 10
_SHOWN_PER_FIELD = 10


def check_sample(mapped: Mapped, rows: Sequence[Row]) -> list[str]:
    """Problems, one sentence each: columns that do not exist, values without translation, dates that
    do not parse, required fields that stay empty. An empty list means every row was read.
    """
    if not rows:
        return ["the sample holds no row"]
    return [*_absent(mapped, rows), *_unread(mapped, rows)]


def missing_columns(mapped: Mapped, columns: Collection[str]) -> list[str]:
    """The columns a mapping reads that a header does not have."""
    return sorted(mapped.columns - set(columns))


def absent_columns(mapping: StreamMapping, mapped: Mapped, columns: Collection[str]) -> list[str]:
    """What a table lacks to be read at all: mapped columns, and required ones it should have by name."""
    by_name = set(mapped.required) - {VERSION} if mapping.is_by_name else set()
    return sorted(by_name - set(mapping.fields) - set(columns)) + missing_columns(mapped, columns)


def refuse_unfit(mapped: Mapped, rows: Sequence[Row]) -> None:
    """Raise FatalError with the problems when a mapping reads not one of the first rows."""
    sample = rows[:SAMPLE]
    if len(sample) >= _ENOUGH and not any(_is_read(mapped, row) for row in sample):
        problems = "; ".join(check_sample(mapped, sample)[:_SHOWN_PER_FIELD])
        raise FatalError(
            f"{mapped.where}: the mapping reads none of the first {len(sample)} rows: {problems}",
            remedy="correct the stream's mapping or format",
        )


def _absent(mapped: Mapped, rows: Sequence[Row]) -> Iterator[str]:
    present = {column for row in rows for column in row}
    known = ", ".join(repr(column) for column in sorted(present)[:30])
    for column in missing_columns(mapped, sorted(present)):
        yield f"column {column!r} does not exist; the sample has {known}"
    for path in sorted(mapped.paths):
        pick = from_path(path, frozenset())
        if all(pick(row) is None for row in rows):
            yield f"path {path!r} finds nothing in any of {len(rows)} rows"


def _unread(mapped: Mapped, rows: Sequence[Row]) -> Iterator[str]:
    for name, read in mapped.readers.items():
        found: Counter[str] = Counter()
        for row in rows:
            try:
                if read(row) is None and name in mapped.required - {VERSION}:
                    found["it is empty, and must not be"] += 1
            except UnreadError as problem:
                found[str(problem)] += 1
        yield from _told(name, found, len(rows))
    if mapped.deleted is not None:
        yield from _told("deleted", _tested(mapped, rows), len(rows))


def _tested(mapped: Mapped, rows: Sequence[Row]) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in rows:
        try:
            _ = mapped.deleted is not None and mapped.deleted(row)
        except UnreadError as problem:
            found[str(problem)] += 1
    return found


def _told(name: str, found: Counter[str], rows: int) -> Iterator[str]:
    for text, count in found.most_common(_SHOWN_PER_FIELD):
        yield f"{name}: {text} ({count} of {rows} rows)"
    if len(found) > _SHOWN_PER_FIELD:
        yield f"{name}: and {len(found) - _SHOWN_PER_FIELD} other values that cannot be read"


def _is_read(mapped: Mapped, row: Row) -> bool:
    try:
        for read in mapped.readers.values():
            read(row)
        return mapped.identify(row) is not None
    except UnreadError:
        return False
