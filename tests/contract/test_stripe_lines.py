"""Stripe shows ten lines with an invoice, and has more."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.contract.case import MINUTE, NOW, cases, running
from tests.contract.vendors.stripe import LINE, invoice


def test_an_invoice_with_more_lines_than_are_shown_is_read_whole(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = cases()["stripe"]
    for name, value in case.env.items():
        monkeypatch.setenv(name, value)
    lines = [{**LINE, "id": f"il_{number}"} for number in range(12)]
    with running(case, engine, tmp_path) as bench:
        bench.api.shelf.put("invoices", "in_1", invoice(1, lines=lines), stamp=NOW - 30 * MINUTE)
        draft = invoice(2, status="draft", lines=[{**LINE, "id": "il_draft"}])
        bench.api.shelf.put("invoices", "in_2", draft, stamp=NOW - 30 * MINUTE)

        outcome = bench.poll("invoice_line")

        assert outcome.outcome == "ok"
        assert set(bench.rows("invoice_line")) == {f"il_{number}" for number in range(12)}
