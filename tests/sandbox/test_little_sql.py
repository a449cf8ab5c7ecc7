"""Joins of the SQL that simulated systems answer from: by key or row by row, the rows are the same."""

from __future__ import annotations

import pytest

from sandbox.apis.little_sql import Known, SqlError, Tables, answer

TABLES: Tables = {
    "invoice": (
        frozenset({"id", "job", "client"}),
        [{"id": "1", "job": "7"}, {"id": "2", "client": "7"}, {"id": "3", "job": "8"}, {"id": "4"}],
    ),
    "job": (
        frozenset({"id", "name", "open"}),
        [
            {"id": 7, "name": "A", "open": "T"},
            {"id": "8", "name": "B", "open": "F"},
            {"id": "x", "name": "C"},
        ],
    ),
}


@pytest.mark.parametrize(
    ("on", "rows"),
    [
        ("j.id = i.job", ["1A", "3B"]),
        ("i.job = j.id", ["1A", "3B"]),
        ("j.id = i.job AND j.open = 'T'", ["1A"]),
        ("j.open = 'T' AND j.id = i.job", ["1A"]),
        ("j.id = NVL(i.job, i.client)", ["1A", "2A", "3B"]),
        ("j.id = i.job OR j.id = i.client", ["1A", "2A", "3B"]),
        ("j.name = 'C'", ["1C", "2C", "3C", "4C"]),
        ("j.id < i.job", ["3A"]),
    ],
)
def test_a_join_gives_the_rows_its_condition_says(on: str, rows: list[str]) -> None:
    inner = answer(f"SELECT i.id || j.name AS both FROM invoice i JOIN job j ON {on} ORDER BY i.id", TABLES)
    outer = answer(
        f"SELECT i.id || j.name AS both FROM invoice i LEFT JOIN job j ON {on} ORDER BY i.id", TABLES
    )

    assert [row["both"] for row in inner] == rows
    alone = sorted({"1", "2", "3", "4"} - {row[0] for row in rows})
    assert sorted(row["both"] for row in outer) == sorted([*rows, *alone])


def test_pages_of_a_query_share_its_joins_and_differ_in_their_conditions() -> None:
    known: Known = {}
    joins = "FROM invoice i JOIN job j ON j.id = i.job"

    first = answer(f"SELECT i.id {joins} WHERE i.id > 0 ORDER BY i.id", TABLES, known)
    second = answer(f"SELECT j.name {joins} WHERE i.id > 1 ORDER BY i.id", TABLES, known)

    assert (first, second, len(known)) == ([{"id": "1"}, {"id": "3"}], [{"name": "B"}], 1)


def test_a_column_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(SqlError, match="Field 'colour' was not found"):
        answer("SELECT i.id FROM invoice i JOIN job j ON j.colour = i.job", TABLES)
