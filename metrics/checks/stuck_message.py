"""C21: the middleware gave up a message about an engagement, or tries it again and again.

Stuck is a message that is dead or failed, or on its third attempt or later. Only the last of a flow about one
record counts: a later one that came through clears it, a later one that is stuck stands for it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, null, or_, select
from sqlalchemy.sql.selectable import FromClause

from metrics.carried import about_the_same, carried, ended, later, subject
from metrics.check import Check, Explanation, Need, Row, Scope
from queries.schema import RECORD_TABLES

_message = RECORD_TABLES["message"]
_PATIENCE = 3


def _is_stuck(message: FromClause) -> ColumnElement[bool]:
    tried = and_(message.c.status == "retrying", message.c.attempt >= _PATIENCE)
    return or_(message.c.status.in_(("dead", "failed")), tried)


def _select(scope: Scope) -> Select[Any]:
    after = _message.alias("after")
    settled = exists().where(
        about_the_same(_message, after),
        later(after, _message),
        or_(after.c.status == "succeeded", _is_stuck(after)),
    )
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
            func.coalesce(_message.c.started_at, ended(_message)).label("since"),
            worth.minor.label("amount_minor"),
            _message.c.source_url,
            _message.c.flow,
            _message.c.status,
            _message.c.error,
            named.kind.label("about_kind"),
            named.id.label("about_id"),
        )
        .select_from(worth.joined)
        .where(
            scope.covers(_message.c.engagement_id),
            _message.c.engagement_id.is_not(None),
            _message.c.deleted_at.is_(None),
            _is_stuck(_message),
            ~settled,
        )
    )


def _explain(row: Row, _age: int) -> Explanation:
    state = "is tried again and again" if row["status"] == "retrying" else f"is {row['status']}"
    why = f": {row['error'].rstrip('. ')}" if row["error"] else ""
    what = f"{row['about_kind'].replace('_', ' ')} {row['about_id']}"
    return Explanation(
        reason=f"The message of {row['flow']} about {what} {state}{why}.",
        expected="a message that came through",
        actual=row["status"],
        first_broken_handoff=row["flow"].replace("_", " "),
    )


CHECK = Check(
    key="stuck_message",
    title="Stuck message",
    question="Which messages about sold work did not come through?",
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
    remedy="Mend what the error names and replay the message.",
    watch=0,
    act=1,
    select=_select,
    explain=_explain,
    source="C21",
    needs_amount=False,
    at_once=True,
)
