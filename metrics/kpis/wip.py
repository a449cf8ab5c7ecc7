"""WIP: earned and on no invoice, at the end of the month, by age.

For the running month these are the open items of the checks, aged from the day they should have been
billed; for earlier months records with their dates, time aged from the day it was worked. Back in time a
hold, a write-off or a credit counts as it stands now.
"""

from __future__ import annotations

from metrics.kpi import Kpi, Need, Part
from metrics.wip import rows

KPI = Kpi(
    key="wip",
    title="WIP",
    question="What have we earned and not yet billed?",
    formula="approved billable hours x rate not invoiced, and accepted milestones less their invoice lines",
    unit="money",
    combine="sum",
    reads=(
        Need("time", "time_entry"),
        Need("psa", "milestone"),
        Need("erp", "invoice_line"),
        Need("erp", "invoice", required=False),
        Need("psa", "project", required=False),
        Need("psa", "billing_event", required=False),
        Need("contract", "contract_line", required=False),
    ),
    owner="billing",
    source="unbilled receivables with the usual ageing bands",
    select=rows,
    parts={
        "current": Part("Current"),
        "1-30": Part("1 to 30 days"),
        "31-60": Part("31 to 60 days"),
        "61-90": Part("61 to 90 days"),
        "91+": Part("Over 90 days"),
    },
    good="down",
    limits="holds, write-offs and credits count as they stand now",
)
