"""Canonical JSON lines straight to records: text to checked, typed values in one step, or not at all.

Nothing is lost by "not at all": whoever asks reads the same lines row by row then, with names set
right, empty values dropped, and a reason for each row that cannot be read.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, get_type_hints

import msgspec
from msgspec import Meta

from queries.records import KINDS, Record, Text

_NUL = b"\\u0000"
_Said = Annotated[str, Meta(min_length=1, max_length=4000)]


def records_of_lines(kind: str, text: bytes) -> list[Record] | None:
    """The records of lines that all say exactly what a kind knows; None when one of them does not."""
    # one byte is looked for many times faster than several
    if b"\\" in text and _NUL in text:
        return None
    try:
        records: list[Record] = _decoder(kind).decode_lines(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return records


@cache
def _decoder(kind: str) -> msgspec.json.Decoder[Any]:
    """Decodes what needs no closer look: no unknown field, which may be a known one under another
    spelling, and no empty text, which stands for no value.
    """
    known, hints = KINDS[kind], get_type_hints(KINDS[kind], include_extras=True)
    said = [
        (field.name, _Said | None, field.default) if field.default is None else (field.name, _Said)
        for field in msgspec.structs.fields(known)
        if hints[field.name] in (Text, Text | None)
    ]
    exact = msgspec.defstruct(
        f"Exact{known.__name__}", said, bases=(known,), forbid_unknown_fields=True, kw_only=True, gc=False
    )
    return msgspec.json.Decoder(exact, strict=False)
