# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets up the firm: companies, charts of accounts, fiscal years, catalogue, people, customers."""

import datetime as dt
from decimal import Decimal

from erp import Erp

ENTITIES = [  # legal entity, currency, hourly rates, country code
    ("Northwind Advisory Inc.", "USD", ("165", "190", "225"), "US"),
    ("Nordwind Beratung GmbH", "EUR", ("140", "160", "185"), "DE"),
]
CUSTOMERS = (
    "Alder Bank",
    "Brightwater Utilities",
    "Castellan Insurance",
    "Dovetail Retail",
    "Elmgrove Health",
    "Fairhaven Ports",
    "Granite Telecom",
    "Harrow Foods",
    "Ironbridge Rail",
    "Juniper Pharma",
    "Kestrel Aero",
    "Larkspur Media",
)
PEOPLE = (
    "Ada Okafor",
    "Ben Lindqvist",
    "Chiara Rossi",
    "Dmitri Volkov",
    "Elena Marsh",
    "Farid Haddad",
    "Grace Kim",
    "Hugo Laurent",
    "Ines Duarte",
    "Jonas Weber",
    "Katya Novak",
    "Liam Byrne",
    "Mei Tanaka",
    "Noah Fischer",
    "Olga Petrova",
    "Pablo Ruiz",
)


