"""A finding is one object for life: opened, refreshed, doubted, cleared, reopened, each with its trace in the history."""

from __future__ import annotations

import json
from typing import Any

import pytest

from metrics.severity import Materiality, severity
from queries import findings
from queries.exceptions import history
from tests.cast import K1, K2, K3, Cast, keys, utc
from tests.queries.looking import arrive, every_finding

FRIDAY = "2026-11-20T18:00Z"
LATER = "2026-11-20T19:00Z"
MONDAY = "2026-11-23T18:00Z"


def story(firm: Cast, identifier: str) -> list[tuple[str, Any, Any]]:
    """What happened to a finding: the change, and its amount before and after where it is about money."""

    def money(text: str | None) -> Any:
        return json.loads(text)["amount_minor"] if text and text.startswith("{") else text

    return [
        (row["change"], money(row["before"]), money(row["after"]))
        for row in history(firm.connection, identifier)
    ]


def test_a_findings_id_is_its_subject_and_nothing_else() -> None:
    subject = ("crm", "opportunity", "O1")
    ids = {
        findings.finding_id(K1, subject, "", "GBP"),
        findings.finding_id(K2, subject, "", "GBP"),
        findings.finding_id(K1, ("psa", "opportunity", "O1"), "", "GBP"),
        findings.finding_id(K1, subject, "CL1", "GBP"),
        findings.finding_id(K1, subject, "", "USD"),
        findings.finding_id(K1, ("crm", "opportunity", 'O1", "'), "", "GBP"),
    }

    assert len(ids) == 6
    assert findings.finding_id(K1, subject, "", "GBP") in ids


def test_the_life_of_a_finding_is_in_its_history(firm: Cast) -> None:
    firm.deal("O1", amount="1000")
    firm.judge(FRIDAY)
    identifier = firm.one()["id"]
    firm.deal("O1", amount="1500")
    firm.judge(LATER)
    firm.deal("O1", status="lost")
    firm.judge(MONDAY)
    assert firm.rows() == []
    firm.deal("O1", amount="700")
    firm.judge("2026-11-23T19:00Z")

    assert story(firm, identifier) == [
        ("opened", None, 100000),
        ("refreshed", 100000, 150000),
        ("cleared", "new", "resolved"),
        ("regressed", "resolved", 70000),
    ]
    found = firm.one()
    assert (found["id"], found["status"], found["amount_minor"]) == (identifier, "regressed", 70000)
    assert (found["detected_minor"], found["opened_at"], found["cleared_at"]) == (100000, utc(FRIDAY), None)


def test_a_cleared_finding_keeps_what_it_was_about(firm: Cast) -> None:
    firm.deal("O1")
    firm.judge(FRIDAY)
    firm.delete("opportunity", "crm", "O1")
    firm.judge(LATER)

    (found,) = every_finding(firm)
    assert (found["is_open"], found["status"], found["outcome"]) == (False, "resolved", "pass")
    assert (found["cleared_at"], found["amount_minor"]) == (utc(LATER), 100000)


def test_growing_older_is_no_history_but_growing_worse_is(firm: Cast) -> None:
    firm.deal("O1")
    firm.judge("2026-11-06T18:00Z")
    identifier = firm.one()["id"]
    assert firm.one()["age_days"] == 4

    firm.judge("2026-11-09T18:00Z", full=True)
    assert (firm.one()["age_days"], firm.changes(identifier)) == (5, ["opened"])

    firm.judge("2026-11-10T18:00Z", full=True)
    assert (firm.one()["severity"], firm.changes(identifier)) == ("high", ["opened", "refreshed"])


def test_judging_again_changes_nothing(firm: Cast) -> None:
    firm.deal("O1")
    firm.judge(FRIDAY)
    before = every_finding(firm)

    firm.judge(FRIDAY, full=True)

    found = every_finding(firm)
    assert [{**row, "runs": ""} for row in found] == [{**row, "runs": ""} for row in before]


def test_a_subject_that_cannot_be_judged_turns_grey_once_and_black_again(firm: Cast) -> None:
    firm.deal("O1")
    firm.judge(FRIDAY)
    identifier = firm.one()["id"]
    firm.through = {"erp": utc(FRIDAY)}
    assert firm.judge(MONDAY) == []
    assert firm.judge("2026-11-23T19:00Z", full=True) == []
    assert keys(firm.grey()) == [(K1, "O1")]
    assert firm.one()["amount_minor"] == 100000

    firm.through = {}
    assert keys(firm.judge("2026-11-23T20:00Z")) == [(K1, "O1")]

    rows = history(firm.connection, identifier)
    assert [row["change"] for row in rows][:2] == ["opened", "unknown"]
    assert [row["change"] for row in rows].count("unknown") == 1
    assert "erp/project is complete only through 2026-11-20T18:00:00Z" in rows[1]["why"]
    assert rows[-1]["change"] == "judged"


def test_what_was_put_right_meanwhile_clears_a_grey_finding(firm: Cast) -> None:
    firm.deal("O1")
    firm.judge(FRIDAY)
    firm.through = {"erp": utc(FRIDAY)}
    firm.judge(MONDAY)
    firm.project("P1", opportunity_id="O1")
    firm.job("J1", project="P1")
    firm.through = {}

    firm.judge("2026-11-23T20:00Z")

    (found,) = every_finding(firm)
    assert (found["is_open"], found["status"]) == (False, "resolved")


