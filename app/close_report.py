"""Reconciliations and the close in their stable form: the command line prints it, the page draws it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from collectors.errors import ConfigError
from metrics import close as closes
from metrics.close import AsClosed, CloseRules, Task
from metrics.tieout import TieOut
from queries import close_periods, reconciliation
from queries.close_periods import Period
from queries.closing import Sign
from queries.reconciliation import Difference, Run
from queries.types import from_minor, iso


def chosen(
    connection: Connection, name: str, legal_entity: str | None = None, ledger: str | None = None
) -> list[Period]:
    """The periods of that name. Raises ConfigError when no ERP keeps such a period."""
    known = close_periods.periods(connection, legal_entity)
    found = [one for one in known if one.name == name and ledger in (None, one.ledger)]
    if not found:
        where = f" of {legal_entity}" if legal_entity else ""
        newest = sorted({one.name for one in known})[-3:]
        remedy = f"use one of {', '.join(newest)}" if newest else "read the periods of your ERP (kind period)"
        raise ConfigError(f"no ERP keeps a period {name!r}{where}", remedy=remedy)
    return found


def reconciliation_of(connection: Connection, one: TieOut, run: Run, limit: int) -> dict[str, Any]:
    """A kept run: totals and classes by currency, and its differences, the largest first."""
    head = run.head
    return {
        "tie_out": one.key,
        "title": one.title,
        "left": {"role": one.left.role, "title": one.left.title},
        "right": {"role": one.right.role, "title": one.right.title},
        "match": one.match,
        "owner": one.owner,
        "remedy": one.remedy,
        "legal_entity": head.legal_entity,
        "ledger": head.ledger,
        "period": head.period,
        "run_at": iso(head.run_at),
        "as_of": iso(head.as_of) if head.as_of else None,
        "outcome": head.outcome,
        "reason": head.reason,
        "uncovered": head.uncovered,
        "uncovered_reason": head.uncovered_reason,
        "totals": [_total(run, total) for total in run.totals],
        "differences": [_difference(d) for d in reconciliation.differences(connection, run.id, limit=limit)],
    }


def _total(run: Run, total: reconciliation.Total) -> dict[str, Any]:
    currency = total.currency
    classes = {
        kind: {"count": count, "amount": str(from_minor(minor, currency))}
        for kind, of, count, minor in run.classes
        if of == currency
    }
    return {
        "currency": currency,
        "left": str(from_minor(total.left_minor, currency)),
        "right": str(from_minor(total.right_minor, currency)),
        "difference": str(from_minor(total.left_minor - total.right_minor, currency)),
        "rounding": str(from_minor(total.rounding_minor, currency)),
        "left_items": total.left_items,
        "right_items": total.right_items,
        "matched": total.matched,
        "differing": total.differing,
        "classes": classes,
    }


def _difference(found: Difference) -> dict[str, Any]:
    return {
        "key": found.match_key,
        "class": found.kind,
        "currency": found.currency,
        "left": str(from_minor(found.left_minor, found.currency)),
        "right": str(from_minor(found.right_minor, found.currency)),
        "difference": str(from_minor(found.minor, found.currency)),
        "engagement": found.engagement_id,
        "explanation": found.explanation,
        "records": list(found.records),
    }


def close_of(connection: Connection, rules: CloseRules, period: Period, limit: int = 50) -> dict[str, Any]:
    """The close of a period: how ready, what blocks, tasks, tie-outs, history, and closed against now."""
    every = close_periods.periods(connection, period.legal_entity)
    tasks = closes.checklist(connection, rules, period, every)
    runs = {run.head.tie_out: run for run in reconciliation.latest(connection, period.key)}
    frozen = closes.as_closed(connection, rules, period)
    return {
        "legal_entity": period.legal_entity,
        "ledger": period.ledger,
        "period": period.name,
        "start_on": period.start_on.isoformat(),
        "end_on": period.end_on.isoformat(),
        "status": period.status,
        "ready": closes.ready(tasks),
        "done": sum(task.state == "done" for task in tasks),
        "tasks_total": len(tasks),
        "blocking": [task.key for task in tasks if task.state != "done"],
        "tasks": [_task(task) for task in tasks],
        "tie_outs": [
            reconciliation_of(connection, one, runs[key], limit) if key in runs else _not_yet(one)
            for key, one in sorted(rules.tie_outs.items())
        ],
        "history": [
            {"status": c.status, "before": c.before, "reopened": c.is_reopened, "seen_at": iso(c.seen_at)}
            for c in close_periods.history(connection, period.key)
        ],
        "as_closed": None if frozen is None else _frozen(frozen),
    }


def _not_yet(one: TieOut) -> dict[str, Any]:
    return {
        "tie_out": one.key, "title": one.title, "outcome": "unknown", "reason": "not reconciled yet",
        "left": {"role": one.left.role, "title": one.left.title},
        "right": {"role": one.right.role, "title": one.right.title},
        "match": one.match, "owner": one.owner, "remedy": one.remedy, "run_at": None, "as_of": None,
        "uncovered": 0, "uncovered_reason": None, "totals": [], "differences": [],
    }  # fmt: skip


def _task(task: Task) -> dict[str, Any]:
    return {
        "key": task.key,
        "title": task.title,
        "owner": task.owner,
        "state": task.state,
        "detail": task.detail,
        "signed": _sign(task.signed) if task.signed else None,
    }


def _sign(sign: Sign) -> dict[str, Any]:
    return {"who": sign.who, "at": iso(sign.signed_at), "comment": sign.comment}


def _frozen(found: AsClosed) -> dict[str, Any]:
    return {
        "frozen_at": iso(found.freeze.frozen_at),
        "why": found.freeze.why,
        "figures": [
            {
                "tie_out": row.tie_out,
                "side": row.side,
                "currency": row.currency,
                "closed": str(from_minor(row.closed_minor, row.currency)),
                "now": str(from_minor(row.now_minor, row.currency)),
                "moved": str(from_minor(row.now_minor - row.closed_minor, row.currency)),
            }
            for row in found.figures
        ],
        "late_changes": [
            {
                "tie_out": row.tie_out,
                "side": row.side,
                "system": row.system,
                "kind": row.kind,
                "id": row.id,
                "currency": row.currency,
                "closed": str(from_minor(row.closed_minor, row.currency)),
                "now": str(from_minor(row.now_minor, row.currency)),
                "engagement": row.engagement_id,
            }
            for row in found.changes
        ],
    }
