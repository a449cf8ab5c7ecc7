"""Reconciling and closing from the command line and on the page: the same numbers, and signatures that stay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from app import close_commands, store, words
from app.bootstrap import application
from app.cli import cli
from app.close_rules import close_rules
from app.settings import parse
from app.store import VARIABLE
from app.worker import keep_house, tick
from collectors.errors import ConfigError
from sandbox.export import export
from tests.app.test_pages import draw, links, said

AT = ("--period", "2026-10", "--legal-entity", "UK01")
EXTRA = '\n[close.tasks.cutoff]\ntitle = "Cut-off was checked"\n[tieouts.revenue_to_gl]\nowner = "Grace"\n'

if not any(command.name == "reconcile" for command in cli.registered_commands):
    close_commands.register(cli)


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated firm, read once; its configuration."""
    folder = tmp_path_factory.mktemp("closing")
    export(folder, seed=7, engagements=60, as_of=datetime.fromisoformat("2026-11-20T18:00:00+00:00"))
    path = folder / "sightglass.toml"
    path.write_text(path.read_text(encoding="utf-8") + EXTRA, encoding="utf-8")
    with application(path) as app:
        assert {outcome.outcome for outcome in app.poll()} == {"ok"}
    return path


@pytest.fixture(autouse=True)
def site(firm: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(VARIABLE, str(firm))
    yield
    store._site.clear()


def ask(firm: Path, *words_: str) -> Result:
    return CliRunner().invoke(cli, ["--config", str(firm), *words_])


def told(firm: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ask(firm, "close", *AT, "--json").stdout)
    return found


def test_late_billing_differs_and_time_with_its_wip_does_not(firm: Path) -> None:
    ran = ask(firm, "reconcile", *AT, "--json")
    outcomes = {run["tie_out"]: run["outcome"] for run in json.loads(ran.stdout)}

    assert ran.exit_code == 1
    assert outcomes["billing_events_to_invoices"] == "differs"
    assert (
        outcomes["approved_time_to_billed_plus_wip"]
        == outcomes["contract_liability_roll_forward"]
        == "matched"
    )


def test_one_tie_out_that_agrees_is_exit_code_0(firm: Path) -> None:
    ran = ask(firm, "reconcile", *AT, "--tie-out", "contract_liability_roll_forward")

    assert ran.exit_code == 0
    assert "matched" in ran.stdout


def test_the_classes_of_the_json_are_the_whole_difference(firm: Path) -> None:
    for run in json.loads(ask(firm, "reconcile", *AT, "--json").stdout):
        for total in run["totals"]:
            parts = [Decimal(found["amount"]) for found in total["classes"].values()]
            assert sum(parts, Decimal(total["rounding"])) == Decimal(total["difference"])


def test_the_page_and_the_command_say_the_same(firm: Path) -> None:
    ask(firm, "reconcile", *AT)
    close = told(firm)
    page = draw("close", entity="UK01", period="2026-10", tie_out="billing_events_to_invoices")
    text = said(page)

    assert f"{close['done']} of {close['tasks_total']} tasks done" in text
    for run in close["tie_outs"]:
        for total in run["totals"]:
            for name in ("left", "right", "difference"):
                assert words.money(Decimal(total[name]), total["currency"]) in text
        if run["tie_out"] == "billing_events_to_invoices":
            assert all(found["explanation"] in text for found in run["differences"])
            deal = run["differences"][0]["engagement"]
            assert any(
                link.startswith("/engagement?id=") and deal.split(":")[-1] in link for link in links(page)
            )
    assert "Grace" in text


def test_signing_is_kept_and_shown(firm: Path) -> None:
    ask(firm, "reconcile", *AT)
    refused = ask(firm, "close", "sign", *AT, "--by", "Ada")
    signed = ask(firm, "close", "sign", *AT, "--by", "Ada", "--task", "cutoff", "--comment", "seen")

    assert isinstance(refused.exception, ConfigError)
    assert "not ready to close" in str(refused.exception)
    assert signed.exit_code == 0
    (task,) = [task for task in told(firm)["tasks"] if task["key"] == "cutoff"]
    assert task["signed"] == {"who": "Ada", "at": "2026-11-20T18:00:00Z", "comment": "seen"}
    assert "Ada, 2026-11-20T18:00:00Z, seen" in said(draw("close", entity="UK01", period="2026-10"))


def test_a_visitor_signs_and_reconciles_on_the_page(firm: Path) -> None:
    page = draw("close", entity="DE01", period="2026-09")
    assert "not reconciled yet" in said(page)

    page.button(key="reconcile").click().run()
    page.selectbox(key="sign-task").set_value("cutoff")
    page.text_input(key="sign-who").set_value("Bob")
    next(button for button in page.button if button.label == "Sign").click().run()

    assert "not reconciled yet" not in said(page)
    assert "Bob, 2026-11-20T18:00:00Z" in said(page)


def test_a_page_that_cannot_sign_says_why(firm: Path) -> None:
    page = draw("close", entity="JP01", period="2026-10")
    next(button for button in page.button if button.label == "Sign").click().run()

    assert "say who signs" in said(page)


def test_closing_freezes_for_the_page_too(firm: Path) -> None:
    at = ("--period", "2026-10", "--legal-entity", "US01")
    ask(firm, "close", "sign", *at, "--by", "Ada", "--despite", "--comment", "known")

    assert "signed by Ada at 2026-11-20T18:00:00Z: 0 figures moved since" in said(
        draw("close", entity="US01", period="2026-10")
    )


def test_the_night_reconciles_what_is_open(firm: Path) -> None:
    with application(firm) as app:
        tick(app)
        keep_house(app)

    text = said(draw("close", entity="IN01", period="2026-11"))
    assert "not reconciled yet" not in text


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        (("reconcile", "--period", "2031-01"), "no ERP keeps a period '2031-01'.*use one of"),
        (("reconcile", *AT, "--tie-out", "x"), "there is no 'x'.*revenue_to_gl"),
        (("close",), "say --period and --legal-entity"),
    ],
)
def test_a_wrong_question_is_answered_with_the_remedy(
    firm: Path, asked: tuple[str, ...], complaint: str
) -> None:
    with pytest.raises(ConfigError, match=complaint):
        raise ask(firm, *asked).exception or AssertionError


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ({"tieouts": {"x": {}}}, "tieouts.x: no such tie-out"),
        ({"close": {"tasks": {"close": {"title": "x"}}}}, "the name is taken"),
        ({"tieouts": {"revenue_to_gl": {"relative": 2}}}, "tieouts.revenue_to_gl.relative"),
    ],
)
def test_a_wrong_configuration_names_its_key(table: dict[str, Any], complaint: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=complaint):
        close_rules(parse(table, tmp_path))


def test_tolerances_are_the_firms_own(tmp_path: Path) -> None:
    own = {
        "revenue_to_gl": {"absolute": 500, "relative": 0.01},
        "approved_time_to_billed_plus_wip": {"enabled": False},
    }
    found = close_rules(parse({"tieouts": own}, tmp_path)).tie_outs

    assert (found["revenue_to_gl"].absolute, found["revenue_to_gl"].relative) == (500, Decimal("0.01"))
    assert "approved_time_to_billed_plus_wip" not in found
