"""The close of a period: what must hold before it, who has said so, and what has moved since.

A task is done when its condition holds, or when somebody signed for it on the evidence that still stands.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Select

from metrics.calendar import Calendar
from metrics.reconcile import scope_of
from metrics.tieout import TieOut
from queries import close_periods, closing, findings, reconciliation
from queries.close_periods import Change, Period
from queries.closing import Freeze, LateChange, SideTotal, Sign
from queries.reconciliation import Run
from queries.types import iso

#: the task whose signature closes the period here and freezes its figures
CLOSE = "close"
_SHOWN = 200
State = Literal["done", "open", "unknown"]


class ManualTask(NamedTuple):
    """A task of the firm's own list: only a signature makes it done."""

    key: str
    title: str
    owner: str


@dataclass(frozen=True, slots=True)
class CloseRules:
    """What the firm compares at its close, what else it asks for, and what is material (minor units)."""

    tie_outs: Mapping[str, TieOut] = field(default_factory=dict)
    tasks: tuple[ManualTask, ...] = ()
    material_minor: int = 1_000_000


class Task(NamedTuple):
    """A line of the checklist: a signature is given on its ``evidence``, and stands while that does."""

    key: str
    title: str
    owner: str
    state: State
    detail: str
    evidence: str | None = None
    signed: Sign | None = None


class CloseError(ValueError):
    """What cannot be signed, and why."""


def sides(connection: Connection, rules: CloseRules, period: Period) -> dict[tuple[str, str], Select[Any]]:
    """(tie-out, side) -> its select over the period."""
    scope = scope_of(connection, period)
    return {
        (key, name): side.rows(scope)
        for key, one in rules.tie_outs.items()
        for name, side in (("left", one.left), ("right", one.right))
    }


def watch(connection: Connection, rules: CloseRules, now: datetime) -> list[Change]:
    """Notice what became of periods; one that was seen open and is closed now is frozen as it stands.

    A period that was closed before anybody looked is not: nobody knows what it said then.
    """
    changes = close_periods.notice(connection, now)
    closed = {
        (change.legal_entity, change.ledger, change.period)
        for change in changes
        if change.status == "closed" and change.before is not None
    }
    for period in close_periods.periods(connection) if closed else ():
        if period.key in closed:
            why = f"closed in {period.system}"
            closing.freeze(connection, period.key, now, why, sides(connection, rules, period))
    return changes


# ---- the checklist ---------------------------------------------------------------------------


def checklist(
    connection: Connection, rules: CloseRules, period: Period, all_periods: Sequence[Period]
) -> list[Task]:
    """Every task of a period's close, in the order of work."""
    signed = _standing(closing.signs(connection, period.key))
    runs = {run.head.tie_out: run for run in reconciliation.latest(connection, period.key)}
    tasks = [
        *(_tied(one, runs.get(key)) for key, one in sorted(rules.tie_outs.items())),
        _known(rules, runs),
        _covered(runs),
        _exceptions(connection, rules, period),
        _earlier(period, all_periods),
        *(Task(own.key, own.title, own.owner, "open", "to be signed") for own in rules.tasks),
    ]
    return [_with_signature(task, signed.get(task.key)) for task in tasks]


def _standing(found: Sequence[Sign]) -> dict[str, Sign]:
    """The newest word on each task, unless it was taken back."""
    newest = {sign.task: sign for sign in found}
    return {task: sign for task, sign in newest.items() if not sign.is_withdrawn}


def _with_signature(task: Task, sign: Sign | None) -> Task:
    if sign is None or task.state != "open":
        return task
    if sign.evidence != task.evidence:
        return task._replace(detail=f"{task.detail}; what {sign.who} signed for has changed since")
    return task._replace(state="done", signed=sign)


def _tied(one: TieOut, run: Run | None) -> Task:
    key = f"tie_out:{one.key}"
    if run is None:
        return Task(key, one.title, one.owner, "open", "not reconciled yet")
    if run.head.outcome == "unknown":
        return Task(key, one.title, one.owner, "unknown", run.head.reason or "cannot be told")
    if run.head.outcome == "matched":
        return Task(key, one.title, one.owner, "done", "both sides agree")
    parts = [f"{count} {kind.replace('_', ' ')} in {currency}" for kind, currency, count, _ in run.classes]
    evidence = json.dumps([run.classes, run.totals])
    return Task(key, one.title, one.owner, "open", ", ".join(parts), evidence)


def _known(rules: CloseRules, runs: Mapping[str, Run]) -> Task:
    reasons = [run.head.reason for run in runs.values() if run.head.outcome == "unknown" and run.head.reason]
    state: State = "unknown" if reasons else "done" if runs.keys() >= rules.tie_outs.keys() else "open"
    detail = reasons[0] if reasons else "every stream is complete" if state == "done" else "not looked at yet"
    return Task("streams_complete", "Every stream is complete", "platform team", state, detail)