def test_findings_behind_a_missing_project_have_its_finding_as_root(firm: Cast) -> None:
    firm.deal("O1")
    firm.project("P1", status="planned", opportunity_id="O1", billing_method="time_and_materials")
    firm.time("T1")
    firm.judge(FRIDAY)

    (deal,) = [row for row in firm.rows() if row["check_key"] == K1]
    assert {row["check_key"]: row["root_id"] for row in firm.rows()} == {K1: deal["id"], K2: deal["id"]}

    firm.project("P1", opportunity_id="O1", billing_method="time_and_materials")
    firm.job("J1", project="P1")
    firm.judge(LATER)

    (time,) = firm.rows()
    assert (time["check_key"], time["root_id"]) == (K2, time["id"])


def test_a_finding_says_where_when_how_much_and_who(firm: Cast) -> None:
    firm.entity("UK01", timezone="Europe/London", country="GB")
    firm.deal("O1", name="Audit", legal_entity="UK01", source_url="https://crm.example/O1")
    firm.judge(FRIDAY)

    found = firm.one()
    assert found["legal_entity"] == "UK01"
    assert found["source_url"] == "https://crm.example/O1"
    assert found["owner"] == "PMO / order desk"
    assert found["first_broken_handoff"] == "CRM to contract"
    assert found["reason"] == "Won 14 business days ago and there is no contract."
    assert found["since"] == utc("2026-11-02T12:00Z")
    assert len(json.loads(found["runs"])) == 4


@pytest.mark.parametrize(
    ("group_minor", "past_act", "expected"),
    [
        (10_000_000, True, "critical"),
        (10_000_000, False, "high"),
        (9_999_999, True, "high"),
        (1_000_000, False, "medium"),
        (999_999, True, "medium"),
        (999_999, False, "low"),
        (0, False, "low"),
        (None, False, "medium"),
        (None, True, "high"),
    ],
)
def test_severity_is_money_and_time(group_minor: int | None, past_act: bool, expected: str) -> None:
    assert severity(group_minor, past_act=past_act, materiality=Materiality()) == expected


def test_one_check_state_for_each_legal_entity(firm: Cast) -> None:
    firm.entity("UK01")
    firm.entity("US01")
    firm.deal("O1", legal_entity="UK01")
    firm.judge(FRIDAY)

    states = findings.check_states(firm.connection, K1)
    outcomes = {entity: row["outcome"] for entity, row in states.items()}
    assert outcomes == {"": "pass", "UK01": "fail", "US01": "pass"}
    assert {row["as_of"] for row in states.values()} == {utc(FRIDAY)}
    assert firm.state(K3, "UK01")["outcome"] == "pass"


def test_counts_are_of_open_and_judged_findings(firm: Cast) -> None:
    firm.deal("O1", legal_entity="UK01")
    firm.deal("O2")
    firm.deal("O3")
    firm.judge(FRIDAY)
    assert findings.open_counts(firm.connection, K1) == {"UK01": 1, "": 2}

    firm.deal("O3", status="lost")
    firm.judge(LATER)
    assert findings.open_counts(firm.connection, K1) == {"UK01": 1, "": 1}


def test_engagements_at_an_entity_are_those_with_something_open(firm: Cast) -> None:
    firm.deal("O1", legal_entity="UK01")
    firm.deal("O2")
    firm.judge(FRIDAY)

    assert findings.engagements_at(firm.connection, K1, ["UK01"]) == ["opportunity:crm:O1"]
    assert findings.engagements_at(firm.connection, K1, [""]) == ["opportunity:crm:O2"]
    assert findings.engagements_at(firm.connection, K1, ["US01"]) == []


def test_time_alone_lists_and_only_up_to_what_is_complete(firm: Cast) -> None:
    firm.deal("O1", won_at="2026-11-13T17:00Z")
    assert firm.judge("2026-11-17T18:00Z") == []
    firm.through = {"erp": utc("2026-11-17T23:59Z")}
    assert firm.judge("2026-11-18T00:05Z") == []
    firm.through = {}

    assert keys(firm.judge("2026-11-18T00:05Z")) == [(K1, "O1")]
    assert firm.state(K1)["as_of"] == utc("2026-11-18T00:05Z")


def test_an_audit_that_agrees_is_remembered_and_one_that_differs_names_its_subjects(firm: Cast) -> None:
    firm.deal("O1")
    firm.judge(FRIDAY)
    assert firm.drift(FRIDAY) == {}
    assert firm.state(K1)["verified_at"] == utc(FRIDAY)

    firm.deal("O2")  # stored, but nobody judged it
    assert firm.drift(LATER) == {K1: ["crm/opportunity/O2"]}
    assert firm.state(K1)["verified_at"] == utc(FRIDAY)


def test_amounts_too_large_to_be_added_up_stop_nothing_else(firm: Cast) -> None:
    firm.deal("O1")
    firm.project("P9", billing_method="time_and_materials", status="planned")
    huge = {"hours": "900000000", "rate": "99999999", "currency": "GBP", "status": "approved"}
    entries = [
        firm.record("time_entry", name, project_id="P9", work_date="2026-10-05", **huge) for name in "abc"
    ]
    # whether they are refused or kept, they may not take anything else along
    firm.touched |= arrive(firm, *entries, kind="time_entry", system="psa").touched

    assert (K1, "O1") in keys(firm.judge(FRIDAY))
