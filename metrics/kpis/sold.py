"""Sold: the services amount of deals won in the month.

Known back in time as far as deals keep the day they were won; a deal lost since counts no more, and
neither does what a deal was worth before it was changed.
"""

from __future__ import annotations

from metrics.kpi import Kpi, Need, Part
from metrics.measures import sold

KPI = Kpi(
    key="sold",
    title="Sold",
    question="What services did we sell?",
    formula="sum of the services amount (blank: the whole amount) of deals won in the month",
    unit="money",
    combine="sum",
    reads=(Need("crm", "opportunity"),),
    owner="sales operations",
    source="bookings, as a CRM reports them",
    select=sold,
    parts={"won": Part("Won")},
    good="up",
    flow=True,
    limits="a deal lost or changed since then counts as it stands now",
)
