"""Engagements are the connected pieces of sold work, whatever order their records come in, on each engine."""

from __future__ import annotations

from collections import defaultdict
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from queries.engagements import engagements_of
from queries.keys import Key, engagement_name
from queries.schema import node
from tests.cast import Cast, casting

WEAK: dict[str, Any] = {"link_method": "same_number"}


def names(firm: Cast, *keys: tuple[str, str]) -> list[str]:
    """The engagement of each record, as kind and id."""
    return [firm.engagement(*key) for key in keys]


def chain(firm: Cast) -> None:
    """A deal, its contract, its project in PSA and in ERP, and leaves on both ends."""
    firm.deal("O1")
    firm.contract("C1", opportunity_id="O1")
    firm.project("P1", contract_id="C1")
    firm.job("J1", project="P1")
    firm.time("T1", project_id="P1")
    firm.line("L1", "100.00", project_id="P1")


def test_a_chain_is_one_engagement_named_after_its_deal(firm: Cast) -> None:
    chain(firm)

    found = names(firm, ("opportunity", "O1"), ("contract", "C1"), ("project", "P1"), ("project", "J1"))
    leaves = names(firm, ("time_entry", "T1"), ("invoice_line", "L1"))
    assert {*found, *leaves} == {"opportunity:crm:O1"}


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_chain_is_the_same_in_any_order(firm: Cast, order: tuple[int, ...]) -> None:
    steps = (
        lambda: firm.deal("O1", at="2026-11-01T00:00Z"),
        lambda: firm.project("P1", contract_id="C1", at="2026-11-01T00:00Z"),
        lambda: firm.contract("C1", opportunity_id="O1", at="2026-11-01T00:00Z"),
        lambda: firm.time("T1", project_id="P1", at="2026-11-01T00:00Z"),
    )
    for step in order:
        steps[step]()

    assert set(names(firm, ("contract", "C1"), ("time_entry", "T1"))) == {"opportunity:crm:O1"}
    assert "opportunity:crm:O1" in firm.touched


def test_a_partner_not_seen_yet_has_its_place_already(firm: Cast) -> None:
    firm.time("T1", project_id="P9")
    assert firm.engagement("time_entry", "T1") == "project:psa:P9"

    firm.project("P9", opportunity_id="O9")

    assert names(firm, ("time_entry", "T1"), ("project", "P9")) == ["opportunity:crm:O9"] * 2
    key = Key("opportunity", "crm", "O9")
    assert engagements_of(firm.connection, [key]) == {key: "opportunity:crm:O9"}
    seen = firm.connection.execute(select(node.c.id, node.c.present)).all()
    assert dict([tuple(row) for row in seen]) == {"P9": True, "O9": False}


def test_a_link_that_goes_away_splits_and_its_leaves_follow(firm: Cast) -> None:
    chain(firm)
    firm.touched = set()

    firm.project("P1", contract_id=None)

    assert names(firm, ("opportunity", "O1"), ("contract", "C1")) == ["opportunity:crm:O1"] * 2
    moved = names(firm, ("project", "P1"), ("project", "J1"), ("time_entry", "T1"), ("invoice_line", "L1"))
    assert set(moved) == {"project:erp:J1"}
    assert {"opportunity:crm:O1", "project:erp:J1"} <= firm.touched


def test_a_link_that_moves_to_another_deal_takes_everything_behind_it_along(firm: Cast) -> None:
    chain(firm)
    firm.deal("O0")

    firm.contract("C1", opportunity_id="O0")

    everything = names(
        firm, ("contract", "C1"), ("project", "J1"), ("time_entry", "T1"), ("invoice_line", "L1")
    )
    assert set(everything) == {"opportunity:crm:O0"}
    assert firm.engagement("opportunity", "O1") == "opportunity:crm:O1"


def test_one_batch_may_join_and_part_at_once(firm: Cast) -> None:
    firm.deal("O1")
    firm.deal("O2")
    firm.project("P1", opportunity_id="O1")
    firm.project("P2", opportunity_id="O2")
    firm.time("T1", project_id="P1")
    swapped = [
        firm.record("project", "P1", status="active", opportunity_id="O2"),
        firm.record("project", "P2", status="active", opportunity_id="O1"),
    ]

    firm.batch("project", "psa", swapped)

    assert names(firm, ("project", "P1"), ("time_entry", "T1"), ("project", "P2")) == [
        "opportunity:crm:O2", "opportunity:crm:O2", "opportunity:crm:O1",
    ]  # fmt: skip


def test_two_that_stay_tied_another_way_stay_together(firm: Cast) -> None:
    chain(firm)
    firm.job("J1", project="P1", contract_id="C1")

    firm.project("P1", contract_id=None)

    assert firm.engagement("project", "P1") == "opportunity:crm:O1"


def test_a_leaf_that_moves_to_another_project_touches_both(firm: Cast) -> None:
    firm.project("P1")
    firm.project("P2")
    firm.time("T1", project_id="P1")
    firm.touched = set()

    firm.time("T1", project_id="P2")

    assert firm.engagement("time_entry", "T1") == "project:psa:P2"
    assert firm.touched == {"project:psa:P1", "project:psa:P2"}


