"""The receiver process: the receiver's hooks wired to the store, and uvicorn around it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import uvicorn

from app import kpi_report, report
from app.bootstrap import App
from app.cloudevents import Event
from app.receiver import Hooks, Limits, check_bind, receiver
from app.worker import guarded, poll_one
from collectors.errors import ConfigError
from collectors.ways import Ways
from queries import journey
from queries.exceptions import Filters
from queries.spans import SpanKey, SpanRow, store_spans
from queries.store import check_schema, reading, writing

_LOG = logging.getLogger(__name__)


class Wiring:
    """What the receiver asks of the store."""

    def __init__(self, app: App) -> None:
        self.app = app
        # one poll at a time: an event only brings the next poll forward
        self.polls = ThreadPoolExecutor(1, thread_name_prefix="event")
        self.ways = Ways()

    def store(self, spans: Sequence[SpanRow], keys: Sequence[SpanKey]) -> None:
        """Keep spans, in one transaction."""
        with writing(self.app.engine) as connection:
            store_spans(connection, spans, keys, self.app.now())

    def ready(self) -> str | None:
        """Why the store cannot be used, if it cannot."""
        check_schema(self.app.engine)
        return None

    def metrics(self) -> str:
        """Every stream's and every check's state as Prometheus text."""
        with reading(self.app.engine) as connection:
            return report.prometheus(connection, self.app.rules, self.app.now())

    def on_event(self, event: Event) -> None:
        """Poll what an event is about now: ``source`` ends in a system's name, ``type`` names a stream."""
        name = str(event["source"]).rstrip("/").rpartition("/")[2]
        configured = next((c for c in self.app.systems if c.name == name), None)
        if configured is None:
            raise ValueError(
                f"event source {name!r} is no configured system: use one of {', '.join(self.app.streams)}"
            )
        words = set(str(event["type"]).split("."))
        named = [s for s in self.app.streams[name] if s.name in words]
        for stream in named or self.app.streams[name]:
            work = partial(poll_one, ways=self.ways, configured=configured, stream=stream)
            self.polls.submit(guarded(work, self.app))

    def exceptions(self, query: Mapping[str, str]) -> Any:
        """Open exceptions."""
        names = {"check", "legal_entity", "engagement", "currency", "owner"}
        unknown = set(query) - names
        if unknown:
            raise ValueError(
                f"unknown parameter {', '.join(sorted(unknown))}: use {', '.join(sorted(names))}"
            )
        with reading(self.app.engine) as connection:
            return report.exception_list(connection, Filters(**query))  # type: ignore[arg-type]

    def checks(self, _query: Mapping[str, str]) -> Any:
        """Every check."""
        with reading(self.app.engine) as connection:
            return report.check_list(connection, self.app.rules)

    def systems(self, _query: Mapping[str, str]) -> Any:
        """Every stream."""
        with reading(self.app.engine) as connection:
            return report.system_list(connection, self.app.now())

    def kpis(self, query: Mapping[str, str]) -> Any:
        """Every KPI of a period."""
        unknown = set(query) - {"period", "legal_entity"}
        if unknown:
            raise ValueError(f"unknown parameter {', '.join(sorted(unknown))}: use legal_entity, period")
        with reading(self.app.engine) as connection:
            asked = (query.get("period"), query.get("legal_entity"))
            return kpi_report.kpi_list(
                connection, self.app.now(), kpi_report.terms(self.app.settings), *asked
            )

    def trace(self, query: Mapping[str, str]) -> Any:
        """The way of one engagement by any id."""
        with reading(self.app.engine) as connection:
            found = journey.resolve(connection, query["id"])
            return report.trace(connection, found[0], other=found[1:]) if found else None


def serve(app: App, host: str | None = None, port: int | None = None) -> None:
    """Listen until told to stop. Raises ConfigError for an address that needs a token."""
    settings = app.settings.receiver
    host, port = host or settings.host, port or settings.port
    token = settings.secret()
    try:
        check_bind(host, token)
        wiring = Wiring(app)
        reads = {name: getattr(wiring, name) for name in ("exceptions", "checks", "systems", "kpis", "trace")}
        hooks = Hooks(wiring.ready, wiring.metrics, wiring.on_event, reads)
        limits = Limits(body=settings.max_bytes)
        application = receiver(
            wiring.store, hooks, token=token, attributes=app.settings.traces.keys, limits=limits
        )
    except ValueError as error:
        raise ConfigError(str(error)) from error
    _LOG.info("receiver on http://%s:%d", host, port)
    uvicorn.run(application, host=host, port=port, log_config=None, access_log=False)
