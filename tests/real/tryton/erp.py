# SPDX-License-Identifier: GPL-3.0-or-later
"""A Tryton database reached in this process through proteus, with a clock of our own."""

import datetime as dt
import os
from collections import Counter
from decimal import Decimal


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
    """On SQLite, let the database's own time stamps follow the clock. Returns the backend's name."""
    from trytond import backend

    if backend.name != "sqlite":
        return backend.name
    from trytond.backend.sqlite import database as sqlite_database
    from trytond.transaction import Transaction

    seen = sqlite_database._nows

    def now():  # one value per transaction, as upstream does
        transaction = Transaction()
        per = seen.setdefault(transaction, {})
        if transaction.started_at not in per:
            per[transaction.started_at] = clock.tick().isoformat(" ")
        return per[transaction.started_at]

    connect = sqlite_database.Database.get_connection

    def get_connection(self, *args, **kwargs):  # a scratch database: do not wait for the disk
        connection = connect(self, *args, **kwargs)
        if not connection.in_transaction:
            connection.execute("PRAGMA synchronous=OFF")
        return connection

    sqlite_database.now = now
    sqlite_database.Database.get_connection = get_connection
    return backend.name


class Erp:
    """The database, and what is planted in it."""

    def __init__(self, args):
        self.args = args
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
        self.gaps, self.chains, self.expected_wip, self.entities = [], [], [], []
        self.time_books, self.accepted = [], []  # what was planted, for the expected exceptions
        self.stats = Counter()

    def model(self, name):
        return self.proteus.Model.get(name)

    def new(self, name_, **values):
        record = self.model(name_)()
        for name, value in values.items():
            setattr(record, name, value)
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

    def ids(self, name):
        companies = [e["company"].id for e in self.entities]
        context = dict(self.entities[0]["context"], companies=companies, active_test=False)
        return self.cfg.get_proxy(name).search([], 0, None, None, context)

    def enter(self, entity):
        self.cfg._context = dict(entity["context"])

    def gap(self, code, entity, amount, **ids):
        self.gaps.append(
            {
                "gap": code,
                "company": entity["company"].id,
                "currency": entity["code"],
                "amount": None if amount is None else str(Decimal(amount).quantize(Decimal("0.01"))),
                **ids,
            }
        )


def workdays(day, until):
    """The days from Monday to Friday, both ends included."""
    while day <= until:
        if day.weekday() < 5:
            yield day
        day += dt.timedelta(days=1)


def hours_of(rows):
    """The hours of time entries together."""
    return sum(row["duration"].total_seconds() for row in rows) / 3600
