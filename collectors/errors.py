"""What can go wrong while collecting, named by what happens next.

Every message names the system, the stream and the remedy; secrets never appear in one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any


class CollectorError(Exception):
    """The root: never raised itself."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(f"{message}. Remedy: {remedy}" if remedy else message)


class ConfigError(CollectorError):
    """Wrong settings: stop at start and say which key."""


class RetriableError(CollectorError):
    """Try again after a pause; ``after`` is what the source asked for, in seconds."""

    def __init__(self, message: str, *, remedy: str = "", after: float | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.after = after


class SkippableError(CollectorError):
    """One record cannot be read: quarantine it and go on.

    ``fields`` is what could be read of it all the same, by canonical name: whoever it names is then
    known to be in doubt.
    """

    def __init__(self, message: str, *, remedy: str = "", fields: Mapping[str, Any] | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.fields = dict(fields or {})


class FatalError(CollectorError):
    """This stream cannot be read: stop it, the others go on."""


class StopError(FatalError):
    """The whole system asks to be left alone ``until`` then: an allowance is used up."""

    def __init__(self, message: str, until: datetime, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.until = until
