"""The parts of the overview: the stage strip, the tiles, the bars and the table of systems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app import words
from app.markup import Html, Part, href, inside, tag, text
from app.parts import common
from app.reads import OverviewPage
from app.words import Mark
from queries import untraceable
from queries.overview import CheckFigures, Overview, Station, Worth
from queries.slices import BANDS
from queries.systems import USABLE

_ROLES = {
    "crm": "CRM", "contract": "Contracts", "psa": "PSA", "erp": "ERP", "hcm": "HCM", "time": "Time",
    "revenue": "Revenue",
}  # fmt: skip


def role(key: str) -> str:
    """A role as people write it."""
    return _ROLES.get(key, key.upper() if len(key) <= 3 else words.title(key))  # noqa: PLR2004 - an abbreviation


# ---- the strip -----------------------------------------------------------------------------------


def strip(page: OverviewPage, legal_entity: str | None) -> Html:
    """Where work stands: one tile a stage, in the order of the way."""
    found = page.overview
    blind = _blind_roles(page)
    tiles = [_station(station, found, blind, legal_entity) for station in found.stations]
    return tag("ol", *tiles, class_="sg-strip", aria_label="Stages from opportunity to revenue")


def stood(page: OverviewPage) -> Html:
    """When the engagements were counted, what the amounts are, and in which currency."""
    found = page.overview
    unit = f", in {found.currency}" if found.currency else ""
    at = words.instant(found.stood_at)
    said = f"Sold value of the engagements whose furthest stage it is{unit}, counted {at}"
    kpis = inside(href("/kpis"), "All KPIs", class_="sg-link")
    return tag("p", said, " · ", kpis, class_="sg-small sg-muted")


def _blind_roles(page: OverviewPage) -> frozenset[str]:
    """Roles none of whose streams can be relied on now."""
    states: dict[str, list[bool]] = {}
    for row in page.systems:
        for name in page.roles.get(row["system"], {}).get("roles", ()):
            states.setdefault(name, []).append(row["state"] in USABLE)
    return frozenset(name for name, good in states.items() if not any(good))


def _station(station: Station, found: Overview, blind: frozenset[str], legal_entity: str | None) -> Html:
    state, word = _station_state(station, blind)
    stuck = href("/exceptions", stage=station.stage, entity=legal_entity)
    here = href("/engagement", stage=station.stage, entity=legal_entity)
    transit = _transit(station.transit_s)
    count = inside(
        here,
        words.number(station.engagements),
        class_="sg-big",
        title="Engagements whose furthest stage this is",
    )
    amount = common.worth(station.group_minor, found.currency, station.amounts, limit=1)
    return tag(
        "li",
        tag("b", station.title),
        tag("small", role(station.role), class_="sg-muted"),
        tag("div", count, " ", tag("small", "here", class_="sg-muted")),
        tag("div", amount, class_="sg-small"),
        tag("small", transit, class_="sg-muted", title="Median time from the stage before"),
        inside(stuck, common.mark(state, word), class_="sg-small", title="Exceptions that wait to come in"),
        class_=f"sg-tone-{state.tone}" + (" sg-grey" if state.tone == "unknown" else ""),
    )  # fmt: skip


def _transit(seconds: int | None) -> str:
    if seconds is None:
        return words.NONE
    return f"median {words.span(seconds)}" if seconds else "at once"


def _station_state(station: Station, blind: frozenset[str]) -> tuple[Mark, str]:
    items, overdue = station.stuck.items, station.stuck.overdue
    if station.role in blind:
        return words.OUTCOMES["unknown"], f"No fresh data · {items} known" if items else "No fresh data"
    if overdue:
        return Mark("■", "", "bad"), f"{words.number(items)} stuck, {words.number(overdue)} overdue"
    if items:
        return Mark("▲", "", "warn"), f"{words.number(items)} waiting"
    return Mark("●", "", "ok"), "On track"


# ---- the tiles -----------------------------------------------------------------------------------

#: a screen holds so many; a firm has forty checks
_TILES = 8


def tiles(page: OverviewPage, legal_entity: str | None) -> Html:
    """What is at risk in all, a tile for each check with the most money, and one for all the others."""
    cards = [_check(page, figures, legal_entity) for figures in money_first(page)[:_TILES]]
    return tag("div", _risk(page, legal_entity), *cards, _others(page, legal_entity), class_="sg-tiles")


def money_first(page: OverviewPage) -> list[CheckFigures]:
    """The checks that are about money, the most money first."""
    found = [figures for figures in page.overview.checks if page.checks[figures.key].needs_amount]
    return sorted(found, key=lambda one: (-(one.worth.group_minor or 0), -one.worth.items, one.key))


def _others(page: OverviewPage, legal_entity: str | None) -> Html | None:
    """The other checks: those that have something open by name, the quiet ones by number."""
    tiled = {figures.key for figures in money_first(page)[:_TILES]}
    others = [figures for figures in page.overview.checks if figures.key not in tiled]
    if not others:
        return None
    loud = [one for one in others if one.worth.items or page.outcomes[one.key]["outcome"] == "unknown"]
    links = [_other(page, figures, legal_entity) for figures in loud]
    quiet = len(others) - len(loud)
    rest = common.mark(Mark("●", "", "ok"), f"{words.counted(quiet, 'check')} with nothing open")
    head = tag("b", "Other checks")
    return tag("div", head, *links, rest if quiet else None, class_="sg-tile sg-others")


def _other(page: OverviewPage, figures: CheckFigures, legal_entity: str | None) -> Html:
    check = page.checks[figures.key]
    state, said = _outcome(page.outcomes[figures.key], figures.worth)
    count = words.number(figures.worth.items) if figures.worth.items else said
    address = href("/exceptions", check=figures.key, entity=legal_entity)
    return inside(address, common.mark(state, f"{check.title}: {count}"), title=check.question)


def _risk(page: OverviewPage, legal_entity: str | None) -> Html:
    found = page.overview
    risk = found.risk
    lines: list[Part] = [
        tag("b", "At risk"),
        tag("div", common.worth(risk.group_minor, found.currency, risk.totals), class_="sg-huge"),
        tag("div", words.counted(risk.items, "exception"), f", {words.number(risk.overdue)} overdue"),
        _doubt(risk),
        tag("div", change(found), class_="sg-small sg-muted"),
        tag("div", conversion(found), class_="sg-small sg-muted"),
    ]  # fmt: skip
    grey = " sg-grey" if risk.items and risk.unknown == risk.items else ""
    return inside(href("/exceptions", entity=legal_entity), *lines, class_=f"sg-tile sg-tile-risk{grey}")


def _doubt(risk: Worth) -> Html | None:
    if not risk.unknown:
        return None
    said = f"{words.number(risk.unknown)} cannot be judged now: last known values"
    return tag("div", common.mark(words.OUTCOMES["unknown"], said), class_="sg-small")


def change(found: Overview) -> str:
    """Today against the newest earlier day somebody wrote down."""
    earlier = found.earlier
    if earlier is None:
        return "No earlier day to compare with yet"
    items = found.risk.items - earlier.items
    parts = [f"{_sign(items)} {words.counted(abs(items), 'exception')}"] if items else []
    if earlier.group_minor is not None and found.currency is not None:
        minor = found.risk.group_minor - earlier.group_minor
        parts = [
            *([f"{_sign(minor)} {words.short_minor(abs(minor), found.currency)}"] if minor else []),
            *parts,
        ]
    return f"{' · '.join(parts) or 'No change'} since {words.day(earlier.on)}"


def _sign(value: int) -> str:
    return "▲" if value > 0 else "▼"


def conversion(found: Overview) -> str:
    """What a converted total is made of, and what it leaves out; or that nothing is converted."""
    if found.currency is None:
        return "Per currency: no reporting currency is configured"
    left = found.risk.unconverted
    rest = f"; {words.counted(left, 'exception')} without a rate not in it" if left else ""
    whole = words.totals(found.risk.totals, brief=True)
    at = rates(found.currency, found.rate_type, found.rates_on)
    return f"In {found.currency} {at}: {whole}{rest}"


def rates(currency: str, rate_type: str | None, on: Any) -> str:
    """The rates a total was converted at, by name and date."""
    kind = f"{rate_type} rates" if rate_type else "the newest rates"
    return f"at {kind} of {words.day(on)}" if on else f"no rate into {currency} is known"


def _check(page: OverviewPage, figures: CheckFigures, legal_entity: str | None) -> Html:
    check, outcome = page.checks[figures.key], page.outcomes[figures.key]
    unknown = outcome["outcome"] == "unknown"
    found, part = page.overview, figures.worth
    amount = common.worth(part.group_minor, found.currency, part.totals)
    last_known = tag("small", "last known", class_="sg-muted") if unknown else None
    lines: list[Part] = [
        tag("b", check.title),
        tag("div", tag("span", words.number(part.items), class_="sg-big"), " ", amount, " ", last_known),
        tag("div", common.mark(*_outcome(outcome, part)), class_="sg-small"),
        tag(
            "div",
            outcome["reason"] if unknown else sparkline(figures, found.currency),
            class_="sg-spark sg-small",
        ),
        _untraceable(found.untraceable) if figures.key == untraceable.CHECK else None,
    ]
    classes = "sg-tile sg-grey" if unknown else "sg-tile"
    return inside(href("/exceptions", check=figures.key, entity=legal_entity), *lines, class_=classes)


def _untraceable(found: untraceable.Untraceable) -> Html | None:
    if not found.entries:
        return None
    said = f"{words.hours(found.hours)} untraceable"
    why = f"{words.untraceable(found)}. {untraceable.REMEDY}"
    return tag("div", common.mark(words.OUTCOMES["unknown"], said), class_="sg-small", title=why)


def _outcome(outcome: Mapping[str, Any], part: Worth) -> tuple[Mark, str]:
    partly = (
        f", {len(outcome['unknown_entities'])} entities cannot be told" if outcome["unknown_entities"] else ""
    )
    if outcome["outcome"] == "unknown":
        return words.OUTCOMES["unknown"], "Cannot tell"
    if part.overdue:
        return Mark("■", "", "bad"), f"{words.number(part.overdue)} overdue{partly}"
    if part.items:
        return Mark("▲", "", "warn"), f"Waiting, none overdue{partly}"
    return Mark("●", "", "ok"), f"Nothing open{partly}"


def sparkline(figures: CheckFigures, currency: str | None) -> Html:
    """A check's open exceptions day by day, a bar a day; in words where there are not yet two days."""
    days = figures.trend
    if len(days) < 2:  # noqa: PLR2004 - a trend has two ends
        return tag("span", "The trend starts with the second day", class_="sg-muted")
    # what is not about money is counted
    by_money = currency is not None and any(day.amount_minor for day in days)
    values = [day.amount_minor if by_money else day.items for day in days]
    top = max(*values, 1)
    bars_ = []
    for day, value in zip(days, values, strict=True):
        amount = f", {words.minor(day.amount_minor, currency)}" if currency and by_money else ""
        said = f"{words.day(day.on)}: {words.counted(day.items, 'exception')}{amount}"
        bars_.append(tag("i", style=f"height:{max(100 * value / top, 3):.0f}%", title=said))
    said = f"{words.day(days[0].on)} to {words.day(days[-1].on)}"
    return tag("span", *bars_, class_="sg-days", role="img", aria_label=f"Day by day, {said}")


