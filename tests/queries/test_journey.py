"""Any id leads to its engagement without reading through what is large; a hop counts what it reached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from sqlalchemy import event

from queries import polls
from queries.journey import Hop, journey, resolve, spans, spans_by_hop
from queries.records import ANCHORS, NODE_KINDS
from queries.spans import store_spans
from tests.cast import Cast, casting, utc
from tests.queries.test_spans import key, row

TRACE = "0af7651916cd43dd8448eb211c80319c"


def work(firm: Cast) -> None:
    """One deal with a record of every station, under ids of their own."""
    firm.deal("O1", number="D-77")
    firm.contract("C1", opportunity_id="O1", number="K-77")
    firm.promise("CL1")
    firm.project("P1", contract_id="C1", number="PR-77")
    firm.milestone("M1")
    firm.time("T1", contract_line_id="CL1")
    firm.invoice("I1", number="INV-77")
    firm.line("L1", "800")
    firm.revenue("R1", "800", milestone_id="M1")


@pytest.fixture
def embedded() -> Iterator[Cast]:
    """A firm in the embedded store, which says how it would answer."""
    yield from casting()


ANY_ID = (
    "O1", "C1", "CL1", "P1", "M1", "T1", "I1", "L1", "R1", "D-77", "K-77", "PR-77", "INV-77", " T1 ",
)  # fmt: skip


def test_any_id_or_number_leads_to_the_engagement(firm: Cast) -> None:
    work(firm)
    firm.deal("O2", number="D-78")
    home = firm.engagement("opportunity", "O1")

    assert [resolve(firm.connection, any_id) for any_id in ANY_ID] == [[home]] * len(ANY_ID)
    assert resolve(firm.connection, "T9") == []


def test_records_of_a_system_no_longer_configured_are_found(firm: Cast) -> None:
    work(firm)
    polls.configure(firm.connection, [], [])

    assert resolve(firm.connection, "T1") == [firm.engagement("opportunity", "O1")]


def test_a_trace_leads_to_the_engagement_it_touched(firm: Cast) -> None:
    work(firm)
    firm.deal("O2")
    spans = [row(1, TRACE), row(5, TRACE), row(3, "f" * 32)]
    keys = [key(spans[1], "opportunity", "O1"), key(spans[2], "opportunity", "O2")]
    store_spans(firm.connection, spans, keys, utc("2026-11-20T18:00Z"))

    assert resolve(firm.connection, TRACE.upper()) == [firm.engagement("opportunity", "O1")]


def test_a_trace_that_is_written_like_a_number_leads_to_both(firm: Cast) -> None:
    firm.deal("O1", number=TRACE)
    firm.deal("O2")
    store_spans(
        firm.connection, [row(1, TRACE)], [key(row(1, TRACE), "opportunity", "O2")], utc("2026-11-20T18:00Z")
    )

    assert resolve(firm.connection, TRACE) == [firm.engagement("opportunity", name) for name in ("O1", "O2")]


@pytest.mark.parametrize(("first", "second"), [("O1", "O2"), ("O2", "O1")])
def test_an_id_is_a_better_guess_than_a_number(firm: Cast, first: str, second: str) -> None:
    firm.deal(first)
    firm.deal(second, number=first)

    homes = [firm.engagement("opportunity", name) for name in (first, second)]
    assert resolve(firm.connection, first) == homes


def test_nothing_large_is_read_through(embedded: Cast) -> None:
    work(embedded)
    told = row(1, TRACE)
    store_spans(embedded.connection, [told], [key(told, "project", "P1")], utc("2026-11-20T18:00Z"))
    asked: list[tuple[str, Any]] = []
    engine = embedded.connection.engine

    def note(_c: Any, _cursor: Any, sql: str, values: Any, *_: Any) -> None:
        asked.append((sql, values))

    event.listen(engine, "before_cursor_execute", note)
    for any_id in (TRACE, "INV-77"):
        [home] = resolve(embedded.connection, any_id)
    hops = journey(embedded.connection, home).hops
    assert any(spans_by_hop(embedded.connection, home, hops))
    event.remove(engine, "before_cursor_execute", note)

    large = {*ANCHORS, *NODE_KINDS, "invoice", "finding", "node", "link", "span", "span_key"}
    large -= {"contract_line", "billing_event"}  # nobody writes their ids: they have no number
    steps = [
        step[3]
        for sql, values in asked
        for step in embedded.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
    ]
    assert {step.split()[1] for step in steps if step.startswith("SEARCH")} >= large
    assert {step.split()[1] for step in steps if step.startswith("SCAN")} & large == set()


def test_links_are_told_once_and_can_be_written_as_json(firm: Cast) -> None:
    work(firm)
    found = journey(firm.connection, firm.engagement("opportunity", "O1")).links

    told = [(row["from_id"], row["name"], row["to_id"]) for row in orjson.loads(orjson.dumps(found))]
    assert told == [
        ("C1", "opportunity", "O1"), ("CL1", "contract", "C1"), ("M1", "contract_line", "CL1"),
        ("M1", "project", "P1"), ("P1", "contract", "C1"), ("P1", "time_entry contract_line clm CL1", "CL1"),
    ]  # fmt: skip


# ---- spans -----------------------------------------------------------------------------------


def test_each_hop_has_the_traces_that_touched_its_records_whole(firm: Cast) -> None:
    work(firm)
    won, handed, billed, strange = ("1" * 32, "2" * 32, "3" * 32, "4" * 32)
    told = [row(5, won), row(1, won), row(2, handed), row(3, billed), row(4, strange)]
    keys = [
        key(told[0], "opportunity", "O1"),
        key(told[2], "opportunity", "O1", "crm"),
        key(told[2], "project", "P1"),
        key(told[3], "invoice", "I1", "erp"),
        key(told[4], "project", "P1", "another"),
    ]
    store_spans(firm.connection, told, keys, utc("2026-11-20T18:00Z"))
    home = firm.engagement("opportunity", "O1")
    hops = journey(firm.connection, home).hops

    found = spans_by_hop(firm.connection, home, hops)

    assert {hop.stage: rows for hop, rows in zip(hops, found, strict=True) if rows} == {
        "opportunity": [told[1], told[2], told[0]],
        "project": [told[2]],
        "invoice": [told[3]],
    }
    assert found == [spans(firm.connection, home, hop) for hop in hops]
    assert spans(firm.connection, home) == [told[1], told[2], told[3], told[0]]


# ---- the invoice hop -------------------------------------------------------------------------


def invoiced(firm: Cast) -> Hop:
    """The invoice hop of the only deal."""
    found = journey(firm.connection, firm.engagement("project", "P1"))
    return next(hop for hop in found.hops if hop.stage == "invoice")


@pytest.mark.parametrize("status", ["draft", "pending_approval", "void"])
def test_a_line_that_does_not_count_is_shown_and_invoices_nothing(firm: Cast, status: str) -> None:
    firm.project()
    firm.invoice("I1", status, issued_on="2026-11-03")
    firm.line("L1", "800")

    hop = invoiced(firm)
    assert (hop.state, hop.count, hop.first_at, hop.amounts) == ("not_reached", 0, None, {})
    assert [record["id"] for record in hop.records] == ["L1"]


def test_lines_that_count_come_first_and_alone_say_when_and_how_many(firm: Cast) -> None:
    firm.project()
    firm.invoice("I1", "draft", issued_on="2026-11-03")
    firm.line("L1", "800")
    firm.invoice("I2", "posted", posted_at="2026-11-09T12:00Z")
    firm.line("L2", "300", "I2")

    hop = invoiced(firm)
    assert (hop.state, hop.count, hop.first_at) == ("done", 1, utc("2026-11-09T12:00Z"))
    assert [record["id"] for record in hop.records] == ["L2", "L1"]
    assert {currency: str(amount) for currency, amount in hop.amounts.items()} == {"GBP": "300.00"}
