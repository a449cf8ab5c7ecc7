"""``sightglass check-history``: what a check would have listed in the last days, before it is switched on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

import typer

from app.bootstrap import App
from app.cli import AsJson, opened, write_json, write_table
from collectors.errors import ConfigError
from metrics.check import Check, checks
from metrics.history import Firing, History, replay
from metrics.rules import Rules, Threshold
from queries.store import reading, scratch_store, writing
from queries.types import from_minor, iso

_CAVEAT = (
    "Told anew from the dates that records carry; what left no date is taken as it is now, and every"
    " system as having been read."
)


def check_history(
    check: Annotated[str, typer.Argument(help="The check's key.")],
    days: Annotated[int, typer.Option("--days", min=1, max=1000, help="How many days back.")] = 90,
    watch: Annotated[
        int | None, typer.Option("--watch", min=0, help="Try this threshold instead of the one that holds.")
    ] = None,
    act: Annotated[
        int | None, typer.Option("--act", min=0, help="Likewise, from when on it is urgent.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """How often a check would have fired, for how much money: before it or its thresholds are switched on."""
    with opened() as app:
        found = checks().get(check)
        if found is None:
            raise ConfigError(f"no check {check!r}", remedy=f"use one of {', '.join(checks())}")
        rules = tried(app.rules, found, watch, act)
        past = look_back(app, found, rules, days)
    told = as_answer(past, rules.of(found), days)
    if as_json:
        write_json(told)
        return
    amounts = ", ".join(f"{row['amount']} {row['currency']}" for row in told["amounts"]) or "no money"
    columns = ("opened", "cleared", "subject", "line", "amount", "currency", "reason")
    write_table(
        f"{check} would have fired {told['fired']} times in {days} days, {amounts}",
        columns,
        [
            (
                row["opened_at"][:10],
                (row["cleared_at"] or "still open")[:10],
                " ".join(row["subject"].values()),
                row["contract_line"],
                row["amount"],
                row["currency"],
                row["reason"],
            )
            for row in told["list"]
        ],
    )
    typer.echo(_CAVEAT)


def tried(rules: Rules, check: Check, watch: int | None, act: int | None) -> Rules:
    """The firm's rules with other thresholds for one check; an urgent one is never below the first."""
    now = rules.of(check)
    first = now.watch if watch is None else watch
    last = max(now.act, first) if act is None else act
    if last < first:
        raise ConfigError(
            f"--act {last} is less than --watch {first}", remedy="give --act at least as many days"
        )
    own = {**rules.thresholds, check.key: Threshold(first, last, now.owner)}
    return replace(rules, thresholds=own, disabled=rules.disabled - {check.key})


def look_back(app: App, check: Check, rules: Rules, days: int) -> History:
    """Ask the check of the past, day by day, in a store of its own that is gone afterwards."""
    end = app.now()
    with scratch_store() as engine, reading(app.engine) as stored, writing(engine) as scratch:
        return replay(stored, scratch, check, rules, end - timedelta(days=days), end)


def as_answer(past: History, limit: Threshold, days: int) -> dict[str, Any]:
    """The answer in its stable JSON form."""
    return {
        "check": past.check,
        "days": days,
        "from": iso(past.start),
        "to": iso(past.end),
        "looks": past.looks,
        "watch": limit.watch,
        "act": limit.act,
        "fired": len(past.fired),
        "still_open": sum(firing.cleared_at is None for firing in past.fired),
        "amounts": [
            {"currency": currency, "amount": str(from_minor(minor, currency))}
            for currency, minor in past.amounts().items()
        ],
        "list": [_firing(firing) for firing in past.fired],
        "caveat": _CAVEAT,
    }


def _firing(firing: Firing) -> dict[str, Any]:
    return {
        "subject": {"system": firing.subject_system, "kind": firing.subject_kind, "id": firing.subject_id},
        "contract_line": firing.contract_line,
        "legal_entity": firing.legal_entity,
        "opened_at": iso(firing.opened_at),
        "cleared_at": iso(firing.cleared_at) if firing.cleared_at else None,
        "amount": str(from_minor(firing.amount_minor, firing.currency)),
        "currency": firing.currency,
        "reason": firing.reason,
    }
