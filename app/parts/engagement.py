"""The engagement page: the stepper, its records, the evidence that ties them, and what to say without one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from app import words
from app.lookups import Standpoints, Way
from app.markup import Html, Part, href, inside, join, outside, tag, text
from app.parts import common
from app.parts.queue import severity
from queries.exceptions import Total
from queries.journey import Hop, Journey
from queries.slices import Slice
from queries.stages import TITLES

PAGE = "/engagement"
_METHODS = {
    "native_reference": "Reference in the source",
    "external_id": "External id",
    "crosswalk_file": "Crosswalk file",
    "same_number": "Same number",
}


def view(wanted: str | None) -> str:
    """The view the address names, else the first."""
    return wanted if wanted in VIEWS else next(iter(VIEWS))


def head(way: Way, wanted: str, view_: str, hop: str | None) -> tuple[Part, ...]:
    """The heading, the stepper and the tabs of the views."""
    found, query = way.journey, {"id": wanted, **({"hop": hop} if hop else {})}
    names = {key: title for key, (title, _) in VIEWS.items()}
    names["exceptions"] += f" ({len(found.findings)})" if found.findings else ""
    tabs = common.tabs(PAGE, "view", view_, names, query)
    return heading(found, way.now), others(way.others, wanted), stepper(found), tabs


def spoken(found: Journey) -> str:
    """The timeline in words, for those who do not see it."""
    steps = [
        f"{hop.title}: {words.HOPS[hop.state].word.lower()}, {words.instant(hop.first_at)}"
        for hop in found.hops
    ]
    return "; ".join(steps)


def heading(found: Journey, now: datetime) -> Html:
    """What the engagement is called, and the diagnosis in one line."""
    parts: list[Part] = [text(found.engagement, class_="sg-code")]
    if found.legal_entity:
        parts.append(text(found.legal_entity))
    parts.append(tag("strong", _diagnosis(found, now)))
    said = tag("p", common.dotted(parts), class_="sg-muted")
    return tag("header", tag("h2", text(words.deal(found.title))), said, class_="sg-heading")


def _diagnosis(found: Journey, now: datetime) -> Html:
    if not found.findings:
        return common.mark(words.HOPS["done"], "Nothing is stuck")
    age = common.since_days(min(row["since"] for row in found.findings), now)
    broken = next((hop for hop in found.hops if hop.missing), None)
    if broken is None:
        said = f"{words.counted(len(found.findings), 'open exception')}, the oldest for {age}"
        return common.mark(words.HOPS["partial"], said)
    return common.mark(words.HOPS["missing"], f"stuck before {broken.title} for {age}")


# ---- the stepper ---------------------------------------------------------------------------------


def stepper(found: Journey) -> Html:
    """The way from deal to revenue: every hop with its record, its time, and how long it took."""
    steps = [_step(found.engagement, hop) for hop in found.hops]
    return tag("ol", *steps, class_="sg-steps", aria_label="The way from opportunity to revenue")


def _step(engagement: str, hop: Hop) -> Html:
    lag = None if hop.lag_s is None else f"{'+' if hop.lag_s > 0 else ''}{words.span(hop.lag_s)}"
    lag = "at once" if hop.lag_s == 0 else lag
    link = inside(
        href(PAGE, id=engagement, view="spans", hop=hop.stage), tag("b", hop.title), title="Spans of this hop"
    )
    return tag(
        "li",
        tag("small", lag or "\N{NO-BREAK SPACE}", class_="sg-lag", title="Time from the stage before"),
        tag("i", class_="sg-ring", aria_hidden="true"),
        link,
        tag("small", text(_what(hop)), class_="sg-muted", title=_what(hop)),
        tag("small", words.instant(hop.first_at) if hop.first_at else words.NONE, class_="sg-muted"),
        common.mark(words.HOPS[hop.state]),
        tag("small", text(hop.missing), class_="sg-why") if hop.missing else None,
        class_=f"sg-step sg-step-{hop.state}",
    )


def _what(hop: Hop) -> str:
    if not hop.records:
        return words.NONE
    if hop.hours is not None:
        return f"{words.counted(hop.count, 'entry', 'entries')}, {hop.hours:f} h"
    more = f" (+{hop.count - 1})" if hop.count > 1 else ""
    return f"{hop.records[0]['label']}{more}"


# ---- records, evidence, exceptions -------------------------------------------------------------


def records(found: Journey) -> Html:
    """Every record of the way, hop by hop."""
    parts: list[Part] = []
    for hop in found.hops:
        if not hop.records:
            continue
        rows = [_record(row) for row in hop.records]
        said = (
            words.totals([Total(code, 1, amount) for code, amount in hop.amounts.items()])
            if hop.amounts
            else ""
        )
        shown = f", the newest {len(rows)} shown" if hop.count > len(rows) else ""
        head = tag(
            "h3", hop.title, tag("small", f" {words.number(hop.count)}{shown} {said}", class_="sg-muted")
        )
        heads = ("Record", "System", "Status", "When", "Amount")
        parts.append(
            tag("section", head, common.table(heads, rows, numbers=frozenset({4})), class_="sg-panel")
        )
    return (
        tag("div", *parts)
        if parts
        else common.notice("plain", "No records", "No system knows a record of this work.")
    )


def _record(row: Mapping[str, Any]) -> tuple[Part, ...]:
    amount = "" if row["amount"] is None else common.money(words.money(row["amount"], row["currency"]))
    label = outside(row["source_url"], text(row["label"]))
    name = (
        label
        if str(row["label"]) == row["id"]
        else join(label, " ", tag("small", text(row["id"]), class_="sg-muted"))
    )
    return name, text(row["system"]), words.title(row["status"] or ""), words.instant(row["at"]), amount


def evidence(found: Journey) -> Html:
    """Which record ties to which, by which method; and what was refused, and why."""
    tied = [_link(row) for row in found.links if row["ties"]]
    refused = [(*_link(row), text(row["refused"] or "")) for row in found.links if not row["ties"]]
    heads = ("Record", "refers to", "as its", "Method")
    parts: list[Part] = []
    if tied:
        parts += [tag("h3", "Ties"), common.table(heads, tied)]
    if refused:
        said = "Not followed: each would join work that may not belong together."
        parts += [
            tag("h3", "Suggestions refused"),
            tag("p", said, class_="sg-muted"),
            common.table((*heads, "Why not"), refused),
        ]
    if not parts:
        parts = [
            common.notice(
                "plain", "No ties", "This is one record that refers to no other, and none refers to it."
            )
        ]
    return tag("section", *parts, class_="sg-panel")


def _link(row: Mapping[str, Any]) -> tuple[Part, ...]:
    ends = [
        join(
            words.title(row[f"{end}_kind"]),
            " ",
            text(row[f"{end}_id"], class_="sg-code"),
            f" in {row[f'{end}_system']}",
        )
        for end in ("from", "to")
    ]
    return (
        ends[0],
        ends[1],
        words.title(row["name"]).lower(),
        _METHODS.get(row["method"], words.title(row["method"])),
    )


def exceptions(found: Journey) -> Html:
    """The open exceptions of the engagement, the oldest first."""
    if not found.findings:
        return common.notice("good", "Nothing is stuck", "No exception of this engagement is open.")
    rows: list[tuple[Part, ...]] = [
        (
            severity(row),
            inside(
                href("/exceptions", engagement=found.engagement, id=row["id"]), words.title(row["check_key"])
            ),
            text(row["reason"]),
            text(row["first_broken_handoff"]),
            common.money(words.minor(row["amount_minor"], row["currency"])),
            text(row["owner"] or ""),
        )
        for row in found.findings
    ]
    heads = ("Severity", "Exception", "Why", "Broken hand-off", "Amount", "Who acts")
    return tag("section", common.table(heads, rows, numbers=frozenset({4})), class_="sg-panel")


#: view -> its title, and what draws it; the timeline is a figure, spans are a waterfall of their own
VIEWS: dict[str, tuple[str, Callable[[Journey], Html]]] = {
    "timeline": ("Timeline", stepper),
    "spans": ("Spans", stepper),
    "records": ("Records", records),
    "evidence": ("Evidence", evidence),
    "exceptions": ("Exceptions", exceptions),
}


# ---- without an engagement -------------------------------------------------------------------------


def not_found(any_id: str) -> Html:
    """What to say about an id that nothing carries."""
    return common.notice(
        "plain",
        "Nothing has this id",
        text(f"No record, number, exception or trace is called {any_id}."),
        "Ids are compared whole, as the system writes them. What was not polled yet is not known.",
        action=inside("/systems", "See how far each system was read", class_="sg-button"),
    )


def others(found: Sequence[str], any_id: str) -> Html | None:
    """The other engagements the same id belongs to."""
    if not found:
        return None
    links = [
        part
        for name in found[:8]
        for part in (" · ", inside(href(PAGE, id=name), text(name), class_="sg-link"))
    ]
    more = f" and {len(found) - 8} more" if len(found) > 8 else None  # noqa: PLR2004 - as many as fit a line
    title = text(f"{any_id} is the id of {len(found) + 1} pieces of work; this is the likeliest")
    return common.notice("plain", title, join("Also: ", common.dotted(links), more))


def standing(found: Standpoints, here: Slice, page: int) -> tuple[Part, ...]:
    """The engagements that stand at a stage, or at any, and the way to the other stages."""
    stages = {"": "Any stage", **TITLES}
    query = {key: value for key, value in (("entity", here.legal_entity), ("stage", here.stage)) if value}
    rest = {key: value for key, value in query.items() if key != "stage"}
    tabs = common.tabs(PAGE, "stage", here.stage or "", stages, rest)
    where = f"whose furthest stage is {TITLES[here.stage]}" if here.stage else "at any stage"
    said = tag(
        "p", tag("b", words.counted(found.items, "engagement")), f" {where}", class_="sg-summary sg-muted"
    )
    if not found.rows:
        empty = common.notice(
            "plain", "No engagement stands here", "None has this as the furthest stage it reached."
        )
        return tabs, empty
    return tabs, said, _standpoints(found), common.pager(PAGE, query, page, found.pages)


def _standpoints(found: Standpoints) -> Html:
    rows: list[tuple[Part, ...]] = []
    for row in found.rows:
        count = words.number(row.exceptions)
        stuck = inside(href("/exceptions", engagement=row.engagement), count) if row.exceptions else count
        amounts = words.totals([Total(code, 1, amount) for code, amount in row.sold])
        name = inside(href(PAGE, id=row.engagement), text(words.deal(row.title)))
        stage, entity = TITLES.get(row.stage, row.stage), text(row.legal_entity or words.NONE)
        rows.append((name, stage, entity, words.day(row.sold_at), common.money(amounts), stuck))
    heads = ("Client and deal", "Furthest stage", "Legal entity", "Sold on", "Sold for", "Open exceptions")
    return tag("section", common.table(heads, rows, numbers=frozenset({4, 5})), class_="sg-panel")
