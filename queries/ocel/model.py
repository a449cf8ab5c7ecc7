"""What stands in an event log: types of objects and events, their attributes, the ids of both.

An attribute has one of the standard's types. Money and rates come twice: as a number, which is all the
standard knows, and exactly, as text with ``_exact`` behind its name. A day is text (``2026-11-02``): it
is local to a legal entity and no instant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from functools import cache
from typing import Any, NamedTuple

from queries.fields import FIELDS
from queries.records import REFERENCES
from queries.types import EPOCH, HOURS_SCALE, NO_CURRENCY, RATE_SCALE, from_minor, from_scaled

Values = Mapping[str, Any]
Attributes = dict[str, str]

#: kinds of records that are objects of a log
KINDS = (
    "customer", "resource", "opportunity", "contract", "contract_line", "project", "milestone", "time_entry",
    "expense", "billing_event", "invoice", "invoice_line", "revenue_line", "message",
)  # fmt: skip
#: kinds that belong to no engagement: of a part of the firm, those that others refer to are taken
SHARED = ("customer", "resource", "invoice")
ENGAGEMENT, EXCEPTION = "engagement", "exception"

TEXT, TIME, INTEGER, REAL, BOOLEAN = "TEXT", "TIMESTAMP", "INTEGER", "REAL", "BOOLEAN"
_TYPES = {"instant": TIME, "bool": BOOLEAN, "int": INTEGER, "hours": REAL, "money": REAL, "rate": REAL}
_DRAFTS = frozenset({"draft", "pending_approval"})


class EventType(NamedTuple):
    """A kind of event: the records it is read from, the field that dates it, what else it tells.

    ``at``: the first of these fields that is filled; ``holds`` says of which records it is true.
    """

    name: str
    kind: str
    at: tuple[str, ...]
    tells: tuple[str, ...] = ()
    holds: Callable[[Values], bool] = lambda _: True


def _issued(row: Values) -> bool:
    """The document left the house: it may have been made void afterwards, but was no draft then."""
    return row["status"] not in _DRAFTS and (row["status"] != "void" or row["posted_at"] is not None)


def _invoice(row: Values) -> bool:
    return row["kind"] == "invoice" and _issued(row)


EVENTS = (
    EventType("Opportunity won", "opportunity", ("won_at",), ("amount",), lambda row: row["status"] == "won"),
    EventType(
        "Contract signed", "contract", ("signed_at",), ("amount",), lambda row: row["status"] != "draft"
    ),
    EventType("Project activated", "project", ("first_active_at",)),
    EventType("Time worked", "time_entry", ("work_date",), ("hours",)),
    EventType(
        "Time approved", "time_entry", ("approved_at",), ("hours",), lambda row: row["status"] == "approved"
    ),
    EventType("Expense incurred", "expense", ("incurred_on",), ("amount",)),
    EventType(
        "Milestone accepted",
        "milestone",
        ("accepted_at",),
        ("amount",),
        lambda row: row["status"] == "accepted",
    ),
    EventType(
        "Billing event released",
        "billing_event",
        ("released_at",),
        ("amount",),
        lambda row: row["status"] != "draft",
    ),
    EventType("Invoice issued", "invoice", ("issued_on",), ("amount",), _invoice),
    EventType("Invoice posted", "invoice", ("posted_at",), ("amount",), _invoice),
    EventType(
        "Credit note issued",
        "invoice",
        ("issued_on", "posted_at"),
        ("amount",),
        lambda row: row["kind"] == "credit_note" and _issued(row),
    ),
    EventType(
        "Revenue posted",
        "revenue_line",
        ("posted_on",),
        ("amount", "period"),
        lambda row: row["state"] != "scheduled" and row["reverses_id"] is None,
    ),
    EventType(
        "Revenue reversed",
        "revenue_line",
        ("posted_on",),
        ("amount", "period"),
        lambda row: row["state"] != "scheduled" and row["reverses_id"] is not None,
    ),
    EventType("Message ended", "message", ("ended_at",), ("flow", "status", "attempt", "error")),
)
#: what the transitions of an exception tell
OPENED, REOPENED, CLEARED = "Exception opened", "Exception reopened", "Exception cleared"
_MONEY: Attributes = {"amount": REAL, "amount_exact": TEXT, "currency": TEXT}
EXCEPTION_ATTRIBUTES: Attributes = {
    "check": TEXT, "status": TEXT, "outcome": TEXT, "severity": TEXT, **_MONEY, "legal_entity": TEXT,
    "contract_line": TEXT, "since": TIME, "owner": TEXT, "first_broken_handoff": TEXT, "reason": TEXT,
    "expected": TEXT, "actual": TEXT, "remedy": TEXT, "source_url": TEXT,
}  # fmt: skip
EXCEPTION_TELLS: Attributes = {"check": TEXT, "legal_entity": TEXT, "known_to": TEXT, **_MONEY}


@cache
def camel(name: str) -> str:
    """The name of a type's table: ``billing_event`` and ``Billing event`` give ``BillingEvent``."""
    return "".join(word.capitalize() for word in name.replace("_", " ").split())


