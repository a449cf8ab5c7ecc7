"""A record read back from the store is the record that was stored, to the minor unit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from queries.ingest import ingest
from queries.rows import Source
from queries.store import writing
from queries.stored import stored_records
from tests.cast import Cast, utc

RECORDS: list[tuple[str, str, dict[str, Any]]] = [
    ("project", "psa", {"status": "active", "rate": "99.123456", "currency": "KWD"}),
    ("milestone", "psa", {
        "status": "accepted", "accepted_at": "2026-11-02T12:00Z", "currency": "JPY", "amount": "1200",
    }),
    ("time_entry", "psa", {
        "work_date": "2026-10-05", "hours": "7.5", "status": "approved", "held": True, "rate": "100",
        "currency": "GBP", "invoice_line_system": "erp", "invoice_line_id": "L1",
    }),
    ("invoice_line", "erp", {
        "currency": "GBP", "amount": "100.10", "covers": "time",
        "time_entries": [{"id": "T1", "system": "psa"}, {"id": "T2", "system": "psa", "hours": "3.25"}],
    }),
    ("resource", "hcm", {"name": "Ada", "active": False, "start_on": "2024-03-01", "code": "7"}),
]  # fmt: skip


@pytest.fixture
def firm(engine: Engine) -> Iterator[Cast]:
    with writing(engine) as connection:
        yield Cast(connection)


@pytest.mark.parametrize(("kind", "system", "fields"), RECORDS, ids=[kind for kind, *_ in RECORDS])
def test_a_record_comes_back_as_it_was_and_storing_it_again_changes_nothing(
    firm: Cast, kind: str, system: str, fields: dict[str, Any]
) -> None:
    record = firm.record(kind, "R1", **fields)
    firm.batch(kind, system, [record])
    before = told(firm)

    found = stored_records(firm.connection, kind, system, ["R1", "R2"])

    assert found == [record]
    ingest(firm.connection, kind, Source(system), found, utc("2026-11-20T18:00Z"))
    assert told(firm) == before


def told(firm: Cast) -> dict[str, list[list[Any]]]:
    """Everything stored but for the digests, which say how references were written."""
    return {
        kind: [[value for value in row if not isinstance(value, bytes | memoryview)] for row in rows]
        for kind, rows in firm.snapshot().items()
    }
