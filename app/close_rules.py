"""What the configuration says of tie-outs and of the close, as the rules that judge them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.settings import Settings
from collectors.errors import ConfigError
from metrics.close import CLOSE, CloseRules, ManualTask
from metrics.tieout import tie_outs
from queries.types import to_minor


def close_rules(settings: Settings) -> CloseRules:
    """The tie-outs that are switched on with the firm's own tolerances, own tasks, and materiality.

    Raises ConfigError for a tie-out there is not, or a task of a reserved name.
    """
    known = dict(tie_outs())
    for key, table in settings.tieouts.items():
        if key not in known:
            raise ConfigError(f"tieouts.{key}: no such tie-out", remedy=f"use one of {', '.join(known)}")
        changed: dict[str, Any] = table.model_dump(exclude={"enabled"}, exclude_none=True)
        if table.enabled:
            known[key] = replace(known[key], **changed)
        else:
            del known[key]
    if CLOSE in settings.close.tasks:
        raise ConfigError(f"close.tasks.{CLOSE}: the name is taken", remedy="give the task another name")
    tasks = tuple(ManualTask(key, own.title, own.owner) for key, own in settings.close.tasks.items())
    money = settings.money
    amount = money.notable if settings.close.materiality is None else settings.close.materiality
    return CloseRules(known, tasks, to_minor(amount, money.reporting_currency or "USD"))
