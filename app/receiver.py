"""The receiver: traces and events come in here; health, metrics and answers as JSON go out.

It knows the store only through the callables it is given, and runs them in threads: a locked store
delays one request, not the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from app.cloudevents import Event
from app.door import Door, Guard, check_bind, problem
from app.intake import Events, Limits, StoreWrite, Traces
from queries.errors import StoreError

__all__ = ["Hooks", "Limits", "check_bind", "receiver"]

Read = Callable[[Mapping[str, str]], Any]
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the receiver asks the rest of Sightglass; each is called in a thread.

    ``ready`` answers None, or why not. ``metrics`` answers Prometheus text. ``on_event`` acts on a
    CloudEvent, told as its attributes. ``reads`` maps exceptions, checks, systems, kpis and trace to
    functions of the request's parameters: None means not found, ValueError a bad parameter.
    """

    ready: Callable[[], str | None] = lambda: None
    metrics: Callable[[], str] = lambda: ""
    on_event: Callable[[Event], object] | None = None
    reads: Mapping[str, Read] = field(default_factory=dict)


def receiver(
    store_write: StoreWrite,
    hooks: Hooks | None = None,
    *,
    token: str | None = None,
    attributes: Mapping[str, str] | None = None,
    limits: Limits | None = None,
) -> Starlette:
    """The web application.

    ``store_write`` keeps spans and their keys; a StoreError from it makes the sender try again.
    ``token`` is asked for as a bearer token, by all but the probes. ``attributes`` maps a firm's own
    attributes to the kind of record they name; ValueError for a kind there is not.
    """
    hooks, limits, door = hooks or Hooks(), limits or Limits(), Door(token)
    traces = Traces(store_write, attributes, limits)
    answers = _Answers(hooks, door, traces.counts)
    routes = [
        Route("/v1/traces", traces.post, methods=["POST"]),
        Route("/v1/metrics", _not_kept, methods=["POST"]),
        Route("/v1/logs", _not_kept, methods=["POST"]),
        Route("/v1/events", Events(hooks.on_event, limits).post, methods=["POST"]),
        Route("/health", answers.health),
        Route("/metrics", answers.metrics),
        Route("/api/ready", answers.ready),
        *(Route(f"/api/{name}", answers.read(name)) for name in ("exceptions", "checks", "systems", "kpis")),
        Route("/api/trace/{id:path}", answers.read("trace")),
    ]
    return Starlette(routes=routes, middleware=[Middleware(Guard, door)])


async def _not_kept(request: Request) -> Response:
    signal = request.url.path.rpartition("/")[2]
    return problem(request, 404, f"Sightglass keeps traces only: send {signal} elsewhere, or switch them off")


class _Answers:
    """What goes out: probes, metrics, and the read-only API."""

    def __init__(self, hooks: Hooks, door: Door, counts: Counter[tuple[str, str]]) -> None:
        self._hooks = hooks
        self._door = door
        self._counts = counts

    async def health(self, _request: Request) -> Response:
        """The process runs."""
        return JSONResponse({"status": "ok"})

    async def ready(self, request: Request) -> Response:
        """Whether the store can be used; why not is told to whoever may come in."""
        try:
            reason = await run_in_threadpool(self._hooks.ready)
        except StoreError as error:
            reason = str(error)
        told = {"reason": reason} if reason and self._door.refusal(request.headers) is None else {}
        return JSONResponse({"ready": reason is None, **told}, 503 if reason else 200)

    async def metrics(self, request: Request) -> Response:
        """Prometheus text: Sightglass's own, then what this receiver counted since it started."""
        try:
            text = await run_in_threadpool(self._hooks.metrics)
        except StoreError as error:
            return problem(request, 503, str(error), {"Retry-After": "1"})
        return PlainTextResponse("".join((text, *_counted(self._counts))), media_type=PROMETHEUS)

    def read(self, name: str) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint of one read function."""

        async def endpoint(request: Request) -> Response:
            function = self._hooks.reads.get(name)
            if function is None:
                return problem(request, 404, f"this receiver answers no {name}")
            try:
                found = await run_in_threadpool(function, {**request.query_params, **request.path_params})
            except StoreError as error:
                return problem(request, 503, str(error), {"Retry-After": "1"})
            except ValueError as error:
                return problem(request, 400, str(error))
            if found is None:
                return problem(request, 404, f"no {name} of that id is known")
            return Response(msgspec.json.encode(found), media_type="application/json")

        return endpoint


def _counted(counts: Mapping[tuple[str, str], int]) -> list[str]:
    labels = {"spans": "outcome", "requests": "status"}
    lines = []
    for subject, label in labels.items():
        name = f"sightglass_receiver_{subject}_total"
        lines.append(f"# TYPE {name} counter\n")
        found = sorted((value, times) for (counted, value), times in counts.items() if counted == subject)
        lines += [f'{name}{{{label}="{value}"}} {times}\n' for value, times in found]
    return lines
