"""What do I work on next? The queue by money and urgency, with one exception in full beside it."""

from __future__ import annotations

import streamlit as st

from app import act_form, filters, reads
from app.page import Page
from app.parts import common, queue
from app.store import site

PAGE = Page("Exceptions", "Business", ":material/rule:", "exceptions", 20)


def render() -> None:
    """Filters, what they come to, the list, and one exception: the worst unless the address names one."""
    checks = site().checks()
    wanted = filters.exceptions(checks, reads.legal_entities(), reads.facets())
    query, chosen, place = filters.write(wanted), filters.value("id"), filters.page()
    found = reads.queue(wanted, place)
    shown = chosen or (found.rows[0]["id"] if found.rows else None)
    if found.rows and found.unknown:
        st.html(common.stack(queue.blind(found.unknown, "Not every check can be judged now")))
    if found.untraceable is not None and found.untraceable.entries:
        st.html(common.stack(queue.untraced(found.untraceable)))
    if not found.rows:
        st.html(common.stack(queue.nothing(found, filtered=bool(query))))
    with st.container(key="split"):
        if found.rows:
            with st.container(key="list"):
                pager = common.pager(queue.PAGE, query, place, found.pages)
                st.html(
                    common.stack(queue.summary(found, query), queue.rows(found, checks, query, shown), pager)
                )
        if shown is not None:
            with st.container(key="chosen" if chosen else "worst"):
                detail = reads.detail(shown)
                if detail is not None:
                    with st.expander("Act on it", icon=":material/edit_note:"):
                        act_form.draw(detail.finding)
                st.html(common.stack(queue.detail(detail) if detail else queue.missing(shown)))
