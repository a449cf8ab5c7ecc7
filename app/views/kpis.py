"""How is the firm doing? What was sold on its way to revenue, every KPI, and the rows behind each."""

from __future__ import annotations

import streamlit as st

from app import charts, figures, filters, reads
from app.page import Page
from app.parts import common, kpis

PAGE = Page("KPIs", "Business", ":material/query_stats:", "kpis", 15)


def render() -> None:
    """The months of what was sold and the tiles; or one KPI: its months, its breakdown, its rows."""
    with st.container(key="toolbar"):
        entity = filters.entity(reads.legal_entities())
    asked = figures.asked()
    board = figures.board(entity, None if asked.key else asked.period)
    if asked.key is None:
        st.html(common.stack(kpis.executive(board, asked)))
        with st.container(key="tiles"):
            st.html(common.stack(kpis.tiles(board, asked), kpis.stood(board)))
        return
    tile = board.of(asked.key)
    found = figures.detail(asked.key, asked.month(board), asked.by, asked.cut, asked.page)
    with st.container(key="kpi"):
        st.html(common.stack(kpis.head(tile, found, asked), kpis.months(tile, asked)))
        figure = charts.bars(kpis.series(tile), dark=st.context.theme.type == "dark")
        st.plotly_chart(figure, theme=None, config=charts.CONFIG, key="months", alt=kpis.spoken(tile))
        st.html(common.stack(kpis.groups(found, asked), kpis.rows(found, asked)))
