"""Tryton's works as canonical records: projects, what was sold of them, bookings and time."""

from __future__ import annotations

from decimal import Decimal

from collectors.systems._tryton_parse import Site, decimal_hours, text_id
from collectors.systems._tryton_read import Row

_BILLING = {"timesheet": "time_and_materials", "effort": "fixed_fee", "progress": "fixed_fee"}
_SOLD = {"fulfillment": "milestone", "order": "retainer"}


def project(site: Site, row: Row) -> Row:
    """Read a project; a project inside another is tied to the one on top."""
    sale, own, method = row.get("@sale"), row["status."], row["project_invoice_method"]
    done = "closed" if own and own["progress"] == 1 else "active"
    status = site.project_statuses.get(own["name"], done) if own else done
    sold_as = _SOLD.get(sale["invoice_method"]) if sale else None
    billing = _BILLING.get(method, sold_as)
    inside = row["@root"] != row["id"]
    tied = None if inside else sale
    return {
        "legal_entity": str(row["company"]),
        "number": row["number"],
        "name": row["name"],
        "customer_id": text_id(row["party"]),
        "contract_id": str(tied["id"]) if tied else None,
        "link_method": tied["link"] if tied else "native_reference",
        "project_id": str(row["@root"]) if inside else None,
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


def _project(row: Row) -> str | None:
    return str(row["@project"]["id"]) if row.get("@project") else None