class Companies(Erp):
    """The set-up, through the same wizards a person uses."""

    def setup(self):
        for entity in ENTITIES[: self.args.companies]:
            self.entity(*entity)
        self.net30 = self.model("account.invoice.payment_term")(name="Net 30")
        line = self.net30.lines.new(type="remainder")
        line.relativedeltas.new(days=30)
        self.net30.save()
        customers = max(3, min(len(CUSTOMERS), self.args.opportunities // 6))
        for e in self.entities:
            self.enter(e)
            e["customers"] = [
                self.new("party.party", name=f"{name} {e['tag']}", customer_payment_term=self.net30)
                for name in CUSTOMERS[:customers]
            ]
        admin = self.one("res.user", ("login", "=", "admin"))
        admin.company = self.entities[0]["company"]
        if hasattr(admin, "company_filter"):
            admin.company_filter = "all"
        admin.save()

    def entity(self, name, code, rates, country):
        company = self.company(name, code)
        e = {
            "company": company,
            "name": name,
            "code": code,
            "rates": [Decimal(rate) for rate in rates],
            "context": dict(self.cfg._context),
            "tag": country,
        }
        self.entities.append(e)
        e["accounts"] = self.accounts(company)
        for year in range(self.start.year, self.as_of.year + 1):
            self.fiscal_year(company, year)
        journal = self.one("account.journal", ("type", "=", "cash"))
        e["payment_method"] = self.new(
            "account.invoice.payment.method",
            name=f"Bank {country}",
            company=company,
            journal=journal,
            credit_account=e["accounts"]["cash"],
            debit_account=e["accounts"]["cash"],
        )
        self.catalogue(e, rates, country)
        self.people(e, country)

    def company(self, name, code):
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
        only_context = True
        self.cfg._context = self.model("res.user").get_preferences(only_context, {})
        return company

    def currency(self, code):
        found = self.model("currency.currency").find([("code", "=", code)])
        if found:
            return found[0]
        symbol, rate = {"USD": ("$", "1.0"), "EUR": ("€", "0.92")}[code]
        currency = self.new(
            "currency.currency", name=code, code=code, symbol=symbol, rounding=Decimal("0.01"), digits=2
        )
        self.new("currency.currency.rate", currency=currency, date=dt.date(2020, 1, 1), rate=Decimal(rate))
        return currency

    def accounts(self, company):
        chart = self.proteus.Wizard("account.create_chart")
        template_id = self.model("ir.model.data").get_id("account.account_template_root_en", self.cfg.context)
        chart.execute("account")
        chart.form.account_template = self.model("account.account.template")(template_id)
        chart.form.company = company
        chart.execute("create_account")
        own = ("company", "=", company.id)
        found = {
            kind: self.one("account.account", (f"type.{kind}", "=", True), own, ("closed", "!=", True))
            for kind in ("receivable", "payable", "revenue", "expense")
        }
        found["cash"] = self.one("account.account", ("code", "=", "1.1.1"), own)
        for kind in ("receivable", "payable"):
            if found[kind].party_required:
                setattr(chart.form, f"account_{kind}", found[kind])
        for kind in ("expense", "revenue"):
            if hasattr(chart.form, f"category_account_{kind}"):
                setattr(chart.form, f"category_account_{kind}", found[kind])
        chart.execute("create_properties")
        found["deferred"] = self.deferred_account(company, own)
        return found

    def deferred_account(self, company, own):
        root = self.one("account.account", ("parent", "=", None), own)
        balance = ("statement", "=", "balance")
        liability = self.one("account.account.type", balance, ("name", "=", "Liabilities"), own)
        account = self.new(
            "account.account",
            parent=root,
            name="Deferred Revenue",
            code="2.9.1",
            type=liability,
            company=company,
        )
        configuration = self.model("account.configuration")(1)
        configuration.deferred_account_revenue = account
        configuration.save()
        return account

    def fiscal_year(self, company, year):
        fiscal_year = self.model("account.fiscalyear")(name=str(year))
        fiscal_year.company = company
        fiscal_year.start_date, fiscal_year.end_date = dt.date(year, 1, 1), dt.date(year, 12, 31)
        fiscal_year.move_sequence = self.sequence("Account Move", f"MV-{company.id}-{year}-", company, year)
        row = fiscal_year.invoice_sequences[0]
        invoices = self.sequence("Invoice", f"INV-{company.id}-{year}-", company, year)
        row.out_invoice_sequence = row.in_invoice_sequence = invoices
        row.out_credit_note_sequence = row.in_credit_note_sequence = invoices
        fiscal_year.click("create_period")

    def sequence(self, kind, prefix, company, year):
        return self.new(
            "ir.sequence.strict",
            name=f"{kind} {year} {company.id}",
            company=company,
            sequence_type=self.one("ir.sequence.type", ("name", "=", kind)),
            prefix=prefix,
            padding=5,
        )

    def catalogue(self, e, rates, country):
        category = self.new(
            "product.category",
            name=f"Services {country}",
            accounting=True,
            account_revenue=e["accounts"]["revenue"],
            account_expense=e["accounts"]["expense"],
        )
        unit, hour = (self.one("product.uom", ("name", "=", name)) for name in ("Unit", "Hour"))
        e["unit"], e["hour"] = unit, hour

        def product(name, uom, price, task=None):
            template = self.model("product.template")(name=f"{name} ({country})")
            template.type, template.default_uom, template.account_category = "service", uom, category
            template.salable, template.list_price = True, Decimal(price)
            if task:
                template.taskable = True
                template.tasks.new(name=task).timesheet_available = True
            template.save()
            return template.products[0]

        e["tm"] = product("Consulting hour", hour, rates[0])
        e["milestone"] = product("Fixed-fee milestone", unit, "10000", task="Milestone")
        e["retainer"] = product("Managed service, yearly", unit, "48000")

    def people(self, e, country):
        e["employees"] = []
        for i in range(max(4, min(len(PEOPLE), self.args.opportunities // 8))):
            name = PEOPLE[i] if country == "US" else PEOPLE[-1 - i]
            party = self.new("party.party", name=f"{name} ({country})", code=None)
            joined = self.start - dt.timedelta(days=400 + 30 * i)
            employee = self.new("company.employee", party=party, company=e["company"], start_date=joined)
            self.new(
                "company.employee_cost_price",
                employee=employee,
                date=dt.date(2020, 1, 1),
                cost_price=Decimal(60 + 5 * (i % 6)),
            )
            e["employees"].append(employee)
