"""A deal was won over two business days ago, and no project of it was ever active in PSA and in ERP."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.records import Project
from sandbox.ties import engagements, psa_project
from sandbox.truths import age

KEY = "project_awaiting_activation"
WATCH = 2
_BEGAN = frozenset({"active", "on_hold", "complete", "closed"})


def gaps(books: Books) -> Iterator[Gap]:
    """Deals won and not yet running, with their services amount (the total where that is blank).

    An engagement runs once one and the same project of it has been active in PSA and in the ERP.
    """
    engagement = engagements(books)
    in_ledger = {view.project_id for view in books.erp_projects if _began(view)}
    running = {
        engagement[psa_project(row)] for row in books.psa_projects if _began(row) and row.id in in_ledger
    }
    for deal in books.opportunities:
        amount = deal.amount if deal.services_amount is None else deal.services_amount
        if deal.status != "won" or deal.won_at is None or deal.deleted_at or not amount or amount < 0:
            continue
        late = age(books, deal.legal_entity, deal.won_at) > WATCH
        if late and engagement["opportunity", deal.id] not in running:
            yield Gap(KEY, "crm", "opportunity", deal.id, None, amount, deal.currency)


def _began(project: Project) -> bool:
    """Whether this system has ever had the project active."""
    return project.status in _BEGAN or project.activated_at is not None
