"""The truth: what is stuck in the simulated firm's books, worked out the plain and slow way.

Four questions, each a function over the rows as they stand at ``as_of``:

* ``project_awaiting_activation``: a deal is won, more than two business days ago, and none of its
  projects has ever been active in PSA and in the ERP;
* ``unbilled_approved_time``: see :mod:`sandbox.relief`;
* ``milestone_without_revenue``: a milestone that earns revenue was accepted more than three business
  days ago, and less revenue is posted than it earns;
* ``linked_records_disagree``: a record names another system's for certain, and they differ in client,
  currency or company.

Days are business days of the legal entity after the event's local date. Amounts are in the row's
currency, with the digits that currency has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox import days
from sandbox.books import Books
from sandbox.gap import NO_CURRENCY, Gap
from sandbox.records import BillingEvent, Contract, Milestone, Opportunity, Project, RevenueLine
from sandbox.relief import unbilled_time

ACTIVATION, REVENUE = "project_awaiting_activation", "milestone_without_revenue"
DISAGREE = "linked_records_disagree"
ACTIVATION_WATCH = 2
REVENUE_WATCH = 3
_BEGAN = frozenset({"active", "on_hold", "complete", "closed"})
_PROOF = frozenset({"native_reference", "external_id"})

Node = tuple[str, str]


def truth(books: Books) -> list[Gap]:
    """Every exception the checks must list at ``books.as_of``, and no other, in a fixed order."""
    found = [
        *awaiting_activation(books), *unbilled_time(books), *without_revenue(books), *disagreeing(books),
    ]  # fmt: skip
    return sorted(found, key=lambda gap: gap.order)


def _age(books: Books, company: str | None, instant: datetime) -> int:
    """Business days of the company from the local day of an instant to its local today."""
    entity = company or ""
    today = days.local_day(entity, books.as_of)
    return days.business_days(entity, days.local_day(entity, instant), today)


# A deal without an active project ------------------------------------------------------------------


def awaiting_activation(books: Books) -> Iterator[Gap]:
    """Deals won and not yet running, with their services amount (the total where that is blank).

    An engagement runs once one and the same project of it has been active in PSA and in the ERP.
    """
    engagement = engagements(books)
    in_ledger = {view.project_id for view in books.erp_projects if _began(view)}
    running = {engagement[_psa(row)] for row in books.psa_projects if _began(row) and row.id in in_ledger}
    for deal in books.opportunities:
        amount = deal.amount if deal.services_amount is None else deal.services_amount
        if deal.status != "won" or deal.won_at is None or deal.deleted_at or not amount or amount < 0:
            continue
        late = _age(books, deal.legal_entity, deal.won_at) > ACTIVATION_WATCH
        if late and engagement["opportunity", deal.id] not in running:
            yield Gap(ACTIVATION, "crm", "opportunity", deal.id, None, amount, deal.currency)


def _psa(project: Project) -> Node:
    return ("psa project", project.id)


def _began(project: Project) -> bool:
    """Whether this system has ever had the project active."""
    return project.status in _BEGAN or project.activated_at is not None


def engagements(books: Books) -> dict[Node, Node]:
    """Each deal, contract, contract line and project, and the first of those it is tied to."""
    leader: dict[Node, Node] = {}

    def head(node: Node) -> Node:
        while leader.setdefault(node, node) != node:
            node = leader[node]
        return node

    for one, other in _ties(books):
        low, high = sorted((head(one), head(other)))
        leader[high] = low
    nodes = [("opportunity", deal.id) for deal in books.opportunities]
    nodes += [_psa(project) for project in books.psa_projects]
    return {node: head(node) for node in [*nodes, *leader]}


def _ties(books: Books) -> Iterator[tuple[Node, Node]]:
    """References between the rows of one piece of sold work."""
    deals = {deal.id: deal for deal in books.opportunities}
    contracts = {contract.id: contract for contract in books.contracts}
    for contract in books.contracts:
        if contract.opportunity_id and _holds(contract, deals[contract.opportunity_id]):
            yield ("contract", contract.id), ("opportunity", contract.opportunity_id)
    for line in books.contract_lines:
        yield ("contract line", line.id), ("contract", line.contract_id or "")
    for project in books.psa_projects:
        if project.opportunity_id and _holds(project, deals[project.opportunity_id]):
            yield _psa(project), ("opportunity", project.opportunity_id)
        if project.contract_id and _holds(project, contracts[project.contract_id]):
            yield _psa(project), ("contract", project.contract_id)
    billed: list[Milestone | BillingEvent] = [*books.milestones, *books.billing_events]
    for row in billed:
        if row.contract_line_id and row.project_id:
            yield ("psa project", row.project_id), ("contract line", row.contract_line_id)


def _holds(row: Contract | Project, other: Opportunity | Contract) -> bool:
    """A reference ties; a weaker match only where client and legal entity are the same."""
    alike = row.customer_id == other.customer_id and row.legal_entity == other.legal_entity
    return row.link_method in _PROOF or alike


# A milestone without its revenue -------------------------------------------------------------------


def without_revenue(books: Books) -> Iterator[Gap]:
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
        late = _age(books, milestone.legal_entity, milestone.accepted_at) > REVENUE_WATCH
        if late and owed > relieved:
            amount = owed - relieved
            yield Gap(REVENUE, "psa", "milestone", milestone.id, None, amount, milestone.currency)


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


# Records that name each other and disagree ---------------------------------------------------------


def disagreeing(books: Books) -> Iterator[Gap]:
    """Contracts and projects that say otherwise than another system's record they name for certain."""
    deals = {deal.id: deal for deal in books.opportunities}
    contracts = {contract.id: contract for contract in books.contracts}
    projects = {project.id: project for project in books.psa_projects}
    for contract in books.contracts:
        if _differs(contract, [deals.get(contract.opportunity_id or "")]):
            yield Gap(DISAGREE, "clm", "contract", contract.id, None, Decimal(0), NO_CURRENCY)
    for row in books.psa_projects:
        if _differs(row, [deals.get(row.opportunity_id or ""), contracts.get(row.contract_id or "")]):
            yield Gap(DISAGREE, "psa", "project", row.id, None, Decimal(0), NO_CURRENCY)
    for row in books.erp_projects:
        if _differs(row, [projects.get(row.project_id or "")]):
            yield Gap(DISAGREE, "erp", "project", row.id, None, Decimal(0), NO_CURRENCY)


def _differs(row: Contract | Project, named: list[Any]) -> bool:
    if not _stands(row) or row.link_method not in _PROOF:
        return False
    told = ("customer_id", "currency", "legal_entity")
    return any(
        None not in (getattr(row, name), getattr(other, name)) and getattr(row, name) != getattr(other, name)
        for other in named
        if other is not None and _stands(other)
        for name in told
    )


def _stands(row: Contract | Project | Opportunity) -> bool:
    return not row.deleted_at and row.status != "cancelled"
