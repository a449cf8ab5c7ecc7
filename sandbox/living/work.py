"""One engagement from the first talk to the last posting: who does what in which system, and when.

People write into their own system. What another system must know of it is told to the middleware, and
happens there only when the message arrives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from sandbox import days, money, names
from sandbox.living import office
from sandbox.living.billing import Billing
from sandbox.living.hub import Key, UnknownError
from sandbox.living.people import Client, Consultant
from sandbox.records import Allocation, Contract, Customer, Milestone, Opportunity, Project, TimeEntry

if TYPE_CHECKING:
    from sandbox.living.firm import Firm

TIME, MILESTONES = "time_and_materials", "milestone"
_LOST_SHARE = 0.2
_FOREIGN = ("EUR", "USD", "GBP", "KWD")
_MOST_WEEKS = 6


class Engagement:
    """Engagement ``n``; its dice are its own, so that nothing depends on what befalls others."""

    def __init__(self, firm: Firm, n: int, client: Client) -> None:
        self.firm = firm
        self.n = n
        self.rng = rng = Random(f"{firm.seed}/{n}")
        self.client = client
        self.company = client.company if rng.random() < 0.9 else rng.choice(tuple(days.COMPANY))
        own = days.COMPANY[self.company].currency
        self.currency = own if rng.random() < 0.88 else rng.choice(_FOREIGN)
        self.kind = TIME if rng.random() < 0.55 else MILESTONES
        self.amount = money.priced(rng.randint(30_000, 400_000), self.currency)
        self.name = f"{client.name}: {names.work(rng)}"
        self.team: list[Consultant] = []
        self.milestones: list[Milestone] = []
        self.deal: Opportunity
        self.project: Project
        self.ledger: Project | None = None
        self.billing = Billing(self)
        self.is_in_time = False
        self._entries = 0
        self._weeks_left = rng.randint(3, _MOST_WEEKS)

    # ---- sold --------------------------------------------------------------------------------

    def open(self) -> None:
        """Sales begin to talk."""
        rng = self.rng
        services = self.amount if rng.random() < 0.6 else None
        licences = money.priced(rng.randint(5_000, 50_000), self.currency) if services else Decimal(0)
        self.deal = self.firm.put("crm", Opportunity(
            id=names.crm_id("006", 80_000 + self.n), number=f"OPP-{self.n:05d}", name=self.name,
            customer_id=self.client.id, customer_name=self.client.name, status="open", currency=self.currency,
            amount=self.amount + licences, services_amount=services, owner=names.person(rng),
            legal_entity=self.company, source_updated_at=self.now,
        ))  # fmt: skip
        clock = time(rng.randint(9, 17), rng.randint(0, 59))
        decided = office.on(self.company, self.now, rng.randint(3, 20), clock)
        self.firm.timeline.at(decided, self._lose if rng.random() < _LOST_SHARE else self._win)

    @property
    def now(self) -> datetime:
        """The moment reached."""
        return self.firm.timeline.now

    def _lose(self) -> None:
        self.firm.put("crm", replace(self.deal, status="lost"))

    def _win(self) -> None:
        self.deal = self.firm.put("crm", replace(self.deal, status="won", won_at=self.now))
        signed = office.after(self.company, self.now, self.rng.uniform(0.2, 2))
        self.firm.timeline.at(signed, self._sign)
        keys = (("opportunity", "crm", self.deal.id),)
        self.firm.hub.publish("opportunity_to_project", self.deal.id, self.company, keys, self._set_up)

    def _sign(self) -> None:
        start = days.local_day(self.company, self.now)
        self.firm.put("crm", Contract(
            id=names.crm_id("800", 80_000 + self.n), number=f"SOW-{self.n:05d}", opportunity_id=self.deal.id,
            customer_id=self.client.id, status="active", signed_at=self.now, start_on=start,
            end_on=start + timedelta(days=180), currency=self.currency, legal_entity=self.company,
            source_updated_at=self.now,
        ))  # fmt: skip

    # ---- set up ------------------------------------------------------------------------------

    def _set_up(self) -> Sequence[Key]:
        """PSA gets its project, in planning."""
        self.project = self.firm.put("psa", Project(
            id=f"4{self.n:05d}", name=self.name, customer_id=self.client.psa_id, opportunity_system="crm",
            opportunity_id=self.deal.id, status="planned", billing_method=self.kind, currency=self.currency,
            manager=names.person(self.rng), link_method="external_id", legal_entity=self.company,
            source_updated_at=self.now,
        ))  # fmt: skip
        if self.kind == MILESTONES:
            self._plan_milestones()
        project = ("project", "psa", self.project.id)
        if self.kind == TIME:
            keys = (project, ("opportunity", "crm", self.deal.id))
            self.firm.hub.publish("project_to_time", self.project.id, self.company, keys, self._in_time)
        released = office.after(self.company, self.now, self.rng.uniform(1, 7))
        self.firm.timeline.at(released, self._release)
        return (project,)

    def _plan_milestones(self) -> None:
        count = self.rng.randint(2, 4)
        part = money.rounded(self.amount / count, self.currency)
        for number in range(1, count + 1):
            amount = part if number < count else self.amount - part * (count - 1)
            row = Milestone(
                id=f"7{self.n:05d}{number}", name=f"Milestone {number}", project_id=self.project.id,
                status="planned", currency=self.currency, amount=amount, legal_entity=self.company,
                source_updated_at=self.now,
            )  # fmt: skip
            self.milestones.append(self.firm.put("psa", row))

    def _in_time(self) -> Sequence[Key]:
        """The time system gets its project; a client is one there for each currency it pays in."""
        in_time = self.client.in_time
        if self.currency not in in_time:
            in_time[self.currency] = f"1{self.client.number:05d}{_place(self.currency)}"
            self.firm.put("time", Customer(
                id=in_time[self.currency], name=f"{self.client.name} ({self.currency})",
                legal_entity=self.company, source_updated_at=self.now,
            ))  # fmt: skip
        row = self.firm.put("time", Project(
            id=f"5{self.n:05d}", number=self.project.id, name=self.name,
            customer_id=in_time[self.currency], project_system="psa", project_id=self.project.id,
            status="active", billing_method=TIME, currency=self.currency, legal_entity=self.company,
            source_updated_at=self.now,
        ))  # fmt: skip
        self.is_in_time = True
        return (("project", "time", row.id),)

    def _release(self) -> None:
        """The project's approval in PSA; a stuck one is approved when somebody looks."""
        if self.firm.faults.holds(self):
            return
        self.activate()

    def activate(self) -> None:
        """PSA's project is active: ERP must know, and people are booked on it."""
        self.project = self.firm.put("psa", replace(self.project, status="active"))
        keys = (("project", "psa", self.project.id), ("opportunity", "crm", self.deal.id))
        self.firm.hub.publish("project_to_ledger", self.project.id, self.company, keys, self._in_ledger)
        self.firm.timeline.at(office.after(self.company, self.now, self.rng.uniform(1, 6)), self._staff)

    def _in_ledger(self) -> Sequence[Key]:
        """ERP's project. ERP does not look whether it has one: a message that comes twice makes two."""
        again = "" if self.ledger is None else "9"
        row = self.firm.put("erp", Project(
            id=f"6{again}{self.n:05d}", number=f"PRJ-{self.n:05d}{'-2' if again else ''}", name=self.name,
            customer_id=self.client.erp_id, project_system="psa", project_id=self.project.id, status="active",
            billing_method=self.kind, currency=self.currency, legal_entity=self.company,
            source_updated_at=self.now,
        ))  # fmt: skip
        self.ledger = self.ledger or row
        return (("project", "erp", row.id),)

    def ledger_project(self) -> Project:
        """ERP's project. Raises UnknownError while ERP has none."""
        if self.ledger is None:
            raise UnknownError
        return self.ledger

    # ---- delivered ---------------------------------------------------------------------------

    def _staff(self) -> None:
        self.team = self.firm.staff(self.company, self.rng, self.rng.randint(1, 2))
        start = days.local_day(self.company, self.now)
        for place, one in enumerate(self.team):
            self.firm.put("psa", Allocation(
                id=f"8{self.n:05d}{place}", project_id=self.project.id, resource_id=one.psa_id,
                start_on=start, end_on=start + timedelta(weeks=self._weeks_left),
                hours=Decimal(24 * self._weeks_left),
                legal_entity=self.company, source_updated_at=self.now,
            ))  # fmt: skip
        if self.kind == TIME:
            self._plan_week()
        else:
            self._plan_acceptance(0)

    def _plan_week(self) -> None:
        monday = office.next_monday(self.company, self.now, time(9))
        for business_day in (0, 1, 3):
            evening = office.on(self.company, monday - timedelta(days=1), business_day + 1, time(17, 30))
            self.firm.timeline.at(evening, self._work)
        approval = office.next_monday(self.company, monday + timedelta(days=1), time(10))
        week = f"{monday:%G-W%V}"
        self.firm.timeline.at(approval, lambda: self._approve(week))

    def _work(self) -> None:
        """Everybody on the team writes down the hours of the day, once there is a project for them."""
        if not self.is_in_time:
            return
        for one in self.team:
            self._entries += 1
            rate = money.priced(self.rng.choice((140, 180, 220, 260)), self.currency)
            entry = TimeEntry(
                id=f"8{self.n:05d}{self._entries:03d}", project_system="time", project_id=f"5{self.n:05d}",
                resource_system="time", resource_id=one.time_id, status="draft", billable=True, rate=rate,
                work_date=days.local_day(self.company, self.now), currency=self.currency,
                hours=Decimal(self.rng.randint(16, 34)) / 4, legal_entity=self.company,
                source_updated_at=self.now,
            )  # fmt: skip
            self.billing.written.append(self.firm.put("time", entry))

    def _approve(self, week: str) -> None:
        approved = [
            self.firm.put("time", replace(entry, status="approved", approved_at=self.now))
            for entry in self.billing.written
        ]
        self.billing.approved(week, approved)
        self._weeks_left -= 1
        if self._weeks_left:
            self._plan_week()
        else:
            self._finish()

    def _plan_acceptance(self, place: int) -> None:
        wait = self.rng.randint(4, 12)
        moment = office.on(self.company, self.now, wait, time(self.rng.randint(10, 16), 30))
        self.firm.timeline.at(moment, lambda: self._accept(place))

    def _accept(self, place: int) -> None:
        """The client accepts a milestone: it is to be billed, and its revenue posted."""
        milestone = replace(self.milestones[place], status="accepted", accepted_at=self.now)
        self.milestones[place] = self.firm.put("psa", milestone)
        self.billing.earned(milestone)
        if place + 1 < len(self.milestones):
            self._plan_acceptance(place + 1)
        else:
            self._finish()

    def _finish(self) -> None:
        self.project = self.firm.put("psa", replace(self.project, status="complete"))


def _place(currency: str) -> int:
    return sorted(money.PER_DOLLAR).index(currency)
