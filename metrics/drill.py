"""The rows behind a figure: the same select with what a row belongs to, filtered, grouped, paged in SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, Subquery, and_, func, literal, select

from metrics.figures import Setting, added_up
from metrics.kpi import SHAPE, Kpi
from metrics.measures import opportunity, project
from queries import read
from queries.kpi_snapshots import Cell
from queries.periods import Span
from queries.schema import RECORD_TABLES

#: what a figure can be broken down by
DIMENSIONS = ("legal_entity", "practice", "region", "customer", "currency")
_customer = RECORD_TABLES["customer"]


class Cut(NamedTuple):
    """What is looked at: values of the dimensions, and a part; None is all of them."""

    legal_entity: str | None = None
    practice: str | None = None
    region: str | None = None
    customer: str | None = None
    currency: str | None = None
    part: str | None = None


def _engagements() -> Subquery:
    """Engagement -> practice, region and client of its projects and deals; of several, the first by name."""
    p, o, client = project.c, opportunity.c, _customer.c
    projects = (
        select(p.engagement_id, func.min(p.practice).label("practice"), func.min(p.region).label("region"),
               func.min(client.name).label("customer"))
        .select_from(project.outerjoin(
            _customer, and_(client.system == p.customer_system, client.id == p.customer_id)))
        .where(p.deleted_at.is_(None))
        .group_by(p.engagement_id)
    )  # fmt: skip
    deals = (
        select(o.engagement_id, literal(None).label("practice"), literal(None).label("region"),
               func.min(func.coalesce(o.customer_name, client.name)).label("customer"))
        .select_from(opportunity.outerjoin(
            _customer, and_(client.system == o.customer_system, client.id == o.customer_id)))
        .where(o.deleted_at.is_(None))
        .group_by(o.engagement_id)
    )  # fmt: skip
    found = projects.union_all(deals).subquery("members").c
    return (
        select(found.engagement_id, func.min(found.practice).label("practice"),
               func.min(found.region).label("region"), func.min(found.customer).label("customer"))
        .group_by(found.engagement_id)
        .subquery("engagements")
    )  # fmt: skip


def placed(kpi: Kpi, span: Span) -> Select[Any]:
    """A KPI's rows with practice, region and customer; what names none has its engagement's, else ``''``."""
    rows, of = kpi.select(span).subquery("figure"), _engagements()
    r = rows.c
    plain = [r[name] for name in SHAPE if name not in {"practice", "region"}]
    return select(
        *plain,
        func.coalesce(r.practice, of.c.practice, "").label("practice"),
        func.coalesce(r.region, of.c.region, "").label("region"),
        func.coalesce(of.c.customer, "").label("customer"),
    ).select_from(rows.outerjoin(of, of.c.engagement_id == r.engagement_id))


def _chosen(kpi: Kpi, span: Span, cut: Cut) -> tuple[Subquery, list[ColumnElement[bool]]]:
    found = placed(kpi, span).subquery("placed")
    wanted = {name: value for name, value in cut._asdict().items() if value is not None}
    return found, [found.c[name] == value for name, value in wanted.items()]


def cells(connection: Connection, kpi: Kpi, found: Setting, cut: Cut) -> list[Cell]:
    """What the rows of a cut come to."""
    rows, conditions = _chosen(kpi, found.span, cut)
    return added_up(connection, kpi, select(rows).where(*conditions))


def breakdown(
    connection: Connection, kpi: Kpi, found: Setting, cut: Cut, by: str
) -> Mapping[str, list[Cell]]:
    """Value of a dimension -> what its rows come to. Raises KeyError for no such dimension."""
    rows, conditions = _chosen(kpi, found.span, cut)
    groups: dict[str, list[Cell]] = defaultdict(list)
    for value, cell in added_up(connection, kpi, select(rows).where(*conditions), rows.c[by].name):
        groups[value].append(cell)
    return groups


class Page(NamedTuple):
    """Some rows behind a figure, the largest first, and how many there are."""

    rows: list[dict[str, Any]]
    items: int


def page(connection: Connection, kpi: Kpi, found: Setting, cut: Cut, *, limit: int, offset: int = 0) -> Page:
    """A page of the rows behind a figure."""
    rows, conditions = _chosen(kpi, found.span, cut)
    r = rows.c
    size = func.abs(r.numerator) + func.abs(r.denominator)
    ordered = (
        select(rows)
        .where(*conditions)
        .order_by(size.desc(), r.subject_kind, r.subject_system, r.subject_id, r.part, r.currency)
    )
    (count,) = read.rows(connection, select(func.count().label("items")).select_from(rows).where(*conditions))
    return Page(read.rows(connection, ordered.limit(limit).offset(offset)), int(count["items"]))
