"""Checks of the firm as a whole: about what belongs to no engagement, judged whole, with no money at stake."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Select, literal, null, select

from app import words
from app.parts import common
from app.report import check_list, exception_list, overall_state
from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.evaluate import evaluate
from metrics.rules import Rules
from queries import journey
from queries.exceptions import Filters, Total, group_total, totals
from queries.schema import RECORD_TABLES
from queries.slices import facets
from queries.types import NO_CURRENCY
from tests.cast import K1, Cast, casting, utc

FRIDAY = "2026-11-20T18:00Z"
LATER = "2026-11-20T19:00Z"
_person = RECORD_TABLES["resource"]


def _select(_scope: Scope) -> Select[tuple[object, ...]]:
    return select(
        _person.c.system.label("subject_system"),
        literal("resource").label("subject_kind"),
        _person.c.id.label("subject_id"),
        null().label("contract_line"),
        literal(NO_CURRENCY).label("currency"),
        literal("").label("engagement_id"),
        _person.c.legal_entity,
        _person.c.source_updated_at.label("since"),
        literal(0).label("amount_minor"),
        _person.c.source_url,
    ).where(~_person.c.active, _person.c.deleted_at.is_(None))


def _explain(_row: Row, _age: int) -> Explanation:
    return Explanation("The person has left.", "nobody leaves", "one left", "HCM to PSA")


LEFT = Check(
    key="person_left", title="Person left", question="Who left?", reads=(Need("hcm", "resource", False),),
    subject="resource", amount="none", acts="HR", remedy="Ask.", watch=0, act=1, select=_select,
    explain=_explain, source="test", scope="firm", needs_amount=False, at_once=True,
)  # fmt: skip


class _With(Rules):
    """All checks, and the one tried here."""

    def enabled(self) -> list[Check]:
        return [*super().enabled(), LEFT]


@pytest.fixture
def firm() -> Iterator[Cast]:
    """A firm that also asks who left, and a person who did."""
    for cast in casting():
        cast.rules = _With()
        cast.put("resource", "R1", "hcm", name="Ada", active=False, at="2026-11-20T09:00Z")
        yield cast


def mine(firm: Cast) -> list[tuple[str, str]]:
    return [(row["subject_id"], row["outcome"]) for row in firm.rows() if row["check_key"] == LEFT.key]


def test_it_is_judged_whole_when_a_poll_ends_and_not_within_a_batch(firm: Cast) -> None:
    firm.judge("2026-11-19T18:00Z")
    assert mine(firm) == []
    evaluate(firm.connection, {"opportunity:crm:O1"}, utc(FRIDAY), firm.rules)
    assert mine(firm) == []

    firm.judge(FRIDAY)

    assert mine(firm) == [("R1", "fail")]
    assert firm.state(LEFT.key)["outcome"] == "fail"


def test_it_clears_by_itself_and_comes_back_as_the_same(firm: Cast) -> None:
    firm.judge(FRIDAY)
    identifier = firm.one()["id"]
    firm.put("resource", "R1", "hcm", name="Ada", active=True, at="2026-11-20T18:30Z")
    firm.judge(LATER)
    assert mine(firm) == []

    firm.put("resource", "R1", "hcm", name="Ada", active=False, at="2026-11-20T18:40Z")
    firm.judge(LATER)

    assert firm.one()["id"] == identifier
    assert firm.changes(identifier) == ["opened", "cleared", "regressed"]


def test_one_stale_system_makes_it_unknown_whichever_legal_entity_it_serves(firm: Cast) -> None:
    firm.serve({**dict.fromkeys(("crm", "psa", "erp"), ("*",)), "hcm": ("US01",)})
    firm.judge(FRIDAY)
    firm.through = {"hcm": utc(FRIDAY)}
    firm.judge("2026-11-20T23:00Z")

    assert mine(firm) == [("R1", "unknown")]
    assert "hcm/resource" in firm.state(LEFT.key)["reason"]


def test_where_no_system_keeps_what_it_reads_nothing_is_wrong(firm: Cast) -> None:
    firm.delete("resource", "hcm", "R1")
    firm.serve({"crm": ("*",), "psa": ("*",)})
    firm.judge(FRIDAY)

    assert firm.state(LEFT.key)["outcome"] == "pass"


def test_the_audit_covers_it(firm: Cast) -> None:
    firm.judge(FRIDAY)
    assert firm.drift(FRIDAY) == {}

    firm.put("resource", "R2", "hcm", name="Bo", active=False, at="2026-11-20T09:00Z")

    assert firm.drift(FRIDAY) == {LEFT.key: ["hcm/resource/R2"]}


def test_it_neither_follows_from_a_deal_nor_explains_one(firm: Cast) -> None:
    firm.deal("O1")
    firm.put("resource", "R2", "hcm", name="Bo", active=False, at="2026-11-19T09:00Z")
    firm.judge(FRIDAY, full=True)

    assert len(firm.rows()) == 3
    assert all(row["root_id"] == row["id"] for row in firm.rows())


def test_it_is_found_by_no_trace(firm: Cast) -> None:
    firm.judge(FRIDAY)

    assert journey.resolve(firm.connection, firm.one()["id"]) == []


def test_sums_leave_it_out_and_json_says_nought_of_no_currency(firm: Cast) -> None:
    firm.deal("O1")
    firm.judge(FRIDAY)

    told = {row["check"]: row for row in exception_list(firm.connection, Filters())}
    assert (told[LEFT.key]["amount"], told[LEFT.key]["currency"]) == ("0", "XXX")
    assert (told[LEFT.key]["engagement"], told[LEFT.key]["severity"]) == ("", "low")
    assert words.totals(totals(firm.connection, Filters())) == "GBP 1,000.00"
    assert group_total(firm.connection, Filters(check=LEFT.key)) == (1, 0, 0)
    assert facets(firm.connection).currencies == ("GBP",)
    assert {row["key"]: row["amounts"] for row in check_list(firm.connection, Rules())}[K1] != []


def test_pages_show_a_dash() -> None:
    none = Total(NO_CURRENCY, 3, Decimal(0))

    assert words.money(Decimal(0), NO_CURRENCY) == words.short(Decimal(0), NO_CURRENCY) == words.NONE
    assert words.totals([none]) == words.NONE
    assert words.NONE in common.worth(0, "GBP", [none])
    assert "GBP" in common.worth(0, "GBP", [none, Total("GBP", 1, Decimal(0))])


def test_a_failure_of_no_legal_entity_counts_beside_those_that_pass() -> None:
    row = {"as_of": utc(FRIDAY), "verified_at": None, "reason": None, "partial": False}
    states = {"": {**row, "outcome": "fail"}, "UK01": {**row, "outcome": "pass"}}

    assert overall_state(states)["outcome"] == "fail"
    assert overall_state({**states, "": {**row, "outcome": "unknown"}})["outcome"] == "pass"


def test_a_threshold_of_its_own_counts_business_days_again(firm: Cast) -> None:
    later = LEFT.key, firm.rules.of(LEFT)._replace(watch=1, act=2)
    firm.rules = _With(thresholds=dict([later]))
    firm.judge("2026-11-23T18:00Z")
    assert mine(firm) == []

    firm.through = {"hcm": utc("2026-11-24T18:00Z") - timedelta(minutes=1)}
    firm.judge("2026-11-24T18:00Z")

    assert mine(firm) == [("R1", "fail")]