# ---- bars and systems ----------------------------------------------------------------------------


def bars(page: OverviewPage, legal_entity: str | None) -> Html:
    """Open exceptions by check and age: one bar a check, as long as its money (or its number)."""
    found = page.overview
    sizes = {key: _size(part, found.currency) for key, part in found.bars.items()}
    shown = [one for place, one in enumerate(money_first(page)) if place < _TILES or one.worth.items]
    longest = max((sum(sizes.get((c.key, b.key), 0) for b in BANDS) for c in shown), default=0)
    rows = [_bar(page, figures, sizes, longest, legal_entity) for figures in shown]
    legend = [tag("span", tag("i", class_=f"sg-band-{i}"), words.BANDS[b.key]) for i, b in enumerate(BANDS)]
    what = (
        f"in {found.currency}"
        if found.currency
        else "number of exceptions: no reporting currency is configured"
    )
    head = tag("h3", "At risk by check and age ", tag("small", f"business days, {what}", class_="sg-muted"))
    return tag("section", head, tag("div", *legend, class_="sg-legend"), *rows, class_="sg-panel sg-bars")


def _size(part: Worth, currency: str | None) -> int:
    return max(part.group_minor, 0) if currency else part.items


def _bar(
    page: OverviewPage,
    figures: CheckFigures,
    sizes: Mapping[tuple[str, str], int],
    longest: int,
    legal_entity: str | None,
) -> Html:
    found, title = page.overview, page.checks[figures.key].title
    parts = []
    for place, band in enumerate(BANDS):
        size, part = sizes.get((figures.key, band.key), 0), found.bars.get((figures.key, band.key))
        if part is None or not longest or not size:
            continue
        count = words.counted(part.items, "exception")
        said = f"{title}, {words.BANDS[band.key]}: {count}, {words.totals(part.totals)}"
        address = href("/exceptions", check=figures.key, age=band.key, entity=legal_entity)
        width = f"width:{100 * size / longest:.2f}%"
        parts.append(inside(address, class_=f"sg-band-{place}", style=width, title=said, aria_label=said))
    total = common.worth(figures.worth.group_minor, found.currency, figures.worth.totals)
    value = total if found.currency else tag("span", words.number(figures.worth.items), class_="sg-money")
    name = inside(href("/exceptions", check=figures.key, entity=legal_entity), title)
    return tag("div", name, tag("div", *parts, class_="sg-track"), value, class_="sg-bar")


