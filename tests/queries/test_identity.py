"""Pairs of the same person, client or project: conflicts first, what both say, whose word counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from queries import identity
from queries.crosswalk import Row
from queries.identity import Pair
from queries.ingest import relink
from queries.store import writing
from tests.cast import Cast, casting, utc


@pytest.fixture
def firm() -> Iterator[Cast]:
    yield from casting()


def played(firm: Cast) -> Cast:
    """Pairs of every kind, one in each state."""
    for name, active in (("E1", True), ("E2", False)):
        firm.put("resource", name, "hcm", name="Ada King", active=active, legal_entity="UK01")
        firm.put("resource", f"U{name}", "psa", name="ADA  king", resource_id=name, legal_entity="UK01")
    firm.put("resource", "U3", "psa", name="Bo", resource_id="E3")
    firm.put("resource", "U4", "psa", name="Cy", resource_id="E3", active=False)
    firm.put("customer", "A", "crm", name="Nordwind")
    firm.put("customer", "PA", "psa", name="Nord Wind AG", customer_id="A")
    firm.put("customer", "PB", "psa", name="Gone", customer_id="B")
    firm.project("P1", currency="GBP", customer_id="PA", legal_entity="UK01")
    firm.job("J1", "P1", currency="USD", customer_system="crm", customer_id="A", legal_entity="UK01")
    firm.project("P2")
    firm.job("J2", "P2")
    firm.job("J3", "P2")
    firm.project("P4")
    firm.job("J4", "P4", customer_id="X")
    return firm


def found(firm: Cast, kind: str | None = None, **more: Any) -> dict[str, Pair]:
    rows = identity.pairs(firm.connection, kind, more.pop("roles", {}), limit=more.pop("limit", 50), **more)
    return {pair.here.id: pair for pair in rows}


def test_every_pair_says_what_speaks_against_it(firm: Cast) -> None:
    told = {name: pair.conflict for name, pair in found(played(firm)).items()}

    assert told == {
        "UE1": None, "UE2": "inactive", "U3": "missing", "U4": None, "PA": None, "PB": "missing",
        "J1": "currency", "J2": "duplicate", "J3": "duplicate", "J4": None,
    }  # fmt: skip


def test_conflicts_come_first_and_pages_follow_each_other(firm: Cast) -> None:
    played(firm)
    whole = list(found(firm))
    pages = [name for offset in (0, 4, 8) for name in found(firm, limit=4, offset=offset)]

    assert pages == whole
    assert set(whole[:6]) == set(found(firm, only_conflicts=True))
    assert list(found(firm, "customer")) == ["PB", "PA"]


def test_a_spelling_is_no_difference_and_another_name_is_shown(firm: Cast) -> None:
    pairs = found(played(firm))

    names = {name: pair.compared[0] for name, pair in pairs.items() if pair.compared[0].name == "name"}
    assert (names["UE1"].here, names["UE1"].there, names["UE1"].differs) == ("ADA  king", "Ada King", False)
    assert (names["PA"].differs, pairs["PA"].conflict) == (True, None)


def test_clients_are_compared_by_whom_they_are_known_as(firm: Cast) -> None:
    played(firm)
    assert found(firm)["J1"].conflict == "currency"

    firm.put("customer", "PA", "psa", name="Nordwind", customer_id="B")

    assert found(firm)["J1"].conflict == "customer"


def test_the_system_of_record_wins_and_policy_may_name_another(firm: Cast) -> None:
    played(firm)

    assert {found(firm)[name].wins for name in ("UE1", "UE2")} == {"hcm"}
    assert (found(firm)["PA"].wins, found(firm)["J1"].wins) == ("crm", "psa")
    changed = found(firm, roles={"project": "erp", "customer": "gateway"})
    assert (changed["J1"].wins, changed["PA"].wins) == ("erp", None)


def test_both_times_are_told(firm: Cast) -> None:
    firm.put("customer", "A", "crm", name="N", at="2026-11-01T00:00Z")
    firm.put("customer", "PA", "psa", name="N", customer_id="A", at="2026-11-02T00:00Z")

    pair = found(firm)["PA"]
    assert (pair.here.at, pair.there.at) == (utc("2026-11-02T00:00Z"), utc("2026-11-01T00:00Z"))


def test_counts_are_those_of_the_rows(firm: Cast) -> None:
    rows = identity.policies(played(firm).connection, {})

    assert [(row.kind, row.role, row.systems) for row in rows] == [
        ("customer", "crm", ("crm",)), ("resource", "hcm", ("hcm",)), ("project", "psa", ("psa",)),
    ]  # fmt: skip
    for row in rows:
        assert row.pairs == len(found(firm, row.kind))
        assert row.conflicts == len(found(firm, row.kind, only_conflicts=True))


def test_a_native_reference_and_the_crosswalk_are_both_shown(firm: Cast) -> None:
    played(firm)
    relink(
        firm.connection,
        [
            Row("resource", "psa", "UE1", "resource", "hcm", "E2"),
            Row("project", "erp", "J4", "project", "psa", "P4"),
        ],
        utc("2026-11-20T18:00Z"),
    )

    pair = found(firm)["UE1"]
    assert (pair.conflict, pair.there.id, pair.crosswalk) == ("crosswalk", "E1", ("hcm", "E2"))
    (row,) = identity.contradicted(firm.connection)
    assert (row["id"], row["own_id"], row["to_id"]) == ("UE1", "E1", "E2")


def test_deleted_records_and_those_that_name_themselves_make_no_pair(firm: Cast) -> None:
    firm.put("customer", "A", "psa", name="N", customer_system="psa", customer_id="A")
    firm.put("customer", "B", "psa", name="N", customer_id="A", deleted_at="2026-11-01T00:00Z")

    assert found(firm) == {}


def test_both_engines_say_the_same(engine: Engine, firm: Cast) -> None:
    with writing(engine) as connection:
        other = played(Cast(connection))

        assert list(found(other).values()) == list(found(played(firm)).values())
        assert identity.policies(connection, {}) == identity.policies(firm.connection, {})
