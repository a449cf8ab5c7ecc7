"""C22: one event was processed twice: two messages of a flow with one correlation id came through.

Both must be about the same record: one event may well be handed to several. What two projects or invoices
made of it is told by the checks of those.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, literal, null, select

from metrics.carried import about_the_same, carried, ended, later, subject
from metrics.check import Check, Explanation, Need, Row, Scope
from queries.schema import RECORD_TABLES

_message = RECORD_TABLES["message"]


def _select(scope: Scope) -> Select[Any]:
    first = _message.alias("first")
    same = and_(
        about_the_same(_message, first),
        first.c.correlation_id == _message.c.correlation_id,
        first.c.status == "succeeded",
        later(_message, first),
    )
    kept = select(first.c.id).where(same).order_by(ended(first), first.c.id).limit(1)
    worth, named = carried(_message), subject(_message)
    return (
        select(
            _message.c.system.label("subject_system"),
            literal("message").label("subject_kind"),
            _message.c.id.label("subject_id"),
            null().label("contract_line"),
            worth.currency.label("currency"),
            _message.c.engagement_id,
            _message.c.legal_entity,
            ended(_message).label("since"),
            worth.minor.label("amount_minor"),
            _message.c.source_url,
            _message.c.flow,
            kept.scalar_subquery().label("kept"),
            named.kind.label("about_kind"),
            named.id.label("about_id"),
        )
        .select_from(worth.joined)
        .where(
            scope.covers(_message.c.engagement_id),
            _message.c.deleted_at.is_(None),
            _message.c.status == "succeeded",
            select(first.c.id).where(same).exists(),
        )
    )


def _explain(row: Row, _age: int) -> Explanation:
    what = f"{row['about_kind'].replace('_', ' ')} {row['about_id']}"
    return Explanation(
        reason=f"{row['flow']} processed one event about {what} again, after {row['kept']} had.",
        expected="one message that came through for one event",
        actual="two of them",
        first_broken_handoff=row["flow"].replace("_", " "),
    )


CHECK = Check(
    key="duplicate_event",
    title="Event processed twice",
    question="Which event did the middleware process twice?",
    reads=(
        Need("middleware", "message"),
        Need("psa", "billing_event", required=False),
        Need("psa", "milestone", required=False),
        Need("psa", "project", required=False),
        Need("crm", "opportunity", required=False),
        Need("erp", "invoice_line", required=False),
    ),
    subject="message",
    amount="the money of what it carries: billing event, milestone, deal, else what is left to invoice",
    acts="platform team",
    remedy="Look for what was made twice and take one back; have the flow refuse an event it has seen.",
    watch=0,
    act=2,
    select=_select,
    explain=_explain,
    source="C22",
    needs_amount=False,
    at_once=True,
)
