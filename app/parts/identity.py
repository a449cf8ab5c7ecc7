"""The identity page: which system has the last word, which records are the same, and what both say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app import words
from app.lookups import IdentityPage
from app.markup import Html, Part, href, inside, join, outside, tag, text
from app.parts import common
from app.parts.overview import role
from app.words import Mark
from queries.identity import SHOWS_IN, Compared, Pair, Side

PAGE = "/identity"
ONLY = "conflicts"
METHODS = {
    "native_reference": "native reference", "external_id": "external id", "crosswalk_file": "crosswalk file",
    "same_number": "same number",
}  # fmt: skip
CONFLICTS = {
    "missing": "No such record there",
    "deleted": "Deleted there",
    "inactive": "Inactive there, active here",
    "duplicate": "Kept twice here",
    "customer": "Clients differ",
    "currency": "Currencies differ",
    "legal_entity": "Legal entities differ",
    "crosswalk": "The crosswalk says otherwise",
}
_TIED = Mark("●", "Tied", "ok")
_AGAINST = Mark("■", "Conflict", "bad")


def view(page: IdentityPage) -> tuple[Part, ...]:
    """The page from top to bottom."""
    query: dict[str, str | None] = {"kind": page.kind, "only": ONLY if page.only_conflicts else None}
    kinds = {"": "All kinds", **{row.kind: words.title(row.kind) for row in page.policies}}
    shown = {"": "All pairs", ONLY: "Only conflicts"}
    tabs = tag(
        "div",
        common.tabs(PAGE, "kind", page.kind or "", kinds, _without(query, "kind")),
        common.tabs(PAGE, "only", query["only"] or "", shown, _without(query, "only")),
        class_="sg-actions",
    )
    body = pairs(page.pairs) if page.pairs else nothing(page)
    pager = common.pager(PAGE, _without(query, ""), page.page, page.pages)
    return tabs, policy(page), summary(page), body, pager, crosswalk(page.contradicted)


def _without(query: Mapping[str, str | None], key: str) -> dict[str, str]:
    return {name: value for name, value in query.items() if value and name != key}


def policy(page: IdentityPage) -> Html:
    """The system of record of each kind, and how its pairs stand."""
    rows: list[tuple[Part, ...]] = []
    for row in page.policies:
        systems = text(", ".join(row.systems)) if row.systems else "none is configured"
        count = words.number(row.conflicts)
        conflicts = inside(href(PAGE, kind=row.kind, only=ONLY), count) if row.conflicts else count
        rows.append((words.title(row.kind), role(row.role), systems, words.number(row.pairs), conflicts))
    heads = ("Kind", "Role with the last word", "System of record", "Pairs", "Conflicts")
    table = common.table(heads, rows, numbers=frozenset({3, 4}))
    return tag("section", tag("h3", "Systems of record"), table, class_="sg-panel")


def summary(page: IdentityPage) -> Html:
    """How many pairs are listed."""
    what = "conflict" if page.only_conflicts else "pair"
    said = "conflicts first; a difference of spelling is none"
    return tag("p", tag("b", words.counted(page.items, what)), f", {said}", class_="sg-summary sg-muted")


def nothing(page: IdentityPage) -> Html:
    """Why there are no rows."""
    if page.only_conflicts and any(row.pairs for row in page.policies):
        return common.notice("good", "No conflicts", "Nothing speaks against any of the pairs.")
    return common.notice(
        "plain",
        "No record names its like in another system",
        "Map a field that does (fields.resource_id, say), or list the pairs in a crosswalk file.",
    )


def pairs(found: Sequence[Pair]) -> Html:
    """Each pair with what both systems say, side by side."""
    heads = ("State", "Kind", "Here", "There", "Compared", "Tied by", "Wins")
    rows: list[tuple[Part, ...]] = [
        (
            _state(pair),
            words.title(pair.kind),
            _side(pair.here),
            _side(pair.there),
            _compared(pair),
            METHODS.get(pair.method, words.title(pair.method)),
            text(pair.wins) if pair.wins else words.NONE,
        )
        for pair in found
    ]
    return tag("section", common.table(heads, rows), class_="sg-panel")


def _state(pair: Pair) -> Html:
    if pair.conflict is None:
        return common.mark(_TIED)
    said = CONFLICTS.get(pair.conflict, words.title(pair.conflict))
    other = None
    if pair.crosswalk is not None:
        system, identifier = pair.crosswalk
        other = tag("small", "crosswalk: ", text(f"{system} {identifier}"), class_="sg-muted")
    return tag("div", common.mark(_AGAINST, said), " ", other)


def _side(side: Side) -> Html:
    name = outside(side.url, text(side.name or side.id))
    place = tag("small", text(f"{side.system} {side.id}"), class_="sg-muted")
    at = tag("small", f"changed {words.instant(side.at)}", class_="sg-muted")
    return tag("div", name, " ", place, " ", at)


def _compared(pair: Pair) -> Html:
    """What both say of each attribute; what differs stands out, and what counts against the pair more."""
    against = SHOWS_IN.get(pair.conflict or "")
    return tag("div", *(_attribute(row, is_against=row.name == against) for row in pair.compared))


def _attribute(row: Compared, *, is_against: bool) -> Html:
    here, there = row.here or words.NONE, row.there or words.NONE
    both: Part = text(here) if row.here == row.there else join(text(here), " | ", text(there))
    body: Part = tag("b", both) if row.differs or is_against else both
    name = words.title(row.name)
    return tag(
        "div", tag("small", f"{name}: ", class_="sg-muted"), body, class_="sg-bad" if is_against else None
    )


def crosswalk(rows: Sequence[Mapping[str, Any]]) -> Html | None:
    """Rows of the crosswalk file that a native reference overrules."""
    if not rows:
        return None
    told: list[tuple[Part, ...]] = [
        (
            text(f"{words.title(row['kind'])} {row['id']} in {row['system']}"),
            words.title(row["reference"]).lower(),
            text(f"{row['own_system']} {row['own_id']}"),
            text(f"{row['to_system']} {row['to_id']}"),
        )
        for row in rows
    ]
    heads = ("Record", "names as its", "It says itself (wins)", "The crosswalk says")
    head = tag("h3", "Crosswalk rows that give way to a native reference")
    return tag("section", head, common.table(heads, told), class_="sg-panel")
