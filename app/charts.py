"""Figures: pure functions from rows to ``go.Figure``, for either theme. Nothing here knows Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

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
    """The way on a true time axis, one lane a system; pale where something has been missing, up to now.

    Hops of one system that would cover each other stand in rows of their own within its lane.
    """
    moments = _moments(found)
    frame = _Frame(min(moments.values(), default=now - timedelta(days=7)), now, palette(dark=dark))
    spots = _spots(found, moments, frame)
    heights = _heights(spots)
    figure = go.Figure()
    missing = [moments[hop.stage] for hop in found.hops if hop.state == "missing" and hop.stage in moments]
    if missing:
        figure.add_vrect(
            x0=min(missing), x1=now, fillcolor=frame.colours.bad, opacity=0.09, line_width=0, layer="below"
        )
    for spot in spots:
        _mark(figure, spot, heights[spot.lane, spot.row], frame)
    figure.add_vline(x=now, line={"color": frame.colours.muted, "width": 1})
    figure.add_annotation(x=now, y=1, yref="paper", yanchor="bottom", text="now", showarrow=False)
    return _dressed(figure, heights, frame)


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


def _mark(figure: go.Figure, spot: _Spot, height: int, frame: _Frame) -> None:
    hop, colours = spot.hop, frame.colours
    tone = {"done": colours.ok, "partial": colours.warn}.get(hop.state, colours.bad)
    if spot.until > spot.since:
        line = {"color": tone, "width": 6}
        both = [spot.since, spot.until]
        figure.add_scatter(x=both, y=[height, height], mode="lines", line=line, opacity=0.3, hoverinfo="skip")
    missing = hop.state == "missing"
    lag = f"<br>{words.span(hop.lag_s)} after the stage before" if hop.lag_s is not None else ""
    until = f"<br>until {words.instant(spot.until)}" if spot.until > spot.since else ""
    state = "missing since" if missing else f"{words.HOPS[hop.state].word.lower()},"
    said = f"{state} {words.instant(spot.since)}"
    figure.add_scatter(
        x=[spot.since],
        y=[height],
        mode="markers+text",
        marker={
            "symbol": _SYMBOLS[hop.state],
            "size": 13,
            "color": tone,
            "line": {"width": 3 if missing else 0},
        },
        text=[f"{hop.title} missing" if missing else hop.title],
        textposition="middle left" if spot.since > frame.now - frame.wide(hop) else "middle right",
        textfont={"color": tone if missing else colours.text},
        hovertext=[f"<b>{hop.title}</b> {said}{until}{lag}"],
        hoverinfo="text",
        name=hop.title,
        cliponaxis=False,
    )


def _dressed(figure: go.Figure, heights: Mapping[tuple[str, int], int], frame: _Frame) -> go.Figure:
    colours = frame.colours
    axis = {"zeroline": False, "tickfont": {"color": colours.muted}, "fixedrange": True}
    tops = {lane: height for (lane, row), height in heights.items() if row == 0}
    figure.update_layout(
        height=max(1, len(heights)) * _ROW_PX + 64,
        margin={"l": 8, "r": 8, "t": 24, "b": 32},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": colours.text, "size": 13, "family": _FONT},
        showlegend=False,
        hoverlabel={"bgcolor": colours.panel, "bordercolor": colours.line, "font": {"color": colours.text}},
        xaxis={**axis, "range": [frame.first - frame.margin, frame.now + frame.margin], "showgrid": False},
        yaxis={
            **axis,
            "range": [-0.6, max(1, len(heights)) - 0.4],
            "tickvals": list(tops.values()),
            "ticktext": list(tops),
            "gridcolor": colours.line,
            "automargin": True,
        },
    )
    return figure
