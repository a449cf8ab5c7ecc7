from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from app import charts, page
from app.theme import DARK, LIGHT, Palette
from queries.journey import Hop, Journey
from tests.app.firm import NOW
from tests.cast import utc

MOMENT = utc(NOW)
STYLE = (Path(page.__file__).parent / "style.css").read_text(encoding="utf-8")


def hop(
    stage: str, system: str | None, days: float | None, until: float | None = None, state: str = "done"
) -> Hop:
    first = None if days is None else MOMENT - timedelta(days=days)
    last = first if until is None else MOMENT - timedelta(days=until)
    missing = "nobody billed it" if state != "done" else None
    return Hop(stage, stage.title(), state, system, 1, first, last, missing=missing)


def journey(*hops: Hop, handoff: str = "time to ERP billing", since: float = 5) -> Journey:
    finding = {"first_broken_handoff": handoff, "since": MOMENT - timedelta(days=since)}
    return Journey("e", "Deal", None, list(hops), [finding], [])


def test_each_system_has_a_lane_in_the_order_of_the_way() -> None:
    found = journey(hop("time", "clock", 20), hop("opportunity", "crm", 40), hop("project", "psa", 30))

    assert charts.lanes(found, MOMENT, dark=False).layout.yaxis.ticktext == ("crm", "psa", "clock")


def test_hops_of_one_system_do_not_cover_each_other() -> None:
    close = journey(hop("project", "psa", 30), hop("staffing", "psa", 29.9), hop("time", "psa", 2, 1))

    marks = charts.lanes(close, MOMENT, dark=False).data[0]
    assert len(set(marks.y[:2])) == 2
    assert charts.lanes(close, MOMENT, dark=False).layout.yaxis.ticktext == ("psa",)


def test_what_is_missing_is_marked_from_then_until_now() -> None:
    found = journey(
        hop("time", "psa", 20), hop("erp_project", "erp", 25), hop("invoice", None, None, state="missing")
    )

    figure = charts.lanes(found, MOMENT, dark=False)
    window = next(shape for shape in figure.layout.shapes if shape.opacity == 0.09)
    assert (window.x0, window.x1) == (MOMENT - timedelta(days=5), MOMENT)
    assert "Invoice missing" in figure.data[0].text
    assert figure.layout.yaxis.ticktext == ("erp", "psa")


def test_a_hop_done_in_part_is_pale_too_and_keeps_its_place() -> None:
    figure = charts.lanes(journey(hop("invoice", "erp", 20, state="partial")), MOMENT, dark=False)

    assert [shape.x0 for shape in figure.layout.shapes if shape.opacity == 0.09] == [
        MOMENT - timedelta(days=5)
    ]
    assert list(figure.data[0].x) == [MOMENT - timedelta(days=20)]


def test_nothing_is_pale_where_nothing_is_missing() -> None:
    figure = charts.lanes(journey(hop("project", "psa", 3)), MOMENT, dark=False)

    assert [shape.type for shape in figure.layout.shapes] == ["line"]


def test_a_hop_of_many_records_reaches_from_the_first_to_the_last() -> None:
    figure = charts.lanes(journey(hop("time", "psa", 20, 10)), MOMENT, dark=False)

    bar = next(shape for shape in figure.layout.shapes if shape.opacity == 0.3)
    assert (bar.x0, bar.x1) == (MOMENT - timedelta(days=20), MOMENT - timedelta(days=10))


def test_work_that_has_not_begun_is_an_empty_figure() -> None:
    figure = charts.lanes(Journey("e", "Deal", None, [], [], []), MOMENT, dark=False)

    assert list(figure.data[0].x) == []


def test_each_theme_has_its_own_colours() -> None:
    found = journey(hop("project", "psa", 3))

    assert list(charts.lanes(found, MOMENT, dark=False).data[0].marker.color) == [LIGHT.ok]
    assert list(charts.lanes(found, MOMENT, dark=True).data[0].marker.color) == [DARK.ok]


def test_the_stylesheet_uses_the_colours_of_the_theme() -> None:
    for name in ("ok", "warn", "bad", "unknown", "text", "muted", "line", "panel", "side", "accent"):
        assert f"--{name}: light-dark({getattr(LIGHT, name)}, {getattr(DARK, name)});" in STYLE


def test_every_colour_of_text_can_be_read() -> None:
    for found in (LIGHT, DARK):
        for tone in (found.ok, found.warn, found.bad, found.unknown, found.text, found.muted, found.accent):
            assert min(contrast(tone, ground) for ground in grounds(found)) >= 4.5, (tone, found)


def grounds(found: Palette) -> tuple[str, ...]:
    return found.background, found.panel, found.side


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(part, 16) / 255 for part in re.findall("..", colour.removeprefix("#"))]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
