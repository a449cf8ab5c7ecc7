"""Relief by amount, oldest first, as plain SQL: a pool of money against items in order.

Each tier takes what it can from the oldest items of its group and leaves the rest to the next.
Items of negative value are corrections: nothing relieves them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, literal, or_, select


def positive(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """The value, or zero when it is negative."""
    return case((value > 0, value), else_=literal(0))


def same(left: ColumnElement[Any], right: ColumnElement[Any]) -> ColumnElement[bool]:
    """Equal, where two absences are equal too."""
    return or_(left == right, and_(left.is_(None), right.is_(None)))


def relieve(items: Subquery, pools: Subquery, group: Sequence[str], order: Sequence[str]) -> Select[Any]:
    """Items with ``rest`` lowered by the pool of their group, first come first served by ``order``.

    ``items`` has the columns of ``group`` and ``order`` and ``rest``; ``pools`` has the columns of
    ``group`` and ``pool``, one row a group.
    """
    before = func.coalesce(
        func.sum(positive(items.c.rest)).over(
            partition_by=[items.c[name] for name in group],
            order_by=[items.c[name] for name in order],
            rows=(None, -1),
        ),
        0,
    )
    others = [column for column in items.c if column.name != "rest"]
    left = positive(func.coalesce(pools.c.pool, 0) - before)
    taken = case((left < positive(items.c.rest), left), else_=positive(items.c.rest))
    tied = and_(*(items.c[name] == pools.c[name] for name in group))
    return select(*others, (items.c.rest - taken).label("rest")).select_from(items.outerjoin(pools, tied))
