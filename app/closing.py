"""The close as the page asks for it: which period, how it stands, reconcile it now, sign for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from app import close_report
from app.close_rules import close_rules
from app.close_runs import run_all
from app.store import site, store
from metrics import close as closes
from metrics.close import CLOSE, CloseError, Signature
from queries import close_periods
from queries.close_periods import Period
from queries.errors import StoreError
from queries.store import writing


class ClosePage(NamedTuple):
    """The periods there are, the one looked at, and its close as ``sightglass close --json`` tells it."""

    known: Sequence[Period]
    chosen: Period | None
    told: dict[str, Any] | None

    @property
    def tasks(self) -> list[str]:
        """What can be signed for."""
        return [*(task["key"] for task in (self.told or {}).get("tasks", ())), CLOSE]


def page(legal_entity: str | None, ledger: str | None, period: str | None) -> ClosePage:
    """The close of the period the address names, else of the one that is being closed now."""
    with store() as (here, connection, _):
        known = close_periods.periods(connection)
        mine = [one for one in known if legal_entity in (None, one.legal_entity)]
        mine = [one for one in mine if one.key[:2] == mine[0].key[:2] or ledger is not None]
        mine = [one for one in mine if ledger in (None, one.ledger)]
        chosen = next((one for one in mine if one.name == period), _being_closed(mine, here.now()))
        if chosen is None:
            return ClosePage(known, None, None)
        rules = close_rules(here.settings)
        return ClosePage(known, chosen, close_report.close_of(connection, rules, chosen))


def _being_closed(found: Sequence[Period], now: datetime) -> Period | None:
    """The first period that has ended and is not closed, else the newest."""
    ended = [one for one in found if one.end_on < now.date() and one.status != "closed"]
    return ended[0] if ended else found[-1] if found else None


# ---- what a visitor does ---------------------------------------------------------------------


def reconcile_now(chosen: Period) -> str | None:
    """Reconcile the period; what went wrong, in words, or None."""
    here = site()
    try:
        with writing(here.engine) as connection:
            run_all(connection, close_rules(here.settings), [chosen], here.now())
    except StoreError as error:
        return str(error)
    return None


def sign(chosen: Period, said: Signature) -> str | None:
    """Keep a signature; what is in the way, in words, or None."""
    here = site()
    try:
        with writing(here.engine) as connection:
            every = close_periods.periods(connection, chosen.legal_entity)
            closes.sign(connection, close_rules(here.settings), chosen, every, said, here.now())
    except (CloseError, StoreError) as error:
        return str(error)
    return None