def _covered(runs: Mapping[str, Run]) -> Task:
    count = sum(run.head.uncovered for run in runs.values())
    first = next((run.head.uncovered_reason for run in runs.values() if run.head.uncovered_reason), None)
    detail = f"{count} records: {first}" if first else "every date lies in a period"
    title = "Every posting date lies in a period"
    return Task(
        "dates_covered",
        title,
        "controller",
        "open" if count else "done",
        detail,
        str(count) if count else None,
    )


def _exceptions(connection: Connection, rules: CloseRules, period: Period) -> Task:
    known = findings.legal_entities(connection).get(period.legal_entity)
    end = Calendar(known["timezone"] if known else None).midnight(period.end_on + timedelta(days=1))
    rows = closing.material_exceptions(connection, period.legal_entity, end, rules.material_minor)
    ids = sorted(row["id"] for row in rows)
    detail = f"{len(rows)} open, such as {rows[0]['subject_id']}" if rows else "none is open"
    title = "No open exception above materiality"
    state: State = "open" if rows else "done"
    return Task(
        "no_material_exceptions", title, "controller", state, detail, json.dumps(ids) if ids else None
    )


def _earlier(period: Period, all_periods: Sequence[Period]) -> Task:
    mine = [other for other in all_periods if other.key[:2] == period.key[:2]]
    before = [other.name for other in mine[: mine.index(period)] if other.status != "closed"]
    detail = f"still open: {', '.join(before)}" if before else "all are closed"
    state: State = "open" if before else "done"
    title = "Earlier periods are closed"
    return Task(
        "earlier_periods_closed", title, "controller", state, detail, json.dumps(before) if before else None
    )


def ready(tasks: Sequence[Task]) -> bool:
    """Whether nothing blocks the close."""
    return all(task.state == "done" for task in tasks)


# ---- signing ---------------------------------------------------------------------------------


class Signature(NamedTuple):
    """What a person says: which task, who, why; ``despite`` closes though something is open."""

    task: str
    who: str
    comment: str | None = None
    withdraw: bool = False
    despite: bool = False


def sign(
    connection: Connection,
    rules: CloseRules,
    period: Period,
    all_periods: Sequence[Period],
    said: Signature,
    now: datetime,
) -> None:
    """Keep a signature; the one on ``close`` freezes the figures. Raises CloseError if it cannot be."""
    tasks = {task.key: task for task in checklist(connection, rules, period, all_periods)}
    task = tasks.get(said.task)
    if not said.who.strip():
        raise CloseError("say who signs")
    if task is None and said.task != CLOSE:
        raise CloseError(f"there is no task {said.task!r}: use one of {', '.join([*tasks, CLOSE])}")
    if task is not None and task.state == "unknown" and not said.withdraw:
        raise CloseError(f"{said.task} cannot be signed while it is unknown: {task.detail}")
    blocking = [task.key for task in tasks.values() if task.state != "done"]
    closes = said.task == CLOSE and not said.withdraw
    if closes and blocking and not (said.despite and said.comment):
        text = f"not ready to close: {', '.join(blocking)} open"
        raise CloseError(f"{text}; sign these first, or close despite them with a comment")
    evidence = task.evidence if task is not None else json.dumps(blocking)
    found = Sign(said.task, said.who.strip(), now, said.comment, evidence, said.withdraw)
    closing.sign(connection, period.key, found)
    if closes:
        why = f"signed by {said.who.strip()} at {iso(now)}"
        closing.freeze(connection, period.key, now, why, sides(connection, rules, period))


# ---- as closed, and now ----------------------------------------------------------------------


class Moved(NamedTuple):
    """One side in one currency, as closed and as known now."""

    tie_out: str
    side: str
    currency: str
    closed_minor: int
    now_minor: int


class AsClosed(NamedTuple):
    """The freeze of a period, its figures beside today's, and the records that made them differ."""

    freeze: Freeze
    figures: Sequence[Moved]
    changes: Sequence[LateChange]


def as_closed(connection: Connection, rules: CloseRules, period: Period) -> AsClosed | None:
    """A closed period against what is known now; None while it is not frozen."""
    freeze = closing.frozen(connection, period.key)
    if freeze is None:
        return None
    then = {row[:3]: row.amount_minor for row in closing.totals(connection, freeze.id)}
    now: dict[tuple[str, str, str], int] = {}
    changes: list[LateChange] = []
    for (key, side), statement in sides(connection, rules, period).items():
        found: list[SideTotal] = closing.totals_now(connection, key, side, statement)
        now |= {row[:3]: row.amount_minor for row in found}
        changes += closing.late_changes(connection, freeze.id, key, side, statement, _SHOWN)
    figures = [Moved(*place, then.get(place, 0), now.get(place, 0)) for place in sorted({*then, *now})]
    return AsClosed(freeze, figures, changes)
