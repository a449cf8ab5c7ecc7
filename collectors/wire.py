"""Canonical JSON lines straight to records: text to checked, typed values in one step, or not at all.

Nothing is lost by "not at all": whoever asks reads the same lines row by row then, with names set
right, empty values dropped, and a reason for each row that cannot be read.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Annotated, Any, NamedTuple, get_type_hints

import msgspec
from msgspec import Meta

from queries.fields import FIELDS, UNITS
from queries.record import Text
from queries.records import KINDS, Record

_NUL = b"\\u0000"
_Said = Annotated[str, Meta(min_length=1, max_length=4000)]


class _Reader(NamedTuple):
    """Decodes lines of one kind; ``numbers`` are left as written: field -> whether it must be there."""

    decoder: msgspec.json.Decoder[Any]
    numbers: dict[str, bool]


def records_of_lines(kind: str, text: bytes) -> list[Record] | None:
    """The records of lines that all say exactly what a kind knows; None when one of them does not."""
    # one byte is looked for many times faster than several
    if b"\\" in text and _NUL in text:
        return None
    reader = _reader(kind)
    try:
        records: list[Record] = reader.decoder.decode_lines(text)
        for name, required in reader.numbers.items():
            _read_numbers(records, name, required=required)
    except (msgspec.DecodeError, RecursionError, _UnfitError):
        return None
    return records


@cache
def _reader(kind: str) -> _Reader:
    """A decoder for what needs no closer look: no unknown field, which may be a known one under another
    spelling, and no empty text, which stands for no value.
    """
    known, hints = KINDS[kind], get_type_hints(KINDS[kind], include_extras=True)
    numbers = {f.name: f.required for f in msgspec.structs.fields(known) if FIELDS[kind].get(f.name) in UNITS}
    changed = [_field(field, Any) for field in msgspec.structs.fields(known) if field.name in numbers]
    changed += [
        _field(field, _Said if field.required else _Said | None)
        for field in msgspec.structs.fields(known)
        if hints[field.name] in (Text, Text | None)
    ]
    exact = msgspec.defstruct(
        f"Exact{known.__name__}", changed, bases=(known,), forbid_unknown_fields=True, kw_only=True, gc=False
    )
    return _Reader(msgspec.json.Decoder(exact, strict=False, float_hook=str), numbers)


def _field(field: Any, kind: Any) -> Any:
    return (field.name, kind) if field.required else (field.name, kind, field.default)


class _UnfitError(ValueError):
    """A value that needs the closer look."""


class _Numbers(dict[str | int, Decimal]):
    """Numbers by their writing: a page repeats its hours and rates, and making one costs as much as a row."""

    def __missing__(self, written: str | int) -> Decimal:
        try:
            number = self[written] = Decimal(written)
        except InvalidOperation:
            raise _UnfitError(written) from None
        return number


def _read_numbers(records: list[Record], name: str, *, required: bool) -> None:
    known = _Numbers()
    for record in records:
        written = getattr(record, name)
        if written.__class__ is str or written.__class__ is int:
            setattr(record, name, known[written])
        elif written is not None or required:
            raise _UnfitError(name)
