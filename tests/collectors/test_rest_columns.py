"""What a source that gives only named columns is asked for."""

from __future__ import annotations

import pytest

from collectors.engines.asking import columns_read


@pytest.mark.parametrize(
    ("rule", "asked"),
    [
        ("name", ["name"]),
        ({"template": "{first} {last}"}, ["first", "last"]),
        ({"path": "partner.parent.id"}, ["partner"]),
        ({"path": "project_id[0]"}, ["project_id"]),
        ({"path": "signed_on || date_order"}, ["date_order", "signed_on"]),
        ({"path": "lines[?kind == 'x'].amount | [0]"}, ["lines"]),
        ({"path": "to_string([id, name])"}, ["id", "name"]),
        ({"constant": "EUR"}, []),
        (
            {
                "when": [{"all": [{"path": "a.b", "is": "c"}], "then": {"column": "d"}}],
                "else": {"column": "e"},
            },
            ["a", "d", "e"],
        ),
    ],
)
def test_a_rule_is_asked_for_by_the_columns_it_begins_at(rule: object, asked: list[str]) -> None:
    assert columns_read({"name": rule}) == asked


def test_a_rule_of_the_firm_takes_the_place_of_ours() -> None:
    assert columns_read({"name": "ours", "id": "id"}, {"name": "theirs"}) == ["id", "theirs"]
