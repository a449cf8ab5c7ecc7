# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivers what was sold: projects, milestones, retainers, and the gaps planted on the way."""

import datetime as dt
import random
from decimal import Decimal

from erp import hours_of, workdays
from selling import Selling


class Delivering(Selling):
    """What delivery of every kind needs, and the delivery of milestones and retainers."""

    def project(self, e, name, customer, *, chain=None, rate=None):
        """A project; with a rate it bills by time."""
        p = self.model("project.work")()
        p.type, p.name = "project", name
        p.company, p.party = e["company"], customer
        p.project_invoice_method = "manual" if rate is None else "timesheet"
        p.timesheet_available = True
        if rate is not None:
            p.product, p.list_price = e["tm"], rate
        p.save()
        self.stats["project.work"] += 1
        if chain is not None:
            chain["projects"].append(p.id)
        return p

    def allocate(self, chain, work, team):
        for employee in team:
            found = self.new("project.allocation", work=work, employee=employee, percentage=50.0)
            chain["allocations"].append(found.id)

    def time_rows(self, rnd, works, team, days, limit):
        rows = []
        for day in days:
            for employee in team:
                if len(rows) < limit:
                    rows.append(
                        {
                            "company": employee.company.id,
                            "employee": employee.id,
                            "date": day,
                            "duration": dt.timedelta(hours=rnd.choice([4, 6, 7.5, 8])),
                            "work": rnd.choice(works),
                            "description": rnd.choice(["workshop", "build", "review", "testing"]),
                        }
                    )
        return rows

    def time_book(self, e, project, rate, sale_line=None):
        """Where a project's time entries are noted with what became of them."""
        book = {"entity": e, "project": project, "rate": rate, "sale_line": sale_line, "entries": []}
        self.time_books.append(book)
        return book

    def post(self, chain, invoice, day):
        invoice.invoice_date = day
        if not invoice.payment_term:
            invoice.payment_term = self.net30
        invoice.save()
        invoice.click("post")
        if invoice.id not in chain["invoices"]:
            chain["invoices"].append(invoice.id)

    def collect(self, deal):
        """Some customers pay."""
        for invoice_id in deal.chain["invoices"]:
            invoice = self.model("account.invoice")(invoice_id)
            if invoice.state != "posted":
                continue
            due = invoice.invoice_date + dt.timedelta(days=30)
            if due <= self.as_of - dt.timedelta(days=5) and deal.rnd.random() < 0.7:
                yield max(self.clock.today, due)
                wizard = invoice.click("pay")
                wizard.form.payment_method = deal.e["payment_method"]
                wizard.form.date = self.clock.today
                wizard.execute("choice")

    def overdue(self):
        """Counted at the end: a deal may stop at any point of its story."""
        by_invoice = {invoice: chain for chain in self.chains for invoice in chain["invoices"]}
        for e in self.entities:
            self.enter(e)
            domain = [
                ("type", "=", "out"),
                ("state", "=", "posted"),
                ("company", "=", e["company"].id),
                ("invoice_date", "<", self.as_of - dt.timedelta(days=30)),
            ]
            for invoice in self.model("account.invoice").find(domain):
                chain = by_invoice.get(invoice.id, {})
                self.gap(
                    "invoice_overdue",
                    e,
                    invoice.total_amount,
                    invoice=invoice.id,
                    opportunity=chain.get("opportunity"),
                    sale=chain.get("sale"),
                    due_date=(invoice.invoice_date + dt.timedelta(days=30)).isoformat(),
                )

    def deliver_milestone(self, deal):
        e, chain, sale = deal.e, deal.chain, deal.sale
        p = self.project(e, f"{sale.number} {deal.title}", deal.customer, chain=chain)
        sale.reload()
        team = deal.rnd.sample(e["employees"], 2)
        tasks = [self.sold_task(line, p) for line in sale.lines]
        chain["tasks"] += [task.id for task in tasks]
        self.allocate(chain, tasks[0], team)
        for n, task in enumerate(tasks):
            if deal.scenario == "in_progress" and n:
                break
            days = list(workdays(deal.day, deal.day + dt.timedelta(days=14)))[:4]
            rows = self.time_rows(deal.rnd, [task.timesheet_works[0].id], team, days, 8)
            yield deal.later(18, 26)
            self.bulk("timesheet.line", rows)
            chain["time_entries"] += len(rows)
            self.accept(task)
            self.bill_milestone(deal, p, task, n, last=n == len(tasks) - 1)
        yield from self.collect(deal)

    def sold_task(self, line, project):
        task = line.tasks[0]  # created by Tryton itself, origin = the sale line
        task.name, task.parent = line.description, project
        task.list_price = line.unit_price
        task.effort_duration = dt.timedelta(hours=80)
        task.save()
        return task

    def accept(self, task):
        task.reload()
        task.progress = 1.0
        task.status = self.one("project.work.status", ("types", "in", "task"), ("progress", "=", 1.0))
        task.save()

    def bill_milestone(self, deal, project, task, n, *, last):
        e, sale, line = deal.e, deal.sale, deal.sale.lines[n]
        stuck = deal.scenario if last else None
        revenue = stuck not in ("milestone_not_invoiced", "milestone_invoice_draft")
        self.accepted.append(
            {"entity": e, "task": task.id, "amount": line.amount, "on": deal.day, "revenue": revenue}
        )
        where = {"task": task.id, "project": project.id, **deal.key}
        if stuck == "milestone_not_invoiced":
            where |= {"sale_line": line.id, "completed_on": deal.day.isoformat()}
            self.gap("milestone_done_not_invoiced", e, line.unit_price, **where)
            return
        sale.reload()
        had = {invoice.id for invoice in sale.invoices}
        sale.click("manual_task_invoice")
        sale.reload()
        for invoice in [found for found in sale.invoices if found.id not in had]:
            deal.chain["invoices"].append(invoice.id)
            if stuck == "milestone_invoice_draft":
                self.gap("invoice_still_draft", e, invoice.untaxed_amount, invoice=invoice.id, **where)
            else:
                self.post(deal.chain, invoice, self.clock.today)

    def deliver_retainer(self, deal):
        e, chain, sale = deal.e, deal.chain, deal.sale
        name = f"{sale.number} {deal.title} managed service"
        p = self.project(e, name, deal.customer, chain=chain)
        self.allocate(chain, p, deal.rnd.sample(e["employees"], 1))
        deal.day += dt.timedelta(days=3)
        yield deal.day
        sale.reload()
        for invoice in sale.invoices:
            start = deal.day.replace(day=1)
            for line in invoice.lines if deal.scenario != "no_schedule" else ():
                line.defer_from = start
                line.defer_to = dt.date(start.year + 1, start.month, 1) - dt.timedelta(days=1)
            self.post(chain, invoice, deal.day)
            invoice.reload()
            where = {"invoice": invoice.id, "project": p.id, **deal.key}
            if deal.scenario == "no_schedule":
                where["invoice_line"] = invoice.lines[0].id
                self.gap("posted_without_revenue_schedule", e, invoice.untaxed_amount, **where)
            else:
                yield from self.schedule(deal, invoice, where)
        yield from self.collect(deal)

    def schedule(self, deal, invoice, where):
        lines = [line.id for line in invoice.lines]
        for deferral in self.model("account.invoice.deferred").find([("invoice_line", "in", lines)]):
            self.stats["account.invoice.deferred"] += 1
            deal.chain["deferrals"].append(deferral.id)
            if deal.scenario == "deferral_not_running":
                days = {
                    "start_date": deferral.start_date.isoformat(),
                    "end_date": deferral.end_date.isoformat(),
                }
                planted = where | days | {"deferral": deferral.id}
                self.gap("revenue_schedule_not_running", deal.e, deferral.amount, **planted)
                continue
            deal.day += dt.timedelta(days=1)
            yield deal.day
            deferral.click("run")
            deferral.reload()
            deal.chain["revenue_moves"] += [move.id for move in deferral.moves]

    def orphan(self, i, e):
        """A project nobody sold."""
        rnd = random.Random(f"{self.args.seed}/orphan/{i}")
        day = self.as_of - dt.timedelta(days=60 + i)
        yield day
        rate = e["rates"][0]
        p = self.project(e, f"Side project {i}", rnd.choice(e["customers"]), rate=rate)
        days = list(workdays(day, day + dt.timedelta(days=20)))[:6]
        rows = self.time_rows(rnd, [p.timesheet_works[0].id], e["employees"][:1], days, 6)
        yield day + dt.timedelta(days=21)
        self.bulk("timesheet.line", rows)
        book = self.time_book(e, p.id, rate)
        book["entries"] += [{"row": row, "billed": None} for row in rows]
        hours = hours_of(rows)
        amount = Decimal(str(hours)) * rate
        self.gap("project_without_sale", e, amount, project=p.id, hours=hours, time_entries=len(rows))
