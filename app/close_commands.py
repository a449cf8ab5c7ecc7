"""The verbs of the close: reconcile a period, see how ready it is, sign for it."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from app import close_report
from app.cli import AsJson, opened, write_json, write_table
from app.close_rules import close_rules
from app.close_runs import run_all
from collectors.errors import ConfigError
from metrics import close as closes
from metrics.close import CloseError, Signature
from queries import close_periods
from queries.close_periods import Period
from queries.store import reading, writing

Name = Annotated[str, typer.Option("--period", help="The period, by the name its ERP gives it.")]
Entity = Annotated[str, typer.Option("--legal-entity", help="The legal entity.")]
Ledger = Annotated[str | None, typer.Option("--ledger", help="Which ledger, where it keeps several.")]
_EVERYTHING = 1_000_000

close = typer.Typer(invoke_without_command=True)


def reconcile_(
    period: Name,
    legal_entity: Annotated[str | None, typer.Option("--legal-entity", help="Only this one.")] = None,
    tie_out: Annotated[str | None, typer.Option("--tie-out", help="Only this tie-out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare what must be equal in a period, and class every difference; exit code 1 when it differs."""
    with opened() as app:
        rules = close_rules(app.settings)
        if tie_out is not None and tie_out not in rules.tie_outs:
            known = ", ".join(sorted(rules.tie_outs))
            raise ConfigError(f"--tie-out: there is no {tie_out!r}", remedy=f"use one of {known}")
        with writing(app.engine) as connection:
            found = close_report.chosen(connection, period, legal_entity)
            told = run_all(connection, rules, found, app.now(), tie_out)
    if as_json:
        write_json(told)
    else:
        columns = ("entity", "tie-out", "outcome", "currency", "left", "right", "difference", "classes")
        write_table(f"Reconciliation of {period}", columns, [row for run in told for row in _rows(run)])
    if any(run["outcome"] == "differs" or run["uncovered"] for run in told):
        raise typer.Exit(1)


def _rows(run: dict[str, Any]) -> list[tuple[Any, ...]]:
    head = (run["legal_entity"], run["title"], run["outcome"])
    rows = [
        (
            *head, total["currency"], total["left"], total["right"], total["difference"],
            ", ".join(f"{c['count']} {kind}: {c['amount']}" for kind, c in total["classes"].items()),
        )
        for total in run["totals"]
    ]  # fmt: skip
    why = run["reason"] or run["uncovered_reason"]
    return [*rows, *([(*head, None, None, None, None, why)] if why or not rows else [])]


def _one(connection: Connection, name: str, legal_entity: str, ledger: str | None) -> Period:
    found = close_report.chosen(connection, name, legal_entity, ledger)
    if len(found) > 1:
        ledgers = ", ".join(one.ledger for one in found)
        raise ConfigError(f"{legal_entity} keeps several ledgers", remedy=f"say --ledger, one of {ledgers}")
    return found[0]


@close.callback()
def show(
    context: typer.Context,
    period: Annotated[str | None, typer.Option("--period", help="The period.")] = None,
    legal_entity: Annotated[str | None, typer.Option("--legal-entity", help="The legal entity.")] = None,
    ledger: Ledger = None,
    as_json: AsJson = False,
) -> None:
    """How ready a period is: tasks, tie-outs, what moved since. Exit code 1 while it is not ready."""
    if context.invoked_subcommand is not None:
        return
    if period is None or legal_entity is None:
        raise ConfigError("close: which period of whom?", remedy="say --period and --legal-entity")
    with opened() as app, reading(app.engine) as connection:
        one = _one(connection, period, legal_entity, ledger)
        told = close_report.close_of(connection, close_rules(app.settings), one, _EVERYTHING)
    if as_json:
        write_json(told)
    else:
        _show(told)
    if not told["ready"]:
        raise typer.Exit(1)


def _show(told: dict[str, Any]) -> None:
    title = f"Close of {told['period']}, {told['legal_entity']}: {told['done']} of {told['tasks_total']} done"
    rows = [
        (t["state"], t["title"], t["owner"], t["detail"], t["signed"]["who"] if t["signed"] else None)
        for t in told["tasks"]
    ]
    write_table(title, ("state", "task", "owner", "what", "signed by"), rows)
    frozen = told["as_closed"]
    if frozen is not None:
        moved = [f for f in frozen["figures"] if f["closed"] != f["now"]]
        told_moved = [
            (f["tie_out"], f["side"], f["currency"], f["closed"], f["now"], f["moved"]) for f in moved
        ]
        columns = ("tie-out", "side", "currency", "as closed", "as known now", "moved")
        write_table(f"Frozen {frozen['frozen_at']} ({frozen['why']})", columns, told_moved)


@close.command(name="sign")
def sign_(  # noqa: PLR0913, PLR0917 - the parts of a signature
    period: Name,
    legal_entity: Entity,
    by: Annotated[str, typer.Option("--by", help="Who signs.")],
    task: Annotated[
        str, typer.Option("--task", help="Which task; close freezes the figures.")
    ] = closes.CLOSE,
    ledger: Ledger = None,
    comment: Annotated[str | None, typer.Option("--comment", help="Why.")] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take the signature back.")] = False,
    despite: Annotated[bool, typer.Option("--despite", help="Close though tasks are open.")] = False,
) -> None:
    """Sign for a task of the close. What was signed is kept for good, with who, when and why."""
    with opened() as app:
        rules, now = close_rules(app.settings), app.now()
        with writing(app.engine) as connection:
            one = _one(connection, period, legal_entity, ledger)
            every = close_periods.periods(connection, legal_entity)
            said = Signature(task, by, comment, withdraw, despite)
            try:
                closes.sign(connection, rules, one, every, said, now)
            except CloseError as error:
                raise ConfigError(
                    str(error), remedy="see `sightglass close --period P --legal-entity L`"
                ) from error


def register(cli: typer.Typer) -> None:
    """Add these verbs to the command line."""
    cli.command(name="reconcile")(reconcile_)
    cli.add_typer(close, name="close")
