"""The middleware's traces are valid OTLP/JSON and carry business keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.firm import Firm, build
from sandbox.spans import spans
from sandbox.truths import truth

AS_OF = datetime(2026, 11, 20, 18, tzinfo=UTC)

Json = dict[str, Any]


@pytest.fixture(scope="module")
def firm() -> Firm:
    return build(7, 200, AS_OF)


@pytest.fixture(scope="module")
def requests(firm: Firm) -> list[Json]:
    return spans(firm)


def _spans(request: Json) -> Iterator[Json]:
    for resource in request["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            yield from scope["spans"]


def _values(span: Json) -> dict[str, str]:
    return {item["key"]: next(iter(item["value"].values())) for item in span["attributes"]}


def test_a_request_is_one_connected_trace(requests: list[Json]) -> None:
    for request in requests:
        rows = list(_spans(request))
        assert len({row["traceId"] for row in rows}) == 1
        ids = {row["spanId"] for row in rows}
        assert len(ids) == len(rows)
        assert [row["parentSpanId"] in ids for row in rows if "parentSpanId" in row] == [True] * (
            len(rows) - 1
        )


def test_ids_are_hex_and_time_runs_forward_and_ends_before_the_exports(requests: list[Json]) -> None:
    end = int(AS_OF.timestamp()) * 10**9
    for row in (row for request in requests for row in _spans(request)):
        assert re.fullmatch("[0-9a-f]{32}", row["traceId"])
        assert re.fullmatch("[0-9a-f]{16}", row["spanId"])
        assert int(row["startTimeUnixNano"]) < int(row["endTimeUnixNano"]) <= end


def test_every_flow_has_traces_and_keys_come_with_their_system(firm: Firm, requests: list[Json]) -> None:
    flows = set()
    for row in (row for request in requests for row in _spans(request)):
        values = _values(row)
        flows.add(values.get("sightglass.flow.name"))
        objects = {key.split(".")[1] for key in values if re.fullmatch(r"sightglass\.[a-z_]+\.system", key)}
        assert objects
        assert all(f"sightglass.{name}.id" in values for name in objects)
    assert {"opportunity_to_project", "time_to_billing", "milestone_to_revenue"} <= flows


def test_a_throttled_call_is_tried_again_until_it_is_answered_or_given_up(requests: list[Json]) -> None:
    given_up = answered = 0
    for request in requests:
        calls = [row for row in _spans(request) if row["kind"] == 3]
        statuses = [_values(row)["http.response.status_code"] for row in calls]
        dead = any(row["name"].endswith(".dlq") for row in _spans(request))
        assert statuses[:-1] == ["429"] * (len(statuses) - 1)
        assert statuses[-1] == ("429" if dead else "201")
        given_up += dead
        answered += len(statuses) > 1 and not dead
    assert given_up
    assert answered


def test_dead_letters_of_deals_are_gaps(firm: Firm, requests: list[Json]) -> None:
    gaps = {gap.id for gap in truth(firm.books)}
    dead = [
        row
        for request in requests
        for row in _spans(request)
        if row["name"] == "publish crm.opportunity.won.dlq"
    ]
    assert dead
    assert {_values(row)["sightglass.opportunity.id"] for row in dead} <= gaps


def test_the_same_firm_has_the_same_traces(firm: Firm, requests: list[Json]) -> None:
    assert spans(build(7, 200, AS_OF)) == requests
