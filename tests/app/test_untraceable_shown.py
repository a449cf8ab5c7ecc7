"""Untraceable time is on the overview, beside the check, on the command line and in the API: the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli
from tests.app.firm import NOW, furnish, stuck
from tests.app.test_pages import Furnish, draw, house, said
from tests.cast import K1, K2, K3, Cast

__all__ = ["house"]

SAID = "8 h in 1 approved entry, GBP 800.00"


def lost(firm: Cast) -> None:
    """The three exceptions, and eight hours on a project of which nobody says how it is billed."""
    firm.project("P7", legal_entity="UK01")
    firm.time("T7", project_id="P7")
    stuck(firm)


def ask(folder: Path, *words: str) -> str:
    """What the command line answers over that firm, in one line."""
    config = furnish(folder, lost, now=NOW)
    answer = CliRunner().invoke(cli, ["--config", str(config), *words])
    assert answer.exit_code == 0, answer.output
    return " ".join(answer.output.split())


@pytest.mark.parametrize(("entity", "shown"), [("", True), ("UK01", True), ("DE01", False)])
def test_pages_show_it_for_its_legal_entity(house: Furnish, entity: str, shown: bool) -> None:
    house(lost)

    address = {"entity": entity} if entity else {}
    assert ("8 h untraceable" in said(draw("overview", **address))) == shown
    assert (f"{SAID}: neither a contract line" in said(draw("exceptions", check=K2, **address))) == shown


@pytest.mark.parametrize("address", [{}, {"check": K1}, {"check": K2, "currency": "GBP"}])
def test_a_list_it_could_not_be_in_is_silent_about_it(house: Furnish, address: dict[str, str]) -> None:
    house(lost)

    assert "untraceable" not in said(draw("exceptions", **address))


def test_the_checks_answer_tells_it_in_all_and_by_legal_entity(tmp_path: Path) -> None:
    told = {row["key"]: row["untraceable"] for row in json.loads(ask(tmp_path, "checks", "--json"))}

    assert told[K1] is told[K3] is None
    figures = {
        "entries": 1,
        "hours": "8",
        "unpriced_hours": "0",
        "amounts": [{"currency": "GBP", "count": 1, "amount": "800.00"}],
    }
    assert {name: told[K2][name] for name in figures} == figures
    assert told[K2]["legal_entities"] == {"UK01": figures}
    assert told[K2]["remedy"].endswith(".")


@pytest.mark.parametrize(
    ("words", "shown"),
    [((), True), (("--check", K2), True), (("--check", K1), False), (("--legal-entity", "DE01"), False)],
)
def test_the_list_of_exceptions_ends_with_it(tmp_path: Path, words: tuple[str, ...], shown: bool) -> None:
    assert (f"Not listed: {SAID}: neither" in ask(tmp_path, "exceptions", *words)) == shown


def test_the_json_list_holds_exceptions_only(tmp_path: Path) -> None:
    assert {row["check"] for row in json.loads(ask(tmp_path, "exceptions", "--json"))} == {K1, K2, K3}
