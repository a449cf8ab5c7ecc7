"""A stream whose rows have no more a field that its records are mapped from."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Select, literal, null, select

from metrics.check import Check, Explanation, Row, Scope
from queries.schema import stream_state
from queries.types import NO_CURRENCY


def _select(_scope: Scope) -> Select[Any]:
    return select(
        stream_state.c.system.label("subject_system"),
        literal("stream").label("subject_kind"),
        stream_state.c.stream.label("subject_id"),
        null().label("contract_line"),
        literal(NO_CURRENCY).label("currency"),
        literal("").label("engagement_id"),
        null().label("legal_entity"),
        stream_state.c.missing_since.label("since"),
        literal(0).label("amount_minor"),
        null().label("source_url"),
        stream_state.c.kind,
        stream_state.c.missing_fields,
    ).where(stream_state.c.configured, stream_state.c.missing_since.is_not(None))


def _explain(row: Row, _age: int) -> Explanation:
    names: list[str] = json.loads(row["missing_fields"])
    said = ", ".join(repr(name) for name in names)
    fields = "field" if len(names) == 1 else "fields"
    return Explanation(
        reason=f"No row read lately has the {fields} {said}, which earlier rows had.",
        expected=f"{fields} {said} in the rows of every {row['kind']}",
        actual="renamed, removed, or hidden from the user who reads",
        first_broken_handoff="source schema",
    )


CHECK = Check(
    key="schema_drift",
    title="Source field gone",
    question="Which streams no longer have a field that they are mapped from?",
    reads=(),
    subject="stream",
    amount="none: what the field is needed for shows in the other checks",
    acts="platform team",
    remedy="Map the field by its new name, or give the user who reads the right to see it again.",
    watch=0,
    act=1,
    select=_select,
    explain=_explain,
    source="DESIGN 5",
    scope="firm",
    needs_amount=False,
    at_once=True,
)
