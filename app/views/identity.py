"""Who is who? The records that are the same in several systems, what each says, and whose word counts."""

from __future__ import annotations

import streamlit as st

from app import filters, lookups
from app.page import Page
from app.parts import common, identity

PAGE = Page("Identity", "Technical", ":material/join_inner:", "identity", 50)


def render() -> None:
    """The systems of record, then the pairs: of any kind or one, all or only those with a conflict."""
    only = filters.value("only") == identity.ONLY
    found = lookups.identity_page(filters.value("kind"), filters.page(), only_conflicts=only)
    st.html(common.stack(*identity.view(found)))
