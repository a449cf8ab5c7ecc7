"""The mapping engine of the generic systems: from a row as somebody else writes it to a canonical record.

A mapping is data (:class:`StreamMapping`), compiled once (:func:`compile_mapping`) and checked against a
sample before it is used (:func:`check_sample`). ``docs/mapping.md`` says what may be written.
"""

from __future__ import annotations

from collectors.mapping.canonical import canonical_name, canonical_parser, known_columns
from collectors.mapping.compiling import FALLBACK, FAULT, ORIGIN, Mapped, check_streams, compile_mapping
from collectors.mapping.formats import Format, Strict, inherit
from collectors.mapping.rules import StreamMapping, fingerprint
from collectors.mapping.sample import SAMPLE, absent_columns, check_sample, refuse_unfit
from collectors.mapping.values import UnreadError, exact_text, instant_reader, plain

__all__ = [
    "FALLBACK",
    "FAULT",
    "ORIGIN",
    "SAMPLE",
    "Format",
    "Mapped",
    "StreamMapping",
    "Strict",
    "UnreadError",
    "absent_columns",
    "canonical_name",
    "canonical_parser",
    "check_sample",
    "check_streams",
    "compile_mapping",
    "exact_text",
    "fingerprint",
    "inherit",
    "instant_reader",
    "known_columns",
    "plain",
    "refuse_unfit",
]
