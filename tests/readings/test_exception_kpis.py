"""How long exceptions last, and how long until somebody takes them: by hand."""

from __future__ import annotations

from queries.exception_actions import Actor, assign, resolve, start
from tests.cast import Cast, utc
from tests.figures import history, value


def test_exceptions_last_from_detected_to_cleared(firm: Cast) -> None:
    firm.deal("O1", won_at="2026-10-01T12:00Z")
    firm.judge("2026-11-02T12:00Z")
    firm.project(opportunity_id="O1", activated_at="2026-11-03T12:00Z")
    firm.job(activated_at="2026-11-03T12:00Z")
    firm.judge("2026-11-03T18:00Z")

    found = history(firm, "exception_mttr")["2026-11"]
    assert (value(found), value(found, "weighted")) == (30, 30)


def test_exceptions_are_acknowledged_from_detected_to_first_taken(firm: Cast) -> None:
    firm.deal("O1", won_at="2026-10-01T12:00Z")
    firm.deal("O2", won_at="2026-10-01T12:00Z")
    firm.deal("O3", won_at="2026-10-01T12:00Z")
    firm.judge("2026-11-02T12:00Z")
    first, second, _nobody = (row["id"] for row in firm.rows())
    assign(firm.connection, first, "Grace", Actor("Ada", utc("2026-11-02T14:00Z")))
    start(firm.connection, first, Actor("Grace", utc("2026-11-04T14:00Z")))
    start(firm.connection, second, Actor("Ada", utc("2026-11-03T12:00Z")))

    found = history(firm, "exception_mtta")["2026-11"]
    assert value(found) == 13


def test_what_a_person_settled_lasted_until_then(firm: Cast) -> None:
    firm.deal("O1", won_at="2026-10-01T12:00Z")
    firm.judge("2026-11-02T12:00Z")
    (row,) = firm.rows()
    resolve(firm.connection, row["id"], "accepted", Actor("Ada", utc("2026-11-02T22:00Z"), "it is small"))

    assert value(history(firm, "exception_mttr")["2026-11"]) == 10
