"""The spans of a hop as a waterfall: the tree of names on the left, time on the right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from app import words
from app.lookups import Spans
from app.markup import Html, Part, tag, text
from app.parts import common
from app.parts.engagement import PAGE
from queries.journey import Hop, Journey
from queries.spans import SpanRow
from queries.types import from_micros

#: more than this nobody reads, and no browser draws at once
LIMIT = 500
_TRACES = 12
_ERROR = 2
_DEEPEST = 12
_ROOM = 82


class Placed(NamedTuple):
    """A span in its trace's tree: how deep, and its beginning and length in percent of the trace."""

    span: SpanRow
    depth: int
    left: float
    width: float


def traces(spans: Sequence[SpanRow]) -> dict[str, list[SpanRow]]:
    """Trace id -> its spans; the trace that began last comes first."""
    found: dict[str, list[SpanRow]] = defaultdict(list)
    for span in spans:
        found[span.trace_id].append(span)
    newest = sorted(found, key=lambda key: (-min(s.start_ns for s in found[key]), key))
    return {key: sorted(found[key], key=lambda s: (s.start_ns, s.span_id)) for key in newest}


def place(spans: Sequence[SpanRow]) -> list[Placed]:
    """One trace's spans, each parent before its children; one whose parent is not here stands at the top."""
    known = {span.span_id for span in spans}
    children: dict[str | None, list[SpanRow]] = defaultdict(list)
    for span in spans:
        parent = span.parent_span_id
        children[parent if parent in known and parent != span.span_id else None].append(span)
    start = min((span.start_ns for span in spans), default=0)
    length = max((span.end_ns for span in spans), default=0) - start or 1
    seen: set[str] = set()
    ordered = list(_walk(children, None, 0, seen))
    # spans that are each other's parent hang on nothing: shown all the same
    ordered += [(span, 0) for span in spans if span.span_id not in seen]
    return [_placed(span, depth, start, length) for span, depth in ordered]


def _walk(
    children: Mapping[str | None, list[SpanRow]], parent: str | None, depth: int, seen: set[str]
) -> Iterator[tuple[SpanRow, int]]:
    waiting = [(span, depth) for span in reversed(children.get(parent, []))]
    while waiting:
        span, level = waiting.pop()
        if span.span_id in seen:
            continue
        seen.add(span.span_id)
        yield span, level
        waiting += [(child, level + 1) for child in reversed(children.get(span.span_id, []))]


def _placed(span: SpanRow, depth: int, start: int, length: int) -> Placed:
    left = 100 * max(span.start_ns - start, 0) / length
    width = 100 * max(span.end_ns - span.start_ns, 0) / length
    return Placed(span, depth, min(left, 100), min(width, 100 - min(left, 100)))


def waterfall(trace_id: str, spans: Sequence[SpanRow]) -> Html:
    """One trace: when, how long, how many failed; then every span, errors hatched and crossed."""
    placed = place(spans)
    errors = sum(span.status == _ERROR for span in spans)
    start, end = min(s.start_ns for s in spans), max(s.end_ns for s in spans)
    state = common.mark(words.HOPS["missing"], words.counted(errors, "error")) if errors else None
    said = f"{words.instant(from_micros(start // 1000))} · {words.counted(len(spans), 'span')} · "
    said += words.milliseconds(end - start)
    head = tag(
        "h3",
        "Trace ",
        text(trace_id, class_="sg-code"),
        " ",
        tag("small", said, class_="sg-muted"),
        " ",
        state,
    )
    rows = [_row(item) for item in placed[:LIMIT]]
    left = len(placed) - LIMIT
    rest = (
        tag("p", f"{words.number(left)} more spans are not drawn.", class_="sg-muted") if left > 0 else None
    )
    return tag(
        "section", head, _axis(end - start), tag("ol", *rows, class_="sg-spans"), rest, class_="sg-panel"
    )


def _axis(length: int) -> Html:
    marks = [tag("span", words.milliseconds(length * part // 4)) for part in range(5)]
    return tag("div", tag("span"), tag("div", *marks), class_="sg-span sg-axis", aria_hidden="true")


def _row(item: Placed) -> Html:
    span = item.span
    failed = span.status == _ERROR
    length = words.milliseconds(span.end_ns - span.start_ns)
    said = f"{span.service}: {span.name}, {length}" + (
        f", error: {span.status_message or ''}" if failed else ""
    )
    cross = tag("b", "✖ ", class_="sg-bad") if failed else None
    indent = min(item.depth, _DEEPEST) * 14
    service = tag("small", text(span.service), class_="sg-muted")
    label = tag("span", cross, text(span.name), " ", service, style=f"padding-left:{indent}px")
    bar = tag("i", style=_place(item), class_="sg-failed" if failed else None)
    why = None
    if failed and span.status_message:
        under = f"padding-left:{indent + 18}px"
        why = tag("small", text(span.status_message), class_="sg-bad sg-span-why", style=under)
    return tag("li", label, tag("div", bar, _length(item, length)), why, class_="sg-span", title=said)


def _place(item: Placed) -> str:
    return f"left:{item.left:.3f}%;width:{item.width:.3f}%"


def _length(item: Placed, length: str) -> Html:
    """How long a span took, written where there is room: after its bar, before it, or on it."""
    end = item.left + item.width
    if end <= _ROOM:
        return tag("small", length, style=f"left:{end:.3f}%")
    if item.left >= 100 - _ROOM:
        return tag("small", length, style=f"right:{100 - item.left:.3f}%")
    return tag("small", length, style=f"right:{100 - end:.3f}%", class_="sg-on-bar")


def hop(found: Journey, wanted: str | None) -> Hop:
    """The hop the address names, else the first that is missing, else the last that was reached."""
    hops = found.hops
    named = [hop for hop in hops if hop.stage == wanted] or [hop for hop in hops if hop.missing]
    return (named or [hop for hop in reversed(hops) if hop.records] or hops)[0]


def panel(found: Journey, chosen: Hop, spans: Spans, trace: str | None) -> tuple[Part, ...]:
    """The hops to choose from, the traces that tell of the chosen one, and one of them as a waterfall."""
    query = {"id": found.engagement, "view": "spans"}
    hops = common.tabs(PAGE, "hop", chosen.stage, {hop.stage: hop.title for hop in found.hops}, query)
    groups = traces(spans.rows)
    if not groups:
        return hops, nothing()
    note = None
    if not spans.of_hop:
        said = f"No span names a record of {chosen.title}. These are all the traces of this work."
        note = tag("p", said, class_="sg-muted")
    shown = trace if trace in groups else _worst(groups)
    names = {key: _name(group) for key, group in list(groups.items())[:_TRACES]}
    picker = (
        common.tabs(PAGE, "trace", shown, names, {**query, "hop": chosen.stage}) if len(groups) > 1 else None
    )
    return hops, note, picker, waterfall(shown, groups[shown])


def _worst(groups: Mapping[str, Sequence[SpanRow]]) -> str:
    """The newest trace with an error, else the newest."""
    failed = [key for key, group in groups.items() if any(span.status == _ERROR for span in group)]
    return (failed or list(groups))[0]


def _name(group: Sequence[SpanRow]) -> str:
    cross = "✖ " if any(span.status == _ERROR for span in group) else ""
    at = words.instant(from_micros(group[0].start_ns // 1000))
    return f"{cross}{at} · {words.counted(len(group), 'span')}"


def nothing() -> Html:
    """What to say about work that no trace touched."""
    said = (
        "No span names a record of this work. Traces come in by OTLP, and name records in their attributes."
    )
    return common.notice("plain", "No traces", said)
