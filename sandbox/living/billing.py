"""What one engagement bills and recognises: invoices in ERP, postings in the revenue system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox import days, money
from sandbox.living import office
from sandbox.living.hub import Key
from sandbox.records import Invoice, InvoiceLine, Milestone, RevenueLine, TimeEntry

if TYPE_CHECKING:
    from sandbox.living.work import Engagement

_TERMS = timedelta(days=30)


class Billing:
    """The money of one engagement; ``written`` is time nobody approved yet."""

    def __init__(self, engagement: Engagement) -> None:
        self.engagement = engagement
        self.written: list[TimeEntry] = []
        self._invoices = 0
        self._postings: dict[str, RevenueLine] = {}

    # ---- what the middleware is told ---------------------------------------------------------

    def approved(self, week: str, entries: Sequence[TimeEntry]) -> None:
        """A week's time is approved and to be billed."""
        self.written = []
        if not entries:
            return
        amount = sum((_worth(entry) for entry in entries), Decimal(0))
        work = self.engagement
        keys = (("project", "psa", work.project.id), ("time_entry", "time", entries[0].id))
        work.firm.hub.publish(
            "time_to_billing", f"{work.project.id}/{week}", work.company, keys,
            lambda: self._invoice(amount, "time", None),
        )  # fmt: skip

    def earned(self, milestone: Milestone) -> None:
        """An accepted milestone is to be billed, and its revenue to be posted."""
        work = self.engagement
        keys = (("milestone", "psa", milestone.id), ("project", "psa", work.project.id))
        publish = work.firm.hub.publish
        publish(
            "milestone_to_billing", milestone.id, work.company, keys,
            lambda: self._invoice(milestone.amount or Decimal(0), "milestone", milestone),
        )  # fmt: skip
        publish("milestone_to_revenue", milestone.id, work.company, keys, lambda: self._recognise(milestone))

    # ---- what arrives ------------------------------------------------------------------------

    def _invoice(self, amount: Decimal, covers: str, milestone: Milestone | None) -> Sequence[Key]:
        """ERP drafts an invoice, which somebody approves on the next business day."""
        work, now = self.engagement, self.engagement.now
        ledger = work.ledger_project()
        self._invoices += 1
        today = days.local_day(work.company, now)
        invoice = Invoice(
            id=f"9{work.n:05d}{self._invoices:02d}", number=f"INV-{work.n:05d}-{self._invoices:02d}",
            customer_id=work.client.erp_id, status="pending_approval", issued_on=today, due_on=today + _TERMS,
            currency=work.currency, amount=amount, legal_entity=work.company, source_updated_at=now,
        )  # fmt: skip
        line = InvoiceLine(
            id=f"{invoice.id}1", invoice_id=invoice.id, project_system="erp", project_id=ledger.id,
            milestone_id=milestone.id if milestone else None, covers=covers, currency=work.currency,
            amount=amount, legal_entity=work.company, source_updated_at=now,
        )  # fmt: skip
        work.firm.put("erp", invoice)
        work.firm.put("erp", line)
        posting = office.on(work.company, now, 1, time(11, work.rng.randint(0, 59)))
        work.firm.timeline.at(posting, lambda: self._post(invoice, covers))
        return (("invoice", "erp", invoice.id),)

    def _post(self, invoice: Invoice, covers: str) -> None:
        work = self.engagement
        posted = work.firm.put("erp", replace(invoice, status="posted", posted_at=work.now))
        if covers == "time":
            keys = (("invoice", "erp", posted.id), ("project", "psa", work.project.id))
            work.firm.hub.publish(
                "invoice_to_revenue", posted.id, work.company, keys, lambda: self._recognise_invoice(posted)
            )
        paid = office.on(work.company, work.now, work.rng.randint(10, 35), time(15))
        work.firm.timeline.at(paid, lambda: self._pay(posted))

    def _pay(self, invoice: Invoice) -> None:
        self.engagement.firm.put("erp", replace(invoice, status="paid"))

    def _recognise(self, milestone: Milestone) -> Sequence[Key]:
        """The milestone's revenue is posted; a wrong mapping posts it under another one's name."""
        named = self.engagement.firm.faults.mapped(self.engagement, milestone)
        return self._posting(f"M{milestone.id}", milestone.amount or Decimal(0), named)

    def _recognise_invoice(self, invoice: Invoice) -> Sequence[Key]:
        return self._posting(f"I{invoice.id}", invoice.amount or Decimal(0), None)

    def _posting(self, line: str, amount: Decimal, milestone: str | None) -> Sequence[Key]:
        work = self.engagement
        today = days.local_day(work.company, work.now)
        period = f"{today:%Y%m}"
        row = RevenueLine(
            id=f"RC{work.n:05d}:{line}:{period}", project_system="psa", project_id=work.project.id,
            milestone_system="psa" if milestone else None, milestone_id=milestone, state="posted",
            currency=work.currency, amount=amount, period=period, posted_on=today, legal_entity=work.company,
            source_updated_at=work.now,
        )  # fmt: skip
        self._postings[line] = work.firm.put("revenue", row)
        return (("revenue_line", "revenue", row.id),)

    def correct(self, milestone: Milestone) -> None:
        """Somebody puts the right milestone on the posting."""
        work, row = self.engagement, self._postings[f"M{milestone.id}"]
        work.firm.put("revenue", replace(row, milestone_id=milestone.id))


def _worth(entry: TimeEntry) -> Decimal:
    return money.rounded(entry.hours * (entry.rate or Decimal(0)), entry.currency or "")
