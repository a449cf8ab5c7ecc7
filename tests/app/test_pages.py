from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app import page, store
from app.filters import read, write
from app.store import VARIABLE
from metrics.check import checks
from metrics.evaluate import evaluate
from queries import polls
from queries.slices import Slice
from tests.app.firm import LATER, NOW, Play, furnish, healthy, many, snap, stuck
from tests.cast import K1, K2, K3, USUAL, Cast, utc

EURO = '[money]\nreporting_currency = "EUR"\n'
URLS = [view.page.url for view in page.views()]
SCRIPT = "from app.page import show, views\nshow(next(v for v in views() if v.page.url == {url!r}))"

Furnish = Callable[..., None]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Furnish]:
    """Furnish the store that the pages of this test read."""

    def build(play: Play | None, **options: Any) -> None:
        monkeypatch.setenv(VARIABLE, str(furnish(tmp_path, play, **options)))

    yield build
    store._site.clear()


def draw(url: str, **address: str | list[str]) -> AppTest:
    """A page as a visitor with this address gets it."""
    test = AppTest.from_string(SCRIPT.format(url=url), default_timeout=30)
    for key, value in address.items():
        test.query_params[key] = value
    return test.run()


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def markup(test: AppTest) -> str:
    """All of a page's own HTML, without the style sheet and the script."""
    assert not test.exception
    found = [element.proto.body for element in test.get("html")]
    return "".join(body for body in found if not body.startswith(("<style>", "<script")))


def said(test: AppTest) -> str:
    """What a page says, without markup."""
    parser = _Words()
    parser.feed(markup(test))
    return re.sub(r"\s+", " ", " ".join(parser.words))


def links(test: AppTest) -> list[str]:
    """Where a page's links lead."""
    return [found.replace("&amp;", "&") for found in re.findall(r'href="([^"]*)"', markup(test))]


# ---- every page ------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", URLS)
def test_a_page_without_anything_collected_says_so(house: Furnish, url: str) -> None:
    house(None)

    text = said(draw(url))
    assert "No system is configured yet" in text
    assert "could not be drawn" not in text


@pytest.mark.parametrize("url", URLS)
def test_a_page_over_stale_systems_says_so(house: Furnish, url: str) -> None:
    house(stuck, now=LATER)

    text = said(draw(url))
    assert "0 of 7 systems fresh" in text
    assert "complete through 20 Nov 2026 18:00 UTC, 5 d ago" in text
    assert "could not be drawn" not in text


@pytest.mark.parametrize("url", URLS)
def test_a_page_over_findings_is_drawn(house: Furnish, url: str) -> None:
    house(stuck)

    text = said(draw(url))
    assert "7 of 7 systems fresh" in text
    assert "could not be drawn" not in text


def test_an_error_on_a_page_is_a_number_here_and_a_line_in_the_log(
    house: Furnish, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    house(None)
    monkeypatch.setenv(VARIABLE, "/nowhere/sightglass.toml")

    with caplog.at_level(logging.ERROR):
        text = said(draw("systems"))
    number = re.search(r"under the number ([0-9a-f]{8})", text)
    assert number is not None
    assert number[1] in caplog.text
    assert "nowhere" not in text


def test_two_pages_with_one_address_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "twin.py").write_text(
        "from app.page import Page\nPAGE = Page('Twin', 'Business', '', 'systems', 1)\ndef render(): pass\n"
    )
    from app import views

    monkeypatch.setattr(views, "__path__", [*views.__path__, str(tmp_path)])
    page.views.cache_clear()
    try:
        with pytest.raises(ValueError, match="systems"):
            page.views()
    finally:
        monkeypatch.undo()
        page.views.cache_clear()


def test_the_navigation_opens_with_the_overview(house: Furnish) -> None:
    house(stuck)

    test = AppTest.from_file(str(Path(page.__file__).parent / "main.py"), default_timeout=30).run()
    assert "Sold work to revenue" in said(test)


# ---- overview --------------------------------------------------------------------------------------


def test_the_overview_says_what_is_at_risk_and_leads_to_it(house: Furnish) -> None:
    house(stuck)

    test = draw("overview")
    assert "3 exceptions" in said(test)
    assert {f"/exceptions?check={key}" for key in (K1, K2, K3)} < set(links(test))
    assert "/exceptions?stage=contract" in links(test)


