"""The class of a difference: what a person would have to do about it.

For one key: matched within tolerance, else exactly one of ``currency`` (each side has it in another
currency), ``timing`` (a neighbouring period evens it out, or its newest record is younger than the settle
time), ``missing_left`` or ``missing_right`` (one side has nothing), ``duplicate`` (one side has a record
twice), ``amount``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from metrics.tieout import TieOut
from queries.reconciliation import Difference
from queries.types import from_minor, iso

#: so many records of a key are kept with its difference; the totals count all of them
SHOWN = 40
_BASIS = 10_000


class Tolerance(NamedTuple):
    """What two sums may differ by and still agree."""

    absolute: int | None
    basis_points: int

    @classmethod
    def of(cls, tie_out: TieOut) -> Tolerance:
        """The tolerance a tie-out declares; the relative one to a hundredth of a percent."""
        return cls(tie_out.absolute, int(tie_out.relative * _BASIS))

    def holds(self, left: int, right: int, items: int) -> bool:
        """Whether two sums agree; ``items`` is the number of records of the longer side."""
        size = abs(left - right)
        if self.absolute is None and (size <= 1 or 2 * size <= items):
            return True
        if self.absolute is not None and size <= self.absolute:
            return True
        return bool(self.basis_points) and size * _BASIS <= max(abs(left), abs(right)) * self.basis_points


class Item(NamedTuple):
    """One record of one side, in this period (place 0), the one before (-1) or after (1)."""

    place: int
    side: str
    currency: str
    minor: int
    row: Mapping[str, Any]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Item:
        """From a row of a side with its place."""
        return cls(row["place"], row["side"], row["currency"], int(row["amount_minor"]), dict(row))


class _Group(NamedTuple):
    """The records of one key in one currency."""

    currency: str
    here: Sequence[Item]
    near: Sequence[Item]

    def sum(self, side: str, place: int = 0) -> int:
        return sum(i.minor for i in (*self.here, *self.near) if i.side == side and i.place == place)

    def count(self, side: str) -> int:
        return sum(item.side == side for item in self.here)

    def minor(self, place: int = 0) -> int:
        return self.sum("left", place) - self.sum("right", place)


def classify(tie_out: TieOut, key: str, items: Sequence[Item], as_of: datetime) -> Iterator[Difference]:
    """The differences of one key, one a currency whose sides disagree in this period."""
    rule = Tolerance.of(tie_out)
    groups = []
    for currency in sorted({item.currency for item in items if item.place == 0}):
        mine = [item for item in items if item.currency == currency]
        group = _Group(currency, [i for i in mine if not i.place], [i for i in mine if i.place])
        size = max(group.count("left"), group.count("right"))
        if not rule.holds(group.sum("left"), group.sum("right"), size):
            groups.append(group)
    for group in groups:
        kind, why = _class(tie_out, rule, group, groups, as_of)
        yield _difference(tie_out, key, group, kind, why)


def _class(
    tie_out: TieOut, rule: Tolerance, group: _Group, groups: Sequence[_Group], as_of: datetime
) -> tuple[str, str]:
    left, right = group.count("left"), group.count("right")
    lacking = "right" if not right else "left" if not left else None
    if lacking is not None:
        there = [
            other.currency for other in groups if other.count(lacking) and not other.count(_other(lacking))
        ]
        if there:
            return "currency", f"{_title(tie_out, lacking)} has it in {', '.join(there)}"
    moment = _timing(tie_out, rule, group, as_of)
    if moment is not None:
        return "timing", moment
    if lacking is not None:
        return f"missing_{lacking}", f"{_title(tie_out, lacking)} has nothing for it"
    twice = _twice(group) if tie_out.is_single else None
    if twice is not None:
        return "duplicate", f"{_title(tie_out, twice)} has it more than once"
    return "amount", "both sides have it, and their amounts differ"


def _other(side: str) -> str:
    return "left" if side == "right" else "right"


def _title(tie_out: TieOut, side: str) -> str:
    return (tie_out.left if side == "left" else tie_out.right).title


def _timing(tie_out: TieOut, rule: Tolerance, group: _Group, as_of: datetime) -> str | None:
    """How time alone explains the difference; None where it does not."""
    here, before, after = group.minor(), group.minor(-1), group.minor(1)
    size = len(group.here) + len(group.near)
    for near, where in ((after, "after"), (before, "before")):
        if near and rule.holds(here + near, 0, size) and (here > 0) != (near > 0):
            return f"the period {where} has the other half of it"
    if before and after and rule.holds(here + before + after, 0, size):
        return "the periods before and after even it out"
    newest = max(item.row["changed_at"] for item in group.here)
    if newest > as_of - timedelta(hours=tie_out.settle):
        return f"its newest record is of {iso(newest)}: less than {tie_out.settle} h before {iso(as_of)}"
    return None


def _twice(group: _Group) -> str | None:
    """The side that has all the other has, and some of the same amounts again."""
    amounts = {
        side: Counter(item.minor for item in group.here if item.side == side) for side in ("left", "right")
    }
    for side, other in (("left", "right"), ("right", "left")):
        more, less = amounts[side] - amounts[other], amounts[other] - amounts[side]
        if more and not less and all(minor in amounts[other] for minor in more):
            return side
    return None


def _difference(tie_out: TieOut, key: str, group: _Group, kind: str, why: str) -> Difference:
    left, right = group.sum("left"), group.sum("right")
    amounts = [_money(minor, group.currency) for minor in (left, right)]
    text = f"{tie_out.left.title} {amounts[0]}, {tie_out.right.title} {amounts[1]}: {why}"
    shown = [*group.here, *(group.near if kind == "timing" else ())][:SHOWN]
    engagements = {i.row["engagement_id"] for i in group.here if i.row["engagement_id"]}
    engagement = min(engagements) if engagements else None
    return Difference(key, group.currency, kind, left, right, engagement, text, [_record(i) for i in shown])


def _money(minor: int, currency: str) -> str:
    amount: Decimal = from_minor(minor, currency)
    return f"{amount} {currency}"


def _record(item: Item) -> dict[str, Any]:
    row = item.row
    return {
        "side": item.side,
        "place": item.place,
        "system": row["system"],
        "kind": row["kind"],
        "id": row["id"],
        "number": row["number"],
        "engagement": row["engagement_id"],
        "on": row["on_date"].isoformat() if row["on_date"] else iso(row["at"]) if row["at"] else None,
        "amount": str(from_minor(item.minor, item.currency)),
        "currency": item.currency,
        "source_url": row["source_url"],
    }
