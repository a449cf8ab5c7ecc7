"""CloudEvents 1.0 over HTTP, structured, batched or binary: what one says, and whether it came before."""

from __future__ import annotations

import base64
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
_REQUIRED = ("id", "source", "type", "specversion")
_MAX_LENGTH = 1024
_REMEMBERED = 10_000

Event = dict[str, Any]


class NotCloudEventsError(ValueError):
    """The request carries no CloudEvents at all."""


def events_in(body: bytes, media_type: str, headers: Mapping[str, str]) -> list[Event]:
    """The events of a request, each checked for the four attributes an event must have.

    ``headers`` have lower-case names. Raises NotCloudEventsError for another kind of request, ValueError
    with a sentence for events that cannot be read.
    """
    if media_type in {STRUCTURED, BATCH}:
        events = _read(body, media_type)
    elif "ce-specversion" in headers:
        events = [_binary(body, media_type, headers)]
    else:
        raise NotCloudEventsError(f"send CloudEvents as {STRUCTURED}, {BATCH}, or with ce- headers")
    for event in events:
        _check(event)
    return events


class Seen:
    """Remembers the newest events by source and id, so that one sent again is not acted on again."""

    def __init__(self, size: int = _REMEMBERED) -> None:
        self._size = size
        self._events: OrderedDict[tuple[str, str], None] = OrderedDict()

    @contextmanager
    def first(self, event: Event) -> Iterator[bool]:
        """Whether the event is new. It is forgotten again when acting on it fails."""
        identity = (event["source"], event["id"])
        if identity in self._events:
            yield False
            return
        self._events[identity] = None
        if len(self._events) > self._size:
            self._events.popitem(last=False)
        done = False
        try:
            yield True
            done = True
        finally:
            if not done:
                self._events.pop(identity, None)


def _read(body: bytes, media_type: str) -> list[Event]:
    try:
        if media_type == BATCH:
            return msgspec.json.decode(body, type=list[Event])
        return [msgspec.json.decode(body, type=Event)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"the body is not {media_type}: {error}") from error


def _binary(body: bytes, media_type: str, headers: Mapping[str, str]) -> Event:
    event: Event = {name[3:]: value for name, value in headers.items() if name.startswith("ce-")}
    if media_type == "application/json" and body:
        event |= {"datacontenttype": media_type, "data": _data(body)}
    elif body:
        event |= {"datacontenttype": media_type, "data_base64": base64.b64encode(body).decode()}
    return event


def _data(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"the event's data is not JSON: {error}") from error


def _check(event: Event) -> None:
    wrong = [
        name
        for name in _REQUIRED
        if not isinstance(event.get(name), str) or not 0 < len(event[name]) <= _MAX_LENGTH
    ]
    if wrong:
        raise ValueError(
            f"an event lacks {', '.join(wrong)}: each is a text of 1 to {_MAX_LENGTH} characters"
        )
    if event["specversion"] != "1.0":
        raise ValueError(f"an event is of version {event['specversion']!r}: send CloudEvents 1.0")
