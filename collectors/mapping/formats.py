"""How an export writes things down, as data: encoding, marks, date patterns, zone, words.

A system has one :class:`Format`; a stream may override single keys of it (:func:`inherit`).
"""

from __future__ import annotations

import codecs
import contextlib
import re
from datetime import date, datetime
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

#: keys that say how the bytes of a file are cut, not how a value is written
_TRANSPORT = frozenset({"encoding", "delimiter"})
#: patterns for instants given as a count since 1970; ODATA stands for the form /Date(ms)/ of OData V2
ODATA = "odata_ms"
EPOCHS = {"epoch": 1, "epoch_ms": 1000, ODATA: 1000}


class Strict(BaseModel):
    """A model that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Format(Strict):
    """Local writing. Without any key: ISO 8601, decimal point, true/false, empty means nothing.

    ``dates`` and ``instants`` are strptime patterns, tried in order; ISO 8601 is always read too, and an
    instant may be ``epoch``, ``epoch_ms`` or ``odata_ms`` (/Date(ms)/, whose day is the one written, and
    which is UTC unless ``zone`` says otherwise). ``zone`` is where an instant without a zone was written.
    ``encoding`` and ``delimiter`` matter to files only; left out, both are found out.
    """

    encoding: str | None = None
    delimiter: str | None = None
    decimal: str = "."
    thousands: str = ""
    dates: tuple[str, ...] = ()
    instants: tuple[str, ...] = ()
    zone: str | None = None
    true: tuple[str, ...] = ("true", "t", "yes", "y", "1")
    false: tuple[str, ...] = ("false", "f", "no", "n", "0")
    nothing: tuple[str, ...] = ("",)

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, name: str | None) -> str | None:
        if name is not None:
            try:
                "".encode(codecs.lookup(name).name)
            except LookupError:
                raise ValueError(f"{name!r} is not a text encoding: try utf-8, utf-16 or cp1252") from None
        return name

    @field_validator("delimiter")
    @classmethod
    def _one_delimiter(cls, mark: str | None) -> str | None:
        if mark is not None and (len(mark) != 1 or mark in '"\r\n\0'):
            raise ValueError(f"{mark!r} cannot part columns: give one character, such as ';' or a tab")
        return mark

    @field_validator("dates", "instants")
    @classmethod
    def _readable_patterns(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            if pattern not in EPOCHS and not _round_trips(pattern):
                raise ValueError(f"{pattern!r} is not a strptime pattern with year, month and day")
        return patterns

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, name: str | None) -> str | None:
        if name is not None:
            try:
                ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                raise ValueError(f"{name!r} is not a time zone: give one such as Europe/Berlin") from None
        return name

    @model_validator(mode="after")
    def _unambiguous(self) -> Self:
        if len(self.decimal) != 1 or len(self.thousands) > 1 or self.decimal == self.thousands:
            raise ValueError("decimal and thousands must be two different single characters")
        if re.match(r"[\d+\-()]", self.decimal + self.thousands):
            raise ValueError("decimal and thousands cannot be digits, signs or brackets")
        both = {word.casefold() for word in self.true} & {word.casefold() for word in self.false}
        if both:
            raise ValueError(f"{sorted(both)} cannot mean both true and false")
        return self

    @property
    def is_local(self) -> bool:
        """Whether any value may be written otherwise than in the canonical form."""
        return bool(self.model_fields_set - _TRANSPORT)


def inherit(system: Format, stream: Format) -> Format:
    """The stream's format: what it says itself, else what the system says."""
    said = {**_said(system), **_said(stream)}
    return Format.model_validate(said)


def _said(fmt: Format) -> dict[str, object]:
    return fmt.model_dump(include=fmt.model_fields_set)


def _round_trips(pattern: str) -> bool:
    moment = datetime(2001, 2, 3, 4, 5, 6)  # noqa: DTZ001 - only tries the pattern
    with contextlib.suppress(ValueError, re.error):
        back = datetime.strptime(moment.strftime(pattern), pattern)  # noqa: DTZ007 - likewise
        return back.date() == date(2001, 2, 3)
    return False
