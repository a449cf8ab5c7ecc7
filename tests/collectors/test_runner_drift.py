"""A poll counts the fields its rows had, and says which of those it is mapped from have gone."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, select

from collectors.decode import field_counts
from queries.schema import stream_state
from queries.store import reading
from tests.collectors.shop import Shop, Till, row


def rows(count: int, **fields: Any) -> list[dict[str, Any]]:
    return [row(f"P{n}", **fields) for n in range(count)]


def missing(engine: Engine) -> str | None:
    with reading(engine) as store:
        found: str | None = store.execute(select(stream_state.c.missing_fields)).scalar_one()
        return found


def test_a_renamed_field_is_named_and_everything_else_is_read_on(engine: Engine) -> None:
    till = Till(engine, Shop(rows(25, name="Rollout")))
    till.poll()
    assert missing(engine) is None

    till.shop.rows += [{**one, "id": f"N{n}"} for n, one in enumerate(rows(25, title="Rollout"))]
    outcome = till.poll()

    assert (outcome.outcome, outcome.progress.changed) == ("ok", 25)
    assert missing(engine) == '["name"]'


def test_rows_are_counted_by_the_fields_they_have_empty_or_not() -> None:
    told: list[Any] = [{"a": None, "b": 1}, {"a": 2}, "no row", {}]

    assert field_counts([("a",), ("b",), ("c",)], told) == ({"a": 2, "b": 1, "c": 0}, 3)


def test_fields_inside_others_are_counted_by_row_in_lists_too() -> None:
    told = [
        {"of": {"net": 1}, "lines": [{"tax": {"sum": 2}}, {"tax": {"sum": 3}}]},
        {"of": None, "lines": [{"tax": {}}, {"tax": {"sum": None}}]},
        {"of": "text", "lines": []},
    ]

    had, rows = field_counts([("of", "net"), ("lines", "tax"), ("lines", "tax", "sum")], told)

    assert (had, rows) == ({"of.net": 1, "lines.tax": 2, "lines.tax.sum": 2}, 3)
