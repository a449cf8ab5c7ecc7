"""The ERP as NetSuite shows it: an invoice holds its lines, a rate stands between two currencies."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sandbox.living.held import Held
from sandbox.living.shapes.shape import Shape, Shapes, Shown, day
from sandbox.records import Customer, FxRate, Invoice, InvoiceLine, LegalEntity, Period, Project

#: the statuses of projects here: those a new account has, and two of this firm's own
PROJECT_STATUSES = {
    "1": "closed", "2": "active", "3": "cancelled", "4": "planned", "5": "active", "6": "on_hold",
    "7": "complete",
}  # fmt: skip
_PROJECT_STATUS = {word: number for number, word in reversed(PROJECT_STATUSES.items())}
_BILLING = {"time_and_materials": "TM", "fixed_fee": "FBI", "milestone": "FBM"}
_LETTERS = {
    "draft": "E", "pending_approval": "D", "posted": "A", "sent": "A", "paid": "B", "void": "V",
}  # fmt: skip
_TYPES = {"invoice": "CustInvc", "credit_note": "CustCred"}
_KINDS = ("average", "current", "historical")


def currency_id(code: str) -> str:
    """The account's number of a currency."""
    return str(int(code, 36))


def _currency(code: str | None) -> list[Shown]:
    return [Shown("currency", currency_id(code), {"symbol": code, "name": code})] if code else []


def _employee_id(name: str) -> str:
    return str(zlib.crc32(name.encode()))


def _flag(value: bool) -> str:  # noqa: FBT001 - a column's value, not a switch
    return "T" if value else "F"


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def _subsidiary(row: LegalEntity, _held: Held) -> Shown:
    fields = {
        "name": row.name,
        "country": row.country,
        "currency": row.currency and currency_id(row.currency),
        "iselimination": "F",
        "isinactive": "F",
    }
    return Shown("subsidiary", row.id, fields)


def _customer(row: Customer, _held: Held) -> Shown:
    return Shown("customer", row.id, {"entityid": f"C-{row.id}", "companyname": row.name})


def _job(row: Project, _held: Held) -> Shown:
    fields = {
        "entityid": row.number,
        "companyname": row.name,
        "customer": row.customer_id,
        "externalid": row.project_id,
        "entitystatus": _PROJECT_STATUS[row.status],
        "isinactive": "F",
        "jobbillingtype": _BILLING.get(row.billing_method or ""),
        "currency": row.currency and currency_id(row.currency),
        "projectmanager": row.manager and _employee_id(row.manager),
        "subsidiary": row.legal_entity,
    }
    return Shown("job", row.id, fields)


def _of_job(row: Project, _held: Held) -> Sequence[Shown]:
    manager = row.manager
    some = [Shown("employee", _employee_id(manager), {"entityid": manager})] if manager else []
    return [*_currency(row.currency), *some]


def _transaction(row: Invoice, held: Held) -> Shown:
    sign = -1 if row.kind == "credit_note" else 1
    total = None if row.amount is None else sign * row.amount
    lines = held.by(InvoiceLine, "invoice_id", row.id)
    fields = {
        "tranid": row.number,
        "type": _TYPES[row.kind],
        "status": _LETTERS[row.status],
        "posting": _flag(row.status not in {"draft", "pending_approval"}),
        "trandate": day(row.issued_on),
        "duedate": day(row.due_on),
        "currency": currency_id(row.currency),
        "foreigntotal": _text(total),
        "entity": row.customer_id,
        "lines": [_main(row, total), *(_line(one, number, -sign) for number, one in enumerate(lines, 1))],
    }
    return Shown("transaction", row.id, fields)


def _main(row: Invoice, total: Decimal | None) -> Mapping[str, Any]:
    """The line that stands for the whole document."""
    return {
        "id": "0", "uniquekey": f"9{row.id}0", "mainline": "T", "taxline": "F", "iscogs": "F",
        "foreignamount": _text(total), "subsidiary": row.legal_entity, "createdfrom": row.credits_id,
    }  # fmt: skip


def _line(row: InvoiceLine, number: int, sign: int) -> Mapping[str, Any]:
    """Income has the other sign of what the client owes."""
    return {
        "id": str(number), "uniquekey": row.id, "linesequencenumber": str(number),
        "mainline": "F", "taxline": "F", "iscogs": "F",
        "foreignamount": _text(sign * row.amount), "entity": row.project_id,
        "itemtype": {"time": "Service", "milestone": "NonInvtPart"}.get(row.covers, "OthCharge"),
        "billingschedule": "1" if row.covers == "milestone" else None,
        "quantity": _text(row.hours), "subsidiary": row.legal_entity,
    }  # fmt: skip


def _around(row: InvoiceLine, held: Held) -> Shown | None:
    invoice = held[Invoice].get(row.invoice_id or "")
    return None if invoice is None else _transaction(invoice, held)


def _period(row: Period, _held: Held) -> Shown:
    locked = row.status != "open"
    fields = {
        "periodname": row.name, "startdate": day(row.start_on), "enddate": day(row.end_on), "isposting": "T",
        "isadjust": "F", "isquarter": "F", "isyear": "F", "closed": _flag(row.status == "closed"),
        "arlocked": _flag(locked), "alllocked": _flag(row.status == "closed"),
    }  # fmt: skip
    return Shown("accountingperiod", row.id, fields)


def _rate(row: FxRate, held: Held) -> Shown | None:
    """All rates of one period and pair of currencies: ``<number>:<type>`` is one of them."""
    number = row.id.partition(":")[0]
    rates = {kind: held[FxRate].get(f"{number}:{kind}") for kind in _KINDS}
    if not any(rates.values()):
        return None
    period = next((one.id for one in held.by(Period, "start_on", row.valid_on)), None)
    fields = {
        "postingperiod": period,
        "fromsubsidiary": _of_currency(row.base_currency, held),
        "tosubsidiary": _of_currency(row.currency, held),
        "fromcurrency": currency_id(row.base_currency),
        "tocurrency": currency_id(row.currency),
        **{f"{kind}rate": _text(one.rate) if one else None for kind, one in rates.items()},
    }
    return Shown("consolidatedexchangerate", number, fields)


def _of_currency(code: str, held: Held) -> str | None:
    return next((one.id for one in held.by(LegalEntity, "currency", code)), None)


SHAPES: Shapes = {
    LegalEntity: Shape(_subsidiary, lambda row, _: _currency(row.currency)),
    Customer: Shape(_customer),
    Project: Shape(_job, _of_job),
    Invoice: Shape(_transaction, lambda row, _: _currency(row.currency)),
    InvoiceLine: Shape(_around, is_part=True),
    Period: Shape(_period),
    FxRate: Shape(
        _rate, lambda row, _: [*_currency(row.base_currency), *_currency(row.currency)], is_part=True
    ),
}
