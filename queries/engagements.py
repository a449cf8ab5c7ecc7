"""Engagements: which records are about one piece of sold work.

An engagement is a connected component over links between opportunities, contracts, contract lines,
projects, milestones and billing events. It is named after its first member (the order of
``NODE_KINDS``, then system and id), so its name does not depend on the order of arrival. Leaf
records (time, invoice lines, revenue) take the engagement of the node they name.

A native reference, an external id and a crosswalk always tie. A same number ties only when both
records are here and neither customer nor legal entity differ; else it stays a suggestion.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection

from queries.keys import Forest, Key, engagement_name
from queries.records import ANCHORS, NODE_KINDS, REFERENCES, Record
from queries.rows import Source
from queries.schema import link, node
from queries.weak_links import WEAK, decide
from queries.write import execute_many, rows_by, upsert

_NODE = ("kind", "system", "id")
_LINK = (
    *("from_kind", "from_system", "from_id", "name"),
    *("to_kind", "to_system", "to_id", "method", "ties", "refused"),
)


Pair = tuple[Key, Key]


@dataclass(slots=True)
class _Node:
    engagement: str
    present: bool
    customer: str | None
    legal_entity: str | None


class _Edge(NamedTuple):
    owner: Key
    name: str
    target: Key
    method: str


def place_nodes(
    connection: Connection,
    kind: str,
    source: Source,
    records: Sequence[Record],
    crosswalked: AbstractSet[tuple[str, str]] = frozenset(),
) -> tuple[dict[str, str], set[str]]:
    """Register node records and their links; the engagement of each id, and every engagement touched.

    ``crosswalked`` are the ids and references that the crosswalk filled.
    """
    owners = [Key(kind, source.system, record.id) for record in records]
    edges = [edge for record in records for edge in _edges(kind, source, record, crosswalked)]
    before = _stored_edges(connection, owners)
    targets = {edge.target for edge in edges} | {edge.target for edge in before}
    nodes = _load(connection, {*owners, *targets})
    touched = {n.engagement for n in nodes.values()}
    new = _place_missing(nodes, targets)
    for record, owner in zip(records, owners, strict=True):
        found = nodes.get(owner)
        nodes[owner] = _Node(
            found.engagement if found else engagement_name(owner),
            record.deleted_at is None,
            _customer(source, record),
            source.legal_entities.get(record.legal_entity or "", record.legal_entity),
        )
        new.add(owner)
    _write_nodes(connection, new, nodes)
    split = _write_edges(connection, before, edges)
    _merge(connection, [edge for edge in edges if edge.method != WEAK], nodes, touched)
    if split:
        _split(connection, {nodes[key].engagement for key in split}, nodes, touched)
    _reconsider(connection, {n.engagement for n in nodes.values()}, nodes, touched)
    touched |= {nodes[key].engagement for key in owners}
    return {key.id: nodes[key].engagement for key in owners}, touched


def leave(connection: Connection, keys: Sequence[Key]) -> set[str]:
    """Records left their source: their weak links no longer tie; the engagements touched."""
    gone = [(False, *key) for key in keys]
    execute_many(connection, "UPDATE node SET present = ? WHERE kind = ? AND system = ? AND id = ?", gone)
    nodes = _load(connection, keys)
    touched = {found.engagement for found in nodes.values()}
    _reconsider(connection, set(touched), nodes, touched)
    return touched


def anchor_leaves(
    connection: Connection, kind: str, source: Source, records: Sequence[Record], touched: set[str]
) -> list[str | None]:
    """The engagement of each leaf record, from the first reference it gives; unseen nodes get a place.

    A leaf that names two nodes ties them: they are about one piece of work as long as some leaf says so.
    """
    told = list(map(attrgetter(*anchor_columns(kind)), records))
    # a page names few nodes, again and again
    named = {values: _named(kind, source, values) for values in set(told)}
    wanted = {key for keys in named.values() for key in keys}
    nodes = _load(connection, wanted)
    _write_nodes(connection, _place_missing(nodes, wanted), nodes)
    alive = {values for values, record in zip(told, records, strict=True) if record.deleted_at is None}
    edges = [_leaf_edge(kind, pair) for pair in sorted(_pairs(named[values] for values in alive))]
    known = set(_stored_edges(connection, sorted({edge.owner for edge in edges}), by_leaves=True))
    new = [edge for edge in edges if edge not in known]
    upsert(connection, link, _LINK, [(*e.owner, e.name, *e.target, e.method, True, None) for e in new])
    if new:
        _merge(connection, new, nodes, touched)
        _reconsider(connection, {n.engagement for n in nodes.values()}, nodes, touched)
    placed = {values: nodes[keys[0]].engagement if keys else None for values, keys in named.items()}
    return [placed[values] for values in told]


def leaf_ties(connection: Connection, kind: str, system: str, ids: Sequence[str]) -> set[Pair]:
    """Which nodes the stored leaves of these ids tie."""
    if len(ANCHORS.get(kind, ())) < 2:  # noqa: PLR2004 - it takes two to tie
        return set()
    keys, columns = [(system, identifier) for identifier in ids], (*anchor_columns(kind), "deleted_at")
    return tied(kind, rows_by(connection, kind, columns, ("system", "id"), keys, distinct=True))


def tied(kind: str, rows: Iterable[Sequence[Any]]) -> set[Pair]:
    """Which nodes leaves tie that name them in :func:`anchor_columns`, with ``deleted_at`` behind these."""
    return _pairs(_row_keys(kind, row) for row in rows if row[-1] is None)


def release(connection: Connection, kind: str, pairs: Iterable[Pair], touched: set[str]) -> None:
    """Let go of nodes that no leaf ties any more."""
    loose: set[Key] = set()
    for pair in sorted(pairs):
        if not _still_tied(connection, kind, pair):
            edge = _leaf_edge(kind, pair)
            key = [(*edge.owner, edge.name)]
            sql = "DELETE FROM link WHERE from_kind = ? AND from_system = ? AND from_id = ? AND name = ?"
            execute_many(connection, sql, key)
            loose |= set(pair)
    if loose:
        nodes = _load(connection, loose)
        _split(connection, {found.engagement for found in nodes.values()}, nodes, touched)
        _reconsider(connection, {found.engagement for found in nodes.values()}, nodes, touched)


def _still_tied(connection: Connection, kind: str, pair: Pair) -> bool:
    place = engagements_of(connection, [pair[0]]).get(pair[0])
    columns = (*anchor_columns(kind), "deleted_at")
    return pair in tied(
        kind, rows_by(connection, kind, columns, ("engagement_id",), [(place,)], distinct=True)
    )


def _row_keys(kind: str, row: Sequence[Any]) -> tuple[Key, ...]:
    ends = zip(ANCHORS.get(kind, ()), row[::2], row[1::2], strict=False)
    return tuple(Key(name, at, to) for name, at, to in ends if to is not None)


def _pairs(named: Iterable[tuple[Key, ...]]) -> set[Pair]:
    return {(keys[0], other) for keys in named for other in keys[1:]}


def _leaf_edge(kind: str, pair: Pair) -> _Edge:
    # only a leaf's link has a name of several words
    return _Edge(pair[0], f"{kind} {' '.join(pair[1])}", pair[1], "native_reference")


def anchor_columns(kind: str) -> tuple[str, ...]:
    """The fields with which a leaf names nodes, its anchor first: system and id of each in turn."""
    return tuple(field for name in ANCHORS.get(kind, ()) for field in (f"{name}_system", f"{name}_id"))


def _named(kind: str, source: Source, told: tuple[str | None, ...]) -> tuple[Key, ...]:
    """The nodes a leaf names in these fields, its anchor first."""
    ends = zip(ANCHORS[kind], told[::2], told[1::2], strict=True)
    return tuple(Key(name, at or source.reference(name, kind), to) for name, at, to in ends if to is not None)


def engagements_of(connection: Connection, keys: Iterable[Key]) -> dict[Key, str]:
    """The engagement of each node that has one; a name out of a broken row may be one no store can hold."""
    wanted = {key for key in keys if _can_be_stored(key.id) and _can_be_stored(key.system)}
    return {key: found.engagement for key, found in _load(connection, wanted).items()}


def _can_be_stored(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _edges(kind: str, source: Source, record: Record, filled: AbstractSet[tuple[str, str]]) -> list[_Edge]:
    owner = Key(kind, source.system, record.id)
    found = []
    for name, target_kind in REFERENCES[kind].items():
        identifier = getattr(record, f"{name}_id")
        if target_kind in NODE_KINDS and identifier is not None:
            system = getattr(record, f"{name}_system") or source.reference(name, kind)
            target = Key(target_kind, system, identifier)
            own: str = record.link_method  # type: ignore[attr-defined]
            if target != owner:
                method = "crosswalk_file" if (record.id, name) in filled else own
                found.append(_Edge(owner, name, target, method))
    return found


def _customer(source: Source, record: Record) -> str | None:
    identifier = getattr(record, "customer_id", None)
    if identifier is None:
        return None
    return f"{getattr(record, 'customer_system', None) or source.reference('customer')}:{identifier}"


def _load(connection: Connection, keys: Iterable[Key]) -> dict[Key, _Node]:
    columns = (*_NODE, "engagement_id", "present", "customer", "legal_entity")
    rows = rows_by(connection, "node", columns, _NODE, sorted(keys))
    return {Key(*row[:3]): _Node(row[3], bool(row[4]), row[5], row[6]) for row in rows}


def _place_missing(nodes: dict[Key, _Node], wanted: Iterable[Key]) -> set[Key]:
    missing = {key for key in wanted if key not in nodes}
    for key in missing:
        nodes[key] = _Node(engagement_name(key), present=False, customer=None, legal_entity=None)
    return missing


def _write_nodes(connection: Connection, keys: Iterable[Key], nodes: Mapping[Key, _Node]) -> None:
    columns = (*_NODE, "engagement_id", "present", "customer", "legal_entity")
    rows = [
        (*key, nodes[key].engagement, nodes[key].present, nodes[key].customer, nodes[key].legal_entity)
        for key in keys
    ]
    upsert(connection, node, columns, rows)


def _stored_edges(connection: Connection, owners: Sequence[Key], *, by_leaves: bool = False) -> list[_Edge]:
    """The links these records own; those their leaves proved are asked for apart."""
    rows = rows_by(connection, "link", _LINK, ("from_kind", "from_system", "from_id"), owners)
    mine = [row for row in rows if (" " in row[3]) == by_leaves]
    return [_Edge(Key(*row[:3]), row[3], Key(*row[4:7]), row[7]) for row in mine]


def _write_edges(connection: Connection, before: Sequence[_Edge], edges: Sequence[_Edge]) -> set[Key]:
    """Store the links as they are now; the ends of those that are gone. Weak ones tie by decision only."""
    current = set(edges)
    gone = [edge for edge in before if edge not in current]
    new = current - set(before)
    execute_many(
        connection,
        "DELETE FROM link WHERE from_kind = ? AND from_system = ? AND from_id = ? AND name = ?",
        [(*edge.owner, edge.name) for edge in gone],
    )
    rows = [(*e.owner, e.name, *e.target, e.method, e.method != WEAK, None) for e in sorted(new)]
    upsert(connection, link, _LINK, rows)
    return {key for edge in gone for key in (edge.owner, edge.target)}


def _reconsider(
    connection: Connection, engagements: set[str], nodes: dict[Key, _Node], touched: set[str]
) -> None:
    """Decide anew which weak links of these engagements tie, and place their records accordingly."""
    concerned = decide(connection, engagements)
    if concerned:
        _split(connection, concerned, nodes, touched)


def _merge(
    connection: Connection, edges: Sequence[_Edge], nodes: dict[Key, _Node], touched: set[str]
) -> None:
    """Join engagements along links: the smallest name of a component is the name of all."""
    forest = Forest()
    for edge in edges:
        forest.join(nodes[edge.owner].engagement, nodes[edge.target].engagement)
    renamed = forest.renamed()
    if not renamed:
        return
    touched |= {*renamed, *renamed.values()}
    for found in nodes.values():
        found.engagement = renamed.get(found.engagement, found.engagement)
    pairs = [(new, old) for old, new in sorted(renamed.items())]
    for table in ("node", *_engagement_tables()):
        execute_many(connection, f"UPDATE {table} SET engagement_id = ? WHERE engagement_id = ?", pairs)


def _engagement_tables() -> tuple[str, ...]:
    return (*NODE_KINDS, *ANCHORS)


def _split(connection: Connection, engagements: set[str], nodes: dict[Key, _Node], touched: set[str]) -> None:
    """Work out the components of some engagements anew, and move every record that changed side."""
    touched |= engagements
    values = [(name,) for name in sorted(engagements)]
    members = [Key(*row) for row in rows_by(connection, "node", _NODE, ("engagement_id",), values)]
    forest = Forest()
    for key in members:
        forest.root(engagement_name(key))
    for row in rows_by(connection, "link", _LINK, ("from_kind", "from_system", "from_id"), members):
        if row[8]:
            forest.join(engagement_name(Key(*row[:3])), engagement_name(Key(*row[4:7])))
    placed = {key: forest.root(engagement_name(key)) for key in members}
    rows = [(name, *key) for key, name in sorted(placed.items())]
    execute_many(
        connection, "UPDATE node SET engagement_id = ? WHERE kind = ? AND system = ? AND id = ?", rows
    )
    for kind in NODE_KINDS:
        own = [(name, key.system, key.id) for key, name in placed.items() if key.kind == kind]
        execute_many(connection, f"UPDATE {kind} SET engagement_id = ? WHERE system = ? AND id = ?", own)
    for kind, names in ANCHORS.items():
        _move_leaves(connection, kind, names, values, placed)
    touched |= set(placed.values())
    for key, found in nodes.items():
        found.engagement = placed.get(key, found.engagement)


def _move_leaves(
    connection: Connection,
    kind: str,
    names: tuple[str, ...],
    engagements: list[tuple[str]],
    placed: Mapping[Key, str],
) -> None:
    references = [column for name in names for column in (f"{name}_system", f"{name}_id")]
    rows = rows_by(connection, kind, ("system", "id", *references), ("engagement_id",), engagements)
    moved: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for system, identifier, *pairs in rows:
        ends = zip(names, pairs[::2], pairs[1::2], strict=True)
        anchor = next((Key(name, at, to) for name, at, to in ends if to is not None), None)
        if anchor is not None and anchor in placed:
            moved[placed[anchor]].append((placed[anchor], system, identifier))
    sql = f"UPDATE {kind} SET engagement_id = ? WHERE system = ? AND id = ?"
    for group in moved.values():
        execute_many(connection, sql, group)
