"""Judging: from changed engagements to open items, from open items to findings.

``evaluate`` runs inside the transaction that stored a batch, for the touched engagements only; a
full evaluation is the same code over all of them, and must change nothing (:func:`audit`).

Each check stands alone: one that fails, or takes longer than it may, is undone and becomes *unknown*
with the reason, and the others go on. A check that is new, or means something else than when it was
last judged, is judged whole; one whose streams were never read waits until they are.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from hashlib import blake2b

from opentelemetry import trace
from sqlalchemy import Connection, Table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql import visitors

from metrics.check import Check, statement
from metrics.firm import Firm, firm_of
from metrics.items import items_of, refresh_items
from metrics.judge import judge, reads_of, settle_state, with_time
from metrics.rules import Rules
from queries import exception_actions, findings, polls
from queries.limits import limited
from queries.open_items import stored
from queries.records import NODE_KINDS

_TRACER = trace.get_tracer("sightglass.metrics")
_LOG = logging.getLogger(__name__)
#: kinds whose change may move any record to another engagement, change its calendar, or what it is worth
_MOVES = frozenset({*NODE_KINDS, "customer", "legal_entity", "fx_rate"})
#: kinds that decide what of another counts: what is open of time, what is live of an invoice line
_SHAPES = {"time_entry": frozenset({"invoice_line", "invoice"}), "invoice_line": frozenset({"invoice"})}
#: what a mistake in a check looks like; anything else is one of ours and must be heard
_FAILURES = (
    SQLAlchemyError, ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError,
)  # fmt: skip


def evaluate(
    connection: Connection,
    engagements: Iterable[str] | None,
    now: datetime,
    rules: Rules,
    kind: str | None = None,
    moved: Iterable[str] = (),
) -> None:
    """Bring open items and findings of these engagements (None: all) up to date, as known at ``now``.

    Checks of the firm are judged where no engagement is named: at the end of every poll, and by the tick.
    A batch of a ``kind`` changed nothing for the checks that do not read it: these are left, except in
    the engagements that records of other kinds ``moved`` between.
    """
    names = None if engagements is None else sorted(set(engagements))
    shaken = sorted(set(moved))
    with _TRACER.start_as_current_span("sightglass.evaluate") as span:
        span.set_attribute("sightglass.engagements", -1 if names is None else len(names))
        firm = firm_of(connection, now, rules)
        judged: set[str] = set()
        whole = names is None
        with limited(connection, rules.seconds) as restart:
            for check in rules.enabled():
                if check.scope == "firm" and names:
                    continue
                mine = names if _concerns(check, kind) else shaken
                if mine == [] and mine is not names:
                    continue
                restart()
                met = _alone(firm, check, None if check.scope == "firm" else mine)
                judged |= met or set()
                whole = whole or (met is None and check.scope != "firm")
        if not names and kind is None:
            judged |= exception_actions.wake(connection, now)
        roots = [check.key for check in rules.enabled() if check.roots]
        findings.set_roots(connection, None if whole else sorted(judged), roots)


def _concerns(check: Check, kind: str | None) -> bool:
    """Whether what is stored of a kind can change what a check says."""
    return kind is None or kind in _MOVES or not check.reads or kind in _asked(check)


@cache
def _asked(check: Check) -> frozenset[str]:
    """The kinds a check's answer rests on: those it says it reads, and whatever else its select names."""
    named = {
        table.name for table in visitors.iterate(statement(check, whole=True)) if isinstance(table, Table)
    }
    kinds = {need.kind for need in check.reads} | named
    return frozenset(kinds.union(*(_SHAPES.get(kind, ()) for kind in kinds)))


def _alone(firm: Firm, check: Check, names: Sequence[str] | None) -> set[str] | None:
    """Judge one check; where it fails, what it did is undone and it is unknown. Whom it judged, None: all."""
    try:
        with firm.connection.begin_nested():
            return _judged(firm, check, names)
    except _FAILURES as failure:
        what = getattr(failure, "orig", None) or failure
        why = f"the check failed: {type(what).__name__}: {what}"
        _LOG.exception("check %s failed and is unknown until it is mended", check.key)
        findings.set_check_unknown(firm.connection, check.key, ["", *firm.entities], firm.now, why)
        return set()


def _judged(firm: Firm, check: Check, names: Sequence[str] | None) -> set[str] | None:
    states = findings.check_states(firm.connection, check.key)
    means = definition(firm, check)
    if not any(row["definition"] == means for row in states.values()):
        if check.scope == "engagement" and polls.awaited(firm.connection, reads_of(check)):
            settle_state(firm, check, None)
            return set()
        names = None
    refresh_items(firm, check, names)
    touched = with_time(firm, check, names)
    judge(firm, check, touched)
    settle_state(firm, check, means)
    return None if touched is None else set(touched)


def definition(firm: Firm, check: Check) -> str:
    """What a check means: its statement, its version, the thresholds that hold."""
    limit = firm.rules.of(check)
    return f"{_wording(check)}/{check.version}/{limit.watch}/{limit.act}"


@cache
def _wording(check: Check) -> str:
    return blake2b(str(statement(check, whole=True)).encode(), digest_size=8).hexdigest()


def audit(connection: Connection, now: datetime, rules: Rules) -> dict[str, list[str]]:
    """Check -> subjects whose maintained open items differ from a full evaluation. Empty is agreement.

    Agreement is remembered as the check's "last verified". A check that waits for its streams, or that
    failed, maintains nothing to compare.
    """
    firm = firm_of(connection, now, rules)
    drift = {}
    for check in rules.enabled():
        states = findings.check_states(connection, check.key)
        if not any(row["definition"] == definition(firm, check) for row in states.values()):
            continue
        kept = {item[:7]: item for item in stored(connection, check.key)}
        full = {item[:7]: item for item in items_of(firm, check, None)}
        differing = {key for key in kept.keys() | full.keys() if kept.get(key) != full.get(key)}
        if differing:
            drift[check.key] = sorted({"/".join(str(part) for part in key[1:4]) for key in differing})
        else:
            judged = states.keys() & {"", *firm.entities}
            findings.set_check_states(
                connection, check.key, {entity: {"verified_at": now} for entity in judged}
            )
    return drift
