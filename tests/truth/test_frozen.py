"""A system that stands still: nothing that depends on it is claimed, everything else is, and it thaws."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.score import Fact, fact
from metrics.check import checks as every_check
from sandbox.truths import answers
from tests.truth import firm
from tests.truth.spoiling import listed, rows, standing, write

K1, K2, K3 = "project_awaiting_activation", "unbilled_approved_time", "milestone_without_revenue"
K4 = "linked_records_disagree"
PLANTED = set(answers())
#: checks of the firm as a whole rest on every system
WHOLE = {key for key, check in every_check().items() if check.scope == "firm"}
NOW = "2026-11-20T18:00:00Z"
THREE_DAYS_AGO = "2026-11-17T18:00:00Z"


def checks(config: Path) -> dict[str, dict[str, Any]]:
    """Each check as the command line tells it."""
    rows = json.loads(firm.command(config, "checks", "--json").stdout)
    return {row["key"]: row for row in rows}


def stand(config: Path, system: str, through: str) -> None:
    """Say up to when a system's exports are complete."""
    before, table, rest = config.read_text(encoding="utf-8").partition(f"[systems.{system}]\n")
    old = next(line for line in rest.splitlines() if line.startswith("complete_through"))
    rest = rest.replace(old, f'complete_through = "{through}"', 1)
    config.write_text(before + table + rest, encoding="utf-8")


def of(facts: set[Fact], *keys: str) -> set[Fact]:
    """The facts of these checks."""
    return {fact for fact in facts if fact[0] in keys}


@pytest.mark.parametrize(
    ("system", "certain", "stream"),
    [
        ("erp", {K1, K2, K4}, "erp/project"),
        ("crm", {K1, K4}, "crm/opportunity"),
        ("revenue", {K3}, "revenue/revenue_line"),
    ],
)
def test_what_depends_on_a_frozen_system_is_unknown_and_the_rest_is_judged(
    tmp_path: Path, system: str, certain: set[str], stream: str
) -> None:
    blind = firm.asking(*firm.of(system)) & PLANTED
    assert blind >= certain
    assert blind.isdisjoint({K1, K2, K3, K4} - certain)
    config = firm.make(tmp_path, 7, 120)
    truth = firm.truth(tmp_path)
    stand(config, system, THREE_DAYS_AGO)
    firm.poll(config)

    assert firm.found(config) == of(truth, *(PLANTED - blind))
    told = checks(config)
    for key in PLANTED:
        assert (told[key]["outcome"] == "unknown") == (key in blind)
    for key in blind:
        assert system in told[key]["reason"]
        assert f"is complete only through {THREE_DAYS_AGO}" in told[key]["reason"]
    assert stream in {told[key]["reason"].split()[0] for key in blind}

    stand(config, system, NOW)
    firm.poll(config)

    assert firm.found(config) == truth
    assert {key for key, row in standing(config).items() if row["outcome"] == "fail"} == PLANTED
    assert firm.drift(config) == {}


def test_findings_of_a_system_that_freezes_turn_grey_and_keep_their_money(tmp_path: Path) -> None:
    config = firm.make(tmp_path, 7, 120)
    firm.poll(config)
    before = {row["id"]: row for row in listed(config)}
    stand(config, "erp", THREE_DAYS_AGO)

    firm.poll(config)

    after = {row["id"]: row for row in listed(config)}
    assert {key: row["amount"] for key, row in after.items()} == {
        key: row["amount"] for key, row in before.items()
    }
    assert {row["outcome"] for row in after.values() if row["check"] in {K1, K2}} == {"unknown"}
    assert {row["outcome"] for row in after.values() if row["check"] == K3} == {"fail"}


OWN_ERP = """
[systems.erp_own]
kind = "files"
roles = ["erp"]
legal_entities = ["{entity}"]
path = "erp_own"
complete_through = "{now}"
"""


def split_erp(config: Path, entity: str) -> None:
    """Give one legal entity an ERP of its own, as a company bought last year would have."""
    folder = config.parent
    (folder / "erp_own").mkdir()
    codes = [row["id"] for row in rows(folder / "erp" / "legal_entity.csv")]
    for kind in ("project", "invoice", "invoice_line", "period"):
        table = rows(folder / "erp" / f"{kind}.csv")
        own = [row for row in table if row["legal_entity"] == entity]
        # a row that names its own system knows it by its new name
        renamed = [{name: "erp_own" if cell == "erp" else cell for name, cell in row.items()} for row in own]
        write(folder / "erp_own" / f"{kind}.csv", renamed)
        write(folder / "erp" / f"{kind}.csv", [row for row in table if row["legal_entity"] != entity])
    own_lines = {row["id"] for row in rows(folder / "erp_own" / "invoice_line.csv")}
    for kind in ("time_entry", "expense"):
        table = rows(folder / "time" / f"{kind}.csv")
        for row in table:
            if row["invoice_line_id"] in own_lines:
                row["invoice_line_system"] = "erp_own"
        write(folder / "time" / f"{kind}.csv", table)
    others = ", ".join(f'"{code}"' for code in codes if code != entity)
    toml = config.read_text(encoding="utf-8")
    toml = toml.replace('roles = ["erp"]\n', f'roles = ["erp"]\nlegal_entities = [{others}]\n')
    toml = toml.replace('roles = ["psa"]\n', 'roles = ["psa"]\nreferences = { "project.project" = "erp" }\n')
    toml = toml.replace('roles = ["time"]\n', 'roles = ["time"]\nreferences = { invoice_line = "erp" }\n')
    config.write_text(toml + OWN_ERP.format(entity=entity, now=NOW), encoding="utf-8")


def _of_one_erp(facts: set[Fact]) -> set[Fact]:
    """What was said of either ERP, as if there were one: the truth knows no other."""
    return {(check, "erp" if system == "erp_own" else system, *rest) for check, system, *rest in facts}  # type: ignore[misc]


def test_one_companys_frozen_erp_blinds_that_company_only(tmp_path: Path) -> None:
    config = firm.make(tmp_path, 7, 120)
    split_erp(config, "UK01")
    stand(config, "erp_own", THREE_DAYS_AGO)
    firm.poll(config)
    seen = _of_one_erp(firm.found(config))
    told = standing(config)

    stand(config, "erp_own", NOW)
    firm.poll(config)

    assert _of_one_erp(firm.found(config)) == firm.truth(tmp_path)
    blind = firm.asking(*firm.of("erp"))
    mine = [
        row
        for row in listed(config)
        if row["check"] in blind and (row["legal_entity"] == "UK01" or row["check"] in WHOLE)
    ]
    ours = _of_one_erp({fact(row) for row in mine})
    assert ours
    assert seen == firm.truth(tmp_path) - ours
    for key in (K1, K2):
        assert told[key]["unknown_entities"] == ["UK01"]
        assert "erp_own/" in told[key]["legal_entities"]["UK01"]["reason"]
        assert told[key]["outcome"] == "fail"
