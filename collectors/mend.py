"""Making what a sender wrote storable: text, numbers and sizes, with a note of everything changed.

A store cannot keep NUL or half a surrogate pair, JSON cannot keep NaN, and a row must not grow without
bound. Nothing is refused for that: it is mended, and counted by name in :attr:`Mender.flags`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from itertools import islice
from math import isfinite
from typing import Any

import msgspec

MAX_ATTRIBUTES = 128
MAX_VALUE_BYTES = 4096
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_REPLACEMENT = "�"


class Mender:
    """Mends the parts of one span, and remembers in ``flags`` what it did: name -> how often."""

    __slots__ = ("flags",)

    def __init__(self, flags: Mapping[str, int] | None = None) -> None:
        self.flags: dict[str, int] = dict(flags or {})

    def flag(self, name: str, times: int = 1) -> None:
        """Note that something was mended."""
        self.flags[name] = self.flags.get(name, 0) + times

    def text(self, text: str) -> str:
        """The text as every engine can store it, at most MAX_VALUE_BYTES long in UTF-8."""
        if text.isascii() and len(text) <= MAX_VALUE_BYTES and "\0" not in text:
            return text
        return self._cut(self._clean(text))

    def value(self, value: Any) -> Any:
        """An attribute's value as JSON can carry it; what is too long becomes the start of its text."""
        kind = type(value)
        if kind is str:
            return self.text(value)
        if kind is int or kind is bool:
            return value
        plain = self._plain(value)
        if type(plain) not in {dict, list, str}:
            return plain
        encoded = msgspec.json.encode(plain)
        return plain if len(encoded) <= MAX_VALUE_BYTES else self._cut(encoded.decode())

    def attributes(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """The first MAX_ATTRIBUTES attributes, each mended."""
        items: Iterable[tuple[str, Any]] = attributes.items()
        if len(attributes) > MAX_ATTRIBUTES:
            self.flag("attributes_dropped", len(attributes) - MAX_ATTRIBUTES)
            items = islice(items, MAX_ATTRIBUTES)
        return {self.text(name): self.value(value) for name, value in items}

    def _clean(self, text: str) -> str:
        clean, replaced = _UNSTORABLE.subn(_REPLACEMENT, text)
        if replaced:
            self.flag("text_replaced", replaced)
        return clean

    def _cut(self, text: str) -> str:
        encoded = text.encode()
        if len(encoded) <= MAX_VALUE_BYTES:
            return text
        self.flag("value_cut")
        return encoded[:MAX_VALUE_BYTES].decode(errors="ignore")

    def _plain(self, value: Any) -> Any:
        plain: Any = None
        match value:
            case None | bool() | int():
                plain = value
            case str():
                plain = self._clean(value)
            case float():
                plain = value if isfinite(value) else _named(value)
            case bytes():
                plain = base64.b64encode(value).decode()
            case Mapping():
                plain = {self._clean(str(key)): self._plain(part) for key, part in value.items()}
            case list() | tuple():
                plain = [self._plain(part) for part in value]
            case _:
                self.flag("value_unknown")
        return plain


def _named(value: float) -> str:
    # The names protobuf's own JSON gives them, so that they read alike whichever way they came.
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"  # noqa: PLR0124 - NaN is what differs from itself
