# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivers work sold by time: entered week by week, billed month by month, with gaps planted."""

import datetime as dt
from decimal import Decimal

from delivering import Delivering
from erp import hours_of, workdays


class Billing(Delivering):
    """Time and materials."""

    def deliver_tm(self, deal):
        e, chain, scenario = deal.e, deal.chain, deal.scenario
        name = f"{deal.sale.number} {deal.title}"
        if scenario == "entity_mismatch":
            self.in_other_entity(deal, name)
            return
        p = self.project(e, name, deal.customer, chain=chain, rate=deal.rate)
        tasks = [self.task(deal, p, part) for part in ("Analysis", "Delivery")]
        if scenario == "duplicate_project":
            double = self.project(e, name, deal.customer, rate=deal.rate)
            where = {"project": p.id, "duplicate": double.id, **deal.key}
            self.gap("duplicate_project", e, deal.sale.untaxed_amount, **where)
        team = deal.rnd.sample(e["employees"], 2)
        if scenario == "no_allocation":
            amount = deal.sale.untaxed_amount
            self.gap("project_without_allocation", e, amount, project=p.id, **deal.key)
        else:
            self.allocate(chain, tasks[0], team)
        extra = next(x for x in e["employees"] if x not in team)
        people = team + ([extra] if scenario == "unallocated_time" else [])
        rows = self.planned_time(deal, tasks, people)
        book = self.time_book(e, p.id, deal.rate, deal.sale.lines[0].id)
        bill_days = self.bill_days(rows)
        yield from self.weeks_and_months(deal, p, rows, book, bill_days)
        p.reload()
        p.project_invoice_timesheet_up_to = None
        p.save()
        self.plant_time_gaps(deal, p, [entry["row"] for entry in book["entries"]], bill_days, extra)
        yield from self.collect(deal)

    def in_other_entity(self, deal, name):
        other = next(x for x in self.entities if x is not deal.e)
        self.enter(other)
        p = self.project(other, name, deal.customer, chain=deal.chain, rate=deal.rate)
        where = {"project": p.id, "project_company": other["company"].id, **deal.key}
        self.gap("project_in_other_entity", deal.e, deal.sale.untaxed_amount, **where)

    def task(self, deal, project, name):
        task = self.model("project.work")()
        task.type, task.name, task.company, task.parent = "task", name, deal.e["company"], project
        task.timesheet_available = True
        task.effort_duration = dt.timedelta(hours=deal.hours / 2)
        if deal.scenario != "unpriced_time":
            task.product, task.list_price = deal.e["tm"], deal.rate
        task.save()
        self.stats["project.work"] += 1
        deal.chain["tasks"].append(task.id)
        return task

    def planned_time(self, deal, tasks, people):
        limit = self.args.lines_per_project
        days = list(workdays(deal.day, self.as_of - dt.timedelta(days=1)))
        if len(days) > limit // 2:
            days = days[:: max(1, len(days) // (limit // 2))]
        works = [task.timesheet_works[0].id for task in tasks]
        return self.time_rows(deal.rnd, works, people, days, limit)

    def bill_days(self, rows):
        """The third of each month after one with time."""
        found = {(row["date"].replace(day=1) + dt.timedelta(days=35)).replace(day=3) for row in rows}
        return sorted(day for day in found if day <= self.as_of)

    def weeks_and_months(self, deal, project, rows, book, bill_days):
        fridays = {row["date"] + dt.timedelta(days=(4 - row["date"].weekday()) % 7) for row in rows}
        todo = list(rows)
        for when in sorted({day for day in fridays if day <= self.as_of} | set(bill_days)):
            yield when
            batch, todo = [r for r in todo if r["date"] <= when], [r for r in todo if r["date"] > when]
            if batch:
                self.bulk("timesheet.line", batch)
                book["entries"] += [{"row": row, "billed": None} for row in batch]
                deal.chain["time_entries"] += len(batch)
            forgotten = deal.scenario == "unbilled_time" and when >= bill_days[-2:][0]
            if when in bill_days and deal.scenario != "unpriced_time" and not forgotten:
                held = deal.scenario == "draft_invoice" and when == bill_days[-1]
                self.bill_month(deal, project, book, when, held=held)

    def bill_month(self, deal, project, book, when, *, held):
        project.reload()
        project.project_invoice_timesheet_up_to = when.replace(day=1) - dt.timedelta(days=1)
        project.save()
        before = set(self.draft_ids(deal.e))
        project.click("invoice")
        for invoice_id in sorted(set(self.draft_ids(deal.e)) - before):
            invoice = self.model("account.invoice")(invoice_id)
            deal.chain["invoices"].append(invoice_id)
            for entry in book["entries"]:
                if entry["billed"] is None and entry["row"]["date"] < when.replace(day=1):
                    entry["billed"] = "draft" if held else "posted"
            if held:
                where = {"invoice": invoice_id, "project": project.id, **deal.key}
                self.gap("invoice_still_draft", deal.e, invoice.untaxed_amount, **where)
            else:
                self.post(deal.chain, invoice, when)

    def draft_ids(self, e):
        domain = [("state", "=", "draft"), ("company", "=", e["company"].id)]
        return [invoice.id for invoice in self.model("account.invoice").find(domain)]

    def plant_time_gaps(self, deal, project, lines, bill_days, extra):
        if deal.scenario == "unpriced_time":
            self.time_gap("time_without_price", deal, project, lines)
        else:
            if deal.scenario == "unbilled_time" and bill_days:
                first = (bill_days[-2:][0].replace(day=1) - dt.timedelta(days=1)).replace(day=1)
                late = [row for row in lines if first <= row["date"] < self.month_start]
                days = {"from_date": first.isoformat(), "before": self.month_start.isoformat()}
                self.time_gap("unbilled_time", deal, project, late, **days)
            if project.amount_to_invoice:
                waiting = str(project.amount_to_invoice)
                self.expected_wip.append(
                    {"project": project.id, "amount_to_invoice": waiting, "currency": deal.e["code"]}
                )
        if deal.scenario == "unallocated_time":
            own = [row for row in lines if row["employee"] == extra.id]
            self.time_gap("time_without_allocation", deal, project, own, employee=extra.id)

    def time_gap(self, code, deal, project, lines, **more):
        hours = hours_of(lines)
        where = {"project": project.id, "hours": hours, "time_entries": len(lines), **more, **deal.key}
        self.gap(code, deal.e, Decimal(str(hours)) * deal.rate, **where)
