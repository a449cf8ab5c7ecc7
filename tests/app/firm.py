"""A small firm in a store of its own, as the pages find it: a configuration file beside a SQLite file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from metrics.check import checks
from queries import fx, snapshots
from queries.store import migrate, open_engine, writing
from tests.cast import USUAL, Cast, utc

NOW = "2026-11-20T18:00:00Z"
LATER = "2026-11-25T18:00:00Z"
Play = Callable[[Cast], None]


def furnish(folder: Path, play: Play | None, *, now: str = NOW, extra: str = "") -> Path:
    """A configuration whose clock stands at ``now``; its store holds what was played and judged at NOW."""
    engine = open_engine(f"sqlite:///{folder / 'sightglass.db'}")
    migrate(engine)
    if play is not None:
        with writing(engine) as connection:
            play(Cast(connection))
    engine.dispose()
    path = folder / "sightglass.toml"
    others = "".join(f"\n[checks.{key}]\nenabled = false\n" for key in sorted(set(checks()) - USUAL))
    path.write_text(f'[clock]\nnow = "{now}"\n{extra}{others}', encoding="utf-8")
    return path


def snap(firm: Cast, now: str = NOW) -> None:
    """Write the day's figures down, as the worker does."""
    moment = utc(now)
    rates = fx.rates(firm.connection, "EUR", None, moment.date())
    snapshots.take(firm.connection, moment, sorted(USUAL), rates)


def rate(firm: Cast, base: str, worth: str) -> None:
    """How many euros one unit of a currency is worth."""
    names = {"rate_type": "daily", "base_currency": base, "currency": "EUR"}
    firm.put("fx_rate", f"{base}-EUR", "erp", **names, valid_on="2026-11-01", rate=worth)


def stuck(firm: Cast) -> None:
    """Three exceptions: a deal without a project, time nobody billed, a milestone without revenue."""
    firm.entity("UK01", name="Britain Ltd")
    firm.entity("DE01", name="Germany GmbH")
    rate(firm, "GBP", "1.2")
    firm.deal("O1", name="Harbour", customer_name="Northwind", legal_entity="UK01", amount="500000")
    firm.deal("O2", name="Bridge", customer_name="Contoso", legal_entity="DE01", currency="EUR")
    firm.contract(
        "C2", opportunity_id="O2", legal_entity="DE01", currency="EUR", signed_at="2026-11-03T12:00Z"
    )
    firm.promise("CL2", contract_id="C2", kind="milestone", recognition="milestone", currency="EUR")
    firm.promise("CL3", contract_id="C2", currency="EUR")
    firm.project("P2", contract_id="C2", legal_entity="DE01", activated_at="2026-11-04T12:00Z")
    firm.job("J2", "P2", activated_at="2026-11-05T12:00Z")
    firm.time("T1", project_id="P2", contract_line_id="CL3", currency="EUR", approved_at="2026-10-09T12:00Z")
    firm.milestone("M1", project_id="P2", contract_line_id="CL2", currency="EUR", legal_entity="DE01")
    firm.judge(NOW)


def healthy(firm: Cast) -> None:
    """One deal that went all the way."""
    firm.deal("O1", name="Harbour", customer_name="Northwind")
    firm.project("P1", opportunity_id="O1", activated_at="2026-11-03T12:00Z")
    firm.job("J1", activated_at="2026-11-04T12:00Z")
    firm.judge(NOW)


def many(firm: Cast) -> None:
    """Sixty deals without a project."""
    for number in range(60):
        firm.deal(f"O{number:02}", name=f"Deal {number:02}", amount=str(1000 + number))
    firm.judge(NOW)
