"""A stream whose last poll failed, or whose system asked to be left alone: what it knows is getting old."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, literal, null, select

from metrics.check import Check, Explanation, Row, Scope
from queries.schema import stream_state
from queries.types import NO_CURRENCY


def _select(_scope: Scope) -> Select[Any]:
    state = stream_state.c
    return select(
        state.system.label("subject_system"),
        literal("stream").label("subject_kind"),
        state.stream.label("subject_id"),
        null().label("contract_line"),
        literal(NO_CURRENCY).label("currency"),
        literal("").label("engagement_id"),
        null().label("legal_entity"),
        func.coalesce(state.last_success, state.last_poll).label("since"),
        literal(0).label("amount_minor"),
        null().label("source_url"),
        state.error.label("problem"),
    ).where(state.configured, state.last_poll.is_not(None), state.error.is_not(None))


def _explain(row: Row, _age: int) -> Explanation:
    return Explanation(
        reason=f"The last poll did not come through: {row['problem']}",
        expected="a poll that comes through at every interval",
        actual="the last poll did not",
        first_broken_handoff="source to Sightglass",
    )


CHECK = Check(
    key="stream_not_read",
    title="Stream not read",
    question="Which streams could not be read at the last poll?",
    reads=(),
    subject="stream",
    amount="nothing: no money is at stake in it by itself",
    acts="platform team",
    remedy="Do what the message says; `sightglass doctor` looks at the system now. Checks that need the"
    " stream turn unknown once it is older than its limit.",
    watch=0,
    act=1,
    select=_select,
    explain=_explain,
    scope="firm",
    needs_amount=False,
    at_once=True,
    source="collection of streams",
)
