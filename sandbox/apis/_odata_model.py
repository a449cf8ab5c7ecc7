"""What an OData service holds: entity sets with typed properties, and how each version writes a value."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from uuid import UUID

from starlette.exceptions import HTTPException

Kind = Literal["text", "day", "instant", "decimal", "number", "flag", "uuid"]

BAD_REQUEST = 400
V2 = 2


class UnknownPropertyError(HTTPException):
    """A query for a property that an entity set does not have; each server says so in its own words."""

    def __init__(self, name: str, table: str) -> None:
        super().__init__(BAD_REQUEST)
        self.name, self.table = name, table


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity set: the shelf's table it is kept in, its key, its properties, what leads on from it.

    The shelf's id is the key; of a key of several properties it is their values with ``|`` between them.
    ``stamp`` is the property that the server sets at a change, ``single`` whether a navigation here leads
    to one row.
    """

    table: str
    key: tuple[str, ...]
    types: Mapping[str, Kind]
    stamp: str | None = None
    navigations: Mapping[str, Entity] = field(default_factory=dict)
    single: bool = False

    def type_of(self, name: str) -> Kind:
        """A property's type; a refusal for one that is not there."""
        if name not in self.types:
            raise UnknownPropertyError(name, self.table)
        return self.types[name]

    def without(self, names: Collection[str]) -> Entity:
        """The entity set when it has these properties no more."""
        if not names:
            return self
        return replace(self, types={name: kind for name, kind in self.types.items() if name not in names})


def entity(
    table: str,
    key: str,
    *,
    stamp: str | None = None,
    navigations: Mapping[str, Entity] | None = None,
    single: bool = False,
    **properties: str,
) -> Entity:
    """An entity set; ``properties`` are names by type, separated by blanks."""
    types: dict[str, Any] = {name: kind for kind, names in properties.items() for name in names.split()}
    types |= {name: types.get(name, "text") for name in key.split()}
    types |= {stamp: "instant"} if stamp else {}
    return Entity(table, tuple(key.split()), types, stamp, navigations or {}, single)


def refusal(why: str, status: int = BAD_REQUEST) -> HTTPException:
    """A query the service does not take."""
    return HTTPException(status, why)


def _flag(text: str) -> bool:
    return {"true": True, "false": False}[text]


#: how a literal or a kept value of a type is read
READ: Mapping[Kind, Callable[[str], Any]] = {
    "text": str,
    "day": lambda text: date.fromisoformat(text[:10]),
    "instant": lambda text: _aware(datetime.fromisoformat(text)),
    "decimal": Decimal,
    "number": int,
    "flag": _flag,
    "uuid": lambda text: str(UUID(text)),
}


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def value(kind: Kind, held: Any) -> Any:
    """A kept value as its type, so that it can be compared."""
    if held is None or held == "":
        return None if kind != "text" else held
    if isinstance(held, datetime | bool):
        return held
    return READ[kind](str(held))


def literal(kind: Kind, text: str, version: int) -> Any:
    """What a literal in a filter means; a refusal where it is not written as its type asks."""
    if text == "null":
        return None
    prefix, mark, quoted = text.partition("'")
    body = quoted.removesuffix("'").replace("''", "'")
    wanted = _prefixes(kind, version)
    if (prefix if mark else None) != wanted:
        raise refusal(f"A literal of type {kind} is not written {text}")
    try:
        return READ[kind](body if mark else text)
    except (ValueError, KeyError, InvalidOperation):
        raise refusal(f"{text} is not of type {kind}") from None


def _prefixes(kind: Kind, version: int) -> str | None:
    """What stands before the quotation mark of a literal; None where there is none."""
    if kind == "text":
        return ""
    if version != V2:
        return None
    return {"day": "datetime", "instant": "datetimeoffset", "uuid": "guid"}.get(kind)


def written(kind: Kind, held: Any, version: int, precision: str) -> Any:
    """A kept value as it goes out."""
    if held is None:
        return None
    if kind in {"day", "instant"}:
        return _moment(kind, held, version, precision)
    if kind == "decimal":
        return str(held) if version == V2 else Decimal(str(held))
    return held


def _moment(kind: Kind, held: Any, version: int, precision: str) -> str:
    moment = value(kind, held)
    if version != V2:
        return moment.isoformat() if kind == "day" else _instant(moment, precision)
    if kind == "day":
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    count = int(moment.timestamp() * 1000)
    return f"/Date({count})/" if kind == "day" else f"/Date({count}+0000)/"


def _instant(moment: datetime, precision: str) -> str:
    return moment.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")
