"""A living firm, served over HTTP, and Sightglass watching it: time goes on only when a test says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from app import report, worker
from app.bootstrap import App, build
from collectors.runner import Outcome, Runner
from queries.exceptions import Filters
from queries.store import reading
from sandbox.apis.netsuite import NetSuite
from sandbox.apis.serving import serving
from sandbox.living.clock import Clock
from sandbox.living.configuration import configuration, prepare
from sandbox.living.faults import Fault
from sandbox.living.firm import Firm
from sandbox.living.system import mounted
from sandbox.living.truth import TOLD, truth
from sandbox.truths import answers

#: in the morning: no day of any of its companies ends while the firm is looked at
START = datetime(2026, 11, 9, 10, tzinfo=UTC)
#: polls follow each other so closely, a little over the interval of most streams
INTERVAL = timedelta(minutes=6)
#: checks that the living firm does not tell the truth about
UNASKED = set(answers()) - set(TOLD)
Listed = tuple[str, str, str, str, str | None, str, str]


class Patient(App):
    """Pauses between tries take no time: the firm's clock stands still meanwhile."""

    def runner(self) -> Runner:
        return replace(super().runner(), sleep=lambda _wait: None)


@dataclass(slots=True)
class Watch:
    """A firm and who watches it. The systems' clocks run ahead of what happens while it is looked at."""

    firm: Firm
    app: App
    folder: Path
    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        """The time of the firm's systems and of Sightglass."""
        return self.firm.timeline.now + self.ahead

    def look(self, polls: int = 2) -> list[Outcome]:
        """So many polls of everything while nothing happens; what the last one came to."""
        outcomes: list[Outcome] = []
        for _ in range(polls):
            self.ahead += INTERVAL
            Clock(self.now(), datetime.now(UTC), 0).write(self.folder / "clock.json")
            outcomes = list(self.app.poll())
            worker.tick(self.app)
        return outcomes

    def live(self, **span: float) -> None:
        """Let the firm live on, from the time its systems have reached."""
        until = self.now() + timedelta(**span)
        self.ahead = timedelta(0)
        self.firm.advance(until)

    def inject(self, kind: str, target: str | None = None) -> Fault:
        """Put a fault in now."""
        self.live()
        return self.firm.faults.inject(kind, target)

    def repair(self, fault: Fault) -> None:
        """Repair it now."""
        self.live()
        self.firm.faults.repair(fault.id)

    def expected(self) -> list[Listed]:
        """What must be listed now."""
        return sorted(map(key, truth(self.firm)["gaps"]))

    def listed(self) -> list[Listed]:
        """What is listed now."""
        with reading(self.app.engine) as connection:
            rows = report.exception_list(connection, Filters())
        return sorted(key(row) for row in rows if row["check"] not in UNASKED)

    def checks(self) -> dict[str, dict[str, Any]]:
        """How every check stands."""
        with reading(self.app.engine) as connection:
            return {row["key"]: row for row in report.check_list(connection, self.app.rules)}

    def streams(self, system: str) -> list[dict[str, Any]]:
        """How the streams of a system stand."""
        with reading(self.app.engine) as connection:
            rows = report.system_list(connection, self.app.now())
        return next(row["streams"] for row in rows if row["system"] == system)

    def exceptions_of(self, fault: Fault) -> list[Listed]:
        """What is listed about the very thing a fault hit."""
        hit = (fault.hit["system"], fault.hit["kind"], fault.hit["id"])
        return [row for row in self.listed() if row[1:4] == hit]


def key(row: dict[str, Any]) -> Listed:
    """What makes one exception the same as another."""
    subject = row["subject"]
    return (
        row["check"], subject["system"], subject["kind"], subject["id"], row["contract_line"], row["amount"],
        row["currency"],
    )  # fmt: skip


@contextmanager
def watched(folder: Path, seed: int, engagements: int) -> Iterator[Watch]:
    """A firm that is served, and a Sightglass that has read it once."""
    firm = Firm(seed, engagements, START)
    ledger = firm.systems["erp"].api
    assert isinstance(ledger, NetSuite)
    ledger.certificate = prepare(folder)
    for system in firm.systems.values():
        # polls follow each other without the pauses of real time
        system.api.rate = None
    with serving(mounted(firm.systems)) as address:
        (folder / "sightglass.toml").write_text(configuration(address), encoding="utf-8")
        Clock(firm.timeline.now, datetime.now(UTC), 0).write(folder / "clock.json")
        built = build(folder / "sightglass.toml")
        app = Patient(**{part.name: getattr(built, part.name) for part in fields(built)})
        watch = Watch(firm, app, folder)
        firm.clock = watch.now
        try:
            yield watch
        finally:
            app.engine.dispose()
