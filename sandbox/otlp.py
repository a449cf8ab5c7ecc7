"""OpenTelemetry's traces as JSON: spans of several services, and the request that exports them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

Json = dict[str, Any]

SERVER, CLIENT, PRODUCER, CONSUMER = 2, 3, 4, 5
ERROR = 2
_MILLISECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def nanoseconds(moment: datetime) -> int:
    """A moment as spans tell it, in whole milliseconds."""
    return (moment - _EPOCH) // timedelta(milliseconds=1) * _MILLISECOND


def attribute(key: str, value: str | int) -> Json:
    """An attribute with its type."""
    typed = {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}
    return {"key": key, "value": typed}


@dataclass(slots=True)
class Trace:
    """A trace being written: its id, its dice, the moment reached, and the spans of each service."""

    rng: Random
    id: str
    now: int
    spans: dict[str, list[Json]] = field(default_factory=dict)

    def span(
        self, service: str, name: str, kind: int, parent: Json | None, attributes: dict[str, str | int]
    ) -> Json:
        """Begin a span; it ends when :meth:`end` is called."""
        row: Json = {
            "traceId": self.id,
            "spanId": f"{self.rng.getrandbits(64):016x}",
            "name": name,
            "kind": kind,
            "startTimeUnixNano": str(self.now),
            "attributes": [attribute(key, value) for key, value in attributes.items()],
            "status": {},
        }
        if parent:
            row["parentSpanId"] = parent["spanId"]
        self.spans.setdefault(service, []).append(row)
        self.wait(1, 12)
        return row

    def end(self, row: Json, error: str = "") -> None:
        """End a span now, as an error if there is one to name."""
        self.wait(1, 9)
        row["endTimeUnixNano"] = str(self.now)
        if error:
            row["status"] = {"code": ERROR, "message": error}

    def wait(self, low: int, high: int) -> None:
        """Let some milliseconds pass."""
        self.now += self.rng.randint(low * 1000, high * 1000) * _MILLISECOND // 1000

    def request(self, scope: str) -> Json:
        """The ExportTraceServiceRequest of all spans."""
        named = {"name": scope, "version": "1"}
        return {
            "resourceSpans": [
                {
                    "resource": {"attributes": [attribute("service.name", service)]},
                    "scopeSpans": [{"scope": named, "spans": rows}],
                }
                for service, rows in self.spans.items()
            ]
        }
