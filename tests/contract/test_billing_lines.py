"""Lines of billing systems that an answer hides, holds back, or tells too early."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.contract.case import MINUTE, NOW, Bench, cases, running
from tests.contract.vendors import chargebee, stripe

Start = Callable[[str], Bench]


@pytest.fixture
def start(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """A vendor's running API."""
    with ExitStack() as stack:

        def started(kind: str) -> Bench:
            case = cases()[kind]
            for name, value in case.env.items():
                monkeypatch.setenv(name, value)
            return stack.enter_context(running(case, engine, tmp_path))

        yield started


def put(bench: Bench, identifier: str, fields: Mapping[str, Any]) -> None:
    bench.api.shelf.put("invoices", identifier, fields, stamp=NOW - 30 * MINUTE)


def test_an_invoice_with_more_lines_than_stripe_shows_is_read_whole(start: Start) -> None:
    bench = start("stripe")
    lines = [{**stripe.LINE, "id": f"il_{number}"} for number in range(12)]
    put(bench, "in_1", stripe.invoice(1, lines=lines))

    assert bench.poll("invoice_line").outcome == "ok"

    assert set(bench.rows("invoice_line")) == {f"il_{number}" for number in range(12)}


@pytest.mark.parametrize(
    ("kind", "pending"),
    [
        ("stripe", stripe.invoice(1, status="draft")),
        ("chargebee", chargebee.invoice(1, status="pending")),
    ],
)
def test_lines_that_may_still_change_are_not_read(
    start: Start, kind: str, pending: Mapping[str, Any]
) -> None:
    bench = start(kind)
    put(bench, "1", pending)

    assert bench.poll("invoice_line").outcome == "ok"

    assert bench.rows("invoice_line") == {}


def test_lines_that_chargebee_holds_back_stop_the_stream(start: Start) -> None:
    bench = start("chargebee")
    put(bench, "INV-1", chargebee.invoice(1, line_items_next_offset="[5]"))

    outcome = bench.poll("invoice_line")

    assert outcome.outcome == "failed"
    assert "holds more lines than an answer tells" in (outcome.error or "")
