"""A firm small enough to work out by hand, seen on Friday 20 November 2026 at 18:00 UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.records import (
    Contract,
    ContractLine,
    Invoice,
    InvoiceLine,
    Milestone,
    Opportunity,
    Project,
    RevenueLine,
    TimeEntry,
)
from sandbox.truths import answers

AS_OF = datetime(2026, 11, 20, 18, tzinfo=UTC)
OLD_WEEK = date(2026, 10, 28)  # a Wednesday; its week ends on Sunday 1 November, 15 business days ago
TENTH_DAY_WEEK = date(2026, 11, 4)  # its week ends on Sunday 8 November, 10 business days ago


#: the questions these firms are made for
ASKED = ("milestone_without_revenue", "project_awaiting_activation", "unbilled_approved_time")


def told(firm: Books) -> list[Gap]:
    """What the truth lists of them, in a fixed order."""
    found = [gap for key in ASKED for gap in answers()[key](firm)]
    return sorted(found, key=lambda gap: gap.order)


def books() -> Books:
    """Nothing yet."""
    return Books(AS_OF)


def money(text: str) -> Decimal:
    """An amount."""
    return Decimal(text)


def at(day: int, hour: int = 12, month: int = 11) -> datetime:
    """An instant of late 2026, in UTC."""
    return datetime(2026, month, day, hour, tzinfo=UTC)


def sold(firm: Books, *, entity: str = "UK01", won_at: datetime | None = None, **more: Any) -> Opportunity:
    """A deal of 1,000 won on 2 November."""
    values = {
        "status": "won",
        "currency": "GBP",
        "amount": money("1000.00"),
        "won_at": won_at or at(2),
        **more,
    }
    number = len(firm.opportunities) + 1
    return firm.put(Opportunity(id=f"D{number}", customer_id="C1", source_updated_at=at(2), **values), entity)


def running(firm: Books, psa: str = "active", erp: str | None = "active", entity: str = "UK01") -> Project:
    """A contract of the last deal, if there is one, and its project in both systems."""
    deal = firm.opportunities[-1].id if firm.opportunities else None
    number = len(firm.psa_projects) + 1
    contract = Contract(
        id=f"K{number}", opportunity_id=deal, customer_id="C1", status="active", currency="GBP",
        source_updated_at=at(1),
    )  # fmt: skip
    firm.put(contract, entity)
    project = Project(
        id=f"P{number}", contract_id=contract.id, customer_id="C1", status=psa, currency="GBP",
        source_updated_at=at(1),
    )  # fmt: skip
    firm.put(project, entity, "psa")
    if erp:
        view = Project(
            id=f"9{number}", project_system="psa", project_id=project.id, status=erp, source_updated_at=at(1)
        )
        firm.put(view, entity, "erp")
    return project


def line(firm: Books, kind: str = "time_and_materials", **more: Any) -> ContractLine:
    """A line of the last contract; time at 100 an hour unless said otherwise."""
    contract = firm.contracts[-1]
    values: dict[str, Any] = {"rate": money("100"), "currency": "GBP", **more}
    row = ContractLine(
        id=f"{contract.id}-L{len(firm.contract_lines) + 1}", contract_id=contract.id, kind=kind,
        source_updated_at=at(1), **values,
    )  # fmt: skip
    return firm.put(row, contract.legal_entity)


def worked(firm: Books, day: date = OLD_WEEK, hours: str = "8", **more: Any) -> TimeEntry:
    """Approved hours on the last contract line and project."""
    number = len(firm.time_entries) + 1
    values: dict[str, Any] = {
        "contract_line_id": firm.contract_lines[-1].id if firm.contract_lines else None,
        "status": "approved",
        **more,
    }
    row = TimeEntry(
        id=f"T{number}", project_system="psa", project_id=firm.psa_projects[-1].id, work_date=day,
        hours=money(hours), source_updated_at=at(9), **values,
    )  # fmt: skip
    return firm.put(row, "UK01")


def invoiced(firm: Books, status: str = "posted", kind: str = "invoice", **more: Any) -> Invoice:
    """A header."""
    number = len(firm.invoices) + 1
    row = Invoice(id=f"I{number}", kind=kind, status=status, currency="GBP", source_updated_at=at(10), **more)
    return firm.put(row, "UK01")


def billed(firm: Books, amount: str, *entries: tuple[str, str | None], **more: Any) -> InvoiceLine:
    """A line of the last invoice, naming entries with their hours or None for all of them."""
    number = len(firm.invoice_lines) + 1
    values: dict[str, Any] = {"project_system": "psa", "project_id": firm.psa_projects[-1].id, **more}
    references = tuple((entry, money(hours) if hours else None) for entry, hours in entries)
    row = InvoiceLine(
        id=f"L{number}", invoice_id=firm.invoices[-1].id, currency="GBP", amount=money(amount),
        time_entries=references, source_updated_at=at(10), **values,
    )  # fmt: skip
    return firm.put(row, "UK01")


def accepted(firm: Books, amount: str, when: datetime, **more: Any) -> Milestone:
    """An accepted milestone of the last contract line."""
    number = len(firm.milestones) + 1
    values: dict[str, Any] = {"status": "accepted", "contract_line_id": firm.contract_lines[-1].id, **more}
    row = Milestone(
        id=f"M{number}", project_system="psa", project_id=firm.psa_projects[-1].id, accepted_at=when,
        currency="GBP", amount=money(amount), source_updated_at=when, **values,
    )  # fmt: skip
    return firm.put(row, firm.psa_projects[-1].legal_entity)


def revenue(
    firm: Books, amount: str, milestone: str | None, state: str = "posted", **more: Any
) -> RevenueLine:
    """A revenue line of the last contract line."""
    number = len(firm.revenue_lines) + 1
    row = RevenueLine(
        id=f"R{number}", contract_line_id=firm.contract_lines[-1].id, milestone_id=milestone, state=state,
        currency="GBP", amount=money(amount), source_updated_at=at(10), **more,
    )  # fmt: skip
    return firm.put(row, "UK01")


def gaps(firm: Books) -> list[tuple[str, str | None, str]]:
    """(subject, contract line, amount) of everything the truth lists."""
    return [(gap.id, gap.contract_line, str(gap.plain()["amount"])) for gap in told(firm)]
