"""Working on exceptions from the command line: what was said stands in the list and in the history."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app import exception_commands
from app.bootstrap import application
from app.cli import cli
from collectors.errors import ConfigError
from sandbox.export import export

if not any(group.name == "exception" for group in cli.registered_groups):
    exception_commands.register(cli)


@pytest.fixture
def firm(tmp_path: Path) -> Path:
    """A simulated firm, read once; its configuration."""
    export(tmp_path, seed=7, engagements=30, as_of=datetime.fromisoformat("2026-11-20T18:00:00+00:00"))
    path = tmp_path / "sightglass.toml"
    with application(path) as app:
        assert {outcome.outcome for outcome in app.poll()} == {"ok"}
    return path


def ask(firm: Path, *words: str) -> Any:
    """What a verb answers as JSON."""
    run = CliRunner().invoke(cli, ["--config", str(firm), *words, "--json"])
    assert run.exception is None, run.exception
    return json.loads(run.stdout)


def refused(firm: Path, *words: str) -> str:
    run = CliRunner().invoke(cli, ["--config", str(firm), *words])
    assert isinstance(run.exception, ConfigError)
    return str(run.exception)


def test_several_are_assigned_at_once_and_the_list_says_to_whom(firm: Path) -> None:
    first, second = (row["id"] for row in ask(firm, "exceptions")[:2])

    ask(firm, "exception", "assign", first, second, "--to", "Grace", "--by", "Ada")

    owned = {row["id"]: (row["owner"], row["status"]) for row in ask(firm, "exceptions")}
    assert owned[first] == owned[second] == ("Grace", "acknowledged")
    assert [owner for owner, _ in owned.values()].count("Grace") == 2
    (step,) = ask(firm, "exception", "history", first)[1:]
    assert (step["actor"], step["change"], step["after"]) == ("Ada", "assigned", "Grace")
    assert step["at"] == "2026-11-20T18:00:00Z"


def test_all_of_them_or_none(firm: Path) -> None:
    first = ask(firm, "exceptions")[0]["id"]

    said = refused(firm, "exception", "assign", first, "nix", "--to", "Grace", "--by", "Ada")

    assert "exception nix: no exception has the id 'nix'" in said
    assert len(ask(firm, "exception", "history", first)) == 1


def test_set_aside_settled_and_taken_back(firm: Path) -> None:
    rows = ask(firm, "exceptions")
    first = next(row for row in rows if row["currency"] not in {"", "XXX"} and float(row["amount"]) > 0)
    name, by = first["id"], ("--by", "Ada", "--why", "it is Friday")

    (aside,) = ask(firm, "exception", "snooze", name, "--until", "2026-12-01", *by)
    assert (aside["status"], aside["snoozed_until"]) == ("snoozed", "2026-12-01T00:00:00Z")
    assert len(ask(firm, "exceptions")) == len(rows) - 1
    (back,) = ask(firm, "exception", "reopen", name, *by)
    assert back["status"] == "new"
    (settled,) = ask(firm, "exception", "resolve", name, "--as", "accepted", *by)
    assert (settled["status"], settled["resolution"]) == ("resolved", "accepted")
    assert len(ask(firm, "exceptions")) == len(rows) - 1
    changes = [step["change"] for step in ask(firm, "exception", "history", name)]
    assert changes == ["opened", "snoozed", "woken", "resolved"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("snooze", "{}", "--by", "Ada", "--why", "so", "--until", "soon"), "'soon' is no date"),
        (("snooze", "{}", "--by", "Ada", "--why", "so", "--until", "2026-11-01"), "has passed"),
        (("snooze", "{}", "--by", "Ada", "--why", "so", "--above", "much"), "'much' is no amount in"),
        (("snooze", "{}", "--by", "Ada", "--why", "so"), "until when"),
        (("resolve", "{}", "--by", "Ada", "--as", "gone"), "use one of fixed"),
        (("comment", "{}", "--by", "Ada", "--text", " "), "comment is empty"),
        (("history", "nix"), "no exception has the id 'nix'"),
    ],
)
def test_what_cannot_be_done_is_one_line(firm: Path, words: tuple[str, ...], said: str) -> None:
    name = ask(firm, "exceptions")[0]["id"]

    assert said in refused(firm, "exception", *(word.replace("{}", name) for word in words))
