"""The form beside an exception: what to do with it, and what that asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app import acting
from app.acting import Answers
from app.markup import tag
from app.parts import common
from queries.exception_actions import RESOLUTIONS


def draw(row: Mapping[str, Any]) -> None:
    """What the visitor does with the exception shown."""
    can = acting.verbs(row["status"], is_open=row["is_open"], outcome=row["outcome"])
    # the verb stands outside the form: what it asks for depends on it
    verb = st.selectbox("What to do with it", list(can), format_func=can.__getitem__, key="act-verb")
    with st.form("act", clear_on_submit=False, border=True):
        who = st.text_input("Who acts", key="act-who")
        asked = _asked(verb)
        why = st.text_input("What is said" if verb == "comment" else "Why", key=f"act-why-{row['id']}")
        if st.form_submit_button(can[verb]):
            wrong = acting.act(row["id"], Answers(verb, who, why, **asked))
            if wrong is None:
                st.rerun()
            st.html(common.stack(common.notice("warning", "Nothing was written", tag("span", wrong))))


def _asked(verb: str) -> dict[str, Any]:
    """What one verb asks for beside who and why."""
    if verb == "assign":
        return {"to": st.text_input("To whom", key="act-to")}
    if verb == "resolve":
        how = st.selectbox("As", list(RESOLUTIONS), format_func=RESOLUTIONS.__getitem__, key="act-how")
        return {"how": how}
    if verb == "snooze":
        return {
            "until": st.date_input("Until", None, key="act-until"),
            "above": st.text_input("Until it is worth more than", key="act-above"),
            "period_close": st.checkbox("Until its period closes", key="act-close"),
        }
    return {}
