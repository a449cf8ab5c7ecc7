"""The parts of the KPI page: the months of what was sold, the tiles, and one KPI in full."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from app import kpi_report, words
from app.figures import Asked, Board, Detail
from app.kpi_report import EXECUTIVE, Tile
from app.markup import Html, Part, href, inside, tag, text
from app.parts import common
from app.words import Mark
from metrics import drill
from metrics.figures import Figure
from metrics.kpi import Kpi
from queries.types import HOURS_SCALE, NO_CURRENCY

ADDRESS = "/kpis"
_NOTHING = Mark("○", "Nothing to tell of", "unknown")
_BETTER, _WORSE = Mark("●", "Better", "ok"), Mark("▲", "Worse", "warn")
_SAME, _NEUTRAL = Mark("●", "Same", "ok"), Mark("•", "Changed", "calm")
#: names of the dimensions
DIMENSIONS = {name: words.title(name) for name in drill.DIMENSIONS}
_TABLE_MONTHS = 6


def query(asked: Asked, **more: Any) -> dict[str, Any]:
    """The address of what is looked at, with some of it changed."""
    cut = asked.cut
    here = {
        "kpi": asked.key, "period": asked.period, "entity": cut.legal_entity, "practice": cut.practice,
        "region": cut.region, "customer": cut.customer, "currency": cut.currency, "part": cut.part,
        "by": asked.by if asked.by != "legal_entity" else None,
    }  # fmt: skip
    return {**here, **more}


# ---- what was sold, month by month ---------------------------------------------------------------


def executive(board: Board, asked: Asked) -> Html:
    """Sold, staffed, delivered, invoiced, recognised: a row a month, the newest first."""
    tiles = [board.of(key) for key in EXECUTIVE]
    rows: list[tuple[Part, ...]] = []
    for place in range(1, _TABLE_MONTHS + 1):
        month = tiles[0].figures[-place].month
        rows.append((words.month(month), *(_cell(tile, place, asked) for tile in tiles)))
    heads = ("Month", *(tile.kpi.title for tile in tiles))
    table = common.table(heads, rows, numbers=frozenset(range(1, len(heads))))
    at = tag("small", _rates(board, tiles[0].now), class_="sg-muted")
    return tag("section", tag("h3", "From what was sold to revenue ", at), table, class_="sg-panel")


def _cell(tile: Tile, place: int, asked: Asked) -> Html:
    figure = tile.figures[-place]
    address = href(ADDRESS, **query(asked, kpi=tile.kpi.key, period=figure.month))
    if figure.reason is not None:
        return inside(address, common.mark(words.OUTCOMES["unknown"]), title=figure.reason)
    return inside(address, words.kpi_value(tile.kpi.unit, figure.whole), title=whole(tile.kpi, figure))


def whole(kpi: Kpi, figure: Figure) -> str:
    """A figure in full: its amounts per currency, and what has no rate."""
    found = figure.whole
    if found is None:
        return figure.reason or words.NONE
    told = [words.per_currency(kpi.unit, amount) for amount in found.amounts]
    left = [f"no rate for {', '.join(found.unconverted)}: not in it"] if found.unconverted else []
    return "; ".join([" · ".join(told), *left] if told else left) or words.counted(found.rows, "row")


def _rates(board: Board, figure: Figure) -> str:
    terms = board.terms
    if terms.currency is None:
        return "per currency: no reporting currency is configured"
    kind = f"{terms.rate_type} rates" if terms.rate_type else "the newest rates"
    on = f", {words.day(figure.rates_on)} for {words.month(figure.month)}" if figure.rates_on else ""
    return f"in {terms.currency} at {kind} of each month's end{on}"


# ---- the tiles -----------------------------------------------------------------------------------


def tiles(board: Board, asked: Asked) -> Html:
    """Every KPI: value, word, change, thirteen months."""
    return tag("div", *(_tile(tile, asked) for tile in board.tiles), class_="sg-tiles")


def _tile(tile: Tile, asked: Asked) -> Html:
    kpi, figure = tile.kpi, tile.now
    told = kpi_report.outcome(figure)
    lines: list[Part] = [
        tag("b", kpi.title, " ", tag("small", "?", class_="sg-chip", title=about(kpi))),
        tag("div", tag("span", _value(kpi, figure), class_="sg-big", title=whole(kpi, figure))),
        tag("div", common.mark(*judged(tile)), class_="sg-small"),
        tag("div", figure.reason if told == "unknown" else sparkline(tile), class_="sg-spark sg-small"),
    ]
    address = href(ADDRESS, **query(asked, kpi=kpi.key))
    return inside(address, *lines, class_="sg-tile sg-grey" if told == "unknown" else "sg-tile")


def _value(kpi: Kpi, figure: Figure) -> str:
    return "Cannot tell" if figure.reason is not None else words.kpi_value(kpi.unit, figure.whole)


def judged(tile: Tile) -> tuple[Mark, str]:
    """The word beside a value: which way it went since the month before, and whether that is good."""
    told = kpi_report.outcome(tile.now)
    if told != "known":
        return (words.OUTCOMES["unknown"], "Unknown") if told == "unknown" else (_NOTHING, _NOTHING.word)
    change = kpi_report.change(tile)
    said = words.kpi_change(tile.kpi.unit, change, tile.now.whole)
    if change is None:
        return _NEUTRAL, "No month before to compare with"
    if not change:
        return _SAME, "No change since the month before"
    if tile.kpi.flow and tile.running:
        return _NEUTRAL, f"So far this month, {said} on the whole one before"
    if tile.kpi.good is None:
        return _NEUTRAL, f"{said} since the month before"
    mark = _BETTER if (change > 0) == (tile.kpi.good == "up") else _WORSE
    return mark, f"{mark.word}: {said} since the month before"


def about(kpi: Kpi) -> str:
    """What the question mark says: formula, unit, owner, source, version, what is not known back in time."""
    parts = [kpi.question, f"Formula: {kpi.formula}.", f"Unit: {kpi.unit}. Owner: {kpi.owner}.",
             f"Source: {kpi.source}. Version {kpi.version}."]  # fmt: skip
    return " ".join([*parts, f"Back in time: {kpi.limits}."] if kpi.limits else parts)


def sparkline(tile: Tile) -> Html:
    """A bar a month; a month without a number has none."""
    values = [_number(figure) for figure in tile.figures]
    top = max((abs(value) for value in values if value is not None), default=Fraction(0)) or Fraction(1)
    bars = []
    for figure, value in zip(tile.figures, values, strict=True):
        height = 0 if value is None else max(float(100 * abs(value) / top), 3)
        said = f"{words.month(figure.month)}: {_value(tile.kpi, figure)}"
        bars.append(tag("i", style=f"height:{height:.0f}%", title=said))
    said = f"{words.month(tile.figures[0].month)} to {words.month(tile.now.month)}"
    return tag("span", *bars, class_="sg-days", role="img", aria_label=f"Month by month, {said}")


def _number(figure: Figure) -> Fraction | None:
    return figure.whole.value if figure.whole is not None else None


def stood(board: Board) -> Html:
    """When the figures were worked out."""
    oldest = min((tile.taken_at for tile in board.tiles), default=board.now)
    return tag("p", f"Worked out {words.instant(oldest)}", class_="sg-small sg-muted")


# ---- one KPI -------------------------------------------------------------------------------------


def head(tile: Tile, found: Detail, asked: Asked) -> Html:
    """The KPI's name, its value in the month, its parts and its definition."""
    kpi, figure = tile.kpi, found.figure
    parts = {
        kpi.parts[part].title: tag(
            "span", words.kpi_value(kpi.unit_of(part), value), title=_middle(kpi, part, value)
        )
        for part, value in figure.parts.items()
    }
    shown = parts if len(parts) > 1 else {}
    cut = [
        inside(href(ADDRESS, **query(asked, **{key: None})), f"{value} ✕", class_="sg-tab", title="Remove")
        for key, value in _filters(asked).items()
    ]
    lines: list[Part] = [
        inside(href(ADDRESS, **query(asked, kpi=None, by=None, part=None)), "All KPIs", class_="sg-link"),
        tag("h2", kpi.title, " ", tag("small", words.month(figure.month), class_="sg-muted")),
        tag("div", _value(kpi, figure), class_="sg-huge", title=whole(kpi, figure)),
        tag("p", figure.reason or whole(kpi, figure), class_="sg-small sg-muted"),
        tag("nav", *cut, class_="sg-tabs", aria_label="Filters") if cut else None,
        common.definition(shown) if shown else None,
        tag("p", about(kpi), class_="sg-small sg-muted"),
    ]
    return tag("section", *lines, class_="sg-panel")


