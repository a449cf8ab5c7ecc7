"""Can this period be closed? What must be equal, what is left to do, who signed, and what moved since."""

from __future__ import annotations

import streamlit as st

from app import closing, filters
from app.closing import ClosePage
from app.markup import tag
from app.page import Page
from app.parts import close, common
from metrics.close import Signature
from queries.close_periods import Period

PAGE = Page("Close", "Business", ":material/task_alt:", "close", 40)


def render() -> None:
    """The period, its tie-outs and the differences of one of them, the checklist, and the way to sign."""
    page = closing.page(*(filters.value(key) for key in ("entity", "ledger", "period")))
    if page.chosen is None or page.told is None:
        st.html(common.stack(close.nothing()))
        return
    told, chosen, opened = page.told, page.chosen, filters.value("tie_out")
    st.html(common.stack(close.selectors(page, chosen), close.readiness(told)))
    if st.button("Reconcile now", key="reconcile"):
        _done(closing.reconcile_now(chosen))
    parts = (close.tie_outs(told, chosen, opened), close.differences(told, opened), close.checklist(told))
    st.html(common.stack(*parts, close.as_closed(told)))
    _sign(page, chosen)


def _sign(page: ClosePage, chosen: Period) -> None:
    with st.form("sign", clear_on_submit=False, border=True):
        task = st.selectbox("Task", page.tasks, key="sign-task")
        who = st.text_input("Who signs", key="sign-who")
        comment = st.text_input("Comment", key="sign-comment")
        despite = st.checkbox("Close though tasks are open", key="sign-despite")
        withdraw = st.checkbox("Take the signature back", key="sign-withdraw")
        if st.form_submit_button("Sign"):
            said = Signature(task or "", who, comment or None, withdraw, despite)
            _done(closing.sign(chosen, said))


def _done(wrong: str | None) -> None:
    """Draw the page anew, or say what was in the way."""
    if wrong is None:
        st.rerun()
    st.html(common.stack(common.notice("warning", "Nothing was written", tag("span", wrong))))
