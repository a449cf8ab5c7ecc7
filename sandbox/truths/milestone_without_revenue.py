"""A milestone was accepted more than three business days ago, and less revenue is posted than it earns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.records import Milestone, RevenueLine
from sandbox.truths import age

KEY = "milestone_without_revenue"
WATCH = 3


def gaps(books: Books) -> Iterator[Gap]:
    """Accepted milestones of lines that recognise on milestones, with what is not posted yet."""
    policy = {line.id: line.recognition for line in books.contract_lines}
    with_lines = {line.contract_id for line in books.contract_lines}
    method = {row.id: row.billing_method for row in books.psa_projects if row.contract_id not in with_lines}
    posted, scheduled = _by_milestone(books, "posted"), _by_milestone(books, "scheduled")
    on_line: dict[str, Decimal] = defaultdict(Decimal)
    for row in _revenue(books, "posted"):
        if not row.milestone_id:
            on_line[row.contract_line_id or f"project {row.project_id}"] += row.amount
    for milestone in sorted(_accepted(books), key=lambda row: (row.accepted_at, row.id)):
        line = milestone.contract_line_id or f"project {milestone.project_id}"
        # where there are no lines, the project's billing method is its one line
        earns_by = policy.get(line) if milestone.contract_line_id else method.get(milestone.project_id or "")
        if earns_by != "milestone" or milestone.accepted_at is None:
            continue
        earns = scheduled.get(milestone.id, milestone.amount or Decimal(0))
        owed = earns - posted.get(milestone.id, Decimal(0))
        relieved = max(min(owed, on_line[line]), Decimal(0))
        on_line[line] -= relieved
        late = age(books, milestone.legal_entity, milestone.accepted_at) > WATCH
        if late and owed > relieved:
            amount = owed - relieved
            yield Gap(KEY, "psa", "milestone", milestone.id, None, amount, milestone.currency)


def _accepted(books: Books) -> list[Milestone]:
    standing = [row for row in books.milestones if row.status == "accepted" and not row.deleted_at]
    return [row for row in standing if row.accepted_at]


def _revenue(books: Books, state: str) -> Iterator[RevenueLine]:
    """Lines of a state that still count: not deleted, not taken back, and not a taking back itself."""
    standing = [row for row in books.revenue_lines if not row.deleted_at]
    taken_back = {row.reverses_id for row in standing if row.reverses_id and row.state != "scheduled"}
    for row in standing:
        if row.state == state and row.id not in taken_back and not row.reverses_id:
            yield row


def _by_milestone(books: Books, state: str) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in _revenue(books, state):
        if row.milestone_id:
            sums[row.milestone_id] += row.amount
    return dict(sums)
