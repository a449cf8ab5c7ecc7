"""Instants as a source wants to be asked by them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCHS = {"epoch": 1, "epoch_ms": 1000}
_HOUR = timedelta(hours=1)
#: later than this no zone can say
_LAST = datetime(9999, 12, 30, tzinfo=UTC)


def written(moment: datetime, pattern: str, zone: ZoneInfo) -> str | int:
    """The instant by a strftime pattern in ``zone``, or as ``epoch`` or ``epoch_ms``.

    In the hour before clocks are set back it is written as much earlier: what a source stamps in the hour
    that happens twice would otherwise come before what it is asked by.
    """
    if pattern in _EPOCHS:
        return int((moment - _EPOCH) / timedelta(seconds=1) * _EPOCHS[pattern])
    moment = min(moment, _LAST)
    local = moment.astimezone(zone)
    later = (moment + _HOUR).astimezone(zone)
    back = (local.utcoffset() or timedelta()) - (later.utcoffset() or timedelta())
    return (local.replace(tzinfo=None) - max(back, timedelta())).strftime(pattern)
