"""A mapped field that rows had and have no more: noted, named, a finding, and forgotten when it is back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime

import pytest
from sqlalchemy import select

from app.report import system_list
from queries import drift, polls, systems
from queries.schema import collection_run
from tests.cast import Cast, casting, utc

KEY = "schema_drift"
NOW = utc("2026-11-20T18:00Z")
ALL = {"id": 30, "status": 30, "rate": 30}


@pytest.fixture
def firm() -> Iterator[Cast]:
    yield from casting()


def poll(firm: Cast, had: Mapping[str, int], rows: int = 30, now: datetime = NOW) -> list[str]:
    """One poll of the projects of the PSA that saw these fields in so many rows."""
    run = polls.start_run(firm.connection, "psa", "project", now, None)
    polls.end_run(firm.connection, run, now=now, outcome="ok", complete_through=now)
    return drift.note(firm.connection, run, had, rows, now)


def found(firm: Cast, now: str = "2026-11-20T18:00Z") -> list[tuple[str, str, str]]:
    firm.judge(now)
    return [
        (row["subject_system"], row["subject_kind"], row["subject_id"])
        for row in firm.rows()
        if row["check_key"] == KEY
    ]


def test_a_field_that_rows_had_and_none_has_is_a_finding_at_once(firm: Cast) -> None:
    assert poll(firm, ALL) == []
    assert found(firm) == []

    assert poll(firm, {**ALL, "rate": 0}) == ["rate"]

    assert found(firm) == [("psa", "stream", "project")]
    row = firm.one()
    assert row["reason"] == "No row read lately has the field 'rate', which earlier rows had."
    assert (row["since"], row["owner"], row["amount_minor"]) == (NOW, "platform team", 0)


def test_the_stream_is_degraded_and_names_it_and_the_run_too(firm: Cast) -> None:
    poll(firm, ALL)
    poll(firm, {**ALL, "rate": 0, "status": 0})
    firm.judge("2026-11-20T18:00Z")

    (psa,) = [row for row in system_list(firm.connection, NOW) if row["system"] == "psa"]
    told = {row["stream"]: (row["state"], row["missing_fields"]) for row in psa["streams"]}
    assert told["project"] == ("degraded", ["rate", "status"])
    assert told["time_entry"] == ("fresh", [])
    assert systems.freshness(firm.connection, NOW)[:2] == (6, 7)
    run = select(collection_run.c.missing_fields).where(collection_run.c.missing_fields.is_not(None))
    assert json.loads(firm.connection.execute(run).scalar_one()) == ["rate", "status"]


@pytest.mark.parametrize("had", [{**ALL, "rate": 1}, {"id": 30, "status": 30}])
def test_it_clears_when_one_row_has_it_again_or_nobody_maps_it(firm: Cast, had: dict[str, int]) -> None:
    poll(firm, ALL)
    poll(firm, {**ALL, "rate": 0})
    found(firm)
    identifier = firm.one()["id"]

    assert poll(firm, had, rows=3) == []

    assert found(firm, "2026-11-20T18:05Z") == []
    assert firm.changes(identifier) == ["opened", "cleared"]


def test_a_few_rows_prove_nothing_until_they_are_many(firm: Cast) -> None:
    poll(firm, ALL)
    assert poll(firm, {**ALL, "rate": 0}, rows=10) == []
    assert poll(firm, {**ALL, "rate": 0}, rows=9) == []

    assert poll(firm, {**ALL, "rate": 0}, rows=1) == ["rate"]
    assert poll(firm, dict.fromkeys(ALL, 0), rows=0) == ["rate"]


def test_what_was_never_there_is_not_missed(firm: Cast) -> None:
    for _ in range(3):
        assert poll(firm, {**ALL, "rate": 0}) == []


def test_a_field_that_few_rows_ever_had_is_missed_only_where_chance_is_no_excuse(firm: Cast) -> None:
    assert poll(firm, {"ended": 10}, rows=1000) == []

    assert poll(firm, {"ended": 0}, rows=5000) == []
    assert poll(firm, {"ended": 0}, rows=2_000_000) == ["ended"]


def test_rows_that_come_together_are_alike(firm: Cast) -> None:
    assert poll(firm, {"milestone": 450}, rows=1000) == []

    # a night's invoices for time, of which none has a milestone
    assert poll(firm, {"milestone": 0}, rows=300) == []


def test_it_stays_missing_since_the_first_poll_without_it(firm: Cast) -> None:
    poll(firm, ALL)
    poll(firm, {**ALL, "rate": 0})
    found(firm)
    for hour in (19, 20):
        poll(firm, {**ALL, "rate": 0}, rows=10_000, now=NOW.replace(hour=hour))

    found(firm, "2026-11-20T20:00Z")

    assert firm.one()["since"] == NOW
    assert firm.drift("2026-11-20T20:00Z") == {}


def test_it_is_never_unknown(firm: Cast) -> None:
    poll(firm, ALL)
    poll(firm, {**ALL, "rate": 0})
    firm.through = dict.fromkeys(("crm", "psa", "erp", "hcm"), utc("2026-11-01T00:00Z"))

    assert found(firm) == [("psa", "stream", "project")]
    assert firm.state(KEY)["outcome"] == "fail"
