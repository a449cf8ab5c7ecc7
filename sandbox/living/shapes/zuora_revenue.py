"""Revenue as Zuora shows it: entries by contract line and period, beside what is said of the line.

A line's id is ``contract:line:period``. Its PSA project stands in ``lineattribute1``, its milestone in
``lineattribute2``: attributes of a line are the firm's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sandbox.living.held import Held
from sandbox.living.shapes.shape import Shape, Shapes, Shown, day
from sandbox.records import Period, RevenueLine

ENTRIES, LINES = "revenuecontractaccountingentries", "revenuecontractlinesdimensions"
_STATUSES = {"open": "Open", "soft_closed": "PendingClose", "closed": "Closed"}


def _parts(row: RevenueLine) -> tuple[str, str, str]:
    contract, line, period, *_ = row.id.split(":")
    return contract, line, period


def _entry(row: RevenueLine, _held: Held) -> Shown:
    contract, line, period = _parts(row)
    fields = {
        "revenuecontractid": contract,
        "revenuecontractlineid": line,
        "periodid": period,
        "postingperiodid": period if row.state == "posted" else None,
        "transactioncreditamount": str(max(row.amount, Decimal(0))),
        "transactiondebitamount": str(max(-row.amount, Decimal(0))),
        "accountingtypeid": "R",
        "schd_type_flag": "R",
        "initial_rep_entry_flag": "N",
    }
    return Shown(ENTRIES, row.id, fields)


def _line(row: RevenueLine, _held: Held) -> Sequence[Shown]:
    _, line, _ = _parts(row)
    fields = {
        "revenuecontractlineid": line,
        "transactioncurrency": row.currency,
        "companycode": row.legal_entity,
        "lineattribute1": row.project_id,
        "lineattribute2": row.milestone_id,
    }
    return [Shown(LINES, line, fields)]


def _period(row: Period, _held: Held) -> Shown:
    fields = {
        "name": row.name,
        "startDate": day(row.start_on),
        "endDate": day(row.end_on),
        "status": _STATUSES[row.status],
    }
    return Shown("accountingperiods", row.id, fields)


SHAPES: Shapes = {RevenueLine: Shape(_entry, _line), Period: Shape(_period)}
