# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays deals from the lead to the won sale. A story is a generator that yields the day it goes on."""

import datetime as dt
import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from company import Companies

WORK = (
    "ERP rollout",
    "Data platform",
    "CRM migration",
    "Close acceleration",
    "Integration hub",
    "Cloud landing zone",
    "Pricing engine",
    "HR transformation",
)
MILESTONES = (("Design sign-off", "0.30"), ("Build accepted", "0.40"), ("Go-live", "0.30"))
INVOICED = {"tm": "manual", "milestone": "fulfillment", "retainer": "order"}


@dataclass
class Deal:
    """One deal: what was rolled for it, and what became of it."""

    number: int
    outcome: str
    kind: str
    scenario: str | None
    e: dict
    rnd: random.Random
    day: dt.date = dt.date.min
    customer: Any = None
    title: str = ""
    rate: Decimal = Decimal(0)
    hours: int = 0
    amount: Decimal = Decimal(0)
    opportunity: Any = None
    sale: Any = None
    chain: dict = field(default_factory=dict)

    @property
    def key(self):
        """How a gap names the deal."""
        sale = self.sale
        return {"opportunity": self.opportunity.id, "sale": sale.id, "sale_number": sale.number}

    def later(self, first, last):
        """Go on some days later."""
        self.day += dt.timedelta(days=self.rnd.randrange(first, last))
        return self.day


class Selling(Companies):
    """From the lead to the confirmed sale."""

    def deal(self, number, outcome, kind, scenario, e):
        deal = Deal(number, outcome, kind, scenario, e, random.Random(f"{self.args.seed}/{number}"))
        rnd = deal.rnd
        deal.customer, seller = rnd.choice(e["customers"]), rnd.choice(e["employees"])
        deal.title = rnd.choice(WORK)
        span = (self.as_of - self.start).days
        until = span - (150 if outcome == "won" else 20)
        deal.day = self.start + dt.timedelta(days=rnd.randrange(0, until))
        yield deal.day
        parts = self.lead(deal, seller)
        if outcome == "lead":
            return
        yield deal.later(3, 10)
        deal.opportunity.click("opportunity")
        if outcome in ("opportunity", "lost", "cancelled"):
            yield from self.not_won(deal)
            return
        yield deal.later(4, 12)
        self.quote(deal, parts)
        if outcome == "converted":
            return
        yield deal.later(5, 15)
        self.win(deal)
        if scenario == "no_project":
            self.gap("won_without_project", e, deal.sale.untaxed_amount, **deal.key)
            return
        yield deal.later(2, 8)
        yield from getattr(self, f"deliver_{kind}")(deal)

    def lead(self, deal, seller):
        e, rnd = deal.e, deal.rnd
        deal.rate, deal.hours = rnd.choice(e["rates"]), rnd.choice([160, 240, 320, 480])
        deal.amount = {
            "tm": deal.rate * deal.hours,
            "milestone": Decimal(rnd.choice([60, 90, 120, 150]) * 1000),
            "retainer": Decimal(rnd.choice([24, 36, 48]) * 1000),
        }[deal.kind]
        opp = deal.opportunity = self.model("sale.opportunity")()
        opp.description, opp.reference = f"{deal.title} - {deal.customer.name}", f"CRM-{10000 + deal.number}"
        opp.party, opp.employee, opp.company = deal.customer, seller, e["company"]
        opp.amount, opp.start_date, opp.payment_term = deal.amount, deal.day, self.net30
        opp.conversion_probability = rnd.choice([0.2, 0.4, 0.6, 0.8])
        parts = [(deal.title, None)]
        if deal.kind == "milestone":
            parts = [(name, deal.amount * Decimal(share)) for name, share in MILESTONES]
        for name, _ in parts:
            line = opp.lines.new()
            line.product, line.description = e[deal.kind], name
            line.quantity, line.unit = (deal.hours, e["hour"]) if deal.kind == "tm" else (1, e["unit"])
        opp.save()
        self.stats["sale.opportunity"] += 1
        return parts

    def not_won(self, deal):
        if deal.outcome == "opportunity":
            return
        yield deal.day + dt.timedelta(days=6)
        if deal.outcome == "lost":
            deal.opportunity.lost_reason = deal.rnd.choice(["price", "no budget", "competitor"])
            deal.opportunity.save()
        deal.opportunity.click("lost" if deal.outcome == "lost" else "cancel")

    def quote(self, deal, parts):
        opp = deal.opportunity
        opp.click("convert")
        opp.reload()
        sale = deal.sale = opp.sales[0]
        sale.reference = opp.reference
        sale.invoice_method = INVOICED[deal.kind]
        by_hand = deal.scenario == "no_project" or deal.kind != "milestone"
        sale.task_creation_method = "manual" if by_hand else "order"
        for line, (_, price) in zip(sale.lines, parts, strict=True):
            line.unit_price = (
                price if price is not None else (deal.rate if deal.kind == "tm" else deal.amount)
            )
        sale.save()
        sale.click("quote")

    def win(self, deal):
        opp, sale, e = deal.opportunity, deal.sale, deal.e
        sale.click("confirm")
        sale.reload()
        opp.reload()
        if sale.state == "confirmed":  # the queue ran late
            sale.click("process")
            sale.reload()
            opp.reload()
        deal.chain = {
            "kind": deal.kind,
            "scenario": deal.scenario,
            "company": e["company"].id,
            "currency": e["code"],
            "amount": str(sale.untaxed_amount),
            "opportunity": opp.id,
            "opportunity_number": opp.number,
            "reference": opp.reference,
            "sale": sale.id,
            "sale_number": sale.number,
            "party": deal.customer.id,
            "won_on": deal.day.isoformat(),
            "projects": [],
            "tasks": [],
            "allocations": [],
            "time_entries": 0,
            "invoices": [],
            "deferrals": [],
            "revenue_moves": [],
        }
        self.chains.append(deal.chain)
