"""Which rows belong to one piece of sold work, worked out the plain and slow way."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.books import Books
from sandbox.records import BillingEvent, Contract, Milestone, Opportunity, Project

#: how a reference was made when it is proof whatever else the two rows say
PROOF = frozenset({"native_reference", "external_id"})

Node = tuple[str, str]


def psa_project(project: Project) -> Node:
    """The node of a project of PSA."""
    return ("psa project", project.id)


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
    nodes += [psa_project(project) for project in books.psa_projects]
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
            yield psa_project(project), ("opportunity", project.opportunity_id)
        if project.contract_id and _holds(project, contracts[project.contract_id]):
            yield psa_project(project), ("contract", project.contract_id)
    billed: list[Milestone | BillingEvent] = [*books.milestones, *books.billing_events]
    for row in billed:
        if row.contract_line_id and row.project_id:
            yield ("psa project", row.project_id), ("contract line", row.contract_line_id)


def _holds(row: Contract | Project, other: Opportunity | Contract) -> bool:
    """A reference ties; a weaker match only where client and legal entity are the same."""
    alike = row.customer_id == other.customer_id and row.legal_entity == other.legal_entity
    return row.link_method in PROOF or alike