def test_the_overview_of_one_legal_entity_leads_to_its_exceptions(house: Furnish) -> None:
    house(stuck)

    test = draw("overview", entity="UK01")
    assert "1 exception, 1 overdue" in said(test)
    assert f"/exceptions?check={K1}&entity=UK01" in links(test)


def test_a_check_that_cannot_be_judged_is_grey_with_its_last_value(house: Furnish) -> None:
    def aged(firm: Cast) -> None:
        stuck(firm)
        firm.through = dict.fromkeys(firm.sources, None)
        firm.judge(LATER)

    house(aged, now=LATER)

    text = said(draw("overview"))
    assert text.count("Cannot tell") == sum(bool(checks()[key].reads) for key in USUAL)
    assert "GBP 500 k last known" in text
    assert "3 cannot be judged now: last known values" in text


def test_a_trend_needs_two_days(house: Furnish) -> None:
    def twice(firm: Cast) -> None:
        stuck(firm)
        snap(firm, "2026-11-19T18:00:00Z")
        snap(firm)

    house(twice, extra=EURO)

    about_money = [key for key in USUAL if checks()[key].needs_amount]
    assert markup(draw("overview")).count("sg-days") == len(about_money)


def test_checks_of_records_and_sources_share_a_line_and_the_quiet_ones_are_counted(house: Furnish) -> None:
    def failing(firm: Cast) -> None:
        stuck(firm)
        run = polls.start_run(firm.connection, "psa", "project", utc(NOW), None)
        polls.end_run(firm.connection, run, now=utc(NOW), outcome="failed", error="psa answered 503.")
        evaluate(firm.connection, (), utc(NOW), firm.rules)

    house(failing, extra=EURO)

    drawn = markup(draw("overview"))
    quiet = sum(not checks()[key].needs_amount for key in USUAL) - 1
    assert "Stream not read: 1" in drawn
    assert f"{quiet} checks with nothing open" in drawn


# ---- exceptions ------------------------------------------------------------------------------------


def test_the_worst_exception_is_opened_first(house: Furnish) -> None:
    house(stuck, extra=EURO)

    text = said(draw("exceptions"))
    assert text.index("Northwind") < text.index("Contoso")
    assert "Won 14 business days ago and there is no contract." in text


def test_an_exception_is_opened_by_its_address(house: Furnish) -> None:
    house(stuck)
    address = next(found for found in links(draw("exceptions", check=K3)) if "&id=" in found)

    text = said(draw("exceptions", id=address.partition("&id=")[2]))
    assert "milestone to revenue" in text
    assert "3 exceptions" in text


def test_an_exception_leads_to_its_trace_and_its_source(house: Furnish) -> None:
    def linked(firm: Cast) -> None:
        firm.deal("O1", source_url="https://crm.example/O1")
        firm.judge(NOW)

    house(linked)

    found = links(draw("exceptions"))
    assert "/engagement?id=opportunity%3Acrm%3AO1" in found
    assert "https://crm.example/O1" in found


def test_a_long_list_comes_in_pages(house: Furnish) -> None:
    house(many)

    first, second = draw("exceptions"), draw("exceptions", p="2")
    assert markup(first).count('role="listitem"') == 50
    assert markup(second).count('role="listitem"') == 10
    assert "60 exceptions" in said(second)


def test_filters_that_nothing_matches_say_how_much_is_open_outside_them(house: Furnish) -> None:
    house(stuck)

    text = said(draw("exceptions", q="zebra"))
    assert "No exception matches" in text
    assert "3 exceptions are open outside these filters." in text


def test_an_empty_list_over_systems_nobody_read_proves_nothing(house: Furnish) -> None:
    house(None)

    assert "that proves nothing" in said(draw("exceptions"))


def test_nothing_wrong_is_said_with_the_time_it_is_true_of(house: Furnish) -> None:
    house(healthy)

    text = said(draw("exceptions"))
    assert "Nothing is stuck" in text
    assert "as of 20 Nov 2026 18:00 UTC" in text


