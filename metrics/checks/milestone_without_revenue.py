"""K3: a milestone is accepted, its line recognises on milestones, and revenue is not posted in full.

Where an engagement has no contract lines, the project's billing method is its one line: a project that
bills by milestones earns by them, and postings that name no milestone relieve those of the engagement.

What is owed is the milestone's revenue share: what the schedule allocates to it, else its amount.
Systems keep a schedule in one of two ways. Either its rows stay, and postings are rows of their own:
the schedule then allocates what its rows add up to. Or a row turns ``posted`` in place: the schedule
then allocates what is still scheduled together with what was posted. A posted row does not say which
it is, so the first way holds unless the amounts speak for the second: both together are exactly the
milestone's amount, or more is posted than is still scheduled and both together stay within the amount
(if the milestone has one).

A reversal takes back its own amount of its posting, several add up, and none takes more than there
was; one that is reversed itself takes back only what is left of it. Postings that name only the
contract line relieve its accepted milestones in order of acceptance.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.sql.selectable import FromClause

from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.relief import relieve
from queries.schema import RECORD_TABLES

_milestone = RECORD_TABLES["milestone"]
_line = RECORD_TABLES["contract_line"]
_project = RECORD_TABLES["project"]
_revenue = RECORD_TABLES["revenue_line"]

#: a posting, its reversal, the reversal of that, and one more: nobody's ledger goes on
_CHAIN = 3
_LINE = ("engagement_id", "line_system", "line_id", "currency")
#: what names no line has this one: a comparison with nothing would find nothing
_NONE = literal("")


def _taken_back(revenue: FromClause, chain: int = _CHAIN) -> ColumnElement[Any]:
    """What the reversals of a revenue line come to, without a sign."""
    back = _revenue.alias(f"reversal_{chain}")
    # in another currency nobody can say which part is meant: then it is all of it
    of_all = back.c.currency != revenue.c.currency
    amount = case((of_all, func.abs(revenue.c.amount)), else_=func.abs(back.c.amount))
    left = amount - _taken_back(back, chain - 1) if chain > 1 else amount
    query = select(func.sum(left)).where(
        back.c.reverses_system == revenue.c.system,
        back.c.reverses_id == revenue.c.id,
        back.c.state != "scheduled",
        back.c.deleted_at.is_(None),
    )
    return func.coalesce(query.correlate(revenue).scalar_subquery(), 0)


def _lines(scope: Scope) -> CTE:
    """Revenue lines that are no reversals, each with what reversals took back of it."""
    row = _revenue.alias("revenue")
    return (
        select(
            row.c.milestone_system,
            row.c.milestone_id,
            row.c.engagement_id,
            func.coalesce(row.c.contract_line_system, _NONE).label("line_system"),
            func.coalesce(row.c.contract_line_id, _NONE).label("line_id"),
            row.c.currency,
            row.c.state,
            row.c.amount,
            case((row.c.state == "posted", _taken_back(row)), else_=0).label("back"),
        )
        .where(scope.covers(row.c.engagement_id), row.c.deleted_at.is_(None), row.c.reverses_id.is_(None))
        .cte("revenue_told")
    )


def _stands(line: FromClause) -> ColumnElement[Any]:
    """What is left of a posting; a negative one is a correction and is taken back towards zero too."""
    amount, back = line.c.amount, line.c.back
    left = case((back <= 0, amount), (amount > back, amount - back), (amount < -back, amount + back), else_=0)
    return case((line.c.state == "posted", left), else_=0)


def _by_milestone(lines: CTE) -> Subquery:
    keys = (lines.c.milestone_system, lines.c.milestone_id, lines.c.currency)
    scheduled = lines.c.state == "scheduled"
    return (
        select(
            *keys,
            # without ELSE: nothing scheduled is NULL, and not a schedule of zero
            func.sum(case((scheduled, lines.c.amount))).label("scheduled"),
            func.sum(case((scheduled, 0), else_=lines.c.amount)).label("ever_posted"),
            func.sum(_stands(lines)).label("recognised"),
        )
        .where(lines.c.milestone_id.is_not(None))
        .group_by(*keys)
        .subquery("told")
    )


def _share(told: Subquery) -> ColumnElement[Any]:
    """The milestone's revenue share, as the head of this module reads schedules."""
    amount, scheduled = _milestone.c.amount, told.c.scheduled
    together = scheduled + told.c.recognised
    # a posting taken back in full was part of the schedule all the same
    whole = or_(together == amount, scheduled + told.c.ever_posted == amount)
    more_posted = and_(told.c.recognised > scheduled, or_(amount.is_(None), together < amount))
    return case((whole, amount), (more_posted, together), else_=func.coalesce(scheduled, amount, 0))