def object_id(kind: str, *parts: str) -> str:
    """An object's id: its kind, the system, the record's own id. No kind or system holds a colon."""
    return ":".join((kind, *parts))


@cache
def object_fields(kind: str) -> tuple[str, ...]:
    """The fields of a record that are attributes: all but its references and its own id."""
    references = {f"{name}{end}" for name in REFERENCES[kind] for end in ("_system", "_id")}
    left = references | {"id", "link_method", "deleted_at"}
    return tuple(name for name in FIELDS[kind] if name not in left)


@cache
def object_types() -> dict[str, Attributes]:
    """Kind of object -> its attributes with their types."""
    own = {"system": TEXT, "record_id": TEXT}
    found = {kind: own | _attributes(kind, object_fields(kind)) for kind in KINDS}
    return found | {ENGAGEMENT: {"title": TEXT, "legal_entity": TEXT}, EXCEPTION: EXCEPTION_ATTRIBUTES}


def event_types() -> dict[str, Attributes]:
    """Name of an event's type -> its attributes with their types."""
    own = {"system": TEXT, "legal_entity": TEXT, "known_to": TEXT}
    found = {one.name: own | _attributes(one.kind, _told(one)) for one in EVENTS}
    return found | dict.fromkeys((OPENED, REOPENED, CLEARED), EXCEPTION_TELLS)


def _told(one: EventType) -> tuple[str, ...]:
    return (*one.tells, "currency") if "amount" in one.tells else one.tells


def _attributes(kind: str, fields: Iterable[str]) -> Attributes:
    found: Attributes = {}
    for name in fields:
        unit = FIELDS[kind][name]
        found[name] = _TYPES.get(unit, TEXT)
        if unit in ("money", "rate"):
            found[f"{name}_exact"] = TEXT
    return found


def object_values(kind: str, row: Values) -> list[Any]:
    """The values of a record's attributes, in the order of :func:`object_types`."""
    return [row["system"], row["id"], *_values(kind, row, object_fields(kind))]


def event_values(one: EventType, row: Values, known_to: str) -> list[Any]:
    """The values of an event's attributes, in the order of :func:`event_types`."""
    return [row["system"], row["legal_entity"], known_to, *_values(one.kind, row, _told(one))]


def _values(kind: str, row: Values, fields: Iterable[str]) -> Iterator[Any]:
    for name in fields:
        unit, value = FIELDS[kind][name], row[name]
        if unit in ("money", "rate"):
            yield from money(value, row.get("currency") if unit == "money" else None)
        elif value is None:
            yield None
        elif unit == "hours":
            yield float(from_scaled(int(value), HOURS_SCALE))
        elif unit == "instant":
            yield stamp(value)
        else:
            yield value.isoformat() if unit == "day" else value


def money(value: int | None, currency: str | None) -> tuple[float | None, str | None]:
    """An amount in minor units as a number and exactly; without a currency it is a rate at its own scale."""
    if value is None or currency == NO_CURRENCY:
        return None, None
    exact = from_minor(int(value), currency) if currency else from_scaled(int(value), RATE_SCALE).normalize()
    return float(exact), format(exact, "f")


def stamp(instant: datetime) -> str:
    """ISO 8601 in UTC, always as long: readers guess a column's form from its first value."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


#: what an attribute has from the start: the standard's own time for it
START = stamp(EPOCH)


def dated(one: EventType, row: Values) -> tuple[str, str] | None:
    """When an event was, and whether that is an instant or a day (which stands at its first moment, UTC)."""
    value = next((row[name] for name in one.at if row[name] is not None), None)
    if value is None or not one.holds(row):
        return None
    if isinstance(value, date) and not isinstance(value, datetime):
        return stamp(datetime.combine(value, time(), UTC)), "day"
    return stamp(value), "instant"
