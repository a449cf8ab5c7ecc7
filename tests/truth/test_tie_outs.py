"""Every period of the simulated firm is reconciled, and both sides are what the firm itself says they are."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from app.bootstrap import application
from app.close_rules import close_rules
from app.close_runs import run_all
from queries.close_periods import periods
from queries.store import writing
from sandbox.export import export

#: a year of months takes minutes, and says the same
LATELY = ("2026-08", "2026-10", "2026-11")
Sides = dict[tuple[str, str, str, str], tuple[Decimal, Decimal]]


def test_every_total_is_the_firms_own(tmp_path: Path) -> None:
    export(tmp_path, seed=7, engagements=60, as_of=datetime.fromisoformat("2026-11-20T18:00:00+00:00"))
    truth = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    with application(tmp_path / "sightglass.toml") as app:
        list(app.poll())
        with writing(app.engine) as connection:
            lately = [one for one in periods(connection) if one.name in LATELY]
            ran = run_all(connection, close_rules(app.settings), lately, app.now())

    found: Sides = {}
    for run in ran:
        assert run["outcome"] != "unknown"
        for total in run["totals"]:
            place = (run["tie_out"], run["legal_entity"], run["period"], total["currency"])
            found[place] = Decimal(total["left"]), Decimal(total["right"])
    told: Sides = {
        (row["tie_out"], row["legal_entity"], row["period"], row["currency"]): (
            Decimal(row["left"]), Decimal(row["right"]),
        )
        for row in truth["tieouts"]
        if row["period"] in LATELY
    }  # fmt: skip

    ours = {place: sums for place, sums in found.items() if place[0] != "contract_liability_roll_forward"}
    assert {place: sums for place, sums in ours.items() if any(sums)} == {
        place: sums for place, sums in told.items() if any(sums)
    }
    roll = {run["outcome"] for run in ran if run["tie_out"] == "contract_liability_roll_forward"}
    assert roll == {"matched"}
    assert "differs" in {
        run["outcome"] for run in ran if run["tie_out"] in {"revenue_to_gl", "invoices_to_revenue_billings"}
    }
