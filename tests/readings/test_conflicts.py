"""People and clients that name a record of the system of record which is not there, or not active."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Cast, utc

NOW = "2026-11-20T18:00Z"
SOON = "2026-11-20T18:10Z"
#: kind -> its system of record
HOME = {"resource": "hcm", "customer": "crm"}
kinds = pytest.mark.parametrize("kind", HOME)


def known(firm: Cast, kind: str, **fields: Any) -> None:
    """The record in the system of record."""
    firm.put(kind, "E1", HOME[kind], **{"name": "Ada King", **fields})


def naming(firm: Cast, kind: str, **fields: Any) -> None:
    """The record of the PSA that names it."""
    firm.put(kind, "U1", "psa", **{"name": "Ada", f"{kind}_id": "E1", **fields})


def found(firm: Cast, now: str = NOW) -> list[tuple[str, str]]:
    firm.judge(now)
    return [(row["check_key"], row["subject_id"]) for row in firm.rows() if row["outcome"] == "fail"]


@kinds
def test_a_name_that_means_nobody_is_a_conflict_until_it_is_right(firm: Cast, kind: str) -> None:
    naming(firm, kind)
    assert found(firm) == [(f"{kind}_conflict", "U1")]
    row = firm.one()
    assert row["reason"] == f"Ada in psa names {kind} E1 of {HOME[kind]}, and there is no such record."
    assert (row["engagement_id"], row["currency"], row["amount_minor"]) == ("", "XXX", 0)

    known(firm, kind)

    assert found(firm, SOON) == []
    assert firm.changes(row["id"]) == ["opened", "cleared"]


@kinds
def test_a_name_that_is_right_is_none_whatever_the_spelling(firm: Cast, kind: str) -> None:
    known(firm, kind, name="Ada  KING-Byron")
    naming(firm, kind)

    assert found(firm) == []
    assert firm.state(f"{kind}_conflict")["outcome"] == "pass"


@kinds
def test_a_deleted_record_is_a_conflict(firm: Cast, kind: str) -> None:
    known(firm, kind)
    naming(firm, kind)
    firm.delete(kind, HOME[kind], "E1")

    assert found(firm) == [(f"{kind}_conflict", "U1")]
    assert "deleted" in firm.one()["reason"]


def test_who_left_and_is_active_here_is_a_conflict(firm: Cast) -> None:
    known(firm, "resource", active=False)
    naming(firm, "resource")
    assert found(firm) == [("resource_conflict", "U1")]
    assert firm.one()["actual"] == "it is active here and inactive there"

    naming(firm, "resource", active=False)

    assert found(firm, SOON) == []


@kinds
def test_a_deleted_record_names_nobody(firm: Cast, kind: str) -> None:
    naming(firm, kind, deleted_at="2026-11-19T00:00Z")

    assert found(firm) == []


@kinds
def test_a_record_may_name_itself(firm: Cast, kind: str) -> None:
    naming(firm, kind, **{f"{kind}_system": "psa", f"{kind}_id": "U1"})

    assert found(firm) == []


@kinds
def test_nothing_is_missing_in_a_system_that_keeps_none(firm: Cast, kind: str) -> None:
    naming(firm, kind, **{f"{kind}_system": "clm"})

    assert found(firm) == []


@kinds
def test_absence_is_not_claimed_of_what_came_after_the_system_of_record_was_read(
    firm: Cast, kind: str
) -> None:
    firm.through = {HOME[kind]: utc("2026-11-20T17:55Z")}
    naming(firm, kind, at="2026-11-20T17:58Z")
    assert found(firm) == []

    firm.through = {}

    assert found(firm, SOON) == [(f"{kind}_conflict", "U1")]


@kinds
def test_it_is_unknown_while_the_system_of_record_is_stale(firm: Cast, kind: str) -> None:
    naming(firm, kind)
    found(firm)
    firm.through = {HOME[kind]: utc(NOW)}

    assert found(firm, "2026-11-20T23:00Z") == []
    assert [name for _, name, *_ in firm.grey()] == ["U1"]


@kinds
def test_a_row_in_quarantine_is_not_missing(firm: Cast, kind: str) -> None:
    naming(firm, kind)
    firm.quarantine(kind, HOME[kind], "E1")

    assert found(firm) == []
    assert firm.state(f"{kind}_conflict")["partial"]
