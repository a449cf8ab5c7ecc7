"""C6: what the PSA approved to be billed by the hour is what the ERP billed for time, or added to its WIP.

Time counts on its work date, at its own rate or its contract line's, rounded an entry at a time. Time of
lines that do not bill by the hour, of written-off and of unpriced entries is left out. The engagement ties
them, that is all projects of one piece of work: invoices often name the contract line, and no project.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, exists, or_, select, union_all

from metrics.check import Need
from metrics.sides import billed, posted, record, work
from metrics.tieout import Scope, Side, TieOut
from queries.schema import RECORD_TABLES

_time = RECORD_TABLES["time_entry"]
_promise = RECORD_TABLES["contract_line"]
_project = RECORD_TABLES["project"]
_line = RECORD_TABLES["invoice_line"]
_entry = RECORD_TABLES["ledger_entry"]


def _approved(scope: Scope) -> Select[Any]:
    promise = and_(
        _promise.c.system == _time.c.contract_line_system, _promise.c.id == _time.c.contract_line_id
    )
    project = and_(_project.c.system == _time.c.project_system, _project.c.id == _time.c.project_id)
    other = _promise.alias("other")
    has_lines = exists().where(other.c.engagement_id == _time.c.engagement_id, other.c.deleted_at.is_(None))
    by_method = and_(_project.c.billing_method == "time_and_materials", ~has_lines)
    by_the_hour = or_(
        _promise.c.kind == "time_and_materials", and_(_time.c.contract_line_id.is_(None), by_method)
    )
    found = record(
        _time,
        "time_entry",
        key=work(_time),
        amount=_time.c.open_minor + _time.c.relieved_minor,
        on_date=_time.c.work_date,
        currency=_time.c.open_currency,
    )
    return found.select_from(_time.outerjoin(_promise, promise).outerjoin(_project, project)).where(
        scope.entity(_time.c.legal_entity),
        scope.on_day(_time.c.work_date),
        _time.c.status == "approved",
        _time.c.billable,
        ~_time.c.written_off,
        _time.c.deleted_at.is_(None),
        _time.c.open_minor.is_not(None),
        by_the_hour,
    )


def _billed_or_wip(scope: Scope) -> Select[Any]:
    lines = billed(scope, work(_line), _line.c.covers == "time")
    wip = posted(scope, "wip", work(_entry))
    return select(union_all(lines, wip).subquery("billed_or_wip"))


TIE_OUT = TieOut(
    key="approved_time_to_billed_plus_wip",
    title="PSA approved billable value = ERP billed + WIP",
    left=Side("psa", "approved billable time", _approved),
    right=Side("erp", "time billed, and change of WIP", _billed_or_wip),
    match="engagement",
    reads=(
        Need("time", "time_entry"),
        Need("erp", "invoice_line"),
        Need("erp", "invoice"),
        Need("erp", "ledger_entry"),
        Need("contract", "contract_line", required=False),
        Need("psa", "project", required=False),
    ),
    owner="finance operations",
    remedy="Bill the time or bring it into WIP; correct the rate or the quantity on the side that is wrong.",
    source="C6",
)
