"""A check asked of the past: what it would have listed, day by day, from the dates that records carry."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.bootstrap import application
from app.check_history import as_answer, look_back, tried
from metrics.check import checks
from metrics.history import History, replay
from metrics.rules import Rules, Threshold
from queries.store import scratch_store, writing
from tests.cast import Cast, casting, utc
from tests.truth import firm as simulated

NOW = "2026-11-27T18:00Z"
K1, K3 = "project_awaiting_activation", "milestone_without_revenue"


@pytest.fixture
def firm() -> Iterator[Cast]:
    """A firm with an empty store."""
    yield from casting()


def asked(firm: Cast, check: str, days: int = 60, rules: Rules | None = None) -> History:
    """What a check would have listed on these days, told anew from the firm's records."""
    end = utc(NOW)
    with scratch_store() as engine, writing(engine) as scratch:
        return replay(
            firm.connection, scratch, checks()[check], rules or Rules(), end - timedelta(days=days), end
        )


def told(history: History) -> list[tuple[str, str, str | None, int]]:
    """Subject, the day it was first listed, the day it was not any more, minor units."""

    def day(at: datetime | None) -> str | None:
        return f"{at:%m-%d}" if at else None

    return [
        (row.subject_id, day(row.opened_at) or "", day(row.cleared_at), row.amount_minor)
        for row in history.fired
    ]


def test_what_is_open_now_was_first_listed_when_it_crossed_its_threshold(firm: Cast) -> None:
    firm.deal()

    # won on Monday the 2nd; more than two business days on Thursday the 5th
    assert told(asked(firm, K1)) == [("O1", "11-05", None, 100_000)]


def test_what_is_long_repaired_fired_and_cleared(firm: Cast) -> None:
    firm.deal()
    firm.project(opportunity_id="O1", activated_at="2026-11-10T09:00Z")
    firm.job(activated_at="2026-11-12T09:00Z")
    assert firm.judge(NOW) == []

    assert told(asked(firm, K1)) == [("O1", "11-05", "11-12", 100_000)]


def test_a_part_posted_later_lowers_nothing_before(firm: Cast) -> None:
    firm.promise(kind="milestone", recognition="milestone")
    firm.project(contract_id="C1")
    firm.milestone()
    revenue = {"milestone_id": "M1", "state": "posted", "currency": "GBP"}
    firm.put("revenue_line", "R1", "rev", **revenue, amount="400", posted_on="2026-11-03")
    firm.put("revenue_line", "R2", "rev", **revenue, amount="600", posted_on="2026-11-16")

    assert told(asked(firm, K3)) == [("M1", "11-06", "11-16", 60_000)]


def test_an_invoice_that_was_void_again_billed_in_between(firm: Cast) -> None:
    firm.promise(kind="milestone")
    firm.project(contract_id="C1")
    firm.milestone()
    firm.invoice(status="void", issued_on="2026-11-09", at="2026-11-18T09:00Z")
    firm.line("L1", "1000", milestone_id="M1", covers="milestone", at="2026-11-09T09:00Z")

    assert told(asked(firm, "milestone_not_invoiced")) == [
        ("M1", "11-06", "11-09", 100_000),
        ("M1", "11-18", None, 100_000),
    ]


def test_what_stood_before_the_first_day_did_not_fire(firm: Cast) -> None:
    firm.deal()

    assert told(asked(firm, K1, days=10)) == []


def test_another_threshold_is_tried_without_being_saved(firm: Cast) -> None:
    firm.deal()
    rules = tried(Rules(), checks()[K1], watch=10, act=None)

    assert told(asked(firm, K1, rules=rules)) == [("O1", "11-17", None, 100_000)]
    assert rules.of(checks()[K1]) == Threshold(10, 10, checks()[K1].acts)
    assert told(asked(firm, K1, rules=tried(Rules(), checks()[K1], watch=40, act=None))) == []


def test_amounts_add_up_by_currency_and_the_answer_says_so(firm: Cast) -> None:
    firm.deal()
    firm.deal("O2", currency="JPY", amount="5000")
    firm.deal("O3", amount="250.50")
    history = asked(firm, K1)

    answer = as_answer(history, Rules().of(checks()[K1]), 60)
    assert answer["amounts"] == [
        {"currency": "GBP", "amount": "1250.50"},
        {"currency": "JPY", "amount": "5000"},
    ]
    assert (answer["fired"], answer["still_open"], answer["looks"]) == (3, 3, 61)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated firm, polled."""
    config = simulated.make(tmp_path_factory.mktemp("firm"), 7, 60)
    simulated.poll(config)
    return config


@pytest.mark.parametrize("check", checks())
def test_the_last_day_of_history_is_what_is_listed_today(config: Path, check: str) -> None:
    with application(config) as app:
        past = look_back(app, checks()[check], tried(app.rules, checks()[check], None, None), days=20)
    standing = {fact[3:6] for fact in simulated.found(config) if fact[0] == check}

    still = {row.subject_id for row in past.fired if row.cleared_at is None}
    assert still <= {subject for subject, *_ in standing}
    assert past.looks == 21
