"""DSO: how many days of sales customers still owe.

Receivables at the end of the month over what was invoiced in the 90 days before it, times 90: a longer
stretch than a month, since billing at month ends makes shorter ones jump. What is not billed yet is in
neither. For the running month receivables are what invoices say is open (all of it, where an unpaid one
does not say); for earlier months, what the ledger's receivable account closed at: where the ERP keeps no
such balance, that is not known back in time.
"""

from __future__ import annotations

from fractions import Fraction

from metrics.kpi import Kpi, Need, Part
from metrics.receivables import dso_rows

KPI = Kpi(
    key="dso",
    title="DSO",
    question="How long do customers take to pay?",
    formula="receivables at the month's end / invoiced in the 90 days to it x 90",
    unit="days",
    combine="ratio",
    reads=(
        Need("erp", "invoice"),
        Need("erp", "invoice_line"),
        Need("erp", "ledger_balance", required=False),
    ),
    owner="credit control",
    source="days sales outstanding, ending balance over 90 days of credit sales",
    select=dso_rows,
    parts={"dso": Part("DSO")},
    headline="dso",
    scale=Fraction(90),
    rows_in="money",
    good="down",
    limits="without receivable balances of the ledger, only the running month is known",
)