def _owed(scope: Scope, told: Subquery) -> Subquery:
    recognised = func.coalesce(told.c.recognised, 0)
    since = func.coalesce(_milestone.c.accepted_at, _milestone.c.source_updated_at)
    line_named = and_(
        _line.c.system == _milestone.c.contract_line_system, _line.c.id == _milestone.c.contract_line_id
    )
    within = and_(_project.c.system == _milestone.c.project_system, _project.c.id == _milestone.c.project_id)
    other = _line.alias("other")
    has_lines = exists().where(
        other.c.engagement_id == _milestone.c.engagement_id, other.c.deleted_at.is_(None)
    )
    earns = or_(
        _line.c.recognition == "milestone",
        and_(_milestone.c.contract_line_id.is_(None), _project.c.billing_method == "milestone", ~has_lines),
    )
    named = and_(
        told.c.milestone_system == _milestone.c.system,
        told.c.milestone_id == _milestone.c.id,
        told.c.currency == _milestone.c.currency,
    )
    return (
        select(
            _milestone.c.system,
            _milestone.c.id,
            _milestone.c.name,
            _milestone.c.engagement_id,
            _milestone.c.legal_entity,
            _milestone.c.currency,
            _milestone.c.source_url,
            func.coalesce(_line.c.system, _NONE).label("line_system"),
            func.coalesce(_line.c.id, _NONE).label("line_id"),
            since.label("since"),
            _share(told).label("share"),
            recognised.label("recognised"),
            (_share(told) - recognised).label("rest"),
        )
        .select_from(_milestone)
        .outerjoin(_line, line_named)
        .outerjoin(_project, within)
        .outerjoin(told, named)
        .where(
            scope.covers(_milestone.c.engagement_id),
            _milestone.c.status == "accepted",
            _milestone.c.deleted_at.is_(None),
            earns,
        )
        .subquery("owed")
    )


def _of_lines(lines: CTE) -> Subquery:
    """What postings that name no milestone come to, per engagement, contract line and currency."""
    keys = [lines.c[name] for name in _LINE]
    return (
        select(*keys, func.sum(_stands(lines)).label("pool"))
        .where(lines.c.milestone_id.is_(None))
        .group_by(*keys)
        .subquery("general_pool")
    )


def _select(scope: Scope) -> Select[Any]:
    lines = _lines(scope)
    owed = _owed(scope, _by_milestone(lines))
    item = relieve(owed, _of_lines(lines), _LINE, ("since", "system", "id")).subquery("item").c
    return select(
        item.system.label("subject_system"),
        literal("milestone").label("subject_kind"),
        item.id.label("subject_id"),
        null().label("contract_line"),
        item.currency,
        item.engagement_id,
        item.legal_entity,
        item.since,
        item.rest.label("amount_minor"),
        item.source_url,
        func.nullif(item.line_id, _NONE).label("line_id"),
        item.name,
        item.share,
        item.recognised,
        (item.share - item.recognised - item.rest).label("relieved_by_amount"),
    ).where(item.rest > 0)


def _explain(row: Row, age: int) -> Explanation:
    some = row["recognised"] or row["relieved_by_amount"]
    state = "only part of its revenue is posted" if some else "no revenue is posted for it"
    return Explanation(
        reason=f"{row['name'] or 'The milestone'} was accepted {age} business days ago and {state}.",
        expected="revenue posted for the whole share of the milestone",
        actual=state,
        first_broken_handoff="milestone to revenue",
    )


CHECK = Check(
    key="milestone_without_revenue",
    title="Milestone without revenue",
    question="Which accepted milestones have not become revenue?",
    reads=(
        Need("psa", "milestone"),
        Need("psa", "project", required=False),
        Need("revenue", "revenue_line"),
        Need("contract", "contract_line", required=False),
    ),
    subject="milestone",
    amount="the milestone's revenue share less what is posted",
    acts="revenue accountant",
    remedy="Post the revenue of the milestone, or the invoice that carries it;"
    " if the event was lost, replay it.",
    watch=3,
    act=5,
    select=_select,
    explain=_explain,
    source="K3",
)
