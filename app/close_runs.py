"""Reconciling whole periods: what the command line, the page and the worker's night have in common."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app import close_report
from metrics import close as closes
from metrics.close import CloseRules
from metrics.reconcile import reconcile
from queries import close_periods, reconciliation
from queries.close_periods import Period

_EVERYTHING = 1_000_000


def run_all(
    connection: Connection,
    rules: CloseRules,
    found: Sequence[Period],
    now: datetime,
    only: str | None = None,
) -> list[dict[str, Any]]:
    """Reconcile these periods; what was found, one a tie-out. Notices what became of periods on the way."""
    closes.watch(connection, rules, now)
    told = []
    for period in found:
        every = close_periods.periods(connection, period.legal_entity)
        for key, one in sorted(rules.tie_outs.items()):
            if only in (None, key):
                reconcile(connection, one, period, every, now)
                (run,) = reconciliation.latest(connection, period.key, key)
                told.append(close_report.reconciliation_of(connection, one, run, _EVERYTHING))
    return told


def open_periods(connection: Connection, now: datetime) -> list[Period]:
    """The periods that have begun and are not closed: these are reconciled every night."""
    today = now.date()
    return [
        one for one in close_periods.periods(connection) if one.status != "closed" and one.start_on <= today
    ]
