"""What a watcher of the living firm must find now, worked out from what its systems show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sandbox.books import Books
from sandbox.gap import NO_CURRENCY, Gap
from sandbox.living.firm import Firm
from sandbox.living.records import Person
from sandbox.living.system import LivingSystem
from sandbox.records import (
    Contract,
    Invoice,
    InvoiceLine,
    Milestone,
    Opportunity,
    Project,
    RevenueLine,
    TimeEntry,
)
from sandbox.relief import live_shares
from sandbox.truths import answers

#: what the living firm tells the truth about, of what the exported one does
TOLD = (
    "linked_records_disagree", "milestone_without_revenue", "project_awaiting_activation",
    "unbilled_approved_time",
)  # fmt: skip


def truth(firm: Firm) -> dict[str, Any]:
    """Exceptions as they must be listed, how systems are, faults, and messages that did not arrive."""
    now = firm.clock()
    shown = books(firm)
    told = [gap for key in TOLD for gap in answers()[key](shown)]
    found = [*told, *duplicates(firm), *unknown_codes(firm)]
    return {
        "seed": firm.seed,
        "now": now.isoformat(),
        "engagements": len(firm.engagements),
        "gaps": [gap.plain() for gap in sorted(found, key=lambda gap: gap.order)],
        "systems": {name: _state(system) for name, system in firm.systems.items()},
        "faults": [fault.plain() for fault in firm.faults.all],
        "messages": [message.plain() for message in firm.hub.messages.values()],
    }


def _state(system: LivingSystem) -> str:
    return "down" if system.api.down else "throttled" if system.api.storm else "up"


def books(firm: Firm) -> Books:
    """What the systems show now, as rows that the three questions are asked of: projects by their PSA ids."""
    found = Books(firm.clock())
    found.opportunities = firm.shown("crm", Opportunity)
    found.contracts = firm.shown("crm", Contract)
    # each system has clients of its own, which nothing says to be the same
    found.psa_projects = [replace(row, customer_id=None) for row in firm.shown("psa", Project)]
    found.milestones = firm.shown("psa", Milestone)
    found.erp_projects = [replace(row, customer_id=None) for row in firm.shown("erp", Project)]
    found.invoices = firm.shown("erp", Invoice)
    found.invoice_lines = firm.shown("erp", InvoiceLine)
    found.revenue_lines = firm.shown("revenue", RevenueLine)
    in_psa = {view.id: view.project_id for view in firm.shown("time", Project)}
    entries = firm.shown("time", TimeEntry)
    found.time_entries = [replace(entry, project_id=in_psa[entry.project_id or ""]) for entry in entries]
    return found


def duplicates(firm: Firm) -> Iterator[Gap]:
    """Second projects that ERP set up for one of PSA, each with what is invoiced on it."""
    held = books(firm)
    live = live_shares(held)
    billed: dict[str, Decimal] = defaultdict(Decimal)
    for line in held.invoice_lines:
        if line.id in live:
            billed[line.project_id or ""] += line.amount
    views: dict[str, list[Project]] = defaultdict(list)
    for view in held.erp_projects:
        if view.status != "cancelled":
            views[view.project_id or ""].append(view)
    for same in views.values():
        for view in sorted(same, key=lambda one: (len(one.id), one.id))[1:]:
            yield Gap(
                "duplicate_project", "erp", "project", view.id, None, billed[view.id], view.currency or ""
            )


def unknown_codes(firm: Firm) -> Iterator[Gap]:
    """People of PSA and of the time system whose code HCM does not have."""
    codes = {row.id for row in firm.shown("hcm", Person)}
    for name in ("psa", "time"):
        for row in firm.shown(name, Person):
            if row.code not in codes:
                yield Gap("resource_conflict", name, "resource", row.id, None, Decimal(0), NO_CURRENCY)
