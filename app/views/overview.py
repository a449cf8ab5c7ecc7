"""Can I trust the number, and what is at risk? Where work stands, what is stuck, and how fresh it is."""

from __future__ import annotations

import streamlit as st

from app import filters, reads
from app.page import Page
from app.parts import common, overview

PAGE = Page("Overview", "Business", ":material/monitoring:", "overview", 10, "Sold work to revenue")


def render() -> None:
    """The stage strip, the tiles, then the bars beside the table of systems."""
    with st.container(key="toolbar"):
        entity = filters.entity(reads.legal_entities())
    page = reads.overview_page(entity)
    with st.container(key="strip"):
        st.html(common.stack(overview.strip(page, entity), overview.stood(page)))
    with st.container(key="tiles"):
        st.html(common.stack(overview.tiles(page, entity)))
    with st.container(key="panels"):
        st.html(common.stack(overview.bars(page, entity), overview.freshness(page)))
