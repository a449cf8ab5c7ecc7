"""When a check's findings were listed and when not, from their transitions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from queries import read
from queries.schema import finding, finding_transition

_SUBJECT = (
    "subject_system", "subject_kind", "subject_id", "contract_line", "legal_entity", "currency", "reason",
    "engagement_id",
)  # fmt: skip


def timeline(connection: Connection, check: str) -> Sequence[Mapping[str, Any]]:
    """Each time a subject was listed: its finding's subject, ``opened_at``, ``cleared_at`` or None, and the
    ``amount_minor`` it was listed with; in the order in which they were.
    """
    columns = [finding.c[name] for name in _SUBJECT]
    moved = finding_transition.c
    query = (
        select(moved.finding_id, moved.at, moved.change, moved.after, *columns)
        .join(finding, finding.c.id == moved.finding_id)
        .where(finding.c.check_key == check, moved.change.in_(("opened", "regressed", "cleared")))
        .order_by(moved.id)
    )
    every: list[dict[str, Any]] = []
    last: dict[str, dict[str, Any]] = {}
    for row in read.rows(connection, query):
        if row["change"] == "cleared":
            last[row["finding_id"]]["cleared_at"] = row["at"]
            continue
        amount = json.loads(row["after"])["amount_minor"]
        told = {name: row[name] for name in _SUBJECT}
        last[row["finding_id"]] = {
            **told, "opened_at": row["at"], "cleared_at": None, "amount_minor": amount,
        }  # fmt: skip
        every.append(last[row["finding_id"]])
    return every
