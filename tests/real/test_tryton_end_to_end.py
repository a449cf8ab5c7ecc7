"""A real ERP, start to end: poll it, find what was planted and nothing else, mend it there, see it clear."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.real.conftest import Tryton
from tests.truth import firm

pytestmark = pytest.mark.real

#: the manifest's gap kinds -> the checks that find them; the other kinds are other checks' business
COVERED = {
    "won_without_project": "project_awaiting_activation",
    "project_in_other_entity": "project_awaiting_activation",
    "unbilled_time": "unbilled_approved_time",
    "time_without_price": "unbilled_approved_time",
    "project_without_sale": "unbilled_approved_time",
    "milestone_done_not_invoiced": "milestone_without_revenue",
}


@pytest.fixture(scope="module")
def config(tryton: Tryton, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("erp") / "sightglass.toml"
    found.write_text(
        f'[clock]\nnow = "{tryton.manifest["as_of"]}T18:00:00Z"\n'
        '[systems.erp]\nkind = "tryton"\nroles = ["crm", "contract", "psa", "hcm", "time", "erp", "revenue"]\n'
        f'url = "{tryton.url}"\ndatabase = "{tryton.database}"\nuser = "{tryton.user}"\n'
        f'password = "{tryton.password}"\n',
        encoding="utf-8",
    )
    firm.command(found, "poll", "--once")
    return found


def listed(config: Path) -> list[dict[str, Any]]:
    rows = json.loads(firm.command(config, "exceptions", "--json").stdout)
    return [row for row in rows if row["check"] in COVERED.values()]


Planted = tuple[str, str, str, str]


def planted(gap: dict[str, Any]) -> Planted:
    """A gap of the manifest as check, subject, amount, currency."""
    kind = gap["gap"]
    if kind == "invoice_still_draft":
        kind = "milestone_done_not_invoiced" if "task" in gap else "unbilled_time"
    check = COVERED[kind]
    subject = {
        "project_awaiting_activation": gap.get("opportunity"),
        "unbilled_approved_time": gap.get("project"),
        "milestone_without_revenue": gap.get("task"),
    }[check]
    return check, str(subject), gap["amount"], gap["currency"]


def told(row: dict[str, Any]) -> Planted:
    return row["check"], row["subject"]["id"], row["amount"], row["currency"]


def test_what_was_planted_is_found_and_nothing_else(tryton: Tryton, config: Path) -> None:
    gaps = [gap for gap in tryton.manifest["gaps"] if gap["gap"] in {*COVERED, "invoice_still_draft"}]
    assert {gap["gap"] for gap in gaps} == {*COVERED, "invoice_still_draft"}

    assert sorted(map(told, listed(config))) == sorted(map(planted, gaps))


def test_the_provisioners_own_expectation_says_the_same(tryton: Tryton, config: Path) -> None:
    expected = tryton.manifest["checks"]["expected"]

    found = {(*told(row), row["contract_line"]) for row in listed(config)}

    assert found == {
        (row["check"], str(row["subject"]["id"]), row["amount"], row["currency"], row["contract_line"])
        for row in expected
    }


class Erp:
    """A person with rights in the ERP, through its own API."""

    def __init__(self, tryton: Tryton) -> None:
        self.url = f"{tryton.url}/{tryton.database}/rpc/"
        self.client = httpx.Client(auth=(tryton.user, tryton.password), timeout=120)
        self.context = self.call("model.res.user.get_preferences", True, {})

    def call(self, method: str, *parameters: Any) -> Any:
        reply = self.client.post(
            self.url, json={"id": 1, "method": method, "params": list(parameters)}
        ).json()
        assert "error" not in reply, reply["error"]
        return reply["result"]

    def one(self, model: str, identifier: int, *fields: str) -> dict[str, Any]:
        return dict(self.call(f"model.{model}.read", [identifier], list(fields), self.context)[0])

    def in_company(self, company: int) -> dict[str, Any]:
        return {**self.context, "company": company}


@pytest.fixture(scope="module")
def erp(tryton: Tryton) -> Iterator[Erp]:
    if not tryton.own:
        pytest.skip("this Tryton is somebody else's: it is only read")
    found = Erp(tryton)
    yield found
    found.client.close()


def history(config: Path, finding: str) -> list[str]:
    with closing(sqlite3.connect(config.parent / "sightglass.db")) as store:
        query = "SELECT change FROM finding_transition WHERE finding_id = ? ORDER BY id"
        return [row[0] for row in store.execute(query, (finding,))]


def mended(config: Path, before: list[dict[str, Any]]) -> list[str]:
    """Poll again; the ids of the exceptions that are gone, after making sure that no other one changed."""
    firm.command(config, "poll", "--once")
    after = {row["id"]: told(row) for row in listed(config)}
    gone = [row["id"] for row in before if row["id"] not in after]
    assert after == {row["id"]: told(row) for row in before if row["id"] not in gone}
    return gone


def test_posting_the_draft_invoice_clears_its_time_and_nothing_else(
    tryton: Tryton, config: Path, erp: Erp
) -> None:
    gap = next(g for g in tryton.manifest["gaps"] if g["gap"] == "invoice_still_draft" and "task" not in g)
    before = listed(config)
    context = erp.in_company(gap["company"])
    day = dict(zip(("year", "month", "day"), map(int, tryton.manifest["as_of"].split("-")), strict=True))
    erp.call(
        "model.account.invoice.write",
        [gap["invoice"]],
        {"invoice_date": {"__class__": "date", **day}},
        context,
    )
    erp.call("model.account.invoice.post", [gap["invoice"]], context)

    gone = mended(config, before)

    expected = [row["id"] for row in before if told(row) == planted(gap)]
    assert gone == expected
    assert history(config, expected[0]) == ["opened", "cleared"]


def test_creating_the_missing_project_clears_its_deal_and_nothing_else(
    tryton: Tryton, config: Path, erp: Erp
) -> None:
    gap = next(g for g in tryton.manifest["gaps"] if g["gap"] == "won_without_project")
    before = listed(config)
    sale = erp.one("sale.sale", gap["sale"], "party")
    project = {
        "type": "project", "name": f"{gap['sale_number']} Late start", "company": gap["company"],
        "party": sale["party"], "project_invoice_method": "manual",
    }  # fmt: skip
    erp.call("model.project.work.create", [project], erp.in_company(gap["company"]))

    gone = mended(config, before)

    expected = [row["id"] for row in before if told(row) == planted(gap)]
    assert gone == expected
    assert history(config, expected[0]) == ["opened", "cleared"]
