"""Weak links: a same number ties two pieces of work only where nothing speaks against it.

What speaks against it is asked of everything either side is already tied to for certain: customers of
one system, or legal entities, that are not one and the same. The decision looks at all weak links
that hang together, in the order of their keys, so it does not depend on the order of arrival.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from queries.keys import Forest, Key, engagement_name
from queries.write import execute_many, rows_by

WEAK = "same_number"
_UNSEEN = "one of the two records has not been seen"
_FROM, _TO = ("from_kind", "from_system", "from_id"), ("to_kind", "to_system", "to_id")
_COLUMNS = (*_FROM, *_TO, "name", "method", "ties", "refused")
_NODE = ("kind", "system", "id", "engagement_id", "present", "customer", "legal_entity")


@dataclass(slots=True)
class _Side:
    """Customers and legal entities of records that are tied for certain."""

    customers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    entities: set[str] = field(default_factory=set)

    def against(self, other: _Side) -> str | None:
        """Why the two may not be one."""
        if self.entities and other.entities and len(self.entities | other.entities) > 1:
            return f"it would join legal entity {_differing(self.entities, other.entities)}"
        for system in sorted(self.customers.keys() & other.customers.keys()):
            mine, theirs = self.customers[system], other.customers[system]
            if len(mine | theirs) > 1:
                return f"it would join customer {_differing(mine, theirs)}"
        return None

    def take_in(self, other: _Side) -> None:
        """The two are one now."""
        self.entities |= other.entities
        for system, found in other.customers.items():
            self.customers[system] |= found


def _differing(mine: set[str], theirs: set[str]) -> str:
    left = min(mine - theirs, default=min(mine))
    return f"{left} with {min(theirs - {left})}"


def decide(connection: Connection, engagements: Iterable[str]) -> set[str]:
    """Write down which weak links tie; the engagements they concern, none where there are none."""
    concerned, nodes, links = _neighbourhood(connection, set(engagements))
    weak = sorted(row for row in links if row[7] == WEAK)
    if not weak:
        return set()
    forest = Forest()
    sides: dict[str, _Side] = defaultdict(_Side)
    for row in links:
        if row[7] != WEAK and row[8]:
            forest.join(_name(row[:3]), _name(row[3:6]))
    for key, (_, _, customer, entity) in nodes.items():
        side = sides[forest.root(engagement_name(key))]
        side.entities |= {entity} if entity else set()
        if customer:
            side.customers[customer.partition(":")[0]].add(customer)
    decided = [(row, _tie(row, nodes, forest, sides)) for row in weak]
    execute_many(
        connection,
        "UPDATE link SET ties = ?, refused = ?"
        " WHERE from_kind = ? AND from_system = ? AND from_id = ? AND name = ?",
        [
            (why is None, why, *row[:3], row[6])
            for row, why in decided
            if (bool(row[8]), row[9]) != (why is None, why)
        ],
    )
    return concerned


def _name(key: tuple[Any, ...]) -> str:
    return engagement_name(Key(*key))


def _tie(row: tuple[Any, ...], nodes: dict[Key, Any], forest: Forest, sides: dict[str, _Side]) -> str | None:
    """Why a weak link may not tie; joins its two sides where it may."""
    if not (nodes[Key(*row[:3])][1] and nodes[Key(*row[3:6])][1]):
        return _UNSEEN
    left, right = forest.root(_name(row[:3])), forest.root(_name(row[3:6]))
    if left == right:
        return None
    why = sides[left].against(sides[right])
    if why is None:
        forest.join(left, right)
        kept = forest.root(left)
        sides[kept].take_in(sides[right if kept == left else left])
    return why


def _neighbourhood(
    connection: Connection, engagements: set[str]
) -> tuple[set[str], dict[Key, tuple[str, bool, str | None, str | None]], set[tuple[Any, ...]]]:
    """All engagements that weak links, tying or not, reach from these; their nodes and links."""
    seen: set[str] = set()
    nodes: dict[Key, tuple[str, bool, str | None, str | None]] = {}
    links: set[tuple[Any, ...]] = set()
    while engagements - seen:
        new = [(name,) for name in sorted(engagements - seen)]
        seen |= engagements
        rows = rows_by(connection, "node", _NODE, ("engagement_id",), new)
        nodes |= {Key(*row[:3]): (row[3], bool(row[4]), row[5], row[6]) for row in rows}
        members = [Key(*row[:3]) for row in rows]
        found = rows_by(connection, "link", _COLUMNS, _FROM, members)
        into = [row for row in rows_by(connection, "link", _COLUMNS, _TO, members) if row[7] == WEAK]
        links |= {*found, *into}
        weak = [row for row in (*found, *into) if row[7] == WEAK]
        ends = sorted({Key(*key) for row in weak for key in (row[:3], row[3:6])} - nodes.keys())
        places = rows_by(connection, "node", ("engagement_id",), ("kind", "system", "id"), ends)
        engagements = {row[0] for row in places}
    return seen, nodes, links
