"""Small parts that several pages share: marks, amounts, tabs, pages of a list, notices, tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from app import words
from app.markup import Html, Part, Query, href, inside, join, tag
from app.words import Mark
from queries.exceptions import Total


def mark(state: Mark, word: str | None = None) -> Html:
    """A state: shape, word and colour together."""
    shape = tag("i", state.shape, aria_hidden="true")
    return tag("span", shape, " ", word or state.word, class_=f"sg-mark sg-{state.tone}")


def money(value: str, whole: str | None = None) -> Html:
    """An amount as written by :mod:`app.words`; hovering shows the whole of a shortened one."""
    return tag("span", value, class_="sg-money", title=whole)


def largest(found: Sequence[Total]) -> list[Total]:
    """Totals with a currency, the largest number first."""
    return sorted((total for total in found if total.is_money), key=lambda total: -abs(total.amount))


def dotted(parts: Sequence[Part]) -> Html:
    """Parts in a line, with dots between them."""
    return join(*[part for piece in parts for part in (" · ", piece)][1:])


def amounts(found: Sequence[Total], limit: int = 2) -> Html:
    """Amounts per currency in three digits each, the largest first; hovering shows all of them whole."""
    rows = largest(found)
    if not rows:
        return tag("span", words.NONE, class_="sg-money")
    shown = " · ".join(words.short(total.amount, total.currency) for total in rows[:limit])
    more = f" +{len(rows) - limit}" if len(rows) > limit else ""
    return money(shown + more, words.totals(rows))


def worth(group_minor: int | None, currency: str | None, found: Sequence[Total], limit: int = 2) -> Html:
    """The converted amount where there is one, else the largest amounts per currency."""
    if currency is None or group_minor is None or (found and not largest(found)):
        return amounts(found, limit)
    whole = words.minor(group_minor, currency)
    return money(words.short_minor(group_minor, currency), f"{whole} = {words.totals(found)}")


def when(moment: datetime | None, now: datetime) -> Html:
    """How long ago, with the full instant on hovering."""
    return tag("span", words.ago(moment, now), title=words.instant(moment))


def tabs(address: str, key: str, current: str, names: Mapping[str, str], query: Query) -> Html:
    """A row of links that set one key of the address; the current one is marked."""
    links = [
        inside(
            href(address, **{**query, key: name}),
            title,
            class_="sg-tab",
            aria_current="page" if name == current else None,
        )
        for name, title in names.items()
    ]
    return tag("nav", *links, class_="sg-tabs", aria_label=key)


def pager(address: str, query: Query, page: int, pages: int) -> Html | None:
    """Links to the other pages of a list; None when there is only one."""
    if pages <= 1:
        return None
    shown = sorted({1, pages, *(n for n in range(page - 2, page + 3) if 1 <= n <= pages)})
    links: list[Part] = []
    for before, number in zip([0, *shown], shown, strict=False):
        if number - before > 1:
            links.append(tag("span", "…", class_="sg-gap"))
        links.append(
            inside(
                href(address, **{**query, "p": number}),
                number,
                class_="sg-tab",
                aria_current="page" if number == page else None,
                aria_label=f"Page {number} of {pages}",
            )
        )
    return tag("nav", *links, class_="sg-tabs", aria_label="Pages")


def notice(tone: str, title: str, *lines: Part, action: Html | None = None) -> Html:
    """What to say instead of rows, or above them: ``tone`` is good, plain or warning."""
    shape = {"good": "●", "plain": "○", "warning": "▲"}[tone]
    body = [tag("p", line) for line in lines if line is not None]
    head = tag("strong", tag("i", shape, aria_hidden="true"), " ", title)
    return tag("section", head, *body, action, class_=f"sg-notice sg-notice-{tone}", role="status")


def definition(rows: Mapping[str, Part]) -> Html:
    """Names with their values beside them; a row without a value is left out."""
    cells = [
        part
        for name, value in rows.items()
        if value is not None
        for part in (tag("dt", name), tag("dd", value))
    ]
    return tag("dl", *cells, class_="sg-facts")


def table(
    heads: tuple[str, ...], rows: list[tuple[Part, ...]], *, numbers: frozenset[int] = frozenset()
) -> Html:
    """A plain table; columns in ``numbers`` stand to the right. On phones each row becomes a card."""
    head = tag(
        "tr", *(tag("th", name, scope="col", class_=_side(i, numbers)) for i, name in enumerate(heads))
    )
    body = [
        tag(
            "tr",
            *(tag("td", cell, data_head=heads[i], class_=_side(i, numbers)) for i, cell in enumerate(row)),
        )
        for row in rows
    ]
    return tag("table", tag("thead", head), tag("tbody", *body), class_="sg-table")


def _side(place: int, numbers: frozenset[int]) -> str | None:
    return "sg-number" if place in numbers else None


def since_days(moment: datetime, now: datetime) -> str:
    """Calendar days between two instants, in words."""
    days = (now.astimezone(UTC) - moment.astimezone(UTC)) // timedelta(days=1)
    return words.counted(days, "day")


def stack(*parts: Part) -> Html:
    """Parts one below the other."""
    return tag("div", join(*parts), class_="sg")
