"""The exceptions planted in a real Tryton can be proved from the records alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.real.conftest import Tryton
from tests.real.reading import Records, business_days, converted, evening, opened, pages

pytestmark = pytest.mark.real

Found = tuple[str, str, str, str | None, str, str]


def planted(tryton: Tryton) -> set[Found]:
    expected = {_found(item) for item in tryton.manifest["checks"]["expected"]}
    assert len({check for check, *_ in expected}) == 3, "every check has something to find"
    return expected


def _found(item: dict[str, Any]) -> Found:
    subject = item["subject"]
    return (
        item["check"],
        subject["kind"],
        subject["id"],
        item["contract_line"],
        item["amount"],
        item["currency"],
    )


class Judge:
    """The three checks in plain words over plain records: no store, no SQL, no code of the program's."""

    def __init__(self, records: Records, as_of: date, allowed: dict[str, int]) -> None:
        self.records, self.as_of, self.allowed = records, as_of, allowed

    def aged(self, check: str, since: date) -> bool:
        return business_days(since, self.as_of) > self.allowed[check]

    def awaiting(self) -> Iterator[Found]:
        check = "project_awaiting_activation"
        sold = {i: sale.opportunity_id for i, sale in self.records["contract"].items()}
        running = {(sold.get(p.contract_id), p.legal_entity) for p in self.records["project"].values()}
        for deal in self.records["opportunity"].values():
            stuck = deal.status == "won" and (deal.id, deal.legal_entity) not in running
            if stuck and self.aged(check, deal.won_at.date()):
                yield (check, "opportunity", deal.id, None, f"{deal.amount:.2f}", deal.currency)

    def unbilled(self) -> Iterator[Found]:
        check, open_ = "unbilled_approved_time", defaultdict[tuple[Any, ...], Decimal](Decimal)
        for entry in self.records["time_entry"].values():
            week_end = entry.work_date + timedelta(days=6 - entry.work_date.weekday())
            project: Any = self.records["project"].get(entry.project_id)
            line: Any = self.records["contract_line"].get(entry.contract_line_id)
            if project is None:
                continue
            by_time = (line.kind if line else project.billing_method) == "time_and_materials"
            if by_time and entry.billable and not self.billed(entry) and self.aged(check, week_end):
                rate = entry.rate or (line or project).rate or Decimal(0)
                open_[entry.project_id, entry.contract_line_id, entry.currency] += round(
                    entry.hours * rate, 2
                )
        for (project_id, line_id, currency), amount in open_.items():
            yield (check, "project", project_id, line_id, f"{amount:.2f}", currency)

    def billed(self, entry: Any) -> bool:
        line = self.records["invoice_line"].get(entry.invoice_line_id)
        return line is not None and self.records["invoice"][line.invoice_id].status in {"posted", "paid"}

    def unrecognised(self) -> Iterator[Found]:
        check, earned = "milestone_without_revenue", defaultdict[str, Decimal](Decimal)
        for posting in self.records["revenue_line"].values():
            earned[posting.milestone_id] += posting.amount
        for task in self.records["milestone"].values():
            policy = self.records["contract_line"][task.contract_line_id].recognition
            owed = task.amount - earned[task.id]
            due = task.status == "accepted" and policy == "milestone" and owed > 0
            if due and self.aged(check, task.accepted_at.date()):
                yield (check, "milestone", task.id, None, f"{owed:.2f}", task.currency)


def test_the_records_alone_prove_what_was_planted(tryton: Tryton) -> None:
    connection, now = opened(tryton), evening(tryton)
    records = {s.kind: converted(s, pages(connection, s, now)) for s in connection.streams()}
    connection.close()

    judge = Judge(records, now.date(), tryton.manifest["checks"]["watch_business_days"])

    assert {*judge.awaiting(), *judge.unbilled(), *judge.unrecognised()} == planted(tryton)
