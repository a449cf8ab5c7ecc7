"""Records that name the same person or client in another system, and what speaks against it.

Absence is claimed only of systems that keep this kind of record, and not of a record whose row lies in
quarantine. A record that is inactive itself names nobody wrongly any more.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, literal, null, or_, select
from sqlalchemy.sql.selectable import FromClause

from metrics.check import Explanation, Row
from queries.schema import RECORD_TABLES, reject, stream_state
from queries.types import NO_CURRENCY

_TOLD = {
    "missing": ("there is no such record", "it names nothing"),
    "deleted": ("that record is deleted", "it is deleted there"),
    "inactive": ("that record is inactive", "it is active here and inactive there"),
}


def later(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    """The later of two instants that are both known."""
    return case((one > other, one), else_=other)


def conflicts(kind: str) -> Select[Any]:
    """Live records of a kind that name one of their own kind elsewhere which is not there, or not active."""
    mine, theirs = RECORD_TABLES[kind].alias("mine"), RECORD_TABLES[kind].alias("theirs")
    system, identifier = mine.c[f"{kind}_system"], mine.c[f"{kind}_id"]
    state = case(
        (theirs.c.id.is_(None), "missing"), (theirs.c.deleted_at.is_not(None), "deleted"), else_="inactive"
    )
    since = case(
        (theirs.c.id.is_(None), mine.c.source_updated_at),
        (theirs.c.deleted_at.is_not(None), later(mine.c.source_updated_at, theirs.c.deleted_at)),
        else_=later(mine.c.source_updated_at, theirs.c.source_updated_at),
    )
    wrong: list[ColumnElement[bool]] = [theirs.c.id.is_(None), theirs.c.deleted_at.is_not(None)]
    active: list[ColumnElement[bool]] = []
    if "active" in mine.c:
        wrong.append(~theirs.c.active)
        active = [mine.c.active]
    return (
        select(
            mine.c.system.label("subject_system"),
            literal(kind).label("subject_kind"),
            mine.c.id.label("subject_id"),
            null().label("contract_line"),
            literal(NO_CURRENCY).label("currency"),
            literal("").label("engagement_id"),
            mine.c.legal_entity,
            since.label("since"),
            literal(0).label("amount_minor"),
            mine.c.source_url,
            mine.c.name,
            mine.c.system.label("in_system"),
            system.label("named_system"),
            identifier.label("named"),
            state.label("state"),
        )
        .select_from(mine.outerjoin(theirs, and_(theirs.c.system == system, theirs.c.id == identifier)))
        .where(
            mine.c.deleted_at.is_(None), *active, or_(*wrong), _is_kept(kind, system), ~_waits(kind, mine)
        )
    )  # fmt: skip


def _is_kept(kind: str, system: ColumnElement[Any]) -> ColumnElement[bool]:
    return exists().where(
        stream_state.c.system == system, stream_state.c.kind == kind, stream_state.c.configured
    )


def _waits(kind: str, mine: FromClause) -> ColumnElement[bool]:
    """Whether the row of the record named lies in quarantine."""
    return exists().where(
        reject.c.resolved_at.is_(None),
        reject.c.kind == kind,
        reject.c.system == mine.c[f"{kind}_system"],
        reject.c.record_id == mine.c[f"{kind}_id"],
    )


def explain_conflict(kind: str, row: Row) -> Explanation:
    """The words of a conflict."""
    why, actual = _TOLD[row["state"]]
    named = f"{kind} {row['named']} of {row['named_system']}"
    return Explanation(
        reason=f"{row['name']} in {row['in_system']} names {named}, and {why}.",
        expected=f"an active {named}" if kind == "resource" else named,
        actual=actual,
        first_broken_handoff=f"identity of {kind}s",
    )
