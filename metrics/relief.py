"""Relief by amount, oldest first, as plain SQL: a pool of money against items in order.

Each tier takes what it can from the oldest items of its group and leaves the rest to the next.
Items of negative value are corrections: nothing relieves them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, literal, select


def positive(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """The value, or zero when it is negative."""
    return case((value > 0, value), else_=literal(0))


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


def give_back(items: Subquery, pools: Subquery, group: Sequence[str], order: Sequence[str]) -> Select[Any]:
    """Items with ``rest`` raised again by a pool below zero, the latest relieved first.

    ``items`` also has ``value``, what was there before anything relieved it.
    """
    taken = items.c.value - items.c.rest
    before = func.coalesce(
        func.sum(taken).over(
            partition_by=[items.c[name] for name in group],
            order_by=[items.c[name].desc() for name in order],
            rows=(None, -1),
        ),
        0,
    )
    others = [column for column in items.c if column.name != "rest"]
    left = positive(-func.coalesce(pools.c.pool, 0) - before)
    back = case((left < taken, left), else_=taken)
    tied = and_(*(items.c[name] == pools.c[name] for name in group))
    return select(*others, (items.c.rest + back).label("rest")).select_from(items.outerjoin(pools, tied))
