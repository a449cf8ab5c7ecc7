"""Zuora Revenue by Data Query: revenue by contract line and period, and Billing's accounting periods.

Accounting entries on revenue accounts are summed by contract line and period: credits less debits, so that a
reversal or an adjustment lowers its period. Posted: entries with a posting period; the rest is scheduled.
A period posted in part gives two lines, the rest under an id ending in ``:open``. Every poll reads all of it,
because a journal run posts without changing any stamp; what is no longer there was deleted. A query is a
job, whose file Zuora keeps with Amazon: it is fetched without our token. Errors often come with status 200.

Unverified: that unposted entries lack a posting period; the columns of contract lines in ``columns``, which a
firm sets to its own; the word for a period that is pending close. Periods of entries are Zuora's numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from collectors.engines.sql_settings import Duration
from collectors.engines.vendor import VendorSettings, rest_system

#: a version that never moves: nothing there tells when it changed, and the same row again is no news
_ALWAYS = {"constant": "2000-01-01T00:00:00Z"}
_ENTRIES = """
select e.revenuecontractid as contract, e.revenuecontractlineid as line, e.periodid as period, COLUMNS,
       sum(case when e.postingperiodid is null then 0
                else e.transactioncreditamount - e.transactiondebitamount end) as posted,
       sum(case when e.postingperiodid is null then e.transactioncreditamount - e.transactiondebitamount
                else 0 end) as scheduled
from revenuecontractaccountingentries e
left join revenuecontractlinesdimensions d on d.revenuecontractlineid = e.revenuecontractlineid
where e.schd_type_flag in ('R', 'A') and e.accountingtypeid in ('R', 'X') and e.initial_rep_entry_flag = 'N'
group by e.revenuecontractid, e.revenuecontractlineid, e.periodid, COLUMNS
"""
_STATUSES = {
    "Open": "open",
    "PendingClose": "soft_closed",
    "Pending Close": "soft_closed",
    "Closed": "closed",
}
_Field = Literal["currency", "legal_entity", "contract_id", "contract_line_id", "project_id", "milestone_id"]
_Column = Annotated[str, StringConstraints(pattern=r"^\w*$")]
_COLUMNS: dict[_Field, str] = {
    "currency": "TransactionCurrency", "legal_entity": "CompanyCode", "contract_line_id": "SalesOrderLineID",
}  # fmt: skip


class ZuoraRevenueSettings(VendorSettings):
    """``base`` is the tenant's REST address, such as https://rest.eu.zuora.com; ``entity`` one of several.

    ``columns`` say where a contract line holds what revenue is traced by, such as
    ``milestone_id = "LineAttribute7"``; an empty text leaves one out. ``wait`` lies between two looks at a
    query.
    """

    base: str
    client_id: str
    client_secret_env: str
    entity: str | None = None
    columns: dict[_Field, _Column] = Field(default_factory=dict)
    wait: Duration = Field(default=timedelta(seconds=3), ge=timedelta(0))


def _declare(chosen: ZuoraRevenueSettings) -> dict[str, Any]:
    columns = {field: column for field, column in {**_COLUMNS, **chosen.columns}.items() if column}
    entries = _query(_ENTRIES.replace("COLUMNS", ", ".join(f"d.{one}" for one in columns.values())), chosen)
    return {
        "base": chosen.base,
        "headers": {"Zuora-Entity-Ids": chosen.entity} if chosen.entity else {},
        "auth": {
            "style": "client_credentials", "token_url": f"{chosen.base.rstrip('/')}/oauth/token",
            "client_id": chosen.client_id, "client_secret_env": chosen.client_secret_env,
        },
        "signals": [{"text": "REQUEST_EXCEEDED_LIMIT", "means": "retry"}],
        "streams": {
            "revenue_line": {"read": entries, "ids": entries, "fields": {
                "id": "id", "source_updated_at": _ALWAYS, "state": "state", "amount": "amount",
                "period": "period", **{field: column.lower() for field, column in columns.items()},
            }},
            "period": {
                "read": {"path": "/v1/accounting-periods", "rows": "accountingPeriods", "error": _ERROR},
                "fields": {
                    "id": "id", "source_updated_at": _ALWAYS, "name": "name", "start_on": "startDate",
                    "end_on": "endDate", "status": {"column": "status", "values": _STATUSES},
                },
            },
        },
    }  # fmt: skip


_ERROR = "success == `false` && (reasons[0].message || 'it was refused')"


def _query(sql: str, chosen: ZuoraRevenueSettings) -> dict[str, Any]:
    return {
        "path": "/query/jobs",
        "method": "POST",
        "body": {
            "query": " ".join(sql.split()),
            "outputFormat": "JSON",
            "compression": "NONE",
            "output": {"target": "S3"},
        },
        "error": _ERROR,
        "job": {
            "path": "/query/jobs/{job}",
            "id": "data.id",
            "state": "data.queryStatus",
            "done": ["completed"],
            "failed": ["failed", "cancelled"],
            "why": "data.errorMessage",
            "file": "data.dataFile",
            "lines": "data.outputRows",
            "hosts": ["amazonaws.com"],
            "every": chosen.wait,
        },
    }


def _lines(body: Any) -> Sequence[Mapping[str, Any]]:
    """What of a period is posted, and what is still scheduled: one line where it is one of them."""
    found = []
    for row in body:
        key = f"{row['contract']}:{row['line']}:{row['period']}"
        posted, scheduled = _is_some(row["posted"]), _is_some(row["scheduled"])
        if posted or not scheduled:
            found.append({**row, "id": key, "state": "posted", "amount": row["posted"]})
        if scheduled:
            rest = f"{key}:open" if posted else key
            found.append({**row, "id": rest, "state": "scheduled", "amount": row["scheduled"]})
    return found


def _is_some(amount: Any) -> bool:
    return bool(str(amount).strip("-0."))


SYSTEM = rest_system(
    kind="zuora_revenue",
    title="Zuora Revenue",
    roles=("revenue",),
    settings=ZuoraRevenueSettings,
    declare=_declare,
    records=("revenue_line", "period"),
    unpack={"revenue_line": _lines},
    notes="Data Query, read whole at every poll: an interval of hours suits it",
    permissions=(
        "an OAuth client of a user who may run Data Query",
        "the profile ENABLE_DATAQUERY_SERVICE in Zuora Revenue",
    ),
)
