"""What happened to this deal? The whole way from opportunity to revenue, by any id of any system."""

from __future__ import annotations

import streamlit as st

from app import charts, filters, lookups
from app.markup import Part
from app.page import Page
from app.parts import common, engagement, waterfall
from queries.journey import Journey

PAGE = Page("Trace a deal", "Business", ":material/conversion_path:", "engagement", 30)


def render() -> None:
    """The id, the stepper, then the view the address names; without an id, the engagements by stage."""
    with st.container(key="toolbar-wide"):
        wanted = filters.any_id("Any id", "Any id of any system, a number, an exception, a trace")
    if wanted is None:
        here = filters.current()
        found = lookups.standpoints(here.stage, here.legal_entity, filters.page())
        st.html(common.stack(*engagement.standing(found, here, filters.page())))
        return
    way = lookups.way(wanted)
    if way is None:
        st.html(common.stack(engagement.not_found(wanted)))
        return
    view = engagement.view(filters.value("view"))
    with st.container(key="way"):
        st.html(common.stack(*engagement.head(way, wanted, view, filters.value("hop"))))
    with st.container(key=f"view-{view}"):
        if view == "timeline":
            figure = charts.lanes(way.journey, way.now, dark=st.context.theme.type == "dark")
            said = engagement.spoken(way.journey)
            st.plotly_chart(figure, theme=None, config=charts.CONFIG, key="lanes", alt=said)
        else:
            st.html(common.stack(*_parts(view, way.journey)))


def _parts(view: str, found: Journey) -> tuple[Part, ...]:
    if view == "spans":
        hop = waterfall.hop(found, filters.value("hop"))
        return waterfall.panel(found, hop, lookups.spans(found.engagement, hop), filters.value("trace"))
    return (engagement.VIEWS[view][1](found),)
