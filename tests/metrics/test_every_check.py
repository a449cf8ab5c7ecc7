"""What every check must be, found by being there: its words, its shape, its thresholds, and when it must keep silent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args

import pytest
from sqlalchemy import Table
from sqlalchemy.dialects import registry
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.sql import visitors

from collectors.contract import Role
from metrics.check import SHAPE, Check, Need, Scope, checks, statement
from metrics.evaluate import evaluate
from metrics.rules import Rules, Threshold
from queries.records import KINDS
from sandbox.truths import answers
from tests.cast import SYSTEMS, Cast, casting, utc
from tests.tree import ROOT
from tests.truth import firm as simulated
from tests.truth.spoiling import listed, standing

NOW = "2026-11-27T18:00Z"
#: dialects of warehouses whose packages may be installed -> the module to look for
WAREHOUSES = {
    "trino": "trino.sqlalchemy",
    "snowflake": "snowflake.sqlalchemy",
    "bigquery": "sqlalchemy_bigquery",
}

every = pytest.mark.parametrize("check", checks().values(), ids=list(checks()))
every_need = pytest.mark.parametrize(
    ("check", "need"),
    [(check, need) for check in checks().values() for need in check.reads],
    ids=lambda part: part.key if isinstance(part, Check) else f"{part.role} {part.kind}",
)


@pytest.fixture
def firm() -> Iterator[Cast]:
    """A firm with an empty store, asked everything."""
    for cast in casting():
        cast.rules = Rules()
        yield cast


def test_there_are_checks_to_look_at() -> None:
    files = {path.stem for path in (ROOT / "metrics" / "checks").glob("[a-z]*.py")}

    assert set(checks()) == files
    assert {"project_awaiting_activation", "unbilled_approved_time", "milestone_without_revenue"} <= files


@every
def test_a_check_says_of_every_kind_it_asks_that_it_reads_it(check: Check) -> None:
    asked = visitors.iterate(statement(check, whole=True))
    kinds = {part.name for part in asked if isinstance(part, Table)} & set(KINDS)

    assert bool(kinds) == bool(check.reads)
    assert kinds <= {need.kind for need in check.reads}


@every
def test_a_check_is_said_in_whole_words(check: Check) -> None:
    assert (ROOT / "metrics" / "checks" / f"{check.key}.py").exists()
    assert check.title[0].isupper()
    assert not check.title.endswith((".", "?"))
    assert check.question.endswith("?")
    assert check.remedy.endswith(".")
    for text in (check.amount, check.acts, check.subject, check.source):
        assert text.strip() == text != ""
        assert not text.endswith(".")
    assert check.subject in {*KINDS, "stream"}


@every
def test_thresholds_come_in_order(check: Check) -> None:
    assert 0 <= check.watch <= check.act


@every
def test_a_check_reads_known_streams_and_rests_on_at_least_one(check: Check) -> None:
    assert {need.role for need in check.reads} <= set(get_args(Role))
    assert {need.kind for need in check.reads} <= set(KINDS)
    assert len(set(check.reads)) == len(check.reads)
    # where no system keeps what the whole firm is asked about, nothing is wrong with it
    assert any(need.required for need in check.reads) or check.scope == "firm"


@every
def test_a_check_yields_its_shape_first_and_each_column_once(check: Check) -> None:
    names = [column.name for column in check.select(Scope(None)).selected_columns]

    assert tuple(names[: len(SHAPE)]) == SHAPE
    assert len(set(names)) == len(names)


def dialect(name: str) -> Dialect:
    """A database's way of writing SQL; the common one where its package is not installed."""
    module = WAREHOUSES.get(name)
    if module is not None and find_spec(module.partition(".")[0]) is None:
        return DefaultDialect()
    loaded: Dialect = registry.load(name)()
    return loaded


@every
@pytest.mark.parametrize("name", ["sqlite", "postgresql", *WAREHOUSES])
@pytest.mark.parametrize("scope", [Scope(None), Scope(["opportunity:crm:O1"])], ids=["all", "some"])
def test_a_check_compiles_for_every_engine(check: Check, name: str, scope: Scope) -> None:
    sql = str(check.select(scope).compile(dialect=dialect(name)))

    assert sql.startswith(("SELECT", "WITH"))
    assert all(f"AS {column}" in sql or f".{column}" in sql for column in SHAPE)