def _middle(kpi: Kpi, part: str, value: Any) -> str | None:
    if value.p90 is None:
        return None
    high = words.measure(kpi.unit_of(part), value.p90)
    return f"median of {words.counted(value.rows, 'row')}; 90 % are within {high}"


def _filters(asked: Asked) -> dict[str, str]:
    cut = asked.cut
    found = {"practice": cut.practice, "region": cut.region, "customer": cut.customer,
             "currency": cut.currency, "part": cut.part}  # fmt: skip
    return {key: value or "none named" for key, value in found.items() if value is not None}


def months(tile: Tile, asked: Asked) -> Html:
    """The other months of the history, as links."""
    links = {figure.month: words.month(figure.month) for figure in reversed(tile.figures)}
    return common.tabs(ADDRESS, "period", asked.period or tile.now.month, links, query(asked))


def groups(found: Detail, asked: Asked) -> Html:
    """The figure by a dimension, the largest first."""
    kpi = found.kpi
    key = {"legal_entity": "entity"}.get(asked.by, asked.by)
    rows: list[tuple[Part, ...]] = []
    for value, figure in sorted(found.groups.items(), key=_by_size):
        name = text(value or "none named")
        link = inside(href(ADDRESS, **query(asked, **{key: value})), name) if value else name
        count = words.number(figure.whole.rows) if figure.whole else words.NONE
        rows.append((link, words.kpi_value(kpi.unit, figure.whole), count))
    heads = (DIMENSIONS[asked.by], kpi.title, "Rows")
    tabs = common.tabs(ADDRESS, "by", asked.by, DIMENSIONS, query(asked))
    table = (
        common.table(heads, rows, numbers=frozenset({1, 2})) if rows else tag("p", "Nothing in this month.")
    )
    return tag("section", tabs, table, class_="sg-panel")