def test_a_widget_changes_the_address_and_leaves_the_place_in_the_list(house: Furnish) -> None:
    house(many)
    test = draw("exceptions", p="2", id="gone")

    test.text_input[0].set_value("Deal 07").run()
    assert dict(test.query_params) == {"q": "Deal 07"}
    assert "1 exception" in said(test)


def test_filters_of_the_address_show_in_the_widgets(house: Furnish) -> None:
    house(stuck)

    test = draw("exceptions", check=K2, entity="DE01", sev=["high", "medium"], q="hours")
    assert [box.value for box in test.selectbox[:2]] == [K2, "DE01"]
    assert test.text_input[0].value == "hours"


@pytest.mark.parametrize(
    "filters",
    [
        Slice(),
        Slice(check=K1, legal_entity="UK01", severity=("high", "low"), status=("new",), currency="GBP"),
        Slice(
            owner="billing",
            engagement="e:1",
            handoff="CRM to PSA",
            text="a & b",
            root="ff",
            age="61",
            stage="time",
        ),
    ],
)
def test_filters_survive_the_way_through_the_address(filters: Slice) -> None:
    address = {key: [value] if isinstance(value, str) else value for key, value in write(filters).items()}

    assert read(address) == filters


@pytest.mark.parametrize(
    "address",
    [{"sev": ["worst"]}, {"age": ["old"]}, {"stage": ["moon"]}, {"check": [" "]}, {"q": ["x" * 999]}],
)
def test_what_cannot_be_a_filter_is_left_out(address: dict[str, list[str]]) -> None:
    assert read(address) == Slice()


# ---- engagement and systems ------------------------------------------------------------------------


@pytest.mark.parametrize("view", ["timeline", "spans", "records", "evidence", "exceptions"])
def test_every_view_of_an_engagement_is_drawn(house: Furnish, view: str) -> None:
    house(stuck)

    text = said(draw("engagement", id="P2", view=view))
    assert "Contoso - Bridge" in text
    assert "stuck before" in text


@pytest.mark.parametrize("any_id", ["O2", "C2", "P2", "J2", "T1", "M1", "opportunity:crm:O2"])
def test_an_engagement_is_found_by_any_id(house: Furnish, any_id: str) -> None:
    house(stuck)

    assert "Contoso - Bridge" in said(draw("engagement", id=any_id))


def test_an_id_nobody_knows_is_said_to_be_so(house: Furnish) -> None:
    house(stuck)

    assert "Nothing has this id" in said(draw("engagement", id="no-such-thing"))


def test_an_id_of_several_engagements_names_the_others(house: Furnish) -> None:
    def twins(firm: Cast) -> None:
        firm.deal("X1", name="First")
        firm.project("X1", name="Second")

    house(twins)

    test = draw("engagement", id="X1")
    assert "X1 is the id of 2 pieces of work" in said(test)
    assert "/engagement?id=project%3Apsa%3AX1" in links(test)


def test_engagements_of_a_stage_are_listed(house: Furnish) -> None:
    house(stuck)

    text = said(draw("engagement", stage="milestone"))
    assert "1 engagement whose furthest stage is Milestone" in text
    assert "Contoso - Bridge" in text


def test_a_stream_shows_what_it_could_not_read(house: Furnish) -> None:
    def broken(firm: Cast) -> None:
        firm.quarantine("project", "psa", "P9")
        firm.judge(NOW)

    house(broken)

    text = said(draw("systems", system="psa", stream="project"))
    assert "Rejects (1)" in text
    assert "the row is broken" in text


def test_data_never_becomes_markup(house: Furnish) -> None:
    def hostile(firm: Cast) -> None:
        firm.deal(
            "<b>O1</b>", name="<script>alert(1)</script>", customer_name="\"><img src=x onerror='alert(2)'>"
        )
        firm.quarantine("project", "psa", "<script>alert(3)</script>")
        firm.judge(NOW)

    house(hostile)

    for url, address in [
        ("overview", {}),
        ("exceptions", {}),
        ("engagement", {"id": "<b>O1</b>"}),
        ("systems", {}),
    ]:
        found = markup(draw(url, **address))
        assert not re.search(r"<(script|img|b>O1)", found), url
