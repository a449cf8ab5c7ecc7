"""The exceptions page's filters: those of the queue, and two more by which the overview cuts it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, case, func, select

from queries.exceptions import SNOOZED, Filters
from queries.journey import BROKEN
from queries.schema import finding
from queries.types import NO_CURRENCY


class Band(NamedTuple):
    """An ageing band in business days, both ends in; no end means older than all others."""

    key: str
    since: int
    until: int | None


BANDS = (
    Band("0-5", 0, 5),
    Band("6-10", 6, 10),
    Band("11-30", 11, 30),
    Band("31-60", 31, 60),
    Band("61", 61, None),
)


@dataclass(frozen=True, slots=True)
class Slice(Filters):
    """What to show, as the address of the page says: ``age`` is a band's key, ``stage`` what is missing."""

    age: str | None = None
    stage: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The filters as conditions over open findings."""
        # slots make a new class of this one, which super() without arguments would not find
        found = Filters.conditions(self)
        for band in BANDS:
            if band.key == self.age:
                found.append(finding.c.age_days >= band.since)
                if band.until is not None:
                    found.append(finding.c.age_days <= band.until)
        if self.stage:
            found.append(finding.c.first_broken_handoff.in_(handoffs_before(self.stage)))
        return found


def handoffs_before(stage: str) -> list[str]:
    """The hand-offs that leave a stage waiting when they do not happen."""
    return [handoff for handoff, missing in BROKEN.items() if missing == stage]


def band() -> ColumnElement[str]:
    """The key of the ageing band a finding lies in."""
    ends = [(finding.c.age_days <= found.until, found.key) for found in BANDS if found.until is not None]
    return case(*ends, else_=BANDS[-1].key)


class Facets(NamedTuple):
    """What open findings can be filtered by."""

    legal_entities: tuple[str, ...]
    currencies: tuple[str, ...]
    owners: tuple[str, ...]
    handoffs: tuple[str, ...]


def facets(connection: Connection) -> Facets:
    """The values that occur in open findings, in alphabetical order."""
    columns = (
        finding.c.legal_entity,
        finding.c.currency,
        func.coalesce(finding.c.assignee, finding.c.owner),
        finding.c.first_broken_handoff,
    )
    rows = connection.execute(select(*columns).where(finding.c.is_open).distinct()).all()
    nothing = {None, NO_CURRENCY}
    return Facets(*(tuple(sorted({row[place] for row in rows} - nothing)) for place in range(len(columns))))


def followers(connection: Connection, root: str) -> int:
    """How many other open findings a root finding explains."""
    others = (finding.c.root_id == root, finding.c.id != root)
    query = select(func.count()).where(finding.c.is_open, finding.c.status != SNOOZED, *others)
    return int(connection.execute(query).scalar_one())
