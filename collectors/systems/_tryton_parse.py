"""Tryton's rows as canonical records: one small function per kind, here companies, people and sales.

A row is what the server sent plus what :mod:`_tryton_look` found, in wire form. Money stays a Decimal
in the record's currency, durations become decimal hours, instants are UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from collectors.engines.jsonrpc_values import decode
from collectors.errors import SkippableError
from collectors.systems._tryton_read import Row, Source, reference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HOUR = timedelta(hours=1)
#: how a sale is invoiced -> what its lines are, how their revenue is recognised
_METHODS = {
    "manual": ("time_and_materials", "as_invoiced"),
    "fulfillment": ("milestone", "milestone"),
    "order": ("retainer", "over_time"),
}
_DEALS = {
    "lead": "open",
    "opportunity": "open",
    "converted": "open",
    "won": "won",
    "lost": "lost",
    "cancelled": "lost",
}
_SALES = {
    "draft": "draft",
    "quotation": "draft",
    "confirmed": "signed",
    "processing": "active",
    "done": "closed",
    "cancelled": "cancelled",
}


@dataclass(frozen=True, slots=True)
class Site:
    """What parsing needs to know of an installation: where its client answers, and its own statuses."""

    client: str
    project_statuses: Mapping[str, str] = field(default_factory=dict)


def parsed(site: Site, source: Source, raw: Row) -> Row | None:
    """Return the canonical mapping of one raw row, None for a row that is no record of ours.

    Raises SkippableError for a row that lacks what it must have or holds an unreadable value.
    """
    try:
        row = decode(raw)
        found = source.parse(site, row)
        if found is None:
            return None
        common = {
            "id": str(row["id"]),
            "source_updated_at": max(_stamps(row)),
            "source_url": f"{site.client}/{source.model}/{row['id']}",
        }
    except SkippableError as error:
        what = f"{source.kind} {raw.get('id')}: {error}"
        raise SkippableError(what, fields=_readable(raw)) from error
    except (KeyError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
        what = f"{source.kind} {raw.get('id')}: unknown or missing: {error}"
        raise SkippableError(what, remedy=f"check the {source.model}", fields=_readable(raw)) from error
    return common | found


def _readable(raw: Row) -> dict[str, str]:
    """What a broken row names all the same."""
    bills = raw.get("@bills") or {}
    found = {
        "id": raw.get("id"),
        "project_id": (raw.get("@project") or {}).get("id") or bills.get("project"),
        "contract_line_id": bills.get("sale_line"),
        "milestone_id": bills.get("task"),
    }
    return {name: str(value) for name, value in found.items() if value is not None}


def legal_entity(_: Site, row: Row) -> Row:
    """Read a company; its country is that of its party's first address that has one."""
    places = [place for place in row["party."]["addresses."] if place["country."]]
    return {
        "legal_entity": str(row["id"]),
        "name": row["party."]["name"],
        "country": places[0]["country."]["code"] if places else None,
        "subdivision": (places[0]["subdivision."] or {}).get("code") if places else None,
        "timezone": row["timezone"],
        "currency": row["currency."]["code"],
    }


def customer(_: Site, row: Row) -> Row | None:
    """Read a party that is neither one of our people nor one of our companies."""
    return None if row["@own"] else {"name": row["name"] or f"party {row['id']}"}


def resource(_: Site, row: Row) -> Row:
    """Read an employee."""
    return {
        "legal_entity": str(row["company"]),
        "name": row["party."]["name"] or f"employee {row['id']}",
        "active": bool(row["active"]),
        "start_on": row["start_date"],
        "end_on": row["end_date"],
    }


def opportunity(_: Site, row: Row) -> Row:
    """Read a deal; it was won when it last entered that state, by the log, else when last written."""
    status = _DEALS[row["state"]]
    return {
        "legal_entity": str(row["company"]),
        "number": row["number"],
        "name": row["description"],
        "customer_id": text_id(row["party"]),
        "customer_name": (row["party."] or {}).get("name"),
        "status": status,
        "won_at": row.get("@won_at", row["last_modified_at"]) if status == "won" else None,
        "currency": row["currency."]["code"],
        "amount": row["amount"],
        "owner": row["employee."]["party."]["name"] if row["employee."] else None,
    }


def contract(_: Site, row: Row) -> Row:
    """Read a sale; it is signed when the customer's confirmation is entered."""
    return {
        "legal_entity": str(row["company"]),
        "number": row["number"],
        "name": row["description"] or row["reference"],
        "opportunity_id": text_id(reference(row["origin"], "sale.opportunity")),
        "customer_id": text_id(row["party"]),
        "status": _SALES[row["state"]],
        "signed_at": row.get("@signed_at"),
        "currency": row["currency."]["code"],
        "amount": row["untaxed_amount"],
    }


def contract_line(_: Site, row: Row) -> Row:
    """Read a sale line: what it is follows from how its sale is invoiced. The rate is per hour."""
    sale = row["sale."]
    kind, recognition = _METHODS[sale["invoice_method"]]
    timed = kind == "time_and_materials" and row["@hourly"] and row["unit_price"] is not None
    return {
        "legal_entity": str(sale["company"]),
        "contract_id": str(sale["id"]),
        "name": row["description"] or row["summary"],
        "kind": kind,
        "recognition": recognition,
        "currency": sale["currency."]["code"],
        "amount": row["amount"],
        "rate": row["unit_price"] / Decimal(str(row["unit."]["factor"])) if timed else None,
    }


def text_id(value: int | None) -> str | None:
    """Write an id as records carry it."""
    return None if value is None else str(value)


def decimal_hours(duration: timedelta) -> Decimal:
    """Turn a duration into hours, to the millionth."""
    micros = Decimal(duration // timedelta(microseconds=1))
    return round(micros / Decimal(_HOUR // timedelta(microseconds=1)), 6)


def _stamps(value: Any) -> Iterator[datetime]:
    """Every change stamp in a row: a row is as new as the newest thing it is made of."""
    if isinstance(value, dict):
        if "last_modified_at" in value:
            yield value["last_modified_at"]
        for item in value.values():
            yield from _stamps(item)
    elif isinstance(value, list):
        for item in value:
            yield from _stamps(item)
