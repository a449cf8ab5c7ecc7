"""The table of every check against what was planted: right when all is found, and wrong when it is not."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from app.sandbox_commands import sandbox
from app.score import Firm, Score, is_perfect, scores


def gap(check: str, subject: str, amount: str = "10.00") -> tuple[str, str, str, str, str | None, str, str]:
    return check, "psa", "project", subject, None, amount, "GBP"


def test_a_wrong_amount_is_missing_and_extra() -> None:
    planted = frozenset({gap("a", "P1"), gap("a", "P2"), gap("b", "P1")})
    listed = frozenset({gap("a", "P1"), gap("a", "P2", "10.01"), gap("c", "P3")})

    told = scores([Firm(planted, listed, ())])

    assert told == [Score("a", 2, 2, 1), Score("b", 1, 0, 0), Score("c", 0, 1, 0)]
    assert [(row.precision, row.recall) for row in told] == [(0.5, 0.5), (0.0, 0.0), (0.0, 1.0)]
    assert [(row.missing, row.extra) for row in told] == [(1, 1), (1, 0), (0, 1)]
    assert not is_perfect(told, [])
    assert is_perfect(scores([Firm(planted, planted, ())]), [])
    assert not is_perfect(scores([Firm(planted, planted, ("a",))]), ["a"])


def test_one_command_prints_it_for_several_firms() -> None:
    asked = ["score", "--seed", "3", "--seed", "4", "--engagements", "60", "--json"]
    run = CliRunner().invoke(sandbox, asked)
    told = json.loads(run.stdout)

    assert run.exit_code == 0
    assert told["drift"] == []
    assert {row["precision"] for row in told["checks"]} == {row["recall"] for row in told["checks"]} == {1.0}
    assert sum(row["planted"] for row in told["checks"]) > 100
