"""The identity page and the command: the same pairs, the same numbers, filters in the address."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app import store
from app.cli import cli
from app.store import VARIABLE
from tests.app.firm import furnish
from tests.app.test_pages import draw, links, markup, said
from tests.cast import Cast
from tests.queries.test_identity import played

Furnish = Callable[..., Path]
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Furnish]:
    def build(play: Callable[[Cast], object] | None, **options: str) -> Path:
        config = furnish(tmp_path, play, **options)  # type: ignore[arg-type]
        monkeypatch.setenv(VARIABLE, str(config))
        return config

    yield build
    store._site.clear()


def test_the_page_shows_policy_pairs_and_both_values(house: Furnish) -> None:
    house(played)
    text = said(draw("identity"))

    assert "Resource HCM hcm 4 2" in text
    assert "10 pairs , conflicts first" in text
    assert "Currency: USD | GBP" in text
    assert "Inactive there, active here" in text
    assert text.index("No such record there") < text.index("● Tied")


def test_filters_are_in_the_address(house: Furnish) -> None:
    house(played)
    page = draw("identity", kind="customer", only="conflicts")

    assert "1 conflict , conflicts first" in said(page)
    assert "Nordwind" not in said(page)
    assert "/identity?kind=resource&only=conflicts" in links(page)
    assert "10 pairs" in said(draw("identity", kind="weather"))


def test_policy_is_configuration(house: Furnish) -> None:
    house(played, extra='[identity.system_of_record]\nresource = "psa"\n')

    assert "Resource PSA psa 4 2" in said(draw("identity", kind="resource"))


def test_data_is_shown_as_text(house: Furnish) -> None:
    house(lambda firm: firm.put("customer", EVIL, "psa", name=EVIL, customer_id=EVIL))

    assert EVIL in said(draw("identity"))
    assert EVIL not in markup(draw("identity"))


def test_without_pairs_it_says_how_to_get_them(house: Furnish) -> None:
    house(lambda firm: firm.put("customer", "A", "crm", name="N"))

    assert "No record names its like" in said(draw("identity"))


def test_the_command_says_the_same(house: Furnish) -> None:
    config = house(played)
    run = CliRunner().invoke(cli, ["--config", str(config), "identity", "--kind", "resource", "--json"])

    # the command configures the store anew: nobody is missing in a system that is not there any more
    told = json.loads(run.stdout)
    assert [(row["kind"], row["pairs"], row["conflicts"]) for row in told["kinds"]] == [("resource", 4, 1)]
    assert [row["conflict"] for row in told["pairs"]] == ["inactive", None, None, None]
    first = told["pairs"][0]
    assert (first["here"]["system"], first["there"]["system"], first["wins"]) == ("psa", "hcm", None)
    assert "status" in {row["name"] for row in first["compared"] if row["differs"]}
    table = CliRunner().invoke(cli, ["--config", str(config), "identity"])
    assert "10 pairs" in table.stdout
