"""The systems page: every stream with its state, and what happened in one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app import words
from app.lookups import StreamDetail, SystemsPage
from app.markup import Html, Part, href, inside, tag, text
from app.parts import common
from app.parts.overview import role
from app.words import Mark

PAGE = "/systems"
_COUNTS = ("read", "changed", "rejected", "deleted")
_RUNS = {
    "ok": Mark("●", "Read", "ok"),
    "partial": Mark("▲", "Read in part", "warn"),
    "truncated": Mark("▲", "Cut short", "warn"),
    "running": Mark("○", "Running", "unknown"),
    "interrupted": Mark("■", "Interrupted", "bad"),
    "failed": Mark("■", "Failed", "bad"),
}


def chosen(page: SystemsPage, system: str | None, stream: str | None) -> Mapping[str, Any]:
    """The stream the address names, else the worst of all."""
    order = list(words.STREAMS)
    worst = sorted(page.streams, key=lambda row: (order.index(row["state"]), -row["rejects"]))
    named = [row for row in worst if system == row["system"] and stream in (None, row["stream"])]
    return (named or worst)[0]


def rows(page: SystemsPage, system: str | None, stream: str | None) -> Html:
    """Every stream, system by system; each opens its polls beside it."""
    heads = ("Stream", "State", "Last poll", "Complete through", "Lag", "Limit", "Rejects")
    head = tag("div", *(tag("span", name) for name in heads), class_="sg-row sg-row-head", aria_hidden="true")
    found: list[Part] = [head]
    before = None
    for row in page.streams:
        if row["system"] != before:
            found.append(_system(row["system"], page.roles.get(row["system"], {})))
            before = row["system"]
        found.append(_stream(row, page, chosen=(row["system"], row["stream"]) == (system, stream)))
    return tag("div", *found, class_="sg-queue sg-streams")


def _system(name: str, known: Mapping[str, Any]) -> Html:
    roles = ", ".join(role(key) for key in known.get("roles", ()))
    entities = [entity for entity in known.get("legal_entities", ()) if entity != "*"]
    serves = f" · {', '.join(entities)}" if entities else ""
    return tag(
        "h3", text(name), tag("small", f" {known.get('kind', '')} · {roles}{serves}", class_="sg-muted")
    )


def _stream(row: Mapping[str, Any], page: SystemsPage, *, chosen: bool) -> Html:
    cells = (
        tag("span", text(row["stream"]), class_="sg-c-who"),
        tag("span", common.mark(words.STREAMS[row["state"]]), class_="sg-c-sev"),
        tag("span", common.when(row["last_poll"], page.now), data_head="last poll"),
        tag("span", words.instant(row["complete_through"]), data_head="complete through"),
        tag("span", words.span(row["lag_s"]), data_head="lag"),
        tag("span", words.span(row["freshness_limit_s"]), data_head="limit"),
        tag("span", words.number(row["rejects"]), data_head="rejects"),
    )
    address = href(PAGE, system=row["system"], stream=row["stream"])
    classes = "sg-row sg-chosen" if chosen else "sg-row"
    return inside(address, *cells, class_=classes, aria_current="true" if chosen else None)


def detail(row: Mapping[str, Any], found: StreamDetail) -> Html:
    """The newest polls of a stream and the rows it could not read."""
    return tag(
        "article",
        tag("h3", text(f"{row['system']} / {row['stream']}"), " ", common.mark(words.STREAMS[row["state"]])),
        _explained(row, found),
        tag("h4", f"Rejects ({words.number(len(found.rejects))})"),
        _rejects(found),
        tag("h4", "Newest polls"),
        _polls(found),
        class_="sg-panel sg-detail",
        id="detail",
    )


def _explained(row: Mapping[str, Any], found: StreamDetail) -> Html | None:
    limit, through = words.span(row["freshness_limit_s"]), words.instant(row["complete_through"])
    if row["state"] == "failing":
        return common.notice(
            "warning", "The last poll failed", text(row["error"]), f"Complete through {through}."
        )
    if row["state"] == "never":
        return common.notice(
            "plain", "Never read to its end", "Nothing can be claimed about this stream yet."
        )
    if row["state"] == "stale":
        age = words.ago(row["complete_through"], found.now)
        said = f"Complete through {through}, {age}; the limit is {limit}."
        return common.notice("warning", "Stale", said, "What rests on it is shown as unknown.")
    if row["state"] == "degraded":
        names = words.counted(len(row["missing_fields"]), "mapped field")
        said = f"No row has {', '.join(row['missing_fields'])} any more; everything else is read on."
        return common.notice("warning", f"{names} gone", text(said))
    return None


def _rejects(found: StreamDetail) -> Html:
    if not found.rejects:
        return tag("p", "None: every row could be read.", class_="sg-muted")
    rows_ = [
        tag(
            "details",
            tag("summary", text(row["record_id"] or "a row without an id"), ": ", text(row["reason"])),
            tag("p", _seen(row), class_="sg-muted"),
            tag("pre", row["raw"]),
        )
        for row in found.rejects
    ]  # fmt: skip
    return tag("div", *rows_, class_="sg-rejects")


def _seen(row: Mapping[str, Any]) -> str:
    first, last = words.instant(row["first_seen_at"]), words.instant(row["last_seen_at"])
    return f"Seen first {first}, last {last}"


def _polls(found: StreamDetail) -> Html:
    if not found.runs:
        return tag("p", "This stream has not been polled yet.", class_="sg-muted")
    rows_: list[tuple[Part, ...]] = []
    for run in found.runs:
        took = None if run["ended_at"] is None else (run["ended_at"] - run["started_at"]).total_seconds()
        state = common.mark(_RUNS.get(run["outcome"], Mark("○", words.title(run["outcome"]), "unknown")))
        counts = (
            ", ".join(f"{words.number(run[name])} {name}" for name in _COUNTS if run[name]) or "nothing new"
        )
        why = tag("small", text(run["error"]), class_="sg-bad") if run["error"] else None
        started = tag("span", words.instant(run["started_at"]), class_="sg-money")
        rows_.append((started, tag("div", state, " ", why), words.span(took), counts))
    return common.table(("Started", "Outcome", "Took", "Rows"), rows_)


def nothing() -> Html:
    """What to say without a configured system."""
    said = "Name your systems in sightglass.toml, then poll: sightglass poll --once, or sightglass up."
    return common.notice("plain", "No system is configured", said)
