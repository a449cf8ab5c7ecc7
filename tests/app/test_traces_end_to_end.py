"""Spans sent by the real OpenTelemetry exporter stand in the trace of the engagement whose key they carry."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from app.processes import free_port
from tests.truth import firm


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = firm.make(tmp_path_factory.mktemp("firm"), 7, 60)
    firm.poll(found)
    return found


@pytest.fixture(scope="module")
def port(config: Path) -> Iterator[int]:
    chosen = free_port("127.0.0.1", 0)
    words = ["--config", str(config), "receiver", "--port", str(chosen)]
    process = subprocess.Popen([sys.executable, "-m", "app", *words], cwd=firm.ROOT)
    try:
        wait_until_healthy(chosen)
        yield chosen
    finally:
        process.terminate()
        process.wait(20)


def wait_until_healthy(port: int) -> None:
    for _ in range(300):
        try:
            if get(port, "/health")[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the receiver does not answer")


def get(port: int, path: str) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def a_finding(config: Path, check: str) -> dict[str, Any]:
    rows = json.loads(firm.command(config, "exceptions", "--check", check, "--json").stdout)
    return next(row for row in rows if row["check"] == check)


def test_exported_spans_stand_in_the_trace_of_their_engagement(config: Path, port: int) -> None:
    found = a_finding(config, "unbilled_approved_time")
    exporter = OTLPSpanExporter(f"http://127.0.0.1:{port}/v1/traces", compression=Compression.Gzip)
    provider = TracerProvider(resource=Resource.create({"service.name": "billing-bridge"}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("bridge")
    with tracer.start_as_current_span("time to billing") as outer:
        outer.set_attribute("sightglass.project.id", found["subject"]["id"])
        outer.set_attribute("sightglass.project.system", "psa")
        with tracer.start_as_current_span("POST /invoices"):
            pass
    provider.shutdown()

    answer = json.loads(firm.command(config, "trace", found["subject"]["id"], "--json").stdout)

    hop = next(hop for hop in answer["hops"] if hop["stage"] == "project")
    assert answer["engagement"] == found["engagement"]
    assert {span["name"] for span in hop["spans"]} == {"time to billing", "POST /invoices"}
    assert {span["service"] for span in hop["spans"]} == {"billing-bridge"}


def test_a_trace_id_opens_its_engagement(config: Path, port: int) -> None:
    found = a_finding(config, "project_awaiting_activation")
    body = {
        "resourceSpans": [{"scopeSpans": [{"spans": [{
            "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "deal won", "kind": 1,
            "startTimeUnixNano": "1795392000000000000", "endTimeUnixNano": "1795392001000000000",
            "attributes": [{"key": "sightglass.opportunity.id", "value": {"stringValue": found["subject"]["id"]}}],
        }]}]}]
    }  # fmt: skip
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/v1/traces", json.dumps(body), {"Content-Type": "application/json"})
    assert connection.getresponse().status == 200
    connection.close()

    answer = json.loads(firm.command(config, "trace", "5B8EFFF798038103D269B633813FC60C", "--json").stdout)

    assert answer["engagement"] == found["engagement"]


def test_the_api_says_what_the_command_line_says(config: Path, port: int) -> None:
    status, body = get(port, "/api/exceptions")

    assert status == 200
    assert json.loads(body) == json.loads(firm.command(config, "exceptions", "--json").stdout)
    metrics = get(port, "/metrics")[1].decode()
    assert 'sightglass_check_state{check="unbilled_approved_time",outcome="fail"} 1' in metrics


def test_an_id_nobody_knows_is_said_and_fails(config: Path) -> None:
    done = firm.command(config, "trace", "NO-SUCH-ID", check=False)

    assert done.returncode == 1
    assert "NO-SUCH-ID" in done.stdout
