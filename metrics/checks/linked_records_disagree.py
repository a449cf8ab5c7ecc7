"""Two systems tie their records for certain, and disagree about the client, the currency or the legal entity.

Clients are compared where both records name one of the same system, or where each is known as one of the same
system of record; else nothing says that they differ. One finding for each record that names another.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, null, or_, select, union_all
from sqlalchemy.sql.selectable import FromClause

from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.identity import later
from queries.schema import RECORD_TABLES
from queries.types import NO_CURRENCY

_customer = RECORD_TABLES["customer"]
#: a record that names -> the records it may name
_TIES = (
    ("contract", "opportunity"), ("project", "opportunity"), ("project", "contract"), ("project", "project"),
)  # fmt: skip
#: methods that tie whatever else the records say
_CERTAIN = ("native_reference", "external_id", "crosswalk_file")
_COMPARED = {"customer": "the client is", "currency": "the currency is", "entity": "the legal entity is"}


def _stands(record: FromClause) -> ColumnElement[bool]:
    return and_(record.c.deleted_at.is_(None), record.c.status != "cancelled")


def _client(record: FromClause, known: FromClause) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """A record's client as system and id: of the system of record where the client names it."""
    return (
        func.coalesce(known.c.customer_system, record.c.customer_system),
        func.coalesce(known.c.customer_id, record.c.customer_id),
    )


def _known(record: FromClause, known: FromClause) -> ColumnElement[bool]:
    return and_(
        known.c.system == record.c.customer_system,
        known.c.id == record.c.customer_id,
        known.c.deleted_at.is_(None),
    )


def _pair(scope: Scope, kind: str, to: str) -> Select[Any]:
    """What records of one kind and those they name say differently."""
    mine, theirs = RECORD_TABLES[kind].alias("mine"), RECORD_TABLES[to].alias("theirs")
    my_client, their_client = _customer.alias("my_client"), _customer.alias("their_client")
    (my_system, my_id), (their_system, their_id) = _client(mine, my_client), _client(theirs, their_client)
    other_client = and_(my_system == their_system, my_id != their_id)
    named = and_(
        theirs.c.engagement_id == mine.c.engagement_id,
        theirs.c.system == mine.c[f"{to}_system"],
        theirs.c.id == mine.c[f"{to}_id"],
    )
    return (
        _shape(kind, mine, theirs)
        .add_columns(
            literal(to).label("their_kind"),
            func.coalesce(my_client.c.name, my_id).label("my_customer"),
            func.coalesce(their_client.c.name, their_id).label("their_customer"),
            other_client.label("customer_differs"),
        )
        .select_from(
            mine.join(theirs, named)
            .outerjoin(my_client, _known(mine, my_client))
            .outerjoin(their_client, _known(theirs, their_client))
        )
        .where(
            scope.covers(mine.c.engagement_id),
            mine.c.link_method.in_(_CERTAIN),
            mine.c.system != theirs.c.system,
            _stands(mine),
            _stands(theirs),
            or_(
                other_client,
                mine.c.currency != theirs.c.currency,
                mine.c.legal_entity != theirs.c.legal_entity,
            ),
        )
    )


def _shape(kind: str, mine: FromClause, theirs: FromClause) -> Select[Any]:
    """The finding, and what both records say as they stand."""
    return select(
        mine.c.system.label("subject_system"),
        literal(kind).label("subject_kind"),
        mine.c.id.label("subject_id"),
        null().label("contract_line"),
        literal(NO_CURRENCY).label("currency"),
        mine.c.engagement_id,
        mine.c.legal_entity,
        later(mine.c.source_updated_at, theirs.c.source_updated_at).label("since"),
        literal(0).label("amount_minor"),
        mine.c.source_url,
        mine.c.system.label("my_system"),
        theirs.c.system.label("their_system"),
        theirs.c.id.label("their_id"),
        mine.c.currency.label("my_currency"),
        theirs.c.currency.label("their_currency"),
        mine.c.legal_entity.label("my_entity"),
        theirs.c.legal_entity.label("their_entity"),
    )


def _select(scope: Scope) -> Select[Any]:
    found = union_all(*(_pair(scope, kind, to) for kind, to in _TIES)).subquery("found")
    return select(*found.c)


def _differing(row: Row) -> list[tuple[str, str]]:
    """What differs, as it is here and as it is there."""
    said = []
    for name, words in _COMPARED.items():
        mine, theirs = row[f"my_{name}"], row[f"their_{name}"]
        differs = row["customer_differs"] if name == "customer" else None not in (mine, theirs)
        if differs and mine != theirs:
            said.append((f"{words} {mine}", str(theirs)))
    return said


def _explain(row: Row, _age: int) -> Explanation:
    other = f"{row['their_kind']} {row['their_id']}"
    said = _differing(row)
    whole = "; ".join(f"{mine} in {row['my_system']} and {theirs}" for mine, theirs in said)
    return Explanation(
        reason=f"It names {other} of {row['their_system']}, and {whole} there.",
        expected=f"what {other} of {row['their_system']} says: {', '.join(theirs for _, theirs in said)}",
        actual=", ".join(mine for mine, _ in said),
        first_broken_handoff="identity of linked records",
    )


CHECK = Check(
    key="linked_records_disagree",
    title="Linked records disagree",
    question="Which records of one piece of work differ in client, currency or legal entity?",
    reads=(
        Need("psa", "project"),
        Need("crm", "opportunity", required=False),
        Need("crm", "customer", required=False),
        Need("contract", "contract", required=False),
        Need("erp", "project", required=False),
    ),
    subject="project",
    amount="none: what is at stake is shown by the other checks",
    acts="data steward",
    remedy="Correct the record that is wrong, or the reference where it names the wrong one.",
    watch=0,
    act=2,
    select=_select,
    explain=_explain,
    source="DESIGN 5",
    needs_amount=False,
    at_once=True,
)
