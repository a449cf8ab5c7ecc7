"""C5: revenue posted over time is not what the project's estimated progress has earned.

Earned is the price of the work, the sum of its contract lines, times the part the latest estimate calls
complete. Compared is what is posted to date, less reversals, where at least one posting is dated on the
estimate's day or later: until then the revenue run has not had the estimate to go by. The two may differ by
two percent of the price. The amount is the difference, either way, without a sign.

Not listed: work of several projects (nobody says which part of the price is whose), work that also sells
lines recognised otherwise, retainers and time, lines without an amount or of different currencies, revenue
in another currency, projects that are not active, and estimates that do not say what is complete.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
)

from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.estimates import of_project
from queries.schema import RECORD_TABLES
from queries.types import from_minor

_project = RECORD_TABLES["project"]
_estimate = RECORD_TABLES["estimate"]
_contract = RECORD_TABLES["contract"]
_line = RECORD_TABLES["contract_line"]
_revenue = RECORD_TABLES["revenue_line"]
_MILLION = 10**6
#: the part of the price by which the two may differ: one in so many
_TOLERATED = 50


def _prices(scope: Scope) -> Subquery:
    """Engagements that sell work recognised over time and nothing else, with its price."""
    signed = exists().where(
        _contract.c.system == _line.c.contract_system,
        _contract.c.id == _line.c.contract_id,
        _contract.c.deleted_at.is_(None),
        _contract.c.status.not_in(("draft", "cancelled")),
    )
    by_progress = and_(
        _line.c.recognition == "over_time", _line.c.kind.in_(("fixed_fee", "milestone")), _line.c.amount > 0
    )
    return (
        select(
            _line.c.engagement_id,
            func.min(_line.c.currency).label("currency"),
            cast(func.sum(_line.c.amount), BigInteger).label("price"),
        )
        .where(scope.covers(_line.c.engagement_id), _line.c.deleted_at.is_(None), signed)
        .group_by(_line.c.engagement_id)
        .having(
            func.count() == func.sum(case((by_progress, 1), else_=0)),
            func.min(_line.c.currency) == func.max(_line.c.currency),
        )
        .subquery("prices")
    )


def _posted(scope: Scope) -> Subquery:
    """Engagement -> what is posted to date less what reversals took back, and the last day of a posting."""
    row, back, other = _revenue.alias("posted"), _revenue.alias("back"), _revenue.alias("reversed")
    taken_back = exists().where(
        back.c.reverses_system == row.c.system,
        back.c.reverses_id == row.c.id,
        back.c.state != "scheduled",
        back.c.deleted_at.is_(None),
    )
    gives_back = exists().where(
        other.c.system == row.c.reverses_system,
        other.c.id == row.c.reverses_id,
        other.c.reverses_id.is_not(None),
    )
    # sources sign a reversal as they like: it takes back, and what reverses a reversal gives back
    size = func.abs(row.c.amount)
    amount = case((row.c.reverses_id.is_(None), row.c.amount), (gives_back, size), else_=-size)
    counts = or_(row.c.state == "posted", row.c.reverses_id.is_not(None), taken_back)
    return (
        select(
            row.c.engagement_id,
            func.min(row.c.currency).label("low"),
            func.max(row.c.currency).label("high"),
            cast(func.sum(amount), BigInteger).label("posted"),
            func.max(row.c.posted_on).label("posted_on"),
        )
        .where(
            scope.covers(row.c.engagement_id), row.c.deleted_at.is_(None), row.c.state != "scheduled", counts
        )
        .group_by(row.c.engagement_id)
        .subquery("to_date")
    )


def _earned(price: ColumnElement[Any], complete: ColumnElement[Any]) -> ColumnElement[Any]:
    """The part of a price that is complete (in millionths, all of it at most), rounded half up."""
    part = case((complete > _MILLION, _MILLION), (complete < 0, 0), else_=complete)
    million = literal(_MILLION, BigInteger)
    whole = price // million
    return whole * part + ((price - whole * million) * part + _MILLION // 2) // million


def _has_twin() -> ColumnElement[bool]:
    """Whether the project is one of several; another system's view of it is none."""
    twin = _project.alias("twin")
    return exists().where(
        twin.c.engagement_id == _project.c.engagement_id,
        twin.c.system == _project.c.system,
        twin.c.id != _project.c.id,
        twin.c.deleted_at.is_(None),
    )


def _select(scope: Scope) -> Select[Any]:
    prices, to_date = _prices(scope), _posted(scope)
    rows = (
        select(
            *(_project.c[name] for name in ("system", "id", "engagement_id", "legal_entity", "source_url")),
            prices.c.currency,
            prices.c.price,
            _estimate.c.percent_complete,
            to_date.c.posted_on,
            to_date.c.posted,
            _earned(prices.c.price, _estimate.c.percent_complete).label("earned"),
        )
        .select_from(
            _project.join(_estimate, of_project(_estimate, _project))
            .join(prices, prices.c.engagement_id == _project.c.engagement_id)
            .join(to_date, to_date.c.engagement_id == _project.c.engagement_id)
        )
        .where(
            scope.covers(_project.c.engagement_id),
            _project.c.deleted_at.is_(None),
            _project.c.status == "active",
            _estimate.c.percent_complete.is_not(None),
            to_date.c.low == prices.c.currency,
            to_date.c.high == prices.c.currency,
            to_date.c.posted_on >= _estimate.c.estimated_on,
            ~_has_twin(),
        )
        .subquery("progress")
    ).c
    return select(
        rows.system.label("subject_system"),
        literal("project").label("subject_kind"),
        rows.id.label("subject_id"),
        null().label("contract_line"),
        rows.currency,
        rows.engagement_id,
        rows.legal_entity,
        rows.posted_on.label("since"),
        func.abs(rows.posted - rows.earned).label("amount_minor"),
        rows.source_url,
        rows.currency.label("told_currency"),
        rows.percent_complete,
        rows.posted.label("total_posted"),
        rows.earned.label("total_earned"),
    ).where(func.abs(rows.posted - rows.earned) * _TOLERATED > rows.price)


def _explain(row: Row, _age: int) -> Explanation:
    currency, complete = row["told_currency"], row["percent_complete"] / 10_000
    posted = f"{from_minor(row['total_posted'], currency)} {currency}"
    earned = f"{from_minor(row['total_earned'], currency)} {currency}"
    return Explanation(
        reason=f"Revenue of {posted} is posted; the work is {complete:g} % complete, which earns {earned}.",
        expected=f"{earned} posted to date, within two percent of the price",
        actual=f"{posted} posted to date",
        first_broken_handoff="delivery to revenue",
    )


CHECK = Check(
    key="revenue_differs_from_progress",
    title="Revenue differs from progress",
    question="Which work has more or less revenue posted than its progress earns?",
    reads=(
        Need("psa", "project"),
        Need("psa", "estimate"),
        Need("contract", "contract_line"),
        Need("contract", "contract"),
        Need("revenue", "revenue_line"),
    ),
    subject="project",
    amount="difference between the revenue posted and the price times the part that is complete",
    acts="revenue accountant",
    remedy="Catch revenue up with the progress in the open period, or correct the estimate.",
    watch=0,
    act=5,
    select=_select,
    explain=_explain,
    at_once=True,
    source="C5",
)
