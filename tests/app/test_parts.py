from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from app import words
from app.lookups import Spans, Standpoints, StreamDetail, SystemsPage, Way
from app.markup import Html, href, inside, join, outside, tag, text
from app.parts import common, engagement, queue, systems, waterfall
from app.reads import Detail, Queue
from queries.exceptions import Total
from queries.journey import Hop, Journey
from queries.overview import Reporting
from queries.slices import Slice
from queries.spans import SpanRow
from queries.stages import Standpoint
from tests.app.firm import NOW
from tests.cast import K1, utc

MOMENT = utc(NOW)
EVIL = [
    "<script>alert(1)</script>",
    '" onmouseover="alert(1)" x=\'',
    "</span></a><a href='javascript:alert(1)'>",
    "\N{RIGHT-TO-LEFT OVERRIDE}evil \N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET}",
    "&lt;b&gt; &amp; <!-- x",
]


class Reader(HTMLParser):
    """Reads strictly: all closed in order, no handlers, no scripts, links only to pages and the web."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words = ""

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        assert name not in ("script", "img", "iframe", "style", "svg")
        for key, value in attributes:
            assert not key.startswith("on"), key
            if key == "href":
                assert value == "" or (value or "").startswith(("/", "https://", "http://")), value
        self.open.append(name)

    def handle_endtag(self, name: str) -> None:
        assert self.open.pop() == name

    def handle_data(self, data: str) -> None:
        self.words += data


def words_of(html: Html | None) -> str:
    """What markup says; fails where it is not sound."""
    reader = Reader()
    reader.feed(html or "")
    reader.close()
    assert reader.open == []
    return reader.words


def finding(evil: str) -> dict[str, object]:
    names = (
        "id", "subject_id", "subject_system", "engagement_id", "owner", "assignee", "reason", "expected",
        "actual",
        "first_broken_handoff", "remedy", "source_url", "contract_line", "legal_entity", "title",
    )  # fmt: skip
    money = dict.fromkeys(("amount_minor", "detected_minor", "wip_minor", "group_minor"), 12345)
    return {
        **dict.fromkeys(names, evil), **money, "check_key": K1, "currency": "GBP", "subject_kind": "project",
        "root_id": "other", "outcome": "fail", "status": "new", "severity": "high", "since": MOMENT,
        "act_at": MOMENT, "age_days": 3, "resolution": "accepted", "resolved_at": MOMENT,
    }  # fmt: skip


def step(evil: str, change: str = "opened") -> dict[str, object]:
    return {"at": MOMENT, "change": change, "actor": evil, "before": None, "after": evil, "why": evil}


def way(evil: str) -> Journey:
    record = {"kind": "project", "id": evil, "label": evil, "system": evil, "status": evil, "currency": "GBP"}
    hop = Hop("project", "Project", "missing", evil, 1, MOMENT, MOMENT, missing=evil)
    hop.records = [{**record, "at": MOMENT, "amount": None, "source_url": evil}]
    ends = {f"{end}_{part}": evil for end in ("from", "to") for part in ("kind", "system", "id")}
    link = {**ends, "name": evil, "method": evil, "ties": False, "refused": evil}
    return Journey(evil, evil, evil, [hop], [finding(evil)], [link, {**link, "ties": True, "refused": None}])


def span(
    name: str, identifier: str, parent: str | None = None, begin: int = 0, end: int = 10, status: int = 0
) -> SpanRow:
    trace, rest = "t" * 32, (None, "{}", "{}", "[]", "[]", None)
    return SpanRow(trace, identifier, parent, name, name, 1, begin, end, status, name, *rest)


def stream(evil: str) -> dict[str, object]:
    return {
        "system": evil, "stream": evil, "state": "failing", "error": evil, "last_poll": MOMENT, "rejects": 1,
        "complete_through": MOMENT, "lag_s": 5, "freshness_limit_s": 900,
    }  # fmt: skip


# ---- escaping ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("evil", EVIL)
def test_an_exception_shows_data_as_text(evil: str) -> None:
    row = finding(evil)
    history = [step(evil), step(evil, "unknown")]
    found = Detail(
        {**row, "outcome": "unknown"}, evil, history, MOMENT, row, 2, None, Reporting("EUR"), MOMENT
    )

    assert evil in words_of(queue.detail(found))


@pytest.mark.parametrize(
    ("kind", "leads"), [("stream", "/systems?system=crm&amp;stream=crm"), ("resource", None)]
)
def test_an_exception_of_no_deal_leads_to_no_deal(kind: str, leads: str | None) -> None:
    row = {**finding("crm"), "engagement_id": "", "subject_kind": kind, "currency": "XXX", "amount_minor": 0}
    found = queue.detail(Detail(row, "crm", [], MOMENT, None, 0, None, Reporting("EUR"), MOMENT))

    assert "/engagement" not in found
    assert leads is None or leads in found
    assert "XXX" not in words_of(found)


@pytest.mark.parametrize("evil", EVIL)
def test_the_list_shows_data_as_text(evil: str) -> None:
    totals = [Total("GBP", 1, Decimal(5))]
    found = Queue([finding(evil)], totals, 1, 5, 0, 1, {K1: evil}, Reporting("EUR"), MOMENT.date(), MOMENT)

    assert evil in words_of(queue.rows(found, {}, {"q": evil}, evil))
    assert evil in words_of(queue.nothing(found, filtered=True))
    assert evil in words_of(queue.missing(evil))
    words_of(queue.summary(found, {"q": evil}))


@pytest.mark.parametrize("evil", EVIL)
def test_an_engagement_shows_data_as_text(evil: str) -> None:
    found = way(evil)

    for html in engagement.head(Way(found, [evil], MOMENT), evil, "records", evil):
        assert evil in words_of(html) or "Timeline" in words_of(html)  # type: ignore[arg-type]
    for html in (engagement.records(found), engagement.evidence(found), engagement.exceptions(found)):
        assert evil in words_of(html)
    assert evil in words_of(engagement.not_found(evil))
    standing = Standpoints(1, [Standpoint(evil, evil, "project", evil, [], MOMENT, 1)])
    assert evil in words_of(join(*engagement.standing(standing, Slice(legal_entity=evil), 1)))


@pytest.mark.parametrize("evil", EVIL)
def test_a_waterfall_shows_data_as_text(evil: str) -> None:
    spans = Spans([span(evil, "a", status=2), span(evil, "b", "a", 2, 9)], of_hop=False)

    assert evil in words_of(join(*waterfall.panel(way(evil), way(evil).hops[0], spans, evil)))


@pytest.mark.parametrize("evil", EVIL)
def test_a_stream_shows_data_as_text(evil: str) -> None:
    row = stream(evil)
    run = {
        "outcome": "failed", "started_at": MOMENT, "ended_at": None, "error": evil, "read": 1, "changed": 0,
        "rejected": 0, "deleted": 0,
    }  # fmt: skip
    reject = {"record_id": evil, "reason": evil, "raw": evil, "first_seen_at": MOMENT, "last_seen_at": MOMENT}
    page = SystemsPage([row], {evil: {"kind": evil, "roles": ["psa"], "legal_entities": [evil]}}, MOMENT)

    assert evil in words_of(systems.rows(page, evil, evil))
    assert evil in words_of(systems.detail(row, StreamDetail([run], [reject], MOMENT)))


def test_a_link_out_of_a_record_is_followed_only_on_the_web() -> None:
    assert 'href="https://crm.example/1"' in outside("https://crm.example/1", "Open")
    assert "href" not in outside("javascript:alert(1)", "Open")
    assert "href" not in outside(None, "Open")


def test_text_of_data_stands_in_a_direction_of_its_own() -> None:
    assert text("\N{HEBREW LETTER ALEF}") == "<bdi>\N{HEBREW LETTER ALEF}</bdi>"


def test_markup_is_not_escaped_twice_and_nothing_is_left_out() -> None:
    assert tag("p", tag("b", "a < b"), None, 0) == "<p><b>a &lt; b</b>0</p>"


def test_an_address_leaves_out_what_is_not_set() -> None:
    assert href("/exceptions", check="k", entity=None, sev=["high", "low"], q="") == (
        "/exceptions?check=k&sev=high&sev=low"
    )
    assert inside("/x?a=1&b=2", "x").count("&amp;") == 1


# ---- what parts say ----------------------------------------------------------------------------------


def test_every_state_has_a_shape_and_a_word() -> None:
    for marks in (words.OUTCOMES, words.SEVERITIES, words.STREAMS, words.HOPS):
        assert all(mark.shape and mark.word for mark in marks.values())
        assert len({(mark.shape, mark.word) for mark in marks.values()}) == len(marks)


def test_a_converted_total_names_its_currency_and_shows_the_others_on_hovering() -> None:
    totals = [Total("GBP", 2, Decimal("10.50")), Total("JPY", 1, Decimal(900))]

    html = common.worth(123456, "EUR", totals)
    assert words_of(html) == "EUR 1,235"
    assert 'title="EUR 1,234.56 = JPY 900 · GBP 10.50"' in html


def test_pages_of_a_list_are_links_to_their_neighbours() -> None:
    assert words_of(common.pager("/x", {}, 6, 12)) == "1…45678…12"
    assert common.pager("/x", {}, 1, 1) is None


def test_a_parent_comes_before_its_children_whatever_the_order_of_arrival() -> None:
    spans = [span("leaf", "c", "b"), span("root", "a"), span("child", "b", "a")]

    assert [(item.span.name, item.depth) for item in waterfall.place(spans)] == [
        ("root", 0),
        ("child", 1),
        ("leaf", 2),
    ]


def test_a_span_whose_parent_is_missing_or_in_a_circle_is_drawn_all_the_same() -> None:
    spans = [span("lost", "a", "gone"), span("one", "b", "c"), span("two", "c", "b"), span("self", "d", "d")]

    assert {item.span.name for item in waterfall.place(spans)} == {"lost", "one", "two", "self"}


def test_a_span_that_ends_before_it_begins_takes_no_room() -> None:
    (item,) = waterfall.place([span("odd", "a", begin=10, end=5)])

    assert (item.left, item.width) == (0, 0)


def test_no_more_spans_are_drawn_than_a_browser_can_bear() -> None:
    spans = [span(f"s{number}", f"{number}", begin=number, end=number + 1) for number in range(700)]

    html = waterfall.waterfall("t", spans)
    assert html.count("<li") == waterfall.LIMIT
    assert "200 more spans are not drawn." in words_of(html)


def test_a_failed_span_has_a_cross_and_says_why() -> None:
    html = waterfall.waterfall("t", [span("throttled", "a", status=2)])

    assert "✖" in words_of(html)
    assert "sg-failed" in html


def test_the_worst_stream_stands_for_its_system() -> None:
    from app.parts.overview import system_rows

    good = {**stream("psa"), "state": "fresh", "stream": "good"}
    never = {**stream("psa"), "state": "never", "stream": "never", "complete_through": None}
    (row,) = system_rows([good, never, {**good, "last_poll": MOMENT + timedelta(hours=1)}]).values()

    assert (row["state"], row["stream"], row["complete_through"], row["rejects"]) == (
        "never",
        "never",
        None,
        3,
    )
    assert row["last_poll"] == MOMENT + timedelta(hours=1)
