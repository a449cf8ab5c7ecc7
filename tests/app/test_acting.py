"""A visitor works on an exception on its page: what was done is said there, and the list follows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app import store
from app.store import VARIABLE
from tests.app.firm import Play, furnish, stuck
from tests.app.test_pages import draw, links, said

Furnish = Callable[[Play], None]


@pytest.fixture(autouse=True)
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A store with a few exceptions, and the page that shows them."""
    monkeypatch.setenv(VARIABLE, str(furnish(tmp_path, stuck)))
    yield
    store._site.clear()


def do(page: AppTest, verb: str, who: str = "Ada", why: str = "", **asked: Any) -> None:
    """Choose the verb, fill its form in, send it."""
    page.selectbox(key="act-verb").set_value(verb).run()
    page.text_input(key="act-who").set_value(who)
    next(field for field in page.text_input if str(field.key).startswith("act-why")).set_value(why)
    for key, value in asked.items():
        field: Any = next(
            found
            for kind in (page.text_input, page.selectbox, page.date_input, page.checkbox)
            for found in kind
            if found.key == f"act-{key}"
        )
        field.set_value(value)
    page.button[0].click().run()


def count(page: AppTest) -> int:
    """How many exceptions the list says there are."""
    return int(said(page).split(" exception", 1)[0].rsplit(" ", 1)[-1])


def test_assigning_shows_who_acts_and_why(house: None) -> None:
    page = draw("exceptions")
    do(page, "assign", to="Grace", why="she knows the client")

    text = said(page)
    assert "Grace (by rule: " in text
    assert "to Grace, from PMO / order desk, she knows the client" in text
    assert "by Ada" in text
    assert "Acknowledged" in text


def test_what_is_set_aside_leaves_the_list_and_is_one_click_away(house: None) -> None:
    page = draw("exceptions")
    before = count(page)
    do(page, "snooze", why="the client is on holiday", until=date(2027, 1, 4))

    assert count(page) == before - 1
    assert "1 set aside" in said(page)
    (address,) = (link for link in links(page) if "status=snoozed" in link and "id=" not in link)
    aside = draw("exceptions", **dict(part.split("=") for part in address.split("?")[1].split("&")))
    assert count(aside) == 1
    assert "until 2027-01-04" in said(aside)
    assert "the client is on holiday" in said(aside)
    do(aside, "reopen")
    assert count(draw("exceptions")) == before


def test_what_was_settled_says_how_and_can_be_taken_back(house: None) -> None:
    page = draw("exceptions")
    before = count(page)
    do(page, "resolve", how="accepted", why="below what is worth a letter")

    assert "1 settled by people" in said(page)
    settled = draw("exceptions", status="resolved")
    assert "accepted, 20" in said(settled)
    do(settled, "reopen", why="it grew")
    assert count(draw("exceptions")) == before


@pytest.mark.parametrize(
    ("verb", "who", "why", "wrong"),
    [
        ("assign", "Ada", "", "nobody is named"),
        ("start", " ", "", "nobody acts"),
        ("comment", "Ada", "", "comment is empty"),
        ("snooze", "Ada", "because", "until when"),
    ],
)
def test_what_cannot_be_done_is_said_beside_the_form(
    house: None, verb: str, who: str, why: str, wrong: str
) -> None:
    page = draw("exceptions")
    do(page, verb, who, why)

    assert "Nothing was written" in said(page)
    assert wrong in said(page)


def test_an_amount_that_is_none_is_said_so(house: None) -> None:
    page = draw("exceptions")
    do(page, "snooze", why="because", above="much")

    assert "'much' is no amount" in said(page)
