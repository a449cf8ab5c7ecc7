"""Sightglass's own spans, by OpenTelemetry's own SDK, in the store they are about."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry import trace
from sqlalchemy import Engine

from app.telemetry import tracing
from queries.store import open_engine
from tests.app.serving import in_trace, keeping, naming

_TRACER = trace.get_tracer("sightglass.collectors")


@pytest.fixture
def store(sqlite_store_url: str) -> Iterator[Engine]:
    opened = open_engine(sqlite_store_url)
    yield opened
    opened.dispose()


def poll(project: str = "P1") -> str:
    """Some work worth tracing; its trace id."""
    with _TRACER.start_as_current_span(
        "poll psa.projects", attributes={"sightglass.project.id": project}
    ) as outer:
        outer.add_event("page", {"rows": 200})
        with _TRACER.start_as_current_span("store", kind=trace.SpanKind.CLIENT) as inner:
            inner.set_status(trace.StatusCode.ERROR, "refused")
    return f"{outer.get_span_context().trace_id:032x}"


def test_work_is_in_the_store_when_the_block_ends(store: Engine) -> None:
    with tracing(keeping(store)):
        trace_id = poll()

    outer, inner = in_trace(store, trace_id)
    assert (outer.service, outer.scope, outer.kind, outer.status) == (
        "sightglass",
        "sightglass.collectors",
        1,
        0,
    )
    assert (inner.parent_span_id, inner.kind, inner.status, inner.status_message) == (
        outer.span_id,
        3,
        2,
        "refused",
    )
    assert json.loads(outer.events)[0]["attributes"] == {"rows": 200}
    assert "service.version" in json.loads(outer.resource)
    assert naming(store, "project", "P1") == [outer]


def test_a_process_may_be_traced_again_later(store: Engine) -> None:
    with tracing(keeping(store)):
        first = poll()
    unseen = poll()
    with tracing(keeping(store)):
        second = poll()

    assert [len(in_trace(store, trace_id)) for trace_id in (first, unseen, second)] == [2, 0, 2]


def test_one_process_has_one_tracing_at_a_time(store: Engine) -> None:
    with tracing(keeping(store)):
        with pytest.raises(RuntimeError, match="traced already"), tracing(keeping(store)):
            pass
        trace_id = poll()

    assert len(in_trace(store, trace_id)) == 2


def test_a_store_that_fails_stops_no_work_and_is_told_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = open_engine(f"sqlite:///{tmp_path}/missing/store.db")
    with caplog.at_level(logging.WARNING, "sightglass.telemetry"), tracing(keeping(nowhere)) as exporter:
        poll()

    assert exporter.lost == 2
    assert "2 of our own spans were not stored" in caplog.text


def test_spans_are_stored_while_the_work_goes_on(store: Engine) -> None:
    with tracing(keeping(store), delay_s=0.05):
        trace_id = poll()
        deadline = time.monotonic() + 10
        while not in_trace(store, trace_id):
            assert time.monotonic() < deadline
            time.sleep(0.02)
