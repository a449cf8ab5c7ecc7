#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fill an activated Tryton 8.2 database with a sold-work-to-revenue chain.

Runs inside the Tryton virtual environment (needs trytond + proteus), talks to
trytond in this process, and prints a JSON manifest of the ground truth: every
chain that was built and every gap that was planted, with ids and amounts.

Deterministic for a given --seed/--as-of/--opportunities/--companies: business
dates come from a simulated clock, and on SQLite create_date/write_date too.
"""
import argparse
import datetime as dt
import heapq
import itertools
import json
import os
import random
import sys
import time
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal

MODULES = """currency country party company company_work_time product account account_product
account_invoice account_invoice_line_standalone account_invoice_defer account_invoice_history
sale sale_opportunity sale_project_task sale_advance_payment sale_subscription
project project_plan project_revenue project_invoice timesheet timesheet_cost""".split()

ENTITIES = [  # legal entity, currency, hourly rates, country code
    ("Northwind Advisory Inc.", "USD", ("165", "190", "225"), "US"),
    ("Nordwind Beratung GmbH", "EUR", ("140", "160", "185"), "DE"),
    ]
CUSTOMERS = ("Alder Bank;Brightwater Utilities;Castellan Insurance;Dovetail Retail;Elmgrove Health;Fairhaven Ports;"
    "Granite Telecom;Harrow Foods;Ironbridge Rail;Juniper Pharma;Kestrel Aero;Larkspur Media").split(";")
PEOPLE = ("Ada Okafor;Ben Lindqvist;Chiara Rossi;Dmitri Volkov;Elena Marsh;Farid Haddad;Grace Kim;Hugo Laurent;"
    "Ines Duarte;Jonas Weber;Katya Novak;Liam Byrne;Mei Tanaka;Noah Fischer;Olga Petrova;Pablo Ruiz").split(";")
WORK = ("ERP rollout;Data platform;CRM migration;Close acceleration;Integration hub;Cloud landing zone;"
    "Pricing engine;HR transformation").split(";")
MILESTONES = (("Design sign-off", "0.30"), ("Build accepted", "0.40"), ("Go-live", "0.30"))

# Every n-th won deal of a kind gets the n-th scenario: the mix does not depend on chance.
SCENARIOS = {
    "tm": ["healthy", "no_project", "unbilled_time", "healthy", "draft_invoice", "no_allocation",
           "unpriced_time", "duplicate_project", "unallocated_time", "entity_mismatch"],
    "milestone": ["healthy", "no_project", "milestone_not_invoiced", "milestone_invoice_draft", "in_progress"],
    "retainer": ["healthy", "deferral_not_running", "no_schedule"],
    }
KINDS = ["tm", "milestone", "tm", "retainer", "tm", "milestone"]
OUTCOMES = ["won", "won", "lead", "won", "opportunity", "lost", "won", "converted", "won", "cancelled"]


def arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--print-modules", action="store_true")
    p.add_argument("--config", help="trytond configuration file")
    p.add_argument("--database", help="database name")
    p.add_argument("--opportunities", type=int, default=60)
    p.add_argument("--lines-per-project", type=int, default=40, help="time entries per time-and-materials project")
    p.add_argument("--companies", type=int, default=2, choices=[1, 2])
    p.add_argument("--seed", type=int, default=7)
    p.add_argument("--as-of", type=dt.date.fromisoformat, default=dt.date(2026, 11, 20))
    p.add_argument("--manifest", help="also write the manifest here")
    a = p.parse_args()
    if a.print_modules:
        print(" ".join(MODULES))
        sys.exit()
    if not (a.config and a.database):
        p.error("--config and --database are required")
    return a


class Clock:
    """The simulated day; tick() makes instants of one day differ."""
    def __init__(self, today):
        self.now = dt.datetime.combine(today, dt.time(8))

    def set(self, day):
        if day > self.now.date():
            self.now = dt.datetime.combine(day, dt.time(8))

    @property
    def today(self):
        return self.now.date()

    def tick(self):
        self.now += dt.timedelta(milliseconds=137)
        return self.now


def patch_clock(clock):
    from trytond import backend
    if backend.name == "sqlite":
        from trytond.backend.sqlite import database as sqlite_database
        seen = sqlite_database._nows

        def now():  # one value per transaction, as upstream does
            from trytond.transaction import Transaction
            t = Transaction()
            per = seen.setdefault(t, {})
            if t.started_at not in per:
                per[t.started_at] = clock.tick().isoformat(" ")
            return per[t.started_at]
        sqlite_database.now = now
        connect = sqlite_database.Database.get_connection

        def get_connection(self, *args, **kwargs):  # a scratch database: do not wait for the disk
            connection = connect(self, *args, **kwargs)
            if not connection.in_transaction:
                connection.execute("PRAGMA synchronous=OFF")
            return connection
        sqlite_database.Database.get_connection = get_connection
    return backend.name


class Firm:
    """Provisions everything, through the same models and buttons a user has."""

    def __init__(self, args):
        self.args, self.rnd = args, random.Random(args.seed)
        self.as_of = args.as_of
        self.start = self.as_of - dt.timedelta(days=290)
        self.month_start = self.as_of.replace(day=1)
        self.clock = Clock(self.start)
        os.environ["TRYTOND_CONFIG"] = args.config
        os.environ["DB_NAME"] = args.database
        os.environ.pop("TRYTOND_DATABASE_URI", None)
        self.backend = patch_clock(self.clock)
        import proteus
        self.proteus = proteus
        self.cfg = proteus.config.set_trytond(config_file=args.config)
        self.cfg.skip_warning = True
        self.cfg.pool.get("ir.date").today = staticmethod(lambda timezone=None: self.clock.today)
        # no PDF/ODT rendering of each posted invoice: nobody reads it and it doubles the run
        self.cfg.pool.get("account.invoice").print_invoice = classmethod(lambda cls, invoices: None)
        self.gaps, self.chains, self.stats = [], [], Counter()
        self.expected_wip = []
        self.time_books, self.accepted = [], []  # what was planted, for the expected exceptions
        self.entities = []

    # -- small helpers -------------------------------------------------
    def model(self, name):
        return self.proteus.Model.get(name)

    def new(self, name_, **values):
        record = self.model(name_)()
        for k, v in values.items():
            setattr(record, k, v)
        record.save()
        self.stats[name_] += 1
        return record

    def bulk(self, name, rows):
        ids = self.cfg.get_proxy(name).create(rows, self.cfg.context)
        self.stats[name] += len(rows)
        return ids

    def one(self, name, *domain):
        found = self.model(name).find(list(domain), limit=1)
        if not found:
            raise LookupError(f"{name} {domain}")
        return found[0]

    def enter(self, entity):
        self.cfg._context = dict(entity["context"])

    def gap(self, code, entity, amount, **ids):
        self.gaps.append({"gap": code, "company": entity["company"].id, "currency": entity["code"],
            "amount": None if amount is None else str(Decimal(amount).quantize(Decimal("0.01"))), **ids})

    # -- set-up --------------------------------------------------------
    def currency(self, code):
        Currency = self.model("currency.currency")
        found = Currency.find([("code", "=", code)])
        if found:
            return found[0]
        cur = self.new("currency.currency", name=code, code=code, symbol={"USD": "$", "EUR": "€"}[code],
            rounding=Decimal("0.01"), digits=2)
        self.new("currency.currency.rate", currency=cur, date=dt.date(2020, 1, 1),
            rate={"USD": Decimal("1.0"), "EUR": Decimal("0.92")}[code])
        return cur

    def entity(self, name, code, rates, country):
        User = self.model("res.user")
        wizard = self.proteus.Wizard("company.company.config")
        wizard.execute("company")
        wizard.form.party = self.new("party.party", name=name)
        wizard.form.currency = self.currency(code)
        wizard.execute("add")
        company = self.one("company.company", ("party.name", "=", name))
        admin = self.one("res.user", ("login", "=", "admin"))
        if company.id not in [c.id for c in admin.companies]:  # the wizard adds only the first
            admin.companies.append(self.model("company.company")(company.id))
            admin.save()
        admin.company = company
        admin.save()
        self.cfg._context = User.get_preferences(True, {})
        e = {"company": company, "name": name, "code": code, "rates": [Decimal(r) for r in rates],
            "context": dict(self.cfg._context), "tag": country}
        self.entities.append(e)
        # chart of accounts
        template_id = self.model("ir.model.data").get_id("account.account_template_root_en", self.cfg.context)
        chart = self.proteus.Wizard("account.create_chart")
        chart.execute("account")
        chart.form.account_template = self.model("account.account.template")(template_id)
        chart.form.company = company
        chart.execute("create_account")
        own = ("company", "=", company.id)
        acc = {k: self.one("account.account", (f"type.{k}", "=", True), own, ("closed", "!=", True))
            for k in ("receivable", "payable", "revenue", "expense")}
        acc["cash"] = self.one("account.account", ("code", "=", "1.1.1"), own)
        for k in ("receivable", "payable"):
            if acc[k].party_required:
                setattr(chart.form, f"account_{k}", acc[k])
        for k in ("expense", "revenue"):
            if hasattr(chart.form, f"category_account_{k}"):
                setattr(chart.form, f"category_account_{k}", acc[k])
        chart.execute("create_properties")
        root = self.one("account.account", ("parent", "=", None), own)
        liability = self.one("account.account.type", ("statement", "=", "balance"), ("name", "=", "Liabilities"), own)
        acc["deferred"] = self.new("account.account", parent=root, name="Deferred Revenue", code="2.9.1",
            type=liability, company=company)
        conf = self.model("account.configuration")(1)
        conf.deferred_account_revenue = acc["deferred"]
        conf.save()
        e["accounts"] = acc
        for year in range(self.start.year, self.as_of.year + 1):
            self.fiscal_year(company, year)
        journal = self.one("account.journal", ("type", "=", "cash"))
        e["payment_method"] = self.new("account.invoice.payment.method", name=f"Bank {country}", company=company,
            journal=journal, credit_account=acc["cash"], debit_account=acc["cash"])
        # catalogue
        cat = self.new("product.category", name=f"Services {country}", accounting=True,
            account_revenue=acc["revenue"], account_expense=acc["expense"])
        unit, hour = (self.one("product.uom", ("name", "=", n)) for n in ("Unit", "Hour"))
        e["unit"], e["hour"] = unit, hour

        def product(name, uom, price, task=None):
            t = self.model("product.template")(name=f"{name} ({country})")
            t.type, t.default_uom, t.account_category = "service", uom, cat
            t.salable, t.list_price = True, Decimal(price)
            if task:
                t.taskable = True
                t.tasks.new(name=task).timesheet_available = True
            t.save()
            return t.products[0]
        e["tm"] = product("Consulting hour", hour, rates[0])
        e["milestone"] = product("Fixed-fee milestone", unit, "10000", task="Milestone")
        e["retainer"] = product("Managed service, yearly", unit, "48000")
        # people
        n = max(4, min(len(PEOPLE), self.args.opportunities // 8))
        e["employees"] = []
        for i in range(n):
            name = PEOPLE[i] if country == "US" else PEOPLE[-1 - i]
            party = self.new("party.party", name=f"{name} ({country})", code=None)
            emp = self.new("company.employee", party=party, company=company,
                start_date=self.start - dt.timedelta(days=400 + 30 * i))
            self.new("company.employee_cost_price", employee=emp, date=dt.date(2020, 1, 1),
                cost_price=Decimal(60 + 5 * (i % 6)))
            e["employees"].append(emp)
        return e

    def fiscal_year(self, company, year):
        seq = lambda kind: self.new("ir.sequence.strict", name=f"{kind} {year} {company.id}", company=company,
            sequence_type=self.one("ir.sequence.type", ("name", "=", kind)),
            prefix={"Invoice": f"INV-{company.id}-{year}-", "Account Move": f"MV-{company.id}-{year}-"}[kind], padding=5)
        fy = self.model("account.fiscalyear")(name=str(year))
        fy.company, fy.start_date, fy.end_date = company, dt.date(year, 1, 1), dt.date(year, 12, 31)
        fy.move_sequence = seq("Account Move")
        row, inv = fy.invoice_sequences[0], seq("Invoice")
        row.out_invoice_sequence = row.in_invoice_sequence = inv
        row.out_credit_note_sequence = row.in_credit_note_sequence = inv
        fy.click("create_period")

    def setup(self):
        for name, code, rates, country in ENTITIES[:self.args.companies]:
            self.entity(name, code, rates, country)
        self.net30 = self.model("account.invoice.payment_term")(name="Net 30")
        line = self.net30.lines.new(type="remainder")
        line.relativedeltas.new(days=30)
        self.net30.save()
        for e in self.entities:
            self.enter(e)
            e["customers"] = [self.new("party.party", name=f"{c} {e['tag']}", customer_payment_term=self.net30)
                for c in CUSTOMERS[:max(3, min(len(CUSTOMERS), self.args.opportunities // 6))]]
        admin = self.one("res.user", ("login", "=", "admin"))
        admin.company = self.entities[0]["company"]
        if hasattr(admin, "company_filter"):
            admin.company_filter = "all"
        admin.save()

    # -- one deal: a generator that yields the day it wants to wake up -----
    def deal(self, i, outcome, kind, scenario, e):
        rnd = random.Random(f"{self.args.seed}/{i}")
        customer, seller = rnd.choice(e["customers"]), rnd.choice(e["employees"])
        title = rnd.choice(WORK)
        span = (self.as_of - self.start).days
        day = self.start + dt.timedelta(days=rnd.randrange(0, span - (150 if outcome == "won" else 20)))
        yield day
        rate, hours = rnd.choice(e["rates"]), rnd.choice([160, 240, 320, 480])
        amount = {"tm": rate * hours, "milestone": Decimal(rnd.choice([60, 90, 120, 150]) * 1000),
            "retainer": Decimal(rnd.choice([24, 36, 48]) * 1000)}[kind]
        opp = self.model("sale.opportunity")()
        opp.description, opp.reference = f"{title} - {customer.name}", f"CRM-{10000 + i}"
        opp.party, opp.employee, opp.company = customer, seller, e["company"]
        opp.amount, opp.start_date, opp.payment_term = amount, day, self.net30
        opp.conversion_probability = rnd.choice([0.2, 0.4, 0.6, 0.8])
        parts = ([(n, amount * Decimal(s)) for n, s in MILESTONES] if kind == "milestone" else [(title, None)])
        for name, _ in parts:
            line = opp.lines.new()
            line.product, line.description = e[kind], name
            line.quantity, line.unit = (hours, e["hour"]) if kind == "tm" else (1, e["unit"])
        opp.save()
        self.stats["sale.opportunity"] += 1
        if outcome == "lead":
            return
        yield (day := day + dt.timedelta(days=rnd.randrange(3, 10)))
        opp.click("opportunity")
        if outcome in ("opportunity", "lost", "cancelled"):
            if outcome != "opportunity":
                yield day + dt.timedelta(days=6)
                if outcome == "lost":
                    opp.lost_reason = rnd.choice(["price", "no budget", "competitor"])
                    opp.save()
                opp.click("lost" if outcome == "lost" else "cancel")
            return
        yield (day := day + dt.timedelta(days=rnd.randrange(4, 12)))
        opp.click("convert")
        opp.reload()
        sale = opp.sales[0]
        sale.reference = opp.reference
        sale.invoice_method = {"tm": "manual", "milestone": "fulfillment", "retainer": "order"}[kind]
        sale.task_creation_method = "manual" if scenario == "no_project" or kind != "milestone" else "order"
        for line, (name, price) in zip(sale.lines, parts):
            line.unit_price = price if price is not None else (rate if kind == "tm" else amount)
        sale.save()
        sale.click("quote")
        if outcome == "converted":
            return
        yield (day := day + dt.timedelta(days=rnd.randrange(5, 15)))
        sale.click("confirm")
        sale.reload(), opp.reload()
        if sale.state == "confirmed":  # the queue ran late
            sale.click("process")
            sale.reload(), opp.reload()
        c = {"kind": kind, "scenario": scenario, "company": e["company"].id, "currency": e["code"],
            "amount": str(sale.untaxed_amount), "opportunity": opp.id, "opportunity_number": opp.number,
            "reference": opp.reference, "sale": sale.id, "sale_number": sale.number, "party": customer.id,
            "won_on": day.isoformat(), "projects": [], "tasks": [], "allocations": [], "time_entries": 0,
            "invoices": [], "deferrals": [], "revenue_moves": []}
        self.chains.append(c)
        key = {"opportunity": opp.id, "sale": sale.id, "sale_number": sale.number}
        if scenario == "no_project":
            self.gap("won_without_project", e, sale.untaxed_amount, **key)
            return
        yield (day := day + dt.timedelta(days=rnd.randrange(2, 8)))
        args = (rnd, e, c, key, sale, customer, title, day, rate, hours, scenario)
        yield from getattr(self, f"deliver_{kind}")(*args)

    def project(self, e, c, sale, customer, title, method="manual", product=None, rate=None, company=None):
        p = self.model("project.work")()
        p.type, p.name = "project", f"{sale.number} {title}" if sale else title
        p.company, p.party, p.project_invoice_method = company or e["company"], customer, method
        p.timesheet_available = True
        if product:
            p.product, p.list_price = product, rate
        p.save()
        self.stats["project.work"] += 1
        if c:
            c["projects"].append(p.id)
        return p

    def allocate(self, c, work, team):
        for emp in team:
            a = self.new("project.allocation", work=work, employee=emp, percentage=50.0)
            c["allocations"].append(a.id)

    def workdays(self, day, until):
        while day <= until:
            if day.weekday() < 5:
                yield day
            day += dt.timedelta(days=1)

    def time_rows(self, rnd, e, works, team, days, limit):
        rows = []
        for d in days:
            for emp in team:
                if len(rows) < limit:
                    rows.append({"company": e["company"].id, "employee": emp.id, "date": d,
                        "duration": dt.timedelta(hours=rnd.choice([4, 6, 7.5, 8])), "work": rnd.choice(works),
                        "description": rnd.choice(["workshop", "build", "review", "testing"])})
        return rows

    def post(self, e, invoice, day, c=None):
        invoice.invoice_date = day
        if not invoice.payment_term:
            invoice.payment_term = self.net30
        invoice.save()
        invoice.click("post")
        if c is not None and invoice.id not in c["invoices"]:
            c["invoices"].append(invoice.id)

    def pay(self, e, invoice):
        wizard = invoice.click("pay")
        wizard.form.payment_method = e["payment_method"]
        wizard.form.date = self.clock.today
        wizard.execute("choice")

    def hours_of(self, rows):
        return sum(r["duration"].total_seconds() for r in rows) / 3600

    def deliver_tm(self, rnd, e, c, key, sale, customer, title, day, rate, hours, scenario):
        if scenario == "entity_mismatch" and len(self.entities) > 1:
            other = next(x for x in self.entities if x is not e)
            self.enter(other)
            p = self.project(other, c, sale, customer, title, "timesheet", other["tm"], rate)
            self.gap("project_in_other_entity", e, sale.untaxed_amount, project=p.id,
                project_company=other["company"].id, **key)
            return
        unpriced = scenario == "unpriced_time"
        p = self.project(e, c, sale, customer, title, "timesheet", e["tm"], rate)
        works = []
        for name in ("Analysis", "Delivery"):
            t = self.model("project.work")()
            t.type, t.name, t.company, t.parent, t.timesheet_available = "task", name, e["company"], p, True
            t.effort_duration = dt.timedelta(hours=hours / 2)
            if not unpriced:
                t.product, t.list_price = e["tm"], rate
            t.save()
            self.stats["project.work"] += 1
            c["tasks"].append(t.id)
            works.append(t.timesheet_works[0].id)
            if name == "Analysis":
                first = t
        if scenario == "duplicate_project":
            d = self.project(e, None, sale, customer, title, "timesheet", e["tm"], rate)
            self.gap("duplicate_project", e, sale.untaxed_amount, project=p.id, duplicate=d.id, **key)
        team = rnd.sample(e["employees"], 2)
        if scenario != "no_allocation":
            self.allocate(c, first, team)
        else:
            self.gap("project_without_allocation", e, sale.untaxed_amount, project=p.id, **key)
        extra = [x for x in e["employees"] if x not in team][0]
        days = list(self.workdays(day, self.as_of - dt.timedelta(days=1)))
        if len(days) > self.args.lines_per_project // 2:
            days = days[:: max(1, len(days) // (self.args.lines_per_project // 2))]
        rows = self.time_rows(rnd, e, works, team + ([extra] if scenario == "unallocated_time" else []), days,
            self.args.lines_per_project)
        book = self.time_book(e, p.id, rate, sale.lines[0].id)
        lines = []  # enter time week by week, bill month by month
        bill_days = sorted({(r["date"].replace(day=1) + dt.timedelta(days=35)).replace(day=3) for r in rows})
        bill_days = [b for b in bill_days if b <= self.as_of]
        weeks = sorted({r["date"] + dt.timedelta(days=(4 - r["date"].weekday()) % 7) for r in rows})
        events = sorted({**{w: 0 for w in weeks if w <= self.as_of}, **{b: 1 for b in bill_days}})
        todo = list(rows)
        for when in events:
            yield when
            batch, todo = [r for r in todo if r["date"] <= when], [r for r in todo if r["date"] > when]
            if batch:
                self.bulk("timesheet.line", batch)
                lines += batch
                book["entries"] += [{"row": r, "billed": False} for r in batch]
                c["time_entries"] += len(batch)
            if when in bill_days and not unpriced and not (
                    scenario == "unbilled_time" and when >= bill_days[-2:][0]):
                p.reload()
                p.project_invoice_timesheet_up_to = when.replace(day=1) - dt.timedelta(days=1)
                p.save()
                before = set(self.draft_ids(e))
                p.click("invoice")
                for iid in sorted(set(self.draft_ids(e)) - before):
                    inv = self.model("account.invoice")(iid)
                    c["invoices"].append(iid)
                    held = scenario == "draft_invoice" and when == bill_days[-1]
                    for x in book["entries"]:
                        if x["row"]["date"] < when.replace(day=1) and x["billed"] is False:
                            x["billed"] = "draft" if held else "posted"
                    if held:
                        self.gap("invoice_still_draft", e, inv.untaxed_amount, invoice=iid, project=p.id, **key)
                    else:
                        self.post(e, inv, when, c)
        cut = self.month_start
        p.reload()
        p.project_invoice_timesheet_up_to = None
        p.save()
        if scenario == "unpriced_time":
            self.gap("time_without_price", e, Decimal(str(self.hours_of(lines))) * rate, project=p.id,
                hours=self.hours_of(lines), time_entries=len(lines), **key)
        else:
            bill_from = dt.date.min
            if scenario == "unbilled_time" and bill_days:
                bill_from = bill_days[-2:][0].replace(day=1)
                bill_from = (bill_from - dt.timedelta(days=1)).replace(day=1)
                late = [r for r in lines if bill_from <= r["date"] < cut]
                self.gap("unbilled_time", e, Decimal(str(self.hours_of(late))) * rate, project=p.id,
                    hours=self.hours_of(late), time_entries=len(late), from_date=bill_from.isoformat(),
                    before=cut.isoformat(), **key)
            if p.amount_to_invoice:
                self.expected_wip.append({"project": p.id, "amount_to_invoice": str(p.amount_to_invoice),
                    "currency": e["code"]})
        if scenario == "unallocated_time":
            own = [r for r in lines if r["employee"] == extra.id]
            self.gap("time_without_allocation", e, Decimal(str(self.hours_of(own))) * rate, project=p.id,
                employee=extra.id, hours=self.hours_of(own), time_entries=len(own), **key)
        yield from self.collect(rnd, e, c, key)

    def time_book(self, e, project, rate, sale_line=None):
        book = {"entity": e, "project": project, "rate": rate, "sale_line": sale_line, "entries": []}
        self.time_books.append(book)
        return book

    def draft_ids(self, e):
        return [r.id for r in self.model("account.invoice").find(
            [("state", "=", "draft"), ("company", "=", e["company"].id)])]

    def collect(self, rnd, e, c, key):
        """Some customers pay."""
        for iid in c["invoices"]:
            inv = self.model("account.invoice")(iid)
            if inv.state != "posted":
                continue
            due = inv.invoice_date + dt.timedelta(days=30)
            if due <= self.as_of - dt.timedelta(days=5):
                if rnd.random() < 0.7:
                    yield max(self.clock.today, due)
                    self.pay(e, inv)

    def overdue(self):
        "Counted at the end: a deal may stop at any point of its story."
        by_invoice = {iid: c for c in self.chains for iid in c["invoices"]}
        for e in self.entities:
            self.enter(e)
            for inv in self.model("account.invoice").find([("type", "=", "out"), ("state", "=", "posted"),
                    ("company", "=", e["company"].id), ("invoice_date", "<", self.as_of - dt.timedelta(days=30))]):
                c = by_invoice.get(inv.id, {})
                self.gap("invoice_overdue", e, inv.total_amount, invoice=inv.id, opportunity=c.get("opportunity"),
                    sale=c.get("sale"), due_date=(inv.invoice_date + dt.timedelta(days=30)).isoformat())

    def deliver_milestone(self, rnd, e, c, key, sale, customer, title, day, rate, hours, scenario):
        p = self.project(e, c, sale, customer, title)
        sale.reload()
        team = rnd.sample(e["employees"], 2)
        tasks = []
        for line in sale.lines:
            task = line.tasks[0]  # created by Tryton itself, origin = the sale line
            task.name, task.parent = line.description, p
            task.list_price = line.unit_price
            task.effort_duration = dt.timedelta(hours=80)
            task.save()
            tasks.append(task)
            c["tasks"].append(task.id)
        self.allocate(c, tasks[0], team)
        for n, task in enumerate(tasks):
            if scenario == "in_progress" and n:
                break
            rows = self.time_rows(rnd, e, [task.timesheet_works[0].id], team,
                list(self.workdays(day, day + dt.timedelta(days=14)))[:4], 8)
            yield (day := day + dt.timedelta(days=rnd.randrange(18, 26)))
            self.bulk("timesheet.line", rows)
            c["time_entries"] += len(rows)
            task.reload()
            task.progress = 1.0
            task.status = self.one("project.work.status", ("types", "in", "task"), ("progress", "=", 1.0))
            task.save()
            if day > self.as_of:
                break
            last = n == len(tasks) - 1
            self.accepted.append({"entity": e, "task": task.id, "amount": sale.lines[n].amount, "on": day,
                "revenue": not (last and scenario in ("milestone_not_invoiced", "milestone_invoice_draft"))})
            if scenario == "milestone_not_invoiced" and last:
                line = sale.lines[n]
                self.gap("milestone_done_not_invoiced", e, line.unit_price, task=task.id, sale_line=line.id,
                    project=p.id, completed_on=day.isoformat(), **key)
                continue
            sale.reload()
            had = {x.id for x in sale.invoices}
            sale.click("manual_task_invoice")
            sale.reload()
            for inv in [x for x in sale.invoices if x.id not in had]:
                c["invoices"].append(inv.id)
                if scenario == "milestone_invoice_draft" and last:
                    self.gap("invoice_still_draft", e, inv.untaxed_amount, invoice=inv.id, task=task.id,
                        project=p.id, **key)
                else:
                    self.post(e, inv, self.clock.today, c)
        yield from self.collect(rnd, e, c, key)

    def deliver_retainer(self, rnd, e, c, key, sale, customer, title, day, rate, hours, scenario):
        p = self.project(e, c, sale, customer, f"{title} managed service")
        self.allocate(c, p, rnd.sample(e["employees"], 1))
        yield (day := day + dt.timedelta(days=3))
        sale.reload()
        for inv in sale.invoices:
            start = day.replace(day=1)
            for line in inv.lines:
                if scenario != "no_schedule":
                    line.defer_from = start
                    line.defer_to = dt.date(start.year + 1, start.month, 1) - dt.timedelta(days=1)
            self.post(e, inv, day, c)
            inv.reload()
            if scenario == "no_schedule":
                self.gap("posted_without_revenue_schedule", e, inv.untaxed_amount, invoice=inv.id,
                    invoice_line=inv.lines[0].id, project=p.id, **key)
                continue
            for d in self.model("account.invoice.deferred").find([("invoice_line", "in", [x.id for x in inv.lines])]):
                self.stats["account.invoice.deferred"] += 1
                c["deferrals"].append(d.id)
                if scenario == "deferral_not_running":
                    self.gap("revenue_schedule_not_running", e, d.amount, invoice=inv.id, deferral=d.id,
                        project=p.id, start_date=d.start_date.isoformat(), end_date=d.end_date.isoformat(), **key)
                else:
                    yield (day := day + dt.timedelta(days=1))
                    d.click("run")
                    d.reload()
                    c["revenue_moves"] += [m.id for m in d.moves]
        yield from self.collect(rnd, e, c, key)

    def orphan(self, i, e):
        rnd = random.Random(f"{self.args.seed}/orphan/{i}")
        day = self.as_of - dt.timedelta(days=60 + i)
        yield day
        p = self.project(e, None, None, rnd.choice(e["customers"]), f"Side project {i}", "timesheet", e["tm"],
            e["rates"][0])
        rows = self.time_rows(rnd, e, [p.timesheet_works[0].id], e["employees"][:1],
            list(self.workdays(day, day + dt.timedelta(days=20)))[:6], 6)
        yield day + dt.timedelta(days=21)
        self.bulk("timesheet.line", rows)
        book = self.time_book(e, p.id, e["rates"][0])
        book["entries"] += [{"row": r, "billed": False} for r in rows]
        amount = Decimal(str(self.hours_of(rows))) * e["rates"][0]
        self.gap("project_without_sale", e, amount, project=p.id, hours=self.hours_of(rows), time_entries=len(rows))

    # -- the run --------------------------------------------------------
    def plan(self):
        won = Counter()
        nth = Counter()
        for i in range(self.args.opportunities):
            e = self.entities[i % len(self.entities)]
            outcome, kind = OUTCOMES[i % len(OUTCOMES)], KINDS[(i // 2) % len(KINDS)]
            scenario = None
            if outcome == "won":
                kind = KINDS[won["all"] % len(KINDS)]
                won["all"] += 1
                scenario = SCENARIOS[kind][nth[kind] % len(SCENARIOS[kind])]
                nth[kind] += 1
                if scenario == "entity_mismatch" and len(self.entities) < 2:
                    scenario = "healthy"
            yield e, self.deal(i, outcome, kind, scenario, e)
        for i in range(1 + self.args.opportunities // 60):
            e = self.entities[i % len(self.entities)]
            yield e, self.orphan(i, e)

    def run(self):
        t0 = time.monotonic()
        self.setup()
        t1 = time.monotonic()
        seq, heap = itertools.count(), []
        for e, gen in self.plan():
            heapq.heappush(heap, (next(gen), next(seq), e, gen))
        steps = 0
        while heap:
            day, _, e, gen = heapq.heappop(heap)
            if day > self.as_of:  # the story stops here for this deal
                gen.close()
                continue
            self.clock.set(day)
            self.enter(e)
            steps += 1
            try:
                heapq.heappush(heap, (next(gen), next(seq), e, gen))
            except StopIteration:
                pass
            if steps % 100 == 0:
                print(f"  {steps} steps, {day}, {time.monotonic() - t1:.0f}s", file=sys.stderr, flush=True)
        self.overdue()
        return self.manifest(t0, t1)

    def manifest(self, t0, t1):
        counts = {}
        for name in ("party.party", "company.company", "company.employee", "sale.opportunity", "sale.sale", "sale.line",
                "project.work", "project.allocation", "timesheet.work", "timesheet.line", "account.invoice",
                "account.invoice.line", "account.invoice.deferred", "account.move", "account.move.line", "ir.model.log"):
            counts[name] = sum(1 for _ in self.ids(name))
        gaps = sorted(self.gaps, key=lambda g: (g["gap"], json.dumps(g, sort_keys=True)))
        return {
            "generator": "realerp/provision.py", "erp": "tryton 8.2", "backend": self.backend,
            "seed": self.args.seed, "as_of": self.as_of.isoformat(), "opportunities": self.args.opportunities,
            "window_start": self.start.isoformat(), "simulated_write_dates": self.backend == "sqlite",
            "seconds": {"setup": round(t1 - t0, 1), "deals": round(time.monotonic() - t1, 1)},
            "companies": [{"id": e["company"].id, "name": e["name"], "currency": e["code"],
                "deferred_account": e["accounts"]["deferred"].id, "revenue_account": e["accounts"]["revenue"].id}
                for e in self.entities],
            "counts": counts,
            "gap_counts": dict(sorted(Counter(g["gap"] for g in gaps).items())),
            "gaps": gaps,
            "checks": self.checks(),
            "open_work_in_progress": self.expected_wip,
            "chains": self.chains,
            }

    # -- what a watcher must list ----------------------------------------
    # whole business days an open item may age before it is an exception
    WATCH_DAYS = {"project_awaiting_activation": 2, "unbilled_approved_time": 10, "milestone_without_revenue": 3}

    def aged(self, check, since):
        """More business days (Monday to Friday, no holidays: the companies name no country) than may pass?"""
        return sum(1 for _ in self.workdays(since + dt.timedelta(days=1), self.as_of)) > self.WATCH_DAYS[check]

    def expect(self, check, entity, kind, id_, amount, since, line=None):
        if amount > 0 and self.aged(check, since):
            yield {"check": check, "subject": {"kind": kind, "id": str(id_)}, "contract_line": line and str(line),
                "company": str(entity["company"].id), "amount": str(Decimal(amount).quantize(Decimal("0.01"))),
                "currency": entity["code"], "since": since.isoformat()}

    def checks(self):
        """The expected exceptions per check at --as-of, from what was planted; nothing is read back."""
        found = []
        entity = {e["company"].id: e for e in self.entities}
        for c in self.chains:  # a project of another company is no project: numbers tie within a company
            if not c["projects"] or c["scenario"] == "entity_mismatch":
                found += self.expect("project_awaiting_activation", entity[c["company"]], "opportunity",
                    c["opportunity"], Decimal(c["amount"]), dt.date.fromisoformat(c["won_on"]))
        for book in self.time_books:
            check, value, since = "unbilled_approved_time", Decimal(0), None
            for x in book["entries"]:
                week_end = x["row"]["date"] + dt.timedelta(days=6 - x["row"]["date"].weekday())
                if x["billed"] != "posted" and self.aged(check, week_end):
                    hours = Decimal(str(x["row"]["duration"].total_seconds())) / 3600
                    value += (hours * book["rate"]).quantize(Decimal("0.01"), ROUND_HALF_UP)
                    since = min(since or week_end, week_end)
            if since:
                found += self.expect(check, book["entity"], "project", book["project"], value, since,
                    book["sale_line"])
        for m in self.accepted:
            if not m["revenue"]:
                found += self.expect("milestone_without_revenue", m["entity"], "milestone", m["task"], m["amount"],
                    m["on"])
        return {"as_of": self.as_of.isoformat(), "watch_business_days": self.WATCH_DAYS,
            "expected": sorted(found, key=lambda x: (x["check"], int(x["subject"]["id"])))}

    def ids(self, name):
        ctx = dict(self.entities[0]["context"], companies=[e["company"].id for e in self.entities], active_test=False)
        return self.cfg.get_proxy(name).search([], 0, None, None, ctx)


def main():
    args = arguments()
    manifest = Firm(args).run()
    text = json.dumps(manifest, indent=1, sort_keys=True)
    if args.manifest:
        with open(args.manifest, "w") as f:
            f.write(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