def system_rows(streams: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """System -> its worst stream, its oldest completeness and all its rejects."""
    order = list(words.STREAMS)
    found: dict[str, dict[str, Any]] = {}
    for row in streams:
        mine = found.setdefault(row["system"], {**row, "streams": 0, "rejects": 0})
        mine["streams"] += 1
        mine["rejects"] += row["rejects"]
        if order.index(row["state"]) < order.index(mine["state"]):
            mine.update(state=row["state"], stream=row["stream"])
        moments = [m for m in (mine["complete_through"], row["complete_through"]) if m is not None]
        mine["complete_through"] = min(moments) if len(moments) == 2 else None  # noqa: PLR2004 - both
        mine["last_poll"] = max(filter(None, (mine["last_poll"], row["last_poll"])), default=None)
    return found


def freshness(page: OverviewPage) -> Html:
    """One line a system: how its worst stream stands, and how far the system is complete."""
    rows = [_system(name, row, page.now) for name, row in system_rows(page.systems).items()]
    heads = ("System", "State", "Complete through", "Last poll", "Rejects")
    body = common.table(heads, rows, numbers=frozenset({4})) if rows else tag("p", "No system is configured.")
    return tag("section", tag("h3", "Source freshness"), body, class_="sg-panel sg-freshness")


def _system(name: str, row: Mapping[str, Any], now: datetime) -> tuple[Part, ...]:
    state = common.mark(words.STREAMS[row["state"]])
    link = inside(href("/systems", system=name, stream=row["stream"]), text(name))
    rejects = words.number(row["rejects"])
    return link, state, common.when(row["complete_through"], now), common.when(row["last_poll"], now), rejects
