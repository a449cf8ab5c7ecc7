"""Which flow is broken? Every stream of every system: state, lag, what it could not read, its polls."""

from __future__ import annotations

import streamlit as st

from app import filters, lookups
from app.page import Page
from app.parts import common, systems

PAGE = Page("Systems", "Technical", ":material/hub:", "systems", 40)


def render() -> None:
    """Every stream, and beside them the one the address names: the worst unless it says."""
    page = lookups.systems_page()
    if not page.streams:
        st.html(common.stack(systems.nothing()))
        return
    named = (filters.value("system"), filters.value("stream"))
    row = systems.chosen(page, *named)
    with st.container(key="split"):
        with st.container(key="list"):
            st.html(common.stack(systems.rows(page, row["system"], row["stream"])))
        with st.container(key="chosen" if any(named) else "worst"):
            found = lookups.stream_detail(row["system"], row["stream"])
            st.html(common.stack(systems.detail(row, found)))
