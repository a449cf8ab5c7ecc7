"""A source small enough to see through: rows in a list, pages of two, and faults where a test wants them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Engine

from collectors.contract import Page, Stream, System, SystemSettings
from collectors.errors import SkippableError
from collectors.runner import Configured, Outcome, Runner
from queries import polls
from queries.rows import Source
from queries.store import writing
from tests.cast import utc

NOW = utc("2026-11-20T18:00Z")
PAGE = 2
KNOWN = frozenset({"id", "name", "status", "opportunity_id", "contract_id", "source_updated_at"})


def row(identifier: Any, **fields: Any) -> dict[str, Any]:
    """A raw row of a project."""
    return {"id": identifier, "status": "active", "source_updated_at": "2026-11-01T00:00:00Z", **fields}


def parsed(raw: Any) -> dict[str, Any]:
    """The row as it is; what is no mapping cannot be read."""
    if not isinstance(raw, dict):
        raise SkippableError("psa/projects: a row is no object", remedy="export objects")
    return dict(raw)


@dataclass
class Shop:
    """The source. ``faults`` happen in turn, each before the page it is listed for (counted from 0)."""

    rows: list[Any] = field(default_factory=list)
    faults: list[tuple[int, BaseException]] = field(default_factory=list)
    promise: datetime | None = None
    truncated: bool = False
    unreadable: tuple[tuple[str, str], ...] = ()
    deletes: Literal["signal", "sweep", "none"] = "none"
    settle: timedelta = timedelta(0)
    parse: Callable[[Any], Mapping[str, Any] | None] = parsed
    asked: list[str | None] = field(default_factory=list)
    held: list[str] | None = None

    def streams(self) -> Sequence[Stream]:
        """Its only stream."""
        return [
            Stream("projects", "project", self.parse, self.deletes, settle=self.settle, known_fields=KNOWN)
        ]

    def pages(self, stream: Stream, since: str | None, started_at: datetime) -> Iterator[Page]:
        """Two rows at a time, from the position on; a page more at the end for what has no row."""
        self.asked.append(since)
        start = int(since or 0)
        for number, at in enumerate(range(start, len(self.rows), PAGE)):
            self._fail(number)
            batch = self.rows[at : at + PAGE]
            yield Page(batch, position=str(at + len(batch)), truncated=self.truncated)
        self._fail(-1)
        yield Page((), complete_through=self.promise, rejects=self.unreadable)

    def _fail(self, number: int) -> None:
        if self.faults and self.faults[0][0] == number:
            raise self.faults.pop(0)[1]

    def ids(self, stream: Stream) -> Iterable[str]:
        """Every id it holds now."""
        self._fail(-2)
        return [item["id"] for item in self.rows] if self.held is None else self.held

    def close(self) -> None:
        """Nothing to let go of."""


class Till:
    """A store that polls the shop: the runner, and all that was handed to the judge."""

    def __init__(self, engine: Engine, shop: Shop, holder: str = "here:1", batch_rows: int = 1) -> None:
        self.engine, self.shop = engine, shop
        self.now = NOW
        self.judged: list[set[str]] = []
        self.slept: list[float] = []
        self.refuse: Exception | None = None
        self.runner = Runner(
            engine, lambda: self.now, self._judge, holder, self.slept.append, lambda: self.now, batch_rows
        )
        system = System(
            "shop", "A shop", ("psa",), SystemSettings, lambda _name, _settings: shop, "documented contract", ("project",)
        )  # fmt: skip
        self.configured = Configured(
            "psa", system, SystemSettings(), Source("psa", {"opportunity": "crm", "contract": "clm"}), ("psa",),
            ("*",), timedelta(minutes=5), timedelta(minutes=15),
        )  # fmt: skip
        with writing(engine) as store:
            polls.configure(
                store,
                [
                    polls.StreamConfig(
                        "psa", "projects", "project", timedelta(minutes=5), timedelta(minutes=15)
                    )
                ],
                [polls.RoleConfig("psa", "psa", "*", "shop")],
            )

    def _judge(
        self, _connection: Connection, touched: set[str], _now: datetime, _kind: str, _moved: set[str]
    ) -> None:
        if self.refuse is not None and touched:
            raise self.refuse
        self.judged.append(set(touched))

    def poll(self) -> Outcome:
        """One pass over the shop."""
        return self.runner.poll(self.configured, self.shop.streams()[0], self.shop)
