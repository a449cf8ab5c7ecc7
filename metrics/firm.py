"""What a judgement needs to know of the firm: its calendars, its legal entities, its rates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from metrics.calendar import Calendar
from metrics.rules import Rules
from queries import findings, fx

#: the calendar of records that name no legal entity
NOWHERE = Calendar()


@dataclass(slots=True)
class Firm:
    """What one evaluation needs to know of the firm."""

    connection: Connection
    now: datetime
    rules: Rules
    calendars: dict[str, Calendar]
    entities: list[str]
    rates: fx.Rates

    def calendar(self, entity: str | None) -> Calendar:
        """The calendar of a legal entity; plain weekdays in UTC for one that is not known."""
        return self.calendars.get(entity or "", NOWHERE)


@lru_cache(maxsize=1024)
def _calendar(*parts: Any) -> Calendar:
    """One calendar for the life of the process: its dates are worked out once."""
    return Calendar(*parts)


def firm_of(connection: Connection, now: datetime, rules: Rules) -> Firm:
    """The firm as it is known now, under these rules."""
    entities = findings.legal_entities(connection)
    calendars = {
        code: _calendar(
            row["timezone"],
            row["country"],
            row["subdivision"],
            row["work_week_end"] or 7,
            rules.days_off.get(code, frozenset()),
        )
        for code, row in entities.items()
    }
    rates = fx.rates(connection, rules.reporting_currency, rules.rate_type, now.astimezone(UTC).date())
    known = sorted({*entities, *findings.entities_judged(connection)})
    return Firm(connection, now, rules, calendars, known, rates)
