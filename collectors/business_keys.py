"""Which business objects a span names, told by its attributes: the tie between traces and engagements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from collectors.mend import Mender
from queries.records import KINDS

#: business objects one span may name
MAX_KEYS = 1000
_MAX_ID = 255
_PREFIXES = ("sightglass", "business")

#: what people call a kind of record -> the kind
_ALIASES = {
    "account": "customer",
    "contract.line": "contract_line",
    "assignment": "allocation",
    "revenue_entry": "revenue_line",
    "revenue_schedule": "revenue_line",
}


class Naming(NamedTuple):
    """What an attribute names: a kind of record, and the attributes that may say whose id it is."""

    kind: str
    systems: tuple[str, ...]


def namings(attributes: Mapping[str, str] | None = None) -> dict[str, Naming]:
    """Attribute -> what it names: our own names for every kind of record, then the firm's own.

    ``attributes`` maps an attribute to a kind, such as ``{"order_id": "opportunity"}``. Raises
    ValueError for a kind there is not.
    """
    found: dict[str, Naming] = {}
    for word, kind in {**{kind: kind for kind in KINDS}, **_ALIASES}.items():
        naming = Naming(kind, _systems(word) if word == kind else _systems(word) + _systems(kind))
        found |= {f"{prefix}.{word}.id": naming for prefix in _PREFIXES}
    for attribute, kind in (attributes or {}).items():
        if kind not in KINDS:
            raise ValueError(
                f"attribute {attribute!r} is mapped to {kind!r}: choose one of {', '.join(KINDS)}"
            )
        found[attribute] = Naming(kind, _systems(kind))
    return found


def objects_named(
    named: Mapping[str, Naming], places: Sequence[Mapping[str, Any]], mender: Mender
) -> dict[tuple[str, str], str | None]:
    """(kind, id) -> system, for what a span's attributes and its links' attributes name.

    ``places`` begins with the span's own attributes, which also say the system where a link does not.
    """
    found: dict[tuple[str, str], str | None] = {}
    for attributes in places:
        for name in [name for name in attributes if name in named]:
            kind, systems = named[name]
            system = _system(systems, (attributes, places[0]))
            for identity in _identities(attributes[name], mender):
                found[kind, identity] = found.get((kind, identity)) or system
    if len(found) > MAX_KEYS:
        mender.flag("keys_dropped", len(found) - MAX_KEYS)
        found = dict(list(found.items())[:MAX_KEYS])
    return found


def _systems(word: str) -> tuple[str, ...]:
    return tuple(f"{prefix}.{word}.system" for prefix in _PREFIXES)


def _system(names: Sequence[str], places: Sequence[Mapping[str, Any]]) -> str | None:
    for place in places:
        for name in names:
            system = place.get(name)
            if isinstance(system, str) and 0 < len(system) <= _MAX_ID:
                return Mender().text(system)
    return None


def _identities(value: Any, mender: Mender) -> Iterator[str]:
    for one in value if isinstance(value, list | tuple) else (value,):
        identity = str(one).strip() if isinstance(one, str | int) and not isinstance(one, bool) else ""
        if 0 < len(identity) <= _MAX_ID:
            yield mender.text(identity)
        else:
            mender.flag("key_ignored")