@every
def test_a_check_finds_nothing_in_an_empty_firm(check: Check, firm: Cast) -> None:
    assert firm.judge(NOW) == []
    assert firm.state(check.key)["outcome"] == "pass"


def serving(need: Need) -> list[str]:
    """The systems of the cast that keep what a check needs."""
    return [name for name, (roles, kinds, _) in SYSTEMS.items() if need.role in roles and need.kind in kinds]


@every_need
def test_a_stale_stream_makes_a_check_unknown_and_is_named(check: Check, need: Need, firm: Cast) -> None:
    (system, *_) = serving(need)
    stream = f"{system}/{need.kind}"
    firm.through = {stream: utc(NOW) - timedelta(hours=1)}
    firm.judge(NOW)

    state = firm.state(check.key)
    assert state["outcome"] == "unknown"
    assert stream in state["reason"]
    assert "older than its limit" in state["reason"]


@every_need
def test_a_stream_never_read_makes_a_check_unknown_and_is_named(check: Check, need: Need, firm: Cast) -> None:
    (system, *_) = serving(need)
    firm.through = {f"{system}/{need.kind}": None}
    firm.judge(NOW)

    assert firm.state(check.key)["outcome"] == "unknown"
    assert firm.state(check.key)["reason"] == f"{system}/{need.kind} has never been read to its end"


@every_need
def test_only_a_required_stream_is_missed_where_no_system_keeps_it(
    check: Check, need: Need, firm: Cast
) -> None:
    firm.serve({name: ("*",) for name in SYSTEMS if name not in serving(need)})
    firm.judge(NOW)

    others = [n for n in check.reads if n.required and set(serving(n)) <= set(serving(need))]
    assert (firm.state(check.key)["outcome"] == "unknown") == bool(others)


@every
def test_a_check_that_is_switched_off_is_left_alone(check: Check, firm: Cast) -> None:
    rules = Rules(disabled=frozenset({check.key}))

    assert check not in rules.enabled()
    evaluate(firm.connection, None, utc(NOW), rules)
    assert firm.drift(NOW) == {}


@every
def test_a_firms_own_thresholds_and_owner_hold(check: Check) -> None:
    own = Threshold(1, 2, "Ms Okafor")

    assert Rules({check.key: own}).of(check) == own
    assert Rules().of(check) == Threshold(check.watch, check.act, check.acts)


# ---- on a whole firm -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated firm, polled."""
    config = simulated.make(tmp_path_factory.mktemp("firm"), 7, 120)
    simulated.poll(config)
    return config


@pytest.fixture(scope="module")
def found(config: Path) -> list[dict[str, Any]]:
    """Its exceptions."""
    return listed(config)


#: what the simulated firm's mistakes are about; of everything else there must be nothing
PLANTED = set(answers())


@every
def test_every_exception_explains_itself(check: Check, found: list[dict[str, Any]]) -> None:
    mine = [row for row in found if row["check"] == check.key]

    assert bool(mine) == (check.key in PLANTED)
    for row in mine:
        assert row["reason"].endswith(".")
        assert "None" not in row["reason"] + row["actual"] + row["expected"]
        for text in (row["expected"], row["actual"], row["first_broken_handoff"], row["owner"]):
            assert text
            assert not text.endswith(".")
        assert row["remedy"] == check.remedy
        assert row["subject"]["kind"] in {check.subject, "contract_line"}
        assert row["severity"] in {"critical", "high", "medium", "low"}
        assert row["age_days"] > check.watch or check.at_once
        assert row["source_url"].startswith("https://")
        assert row["runs"]


@every
def test_a_checks_own_figures_are_those_of_its_exceptions(
    check: Check, config: Path, found: list[dict[str, Any]]
) -> None:
    mine = [row for row in found if row["check"] == check.key]
    told = standing(config)[check.key]

    assert (told["outcome"], told["open"]) == ("fail" if mine else "pass", len(mine))
    assert sum(total["count"] for total in told["amounts"]) == sum(row["currency"] != "XXX" for row in mine)