def _by_size(item: tuple[str, Figure]) -> tuple[Fraction, str]:
    return -abs(_number(item[1]) or Fraction(0)), item[0]


def rows(found: Detail, asked: Asked) -> Html:
    """The rows behind the figure, a page of them."""
    kpi, ratio = found.kpi, found.kpi.combine in {"ratio", "rest"}
    heads = ("Record", "Part", "Legal entity", "Customer", *(("Counted", "Of") if ratio else ("Counted",)))
    body = [_row(kpi, row, ratio=ratio) for row in found.rows]
    table = common.table(heads, body, numbers=frozenset({4, 5})) if body else tag("p", "No rows.")
    title = tag("h3", f"{words.counted(found.items, 'row')} behind it")
    pager = common.pager(ADDRESS, query(asked), asked.page, found.pages)
    return tag("section", title, table, pager, class_="sg-panel")


def _row(kpi: Kpi, row: Mapping[str, Any], *, ratio: bool) -> tuple[Part, ...]:
    subject = f"{words.title(row['subject_kind'])} {row['subject_id'] or words.NONE}"
    engagement = row["engagement_id"]
    link = inside(href("/engagement", id=engagement), subject) if engagement else tag("span", subject)
    part = kpi.parts[row["part"]].title if row["part"] in kpi.parts else row["part"]
    numbers = [counted(kpi, row["part"], row["numerator"], row["currency"])]
    if ratio:
        money = kpi.per == "money"
        unit = kpi.rows_in or "money"
        numbers.append(
            _counted(unit if money or unit != "money" else "hours", row["denominator"], row["currency"])
        )
    return link, part, text(row["legal_entity"] or words.NONE), text(row["customer"] or words.NONE), *numbers


def counted(kpi: Kpi, part: str, number: Any, currency: str) -> str:
    """A row's own number, in what it counts."""
    if kpi.combine_of(part) == "median":
        return words.measure(kpi.unit_of(part), number * kpi.scale_of(part))
    return _counted(kpi.rows_in or kpi.unit_of(part), number, currency)


def _counted(unit: str, number: Any, currency: str) -> str:
    if unit == "money":
        return words.minor(int(number), currency) if currency != NO_CURRENCY else words.number(int(number))
    return words.measure(unit, Fraction(int(number), 10**HOURS_SCALE if unit == "hours" else 1))


def spoken(tile: Tile) -> str:
    """The chart in words."""
    told = [f"{words.month(figure.month)} {_value(tile.kpi, figure)}" for figure in tile.figures]
    return f"{tile.kpi.title} by month: {'; '.join(told)}"


def series(tile: Tile) -> list[tuple[str, float | None, str]]:
    """Month, height and words of each bar of the chart: whole units of money, percent, days or hours."""
    found = []
    for figure in tile.figures:
        value = _number(figure)
        currency = figure.whole.currency if figure.whole else None
        height = None if value is None else float(value)
        if value is not None and tile.kpi.unit == "money":
            height = float(kpi_report.plain("money", value, currency) or 0)
        found.append((words.month(figure.month), height, _value(tile.kpi, figure)))
    return found