def test_a_milestone_anchors_before_the_line_and_the_project(firm: Cast) -> None:
    firm.milestone("M1", project_id="P1", contract_line_id=None)
    firm.line("L1", "100.00", milestone_id="M1", project_id="P2", contract_line_id="CL9")

    assert firm.engagement("invoice_line", "L1") == firm.engagement("milestone", "M1")


def test_customers_and_invoice_headers_join_nothing(firm: Cast) -> None:
    same = {"customer_system": "crm", "customer_id": "K1"}
    firm.deal("O1", **same)
    firm.deal("O2", **same)
    firm.project("P1", opportunity_id="O1")
    firm.project("P2", opportunity_id="O2")
    firm.invoice("I1")
    firm.line("L1", "100.00", project_id="P1")
    firm.line("L2", "100.00", project_id="P2")

    assert len({*names(firm, ("opportunity", "O1"), ("opportunity", "O2"))}) == 2
    assert len({*names(firm, ("invoice_line", "L1"), ("invoice_line", "L2"))}) == 2


def test_a_record_that_names_itself_is_tied_to_nothing(firm: Cast) -> None:
    firm.put("project", "J1", "erp", status="active", project_id="J1", project_system="erp")

    assert firm.links() == {}
    assert firm.engagement("project", "J1") == "project:erp:J1"


def test_a_weak_link_waits_for_both_ends_and_ends_with_either(firm: Cast) -> None:
    firm.project("P1", opportunity_id="O1", **WEAK)
    assert firm.links() == {("P1", "O1"): "one of the two records has not been seen"}

    firm.deal("O1", at="2026-11-01T00:00Z")
    assert firm.engagement("project", "P1") == "opportunity:crm:O1"

    firm.deal("O1", at="2026-11-02T00:00Z", deleted_at="2026-11-02T00:00Z")
    assert firm.engagement("project", "P1") == "project:psa:P1"


def test_a_deletion_found_by_a_sweep_ends_a_weak_link_as_a_signalled_one_does(firm: Cast) -> None:
    firm.deal("O1", at="2026-11-01T00:00Z")
    firm.project("P1", opportunity_id="O1", **WEAK)
    firm.time("T1")

    firm.delete("opportunity", "crm", "O1")
    assert set(names(firm, ("project", "P1"), ("time_entry", "T1"))) == {"project:psa:P1"}

    firm.deal("O1", at="2026-11-01T00:00Z")
    assert set(names(firm, ("project", "P1"), ("time_entry", "T1"))) == {"opportunity:crm:O1"}


def test_a_native_reference_ties_even_to_what_was_deleted(firm: Cast) -> None:
    firm.deal("O1")
    firm.project("P1", opportunity_id="O1")

    firm.delete("opportunity", "crm", "O1")

    assert firm.engagement("project", "P1") == "opportunity:crm:O1"


# ---- any tangle of links, against the textbook -----------------------------------------------

IDS = ("1", "2", "3", "4")
#: (project, version) -> the deal, the contract and the other project it names
REFERENCES = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(IDS) for name in ("opportunity_id", "contract_id", "project_id")}
)
STEPS = st.lists(st.tuples(st.sampled_from(IDS), st.integers(1, 5), REFERENCES), min_size=1, max_size=14)


def components(latest: dict[str, dict[str, str]]) -> dict[str, str]:
    """Project -> the engagement it belongs to, worked out from all links at once."""
    near: dict[Key, set[Key]] = defaultdict(set)
    for project, references in latest.items():
        own = Key("project", "psa", project)
        for name, identifier in references.items():
            kind = name.removesuffix("_id")
            other = Key(kind, {"opportunity": "crm", "contract": "clm", "project": "psa"}[kind], identifier)
            near[own].add(other)
            near[other].add(own)
    rank = {"opportunity": 0, "contract": 1, "project": 2}
    found = {}
    for project in latest:
        seen, edge = set(), [Key("project", "psa", project)]
        while edge:
            seen.add(key := edge.pop())
            edge += near[key] - seen
        found[project] = engagement_name(min(seen, key=lambda k: (rank[k.kind], k)))
    return found


@settings(max_examples=120)
@given(STEPS)
def test_any_tangle_of_links_comes_to_its_connected_pieces(
    steps: list[tuple[str, int, dict[str, str]]],
) -> None:
    latest: dict[str, tuple[int, dict[str, str]]] = {}
    with_firm = casting()
    firm = next(with_firm)
    for project, version, references in steps:
        firm.project(project, at=f"2026-11-0{version}T00:00Z", **references)
        firm.time(f"T{project}", project_id=project)
        if version >= latest.get(project, (0, {}))[0]:
            latest[project] = version, references
    expected = components({project: references for project, (_, references) in latest.items()})

    assert {project: firm.engagement("project", project) for project in latest} == expected
    assert {project: firm.engagement("time_entry", f"T{project}") for project in latest} == expected
    assert next(with_firm, None) is None
