# SPDX-License-Identifier: GPL-3.0-or-later
"""Fill an activated Tryton 8.2 database with a sold-work-to-revenue chain.

Runs inside the Tryton virtual environment (needs trytond + proteus), talks to
trytond in this process, and prints a JSON manifest of the ground truth: every
chain that was built, every gap that was planted, with ids and amounts, and the
exceptions a watcher must list.

Deterministic for a given --seed/--as-of/--opportunities/--companies: business
dates come from a simulated clock, and on SQLite create_date/write_date too.
"""

import argparse
import contextlib
import datetime as dt
import heapq
import itertools
import json
import sys
import time
from collections import Counter
from pathlib import Path

from billing import Billing
from expecting import checks

MODULES = (
    "currency country party company company_work_time product account account_product"
    " account_invoice account_invoice_line_standalone account_invoice_defer account_invoice_history"
    " sale sale_opportunity sale_project_task sale_advance_payment sale_subscription"
    " project project_plan project_revenue project_invoice timesheet timesheet_cost"
)

# Every n-th won deal of a kind gets the n-th scenario: the mix does not depend on chance.
SCENARIOS = {
    "tm": [
        "healthy",
        "no_project",
        "unbilled_time",
        "healthy",
        "draft_invoice",
        "no_allocation",
        "unpriced_time",
        "duplicate_project",
        "unallocated_time",
        "entity_mismatch",
    ],
    "milestone": [
        "healthy",
        "no_project",
        "milestone_not_invoiced",
        "milestone_invoice_draft",
        "in_progress",
    ],
    "retainer": ["healthy", "deferral_not_running", "no_schedule"],
}
KINDS = ["tm", "milestone", "tm", "retainer", "tm", "milestone"]
OUTCOMES = ["won", "won", "lead", "won", "opportunity", "lost", "won", "converted", "won", "cancelled"]

COUNTED = (
    "party.party",
    "company.company",
    "company.employee",
    "sale.opportunity",
    "sale.sale",
    "sale.line",
    "project.work",
    "project.allocation",
    "timesheet.work",
    "timesheet.line",
    "account.invoice",
    "account.invoice.line",
    "account.invoice.deferred",
    "account.move",
    "account.move.line",
    "ir.model.log",
)


def arguments():
    """What was asked for on the command line."""
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("--print-modules", action="store_true")
    p.add_argument("--config", help="trytond configuration file")
    p.add_argument("--database", help="database name")
    p.add_argument("--opportunities", type=int, default=60)
    p.add_argument("--lines-per-project", type=int, default=40, help="time entries per project sold by time")
    p.add_argument("--companies", type=int, default=2, choices=[1, 2])
    p.add_argument("--seed", type=int, default=7)
    p.add_argument("--as-of", type=dt.date.fromisoformat, default=dt.date(2026, 11, 20))
    p.add_argument("--manifest", type=Path, help="also write the manifest here")
    a = p.parse_args()
    if a.print_modules:
        print(MODULES)
        sys.exit()
    if not (a.config and a.database):
        p.error("--config and --database are required")
    return a


class Firm(Billing):
    """Plays all stories at once, day by day."""

    def stories(self):
        """Every story with the company it plays in."""
        won, nth = itertools.count(), Counter()
        for i in range(self.args.opportunities):
            e = self.entities[i % len(self.entities)]
            outcome, kind = OUTCOMES[i % len(OUTCOMES)], KINDS[(i // 2) % len(KINDS)]
            scenario = None
            if outcome == "won":
                kind = KINDS[next(won) % len(KINDS)]
                scenario = SCENARIOS[kind][nth[kind] % len(SCENARIOS[kind])]
                nth[kind] += 1
                if scenario == "entity_mismatch" and len(self.entities) == 1:
                    scenario = "healthy"
            yield e, self.deal(i, outcome, kind, scenario, e)
        for i in range(1 + self.args.opportunities // 60):
            e = self.entities[i % len(self.entities)]
            yield e, self.orphan(i, e)

    def run(self):
        """Build everything; returns the manifest."""
        begun = time.monotonic()
        self.setup()
        ready = time.monotonic()
        order, waiting = itertools.count(), []
        for e, story in self.stories():
            heapq.heappush(waiting, (next(story), next(order), e, story))
        steps = 0
        while waiting:
            day, _, e, story = heapq.heappop(waiting)
            if day > self.as_of:  # the story stops here for this deal
                story.close()
                continue
            self.clock.set(day)
            self.enter(e)
            steps += 1
            with contextlib.suppress(StopIteration):
                heapq.heappush(waiting, (next(story), next(order), e, story))
            if steps % 100 == 0:
                seconds = time.monotonic() - ready
                print(f"  {steps} steps, {day}, {seconds:.0f}s", file=sys.stderr, flush=True)
        self.overdue()
        return self.manifest({"setup": ready - begun, "deals": time.monotonic() - ready})

    def manifest(self, seconds):
        """The ground truth."""
        gaps = sorted(self.gaps, key=lambda gap: (gap["gap"], json.dumps(gap, sort_keys=True)))
        return {
            "generator": "provision.py",
            "erp": "tryton 8.2",
            "backend": self.backend,
            "seed": self.args.seed,
            "as_of": self.as_of.isoformat(),
            "opportunities": self.args.opportunities,
            "window_start": self.start.isoformat(),
            "simulated_write_dates": self.backend == "sqlite",
            "seconds": {name: round(value, 1) for name, value in seconds.items()},
            "companies": [
                {
                    "id": e["company"].id,
                    "name": e["name"],
                    "currency": e["code"],
                    "deferred_account": e["accounts"]["deferred"].id,
                    "revenue_account": e["accounts"]["revenue"].id,
                }
                for e in self.entities
            ],
            "counts": {name: len(self.ids(name)) for name in COUNTED},
            "gap_counts": dict(sorted(Counter(gap["gap"] for gap in gaps).items())),
            "gaps": gaps,
            "checks": checks(self),
            "open_work_in_progress": self.expected_wip,
            "chains": self.chains,
        }


def main():
    """Provision, and tell the ground truth."""
    args = arguments()
    text = json.dumps(Firm(args).run(), indent=1, sort_keys=True)
    if args.manifest:
        args.manifest.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
