"""Tryton's rows as canonical records: one small function per kind.

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
_BILLING = {"timesheet": "time_and_materials", "effort": "fixed_fee", "progress": "fixed_fee"}
_DEALS = {"won": "won", "lost": "lost", "cancelled": "lost"}
_SALES = {"confirmed": "signed", "processing": "active", "done": "closed", "cancelled": "cancelled"}


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
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        what = f"{source.kind} {raw.get('id')}: {type(error).__name__} {error} in the row"
        raise SkippableError(what, remedy=f"check the record in {source.model}") from error
    return common | found


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
    status = _DEALS.get(row["state"], "open")
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
        "status": _SALES.get(row["state"], "draft"),
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


def project(site: Site, row: Row) -> Row:
    """Read a project; a project inside another is tied to the one on top."""
    sale, own, method = row.get("@sale"), row["status."], row["project_invoice_method"]
    done = "closed" if own and own["progress"] == 1 else "active"
    status = site.project_statuses.get(own["name"], done) if own else done
    sold_as = {"fulfillment": "milestone", "order": "retainer"}.get(sale["invoice_method"]) if sale else None
    billing = _BILLING.get(method, sold_as)
    return {
        "legal_entity": str(row["company"]),
        "number": row["number"],
        "name": row["name"],
        "customer_id": text_id(row["party"]),
        "contract_id": str(sale["id"]) if sale else None,
        "link_method": sale["link"] if sale else "native_reference",
        "project_id": str(row["@root"]) if row["@root"] != row["id"] else None,
        "status": status,
        "activated_at": row["create_date"] if status != "planned" else None,
        "billing_method": billing,
        "currency": row["company."]["currency."]["code"],
        "rate": row["list_price"] if billing == "time_and_materials" else None,
    }


def milestone(_: Site, row: Row) -> Row:
    """Read a task sold as a sale line; complete means accepted, when its progress was last written."""
    sold, accepted = row["origin."], row["progress"] == 1
    return {
        "legal_entity": str(row["company"]),
        "name": row["name"],
        "project_id": _project(row),
        "contract_line_id": str(sold["id"]),
        "status": "accepted" if accepted else "planned",
        "accepted_at": row.get("@written_at", row["last_modified_at"]) if accepted else None,
        "currency": sold["sale."]["currency."]["code"],
        "amount": sold["amount"],
    }


def allocation(_: Site, row: Row) -> Row:
    """Read a booking; its days are those planned for the work, its percent those of a working day."""
    work = row["work."]
    start, end = work["early_start_time"], work["early_finish_time"]
    return {
        "legal_entity": str(work["company"]),
        "project_id": _project(row),
        "resource_id": text_id(row["employee"]),
        "start_on": start.date() if start else None,
        "end_on": end.date() if end else None,
        "percent": Decimal(str(row["percentage"])) if row["percentage"] is not None else None,
    }


def time_entry(_: Site, row: Row) -> Row:
    """Read a time line. Tryton knows no approval: what is saved is approved. Rates are per hour."""
    sale, by_time = row.get("@sale"), False
    if row.get("@project"):
        by_time = row["@project"]["project_invoice_method"] == "timesheet"
    lines = [line["id"] for line in sale["lines."] if line["type"] == "line"] if sale else []
    sold_by_time = sale is not None and sale["invoice_method"] == "manual" and len(lines) == 1
    return {
        "legal_entity": str(row["company"]),
        "project_id": _project(row),
        "contract_line_id": str(lines[0]) if sold_by_time else None,
        "resource_id": text_id(row["employee"]),
        "work_date": row["date"],
        "hours": decimal_hours(row["duration"]),
        "status": "approved",
        "approved_at": row["create_date"],
        "billable": by_time,
        "currency": row["company."]["currency."]["code"],
        "rate": row["@work"]["list_price"] if by_time else None,
        "invoice_line_id": text_id(row["invoice_line"]),
    }


def text_id(value: int | None) -> str | None:
    """Write an id as records carry it."""
    return None if value is None else str(value)


def _project(row: Row) -> str | None:
    return str(row["@project"]["id"]) if row.get("@project") else None


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
