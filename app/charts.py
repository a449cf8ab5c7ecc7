"""Figures: pure functions from rows to ``go.Figure``, for either theme. Nothing here knows Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import plotly.graph_objects as go

from app import words
from app.theme import Palette, palette
from queries.journey import BROKEN, STAGES, Hop, Journey

#: the bar with buttons stays away: one of them would send the figure to a service of others
CONFIG = {"displayModeBar": False, "scrollZoom": False, "responsive": True}
_FONT = '"Source Sans", sans-serif'
_ROW_PX = 38
_AXIS_PX = 700
_LETTER_PX = 7
_SYMBOLS = {"done": "circle", "partial": "triangle-up", "missing": "square-open"}
_ROLES = {stage.key: stage.role for stage in STAGES}


class _Spot(NamedTuple):
    """A hop on the figure: its lane, where in the lane, from when until when."""

    hop: Hop
    lane: str
    row: int
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class _Frame:
    """What all marks of a figure share."""

    first: datetime
    now: datetime
    colours: Palette

    @property
    def margin(self) -> timedelta:
        return max((self.now - self.first) * 0.03, timedelta(hours=12))

    def wide(self, hop: Hop) -> timedelta:
        """How much time a mark and its label cover."""
        pixels = 24 + _LETTER_PX * len(hop.title)
        return (self.now - self.first + 2 * self.margin) * pixels / _AXIS_PX


def lanes(found: Journey, now: datetime, *, dark: bool) -> go.Figure:
    """The way on a true time axis, one lane a system; pale since the first hand-off that broke, up to now.

    Hops of one system that would cover each other stand in rows of their own within its lane.
    """
    moments = _moments(found)
    frame = _Frame(min(moments.values(), default=now - timedelta(days=7)), now, palette(dark=dark))
    spots = _spots(found, moments, frame)
    heights = _heights(spots)
    shapes = [
        _bar(spot, heights[spot.lane, spot.row], frame.colours) for spot in spots if spot.until > spot.since
    ]
    if any(hop.missing for hop in found.hops):
        shapes.append(_window(min(row["since"] for row in found.findings), frame))
    line = {"color": frame.colours.muted, "width": 1}
    shapes.append({"type": "line", "x0": now, "x1": now, "yref": "paper", "y0": 0, "y1": 1, "line": line})
    # one trace and plain shapes: a figure is as slow to build as it has parts
    return go.Figure(
        data=[_marks(spots, heights, frame)], layout={**_layout(heights, frame), "shapes": shapes}
    )


def _moments(found: Journey) -> dict[str, datetime]:
    """Stage -> when it was reached, or since when it is missing."""
    moments = {
        hop.stage: hop.first_at for hop in found.hops if hop.first_at and hop.state in ("done", "partial")
    }
    for row in sorted(found.findings, key=lambda row: row["since"], reverse=True):
        stage = BROKEN.get(row["first_broken_handoff"])
        if stage is not None and any(hop.stage == stage and hop.state == "missing" for hop in found.hops):
            moments[stage] = row["since"]
    return moments


def _spots(found: Journey, moments: Mapping[str, datetime], frame: _Frame) -> list[_Spot]:
    systems = {_ROLES[hop.stage]: hop.system for hop in found.hops if hop.system}
    placed: list[_Spot] = []
    for hop in sorted(
        (hop for hop in found.hops if hop.stage in moments), key=lambda hop: moments[hop.stage]
    ):
        role = _ROLES[hop.stage]
        lane = hop.system or systems.get(role) or f"{words.title(role)} system"
        since = moments[hop.stage]
        until = max(hop.last_at or since, since) if hop.state != "missing" else since
        row = 0
        while any(
            other.lane == lane
            and other.row == row
            and since < max(other.until, other.since + frame.wide(other.hop))
            for other in placed
        ):
            row += 1
        placed.append(_Spot(hop, lane, row, since, until))
    return placed


def _heights(spots: Sequence[_Spot]) -> dict[tuple[str, int], int]:
    """Lane and row -> height on the figure: lanes in the order of the way, counted from the bottom."""
    order = {stage.key: place for place, stage in enumerate(STAGES)}
    lanes_ = list(dict.fromkeys(spot.lane for spot in sorted(spots, key=lambda spot: order[spot.hop.stage])))
    keys = [(lane, row) for lane in lanes_ for row in sorted({s.row for s in spots if s.lane == lane})]
    return {key: len(keys) - 1 - place for place, key in enumerate(keys)}


def _tone(hop: Hop, colours: Palette) -> str:
    return {"done": colours.ok, "partial": colours.warn}.get(hop.state, colours.bad)


def _bar(spot: _Spot, height: int, colours: Palette) -> dict[str, Any]:
    """From the first to the last record of a hop."""
    tone = _tone(spot.hop, colours)
    ends = {"x0": spot.since, "x1": spot.until, "y0": height - 0.09, "y1": height + 0.09}
    return {"type": "rect", **ends, "fillcolor": tone, "opacity": 0.3, "line": {"width": 0}, "layer": "below"}


def _window(since: datetime, frame: _Frame) -> dict[str, Any]:
    """Since when something is missing."""
    ends = {"x0": since, "x1": frame.now, "yref": "paper", "y0": 0, "y1": 1}
    tone = frame.colours.bad
    return {
        "type": "rect",
        **ends,
        "fillcolor": tone,
        "opacity": 0.09,
        "line": {"width": 0},
        "layer": "below",
    }


def _marks(spots: Sequence[_Spot], heights: Mapping[tuple[str, int], int], frame: _Frame) -> go.Scatter:
    tones = [_tone(spot.hop, frame.colours) for spot in spots]
    lost = [spot.hop.state == "missing" for spot in spots]
    late = [spot.since > frame.now - frame.wide(spot.hop) for spot in spots]
    return go.Scatter(
        x=[spot.since for spot in spots],
        y=[heights[spot.lane, spot.row] for spot in spots],
        mode="markers+text",
        marker={
            "symbol": [_SYMBOLS[spot.hop.state] for spot in spots],
            "size": 13,
            "color": tones,
            "line": {"width": [3 if gone else 0 for gone in lost], "color": tones},
        },
        text=[f"{s.hop.title} missing" if gone else s.hop.title for s, gone in zip(spots, lost, strict=True)],
        textposition=["middle left" if end else "middle right" for end in late],
        textfont={"color": [t if gone else frame.colours.text for t, gone in zip(tones, lost, strict=True)]},
        hovertext=[_said(spot) for spot in spots],
        hoverinfo="text",
        cliponaxis=False,
    )


def _said(spot: _Spot) -> str:
    hop = spot.hop
    state = "missing since" if hop.state == "missing" else f"{words.HOPS[hop.state].word.lower()},"
    until = f"<br>until {words.instant(spot.until)}" if spot.until > spot.since else ""
    lag = f"<br>{words.span(hop.lag_s)} after the stage before" if hop.lag_s is not None else ""
    return f"<b>{hop.title}</b> {state} {words.instant(spot.since)}{until}{lag}"


def _layout(heights: Mapping[tuple[str, int], int], frame: _Frame) -> dict[str, Any]:
    colours = frame.colours
    axis = {"zeroline": False, "tickfont": {"color": colours.muted}, "fixedrange": True}
    tops = {lane: height for (lane, row), height in heights.items() if row == 0}
    now = {"x": frame.now, "y": 1, "yref": "paper", "yanchor": "bottom", "text": "now", "showarrow": False}
    return {
        "height": max(1, len(heights)) * _ROW_PX + 64,
        "margin": {"l": 8, "r": 8, "t": 24, "b": 32},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": colours.text, "size": 13, "family": _FONT},
        "showlegend": False,
        "annotations": [now],
        "hoverlabel": {
            "bgcolor": colours.panel,
            "bordercolor": colours.line,
            "font": {"color": colours.text},
        },
        "xaxis": {
            **axis,
            "type": "date",
            "range": [frame.first - frame.margin, frame.now + frame.margin],
            "showgrid": False,
        },
        "yaxis": {
            **axis,
            "range": [-0.6, max(1, len(heights)) - 0.4],
            "tickvals": list(tops.values()),
            "ticktext": list(tops),
            "gridcolor": colours.line,
            "automargin": True,
        },
    }


# ---- figures by month ----------------------------------------------------------------------------


def bars(found: Sequence[tuple[str, float | None, str]], *, dark: bool) -> go.Figure:
    """A bar a month: its name, its height (none where there is no number), what hovering says."""
    colours = palette(dark=dark)
    axis = {"zeroline": False, "tickfont": {"color": colours.muted}, "fixedrange": True}
    last = len(found) - 1
    trace = go.Bar(
        x=[month for month, _, _ in found],
        y=[height for _, height, _ in found],
        marker={"color": [colours.accent if place == last else colours.muted for place in range(len(found))]},
        hovertext=[f"<b>{month}</b> {said}" for month, _, said in found],
        hoverinfo="text",
    )
    layout = {
        "height": 220,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 32},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": colours.text, "size": 13, "family": _FONT},
        "showlegend": False,
        "xaxis": {**axis, "type": "category", "showgrid": False},
        "yaxis": {**axis, "rangemode": "tozero", "gridcolor": colours.line, "automargin": True},
    }
    return go.Figure(data=[trace], layout=layout)
