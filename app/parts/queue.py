"""The exceptions page: the list, what it comes to, one exception in full, and what to say without rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from app import words
from app.markup import Html, Part, Query, href, inside, join, outside, tag, text
from app.parts import common
from app.parts.overview import rates
from app.reads import Detail, Queue
from metrics.check import Check
from queries.exception_actions import RESOLUTIONS
from queries.types import from_minor
from queries.untraceable import REMEDY, Untraceable

PAGE = "/exceptions"


def severity(row: Mapping[str, Any]) -> Html:
    """How bad an exception is; one that cannot be judged now says so instead."""
    if row["outcome"] == "unknown":
        return common.mark(words.OUTCOMES["unknown"])
    return common.mark(words.SEVERITIES[row["severity"]])


def summary(found: Queue, query: Query) -> Html:
    """How many, how much, in which order, and the way to take them along."""
    parts: list[Part] = [tag("b", words.counted(found.items, "exception"))]
    reporting = found.reporting
    if reporting.currency is not None:
        whole = tag("b", common.money(words.minor(found.group_minor, reporting.currency)))
        at = rates(reporting.currency, reporting.rate_type, found.rates_on)
        parts.append(join(whole, tag("small", f" {at}")))
        if found.unconverted:
            parts.append(f"{words.counted(found.unconverted, 'exception')} without a rate not in it")
    parts += [
        common.money(words.money(total.amount, total.currency)) for total in common.largest(found.totals)
    ]
    parts += [
        inside(href(PAGE, **{**query, "status": status}), f"{items} {said}", class_="sg-link")
        for status, said, items in (
            ("snoozed", "set aside", found.aside), ("resolved", "settled by people", found.settled)
        )
        if items
    ]  # fmt: skip
    parts.append("most money by age first")
    if query:
        parts.append(inside(PAGE, "Clear filters", class_="sg-link"))
    export = tag("a", "CSV", href=href("/export/exceptions.csv", **query), download=True, class_="sg-link")
    return tag("p", common.dotted([*parts, export]), class_="sg-summary sg-muted")


# ---- the list ------------------------------------------------------------------------------------


def rows(found: Queue, checks: Mapping[str, Check], query: Query, chosen: str | None) -> Html:
    """The list: a table on a wide screen, cards on a phone; each row opens its exception beside it."""
    heads = ("Severity", "Client and deal", "Exception", "Amount", "Age")
    head = tag("div", *(tag("span", name) for name in heads), class_="sg-row sg-row-head", aria_hidden="true")
    items = [_row(row, checks, query, chosen) for row in found.rows]
    return tag("div", head, tag("div", *items, role="list"), class_="sg-queue")


def _row(row: Mapping[str, Any], checks: Mapping[str, Check], query: Query, chosen: str | None) -> Html:
    check = checks.get(row["check_key"])
    title = check.title if check else words.title(row["check_key"])
    follows = tag("span", "↳ ", class_="sg-muted") if row["root_id"] != row["id"] else None
    status = chip(words.STATUSES.get(row["status"], row["status"])) if row["status"] != "new" else None
    amount = from_minor(row["amount_minor"], row["currency"])
    cells = (
        tag("span", severity(row), class_="sg-c-sev"),
        tag("span", text(words.deal(row["title"])), class_="sg-c-who", title=row["title"]),
        tag("span", follows, title, " ", status, class_="sg-c-what", title=row["reason"]),
        tag("span", words.money(amount, row["currency"]), class_="sg-c-amount sg-money"),
        tag("span", f"{row['age_days']} d", class_="sg-c-age", title="Business days"),
    )
    is_chosen = row["id"] == chosen
    classes = (
        "sg-row" + (" sg-chosen" if is_chosen else "") + (" sg-grey" if row["outcome"] == "unknown" else "")
    )
    address = href(PAGE, **{**query, "id": row["id"]})
    return inside(
        address, *cells, class_=classes, role="listitem", aria_current="true" if is_chosen else None
    )


def nothing(found: Queue, *, filtered: bool) -> Html:
    """Why there are no rows: nothing is wrong, nothing matches, or it cannot be told."""
    if found.unknown:
        return blind(found.unknown, "No exceptions are listed, but that proves nothing")
    if filtered and found.anything:
        clear = inside(PAGE, "Clear filters", class_="sg-button")
        said = f"{words.counted(found.anything, 'exception')} are open outside these filters."
        return common.notice("plain", "No exception matches", said, action=clear)
    return common.notice(
        "good",
        "Nothing is stuck",
        f"Every check was judged and found nothing open, as of {words.instant(found.now)}.",
    )


def blind(unknown: Mapping[str, str], title: str) -> Html:
    """Which checks cannot be judged now, and why."""
    lines = [tag("span", tag("b", words.title(key)), ": ", text(reason)) for key, reason in unknown.items()]
    link = inside("/systems", "Look at the systems", class_="sg-button")
    return common.notice("warning", title, *lines, action=link)


def untraced(found: Untraceable) -> Html:
    """The time that the check listed leaves out, why, and how to bring it in."""
    title = f"{words.hours(found.hours)} are untraceable and not in this list"
    return common.notice("plain", title, f"{words.untraceable(found)}.", REMEDY)


# ---- one exception -------------------------------------------------------------------------------


def detail(found: Detail) -> Html:
    """One exception: what, why, whose, how much, what next, and what happened to it."""
    row = found.finding
    title = found.check.title if found.check else words.title(row["check_key"])
    currency = row["currency"]
    heading = tag("h3", title, tag("small", text(words.deal(found.title)), class_="sg-muted"))
    subject = f"{words.title(row['subject_kind'])} {row['subject_id']} in {row['subject_system']}"
    actions = tag(
        "div",
        _place(row),
        outside(row["source_url"], f"Open in {row['subject_system']} ↗", class_="sg-button")
        if row["source_url"]
        else None,
        class_="sg-actions",
    )
    facts = common.definition(
        {
            "Expected": text(row["expected"]),
            "Actual": text(row["actual"]),
            "First broken hand-off": tag("b", text(row["first_broken_handoff"])),
            "Who acts": text(_who(row)),
            "Set aside": text(_aside(row)) if row["status"] == "snoozed" else None,
            "Settled": text(_settled(row)) if row["resolution"] else None,
            "What to do": text(row["remedy"]),
            "Subject": text(subject),
            "Contract line": text(row["contract_line"]) if row["contract_line"] else None,
            "Legal entity": text(row["legal_entity"] or "none named"),
            "Since": f"{words.instant(row['since'])}, {words.counted(row['age_days'], 'business day')}",
            "Urgent from": words.instant(row["act_at"]),
            "Root": _root(found),
            "Judged as of": words.instant(found.judged_as_of),
        }
    )
    return tag(
        "article",
        tag("div", severity(row), chip(words.STATUSES.get(row["status"], row["status"])), class_="sg-chips"),
        heading,
        _doubt(found),
        tag("p", text(row["reason"]), class_="sg-reason"),
        actions,
        _amounts(row, currency, found.reporting.currency),
        facts,
        _history(found.history, currency),
        class_="sg-panel sg-detail" + (" sg-grey" if row["outcome"] == "unknown" else ""),
        id="detail",
    )


def _who(row: Mapping[str, Any]) -> str:
    by_rule = row["owner"] or "nobody is named"
    return f"{row['assignee']} (by rule: {by_rule})" if row["assignee"] else by_rule


def _aside(row: Mapping[str, Any]) -> str:
    ends = [
        f"until {words.instant(row['snoozed_until'])}" if row["snoozed_until"] else None,
        f"until it is worth more than {words.minor(row['snoozed_above_minor'], row['currency'])}"
        if row["snoozed_above_minor"] is not None
        else None,
        f"until {row['snoozed_period']} closes" if row["snoozed_period"] else None,
    ]
    return ", or ".join(end for end in ends if end)


def _settled(row: Mapping[str, Any]) -> str:
    borne_out = " and borne out by the source" if row["outcome"] == "pass" else ""
    return f"{RESOLUTIONS[row['resolution']]}, {words.instant(row['resolved_at'])}{borne_out}"


def _place(row: Mapping[str, Any]) -> Html | None:
    """Where the subject can be seen whole: its deal, or its stream; a person or a client is on neither."""
    if row["engagement_id"]:
        return inside(
            href("/engagement", id=row["engagement_id"]), "Open the trace", class_="sg-button sg-main"
        )
    if row["subject_kind"] == "stream":
        address = href("/systems", system=row["subject_system"], stream=row["subject_id"])
        return inside(address, "Open the stream", class_="sg-button sg-main")
    return None


def chip(word: str) -> Html:
    """A word in a frame."""
    return tag("span", word, class_="sg-chip")


def _doubt(found: Detail) -> Html | None:
    if found.finding["outcome"] != "unknown":
        return None
    why = next((step["why"] for step in reversed(found.history) if step["change"] == "unknown"), None)
    return common.notice(
        "warning", "Cannot be judged now", text(why or "A source is stale."), "These are its last values."
    )


def _amounts(row: Mapping[str, Any], currency: str, reporting: str | None) -> Html:
    group = row["group_minor"]
    converted = (
        words.minor(group, reporting) if reporting and group is not None and reporting != currency else None
    )
    cells = {
        "At detection": words.minor(row["detected_minor"], currency),
        "Now": words.minor(row["amount_minor"], currency),
        "All open beside it": words.minor(row["wip_minor"], currency),
        f"In {reporting}": converted,
    }
    found = [
        tag("div", tag("small", name, class_="sg-muted"), tag("b", common.money(value)))
        for name, value in cells.items()
        if value is not None
    ]
    return tag("div", *found, class_="sg-three")


def _root(found: Detail) -> Part:
    if found.root is not None:
        row = found.root
        said = f"{words.title(row['check_key'])} ({row['first_broken_handoff']})"
        return join("Follows from ", inside(href(PAGE, id=row["id"]), text(said), class_="sg-link"))
    if found.followers:
        others = words.counted(found.followers, "other exception")
        return join("Explains ", inside(href(PAGE, root=found.finding["id"]), others, class_="sg-link"))
    return None


_CHANGES = {
    "opened": "Opened", "refreshed": "Changed", "cleared": "Resolved by itself", "regressed": "Came back",
    "unknown": "Could not be judged", "judged": "Judged again", "assigned": "Assigned", "started": "Started",
    "commented": "Said", "snoozed": "Set aside", "woken": "Woken", "resolved": "Settled",
    "reopened": "Reopened",
}  # fmt: skip


def _history(steps: Sequence[Mapping[str, Any]], currency: str) -> Html:
    rows_ = []
    for step in reversed(steps):
        change = _CHANGES.get(step["change"], words.title(step["change"]))
        values = _values(step["before"], step["after"], currency)
        said = ", ".join(filter(None, (values, _by_people(step), step["why"])))
        time = tag("time", words.instant(step["at"]), class_="sg-muted")
        rows_.append(
            tag("li", time, " ", tag("b", change), f" by {step['actor']}", ": " if said else None, text(said))
        )
    return tag(
        "details",
        tag("summary", f"History ({len(rows_)})"),
        tag("ol", *rows_),
        class_="sg-history",
        open=True,
    )


def _values(before: str | None, after: str | None, currency: str) -> str:
    """What changed between two states of a finding, in words."""
    old, new = _material(before), _material(after)
    parts = []
    for name in new:
        if name == "amount_minor" and new[name] != old.get(name):
            was = f"{words.minor(old[name], currency)} → " if name in old else ""
            parts.append(was + words.minor(new[name], currency))
        elif name == "severity" and new[name] != old.get(name):
            parts.append(f"{old[name]} → {new[name]}" if name in old else new[name])
        elif name == "first_broken_handoff" and name in old and new[name] != old[name]:
            parts.append(f"{old[name]} → {new[name]}")
    return ", ".join(parts)


def _by_people(step: Mapping[str, Any]) -> str:
    if step["change"] == "assigned":
        return f"to {step['after']}, from {step['before'] or 'nobody'}"
    return step["after"] if step["change"] in {"snoozed", "resolved"} else ""


def _material(text_: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text_ or "{}")
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def missing(identifier: str) -> Html:
    """What to say about an exception that is not there."""
    link = inside(PAGE, "Show all open exceptions", class_="sg-button")
    return common.notice(
        "plain", "No such exception", text(f"No exception has the id {identifier}."), action=link
    )
