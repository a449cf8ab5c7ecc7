"""How the foreign firm's systems write: their numbers, dates and clocks, and their own words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]

_NUMBERS = frozenset({"amount", "services_amount", "hours", "rate", "percent", "minutes", "cents"})
_FLAGS = frozenset({"billable", "held", "written_off", "billed", "inactive", "gone"})
ENTITIES = ("UK01", "US01", "DE01", "JP01", "IN01", "AU01")
CITIES = ("London", "New York", "Berlin", "Tokyo", "Bengaluru", "Melbourne")


def _entities(*codes: str) -> dict[str, dict[str, str]]:
    return {"legal_entity": dict(zip(ENTITIES, codes, strict=True))}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a system writes; ``words`` are its own by field, and a field that has some knows no others."""

    number: Callable[[Decimal], Any]
    day: Callable[[date], Any]
    instant: Callable[[datetime], Any]
    flags: tuple[Any, Any]
    nothing: Any
    words: dict[str, dict[str, str]] = field(default_factory=dict)

    def cell(self, name: str, value: str) -> Any:
        """A canonical value of a field, written by the system."""
        if value == "":
            return self.nothing
        if name in _FLAGS:
            return self.flags[value == "true"]
        if name in _NUMBERS:
            return self.number(Decimal(value))
        if name.endswith("_at"):
            return self.instant(datetime.fromisoformat(value))
        if name.endswith("_on") or name == "work_date":
            return self.day(date.fromisoformat(value))
        return self.words[name][value] if name in self.words else value

    def rows(self, rows: Iterable[Row], layout: str) -> list[Row]:
        """Rows under the system's own headers. ``layout`` lists them: ``Header = field, Other = field``."""
        names = [part.strip().split(" = ") for part in layout.split(",")]
        return [{header: self.cell(name, row[name]) for header, name in names} for row in rows]


def _wall(zone: str, pattern: str) -> Callable[[datetime], str]:
    """Instants as a clock on a wall there shows them."""
    return lambda moment: moment.astimezone(ZoneInfo(zone)).strftime(pattern)


def _german(number: Decimal) -> str:
    return f"{number:,f}".translate(str.maketrans(",.", ".,"))


PSA_A = Dialect(
    number=_german,
    day=lambda day: day.strftime("%d.%m.%Y"),
    instant=_wall("Europe/Berlin", "%d.%m.%Y %H:%M:%S"),
    flags=("F", "T"),
    nothing="-",
    words={
        **_entities("1000", "2000", "3000", "4000", "5000", "6000"),
        "stat": dict.fromkeys(("active", "resting", "idle"), "In Arbeit")
        | {"planned": "Angelegt", "on_hold": "Pausiert", "complete": "Fertig", "closed": "Abgerechnet",
           "cancelled": "Storniert"},
        "link_method": {"native_reference": "Auftrag", "same_number": "Nummer"},
        "billing_method": {"time_and_materials": "Aufwand"},
        "milestone": {"planned": "Offen", "reached": "Erreicht", "accepted": "Abgenommen",
                      "cancelled": "Entfallen"},
        "event": {
            "draft": "Entwurf", "released": "Freigegeben", "invoiced": "Fakturiert", "error": "Fehler",
            "cancelled": "Verworfen",
        },
        "sheet": {"draft": "Entwurf", "submitted": "Eingereicht", "approved": "Genehmigt",
                  "rejected": "Abgelehnt"},
        "rounding": {"half_up": "kaufmännisch", "half_even": "mathematisch", "down": "abgerundet"},
    },
)  # fmt: skip
PSA_B = Dialect(
    number=lambda number: f"{number:f}".replace(".", ","),
    day=lambda day: day.strftime("%m/%d/%Y"),
    instant=_wall("America/New_York", "%m/%d/%Y %I:%M %p"),
    flags=("No", "Yes"),
    nothing="N/A",
    words={
        **_entities(*(f"Harrowgate {city}" for city in CITIES)),
        "stat": {"planned": "Draft", "active": "In Progress", "on_hold": "On Hold", "complete": "Completed",
                 "closed": "Financially Closed", "cancelled": "Cancelled"},
        "link_method": {"native_reference": "Reference", "same_number": "Number"},
        "billing_method": {"time_and_materials": "Time & Expense"},
        "milestone": {"planned": "Not Started", "reached": "Awaiting Sign-off", "accepted": "Signed Off",
                      "cancelled": "Dropped"},
        "event": {"draft": "New", "released": "Ready to Bill", "invoiced": "Billed", "error": "Failed",
                  "cancelled": "Void"},
        "sheet": {"draft": "Open", "submitted": "Pending", "approved": "Approved", "rejected": "Sent Back"},
        "rounding": {"half_up": "Half Up", "half_even": "Banker", "down": "Truncate"},
    },
)  # fmt: skip
CRM = Dialect(
    number=lambda number: number,
    day=lambda day: day,
    instant=lambda moment: moment.astimezone(ZoneInfo("Europe/London")).replace(tzinfo=None),
    flags=(False, True),
    nothing=None,
    words={
        **_entities(*CITIES),
        "status": {"won": "Closed Won", "lost": "Closed Lost", "open": "Negotiation"},
    },
)
ERP = Dialect(
    number=lambda number: f"{number:,f}",
    day=date.isoformat,
    instant=lambda moment: int(moment.timestamp()),
    flags=("no", "yes"),
    nothing="N/A",
    words={
        **_entities(*(f"HG-{code[:2]}" for code in ENTITIES)),
        "home": {"psa_a": "PS-EUROPE", "psa_b": "PS-AMERICAS"},
        "link_method": {"native_reference": "ref", "external_id": "ext"},
        "stat": {"planned": "Inactive", "active": "Open", "on_hold": "Blocked", "complete": "Done",
                 "closed": "Shut", "cancelled": "Scrapped"},
        "kind": {"invoice": "Invoice", "credit_note": "Credit Memo"},
        "status": {"draft": "Open", "pending_approval": "Pending Approval", "posted": "Posted",
                   "sent": "Sent To Customer", "paid": "Paid In Full", "void": "Voided"},
        "covers": {"time": "T&M", "expense": "EXP", "milestone": "MS", "fee": "FEE"},
    },
)  # fmt: skip
REVENUE = Dialect(
    number=float,
    day=lambda day: day.strftime("%d-%b-%Y"),
    instant=lambda moment: int(moment.timestamp() * 1000),
    flags=(False, True),
    nothing=None,
    words={**_entities("10", "20", "30", "40", "50", "60"),
           "state": {"scheduled": "PLAN", "posted": "ACTUAL", "reversed": "REVERSAL"}},
)  # fmt: skip
