"""Instants as a source wants to be asked by them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCHS = {"epoch": timedelta(seconds=1), "epoch_ms": timedelta(milliseconds=1)}
_HOUR = timedelta(hours=1)
#: later than this no zone can say
_LAST = datetime(9999, 12, 30, tzinfo=UTC)


def written(moment: datetime, pattern: str, zone: ZoneInfo) -> str | int:
    """The instant by a strftime pattern in ``zone``, or as ``epoch`` or ``epoch_ms`` (``_text``: as text).

    In the hour before clocks are set back it is written as much earlier: what a source stamps in the hour
    that happens twice would otherwise come before what it is asked by.
    """
    if (unit := _EPOCHS.get(pattern.removesuffix("_text"))) is not None:
        count = (moment - _EPOCH) // unit
        return str(count) if pattern.endswith("_text") else count
    moment = min(moment, _LAST)
    local = moment.astimezone(zone)
    later = (moment + _HOUR).astimezone(zone)
    back = (local.utcoffset() or timedelta()) - (later.utcoffset() or timedelta())
    return (local.replace(tzinfo=None) - max(back, timedelta())).strftime(pattern)


def stretch(since: datetime, until: datetime, pattern: str, zone: ZoneInfo) -> dict[str, str | int]:
    """A stretch of time; in autumn, when an hour's stamps come again, as wide as either passage makes it."""
    begin, end = written(since, pattern, zone), written(until, pattern, zone)
    if isinstance(end, str) and pattern not in _EPOCHS and not pattern.endswith("_text"):
        offsets = [
            min(moment, _LAST).astimezone(zone).utcoffset() or timedelta() for moment in (since, until)
        ]
        end = (min(until, _LAST).astimezone(UTC) + max(offsets)).strftime(pattern)
    return {"since": begin, "until": end}
