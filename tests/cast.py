"""A small firm to put into a store by hand: records in a line each, then judge and read the exceptions.

Every system reads as complete up to the moment of judging, unless a test says otherwise. Judging looks
only at what was touched since the last time, as a batch does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, create_engine, select

from metrics.check import checks
from metrics.evaluate import audit, evaluate
from metrics.rules import Rules
from queries import polls, rejects
from queries.engagements import engagements_of
from queries.exceptions import Filters, history, page
from queries.ingest import ingest, mark_deleted
from queries.keys import Key
from queries.polls import RoleConfig, StreamConfig
from queries.records import KINDS, Record
from queries.rejects import Name, Reject
from queries.rows import Source
from queries.schema import RECORD_TABLES, check_state, link, metadata
from queries.types import from_minor

#: what is judged unless a test asks about something else: the checks most readings are about
USUAL = frozenset({
    "project_awaiting_activation", "unbilled_approved_time", "milestone_without_revenue", "customer_conflict",
    "duplicate_project", "linked_records_disagree", "resource_conflict", "schema_drift", "stream_not_read",
})  # fmt: skip
K1, K2, K3 = "project_awaiting_activation", "unbilled_approved_time", "milestone_without_revenue"

#: system -> the roles it plays, the kinds it keeps, the systems its references mean
SYSTEMS: dict[str, tuple[tuple[str, ...], tuple[str, ...], dict[str, str]]] = {
    "crm": (("crm",), ("opportunity", "customer"), {}),
    "hcm": (("hcm",), ("resource", "absence"), {}),
    "clm": (("contract",), ("contract", "contract_line", "milestone"), {"opportunity": "crm"}),
    "psa": (
        ("psa", "time"),
        (
            "project", "milestone", "time_entry", "customer", "resource", "allocation", "expense",
            "billing_event", "forecast", "estimate",
        ),
        {
            "opportunity": "crm", "contract": "clm", "contract_line": "clm", "invoice_line": "erp",
            "customer.customer": "crm", "resource.resource": "hcm", "milestone.milestone": "clm",
        },
    ),
    "erp": (
        ("erp",),
        (
            "project", "invoice", "invoice_line", "legal_entity", "customer", "resource", "ledger_entry",
            "ledger_balance", "period", "fx_rate",
        ),
        {
            "opportunity": "crm", "contract": "clm", "project": "psa", "time_entry": "psa",
            "contract_line": "clm", "milestone": "psa", "billing_event": "psa", "customer.customer": "crm",
            "resource.resource": "hcm",
        },
    ),
    "rev": (
        ("revenue",),
        ("revenue_line",),
        {"contract": "clm", "contract_line": "clm", "project": "psa", "milestone": "psa"},
    ),
    "hub": (
        ("middleware",),
        ("message",),
        {"project": "psa", "milestone": "psa", "opportunity": "crm", "billing_event": "psa"},
    ),
}  # fmt: skip
FIVE_MINUTES = timedelta(minutes=5)
Listed = tuple[str, str, str | None, str, str]


def utc(text: str) -> datetime:
    """An instant from ISO 8601; one without a zone is UTC."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def about(*keys: str, **rules: Any) -> Rules:
    """Rules that judge these checks only."""
    return Rules(disabled=frozenset(checks()) - set(keys), **rules)


class Cast:
    """The firm, its store in memory, and what was touched since the last judgement."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.touched: set[str] = set()
        self.moved: set[str] = set()
        self.kinds: set[str] = set()
        self.through: dict[str, datetime | None] = {}
        self.rules = about(*USUAL)
        self.sources = {name: Source(name, dict(parts[2])) for name, parts in SYSTEMS.items()}
        self._version = utc("2026-01-01T00:00")
        self.serve(dict.fromkeys(SYSTEMS, ("*",)))

    def serve(
        self,
        entities: Mapping[str, Sequence[str]],
        like: Mapping[str, str] | None = None,
        extra_roles: Mapping[str, str] | None = None,
    ) -> None:
        """Configure the systems and the legal entities each serves; ``like`` adds twins of a system."""
        shapes = {name: SYSTEMS[(like or {}).get(name, name)] for name in entities}
        for name, parts in shapes.items():
            self.sources.setdefault(name, Source(name, dict(parts[2])))
        streams = [
            StreamConfig(name, kind, kind, FIVE_MINUTES, 3 * FIVE_MINUTES)
            for name, (_, kinds, _) in shapes.items()
            for kind in kinds
        ]
        roles = [
            RoleConfig(name, role, entity, "hand-made")
            for name, (own, _, _) in shapes.items()
            for role in (*own, *(r for n, r in (extra_roles or {}).items() if n == name))
            for entity in entities[name]
        ]
        polls.configure(self.connection, streams, roles)
        self.streams = [(config.system, config.stream) for config in streams]

    # ---- records -----------------------------------------------------------------------------

    def record(self, kind: str, identifier: str, /, **fields: Any) -> Record:
        """A record from its fields in the form every source has them: text. ``at`` is its version."""
        at = fields.pop("at", None)
        if at is None:
            self._version += timedelta(minutes=1)
        moment = self._version if at is None else utc(at)
        row = {"id": identifier, "source_updated_at": moment, **fields}
        row = {k: utc(v) if k.endswith("_at") and isinstance(v, str) else v for k, v in row.items()}
        return msgspec.convert({k: v for k, v in row.items() if v is not None}, KINDS[kind], strict=False)

    def put(self, kind: str, identifier: str, system: str, /, **fields: Any) -> None:
        """Store one record as a batch of its own."""
        self.batch(kind, system, [self.record(kind, identifier, **fields)])

    def batch(self, kind: str, system: str, records: Sequence[Record]) -> None:
        """Store several records at once."""
        done = ingest(self.connection, kind, self.sources[system], records, self._version)
        assert not done.refused, done.refused
        self.touched |= done.touched
        self.moved |= done.moved
        self.kinds.add(kind)

    def delete(self, kind: str, system: str, identifier: str) -> None:
        """The record left its source."""
        done = mark_deleted(self.connection, kind, system, [identifier], self._version)
        self.touched |= done.touched
        self.moved |= done.moved
        self.kinds.add(kind)

    def entity(self, code: str, **fields: Any) -> None:
        """A legal entity, as the ERP keeps it."""
        self.put("legal_entity", code, "erp", **{"name": code, **fields})

    def deal(self, identifier: str = "O1", **fields: Any) -> None:
        """A deal won on Monday 2 November 2026, for 1000.00 GBP unless said otherwise."""
        defaults = {"status": "won", "won_at": "2026-11-02T12:00Z", "currency": "GBP", "amount": "1000"}
        self.put("opportunity", identifier, "crm", **{**defaults, **fields})

    def project(self, identifier: str = "P1", system: str = "psa", **fields: Any) -> None:
        """PSA's view of a project."""
        self.put("project", identifier, system, **{"status": "active", **fields})

    def job(self, identifier: str = "J1", project: str | None = "P1", **fields: Any) -> None:
        """ERP's view of a project of PSA."""
        self.put("project", identifier, "erp", **{"status": "active", "project_id": project, **fields})

    def contract(self, identifier: str = "C1", **fields: Any) -> None:
        """A signed contract in GBP."""
        self.put("contract", identifier, "clm", **{"status": "signed", "currency": "GBP", **fields})

    def promise(self, identifier: str = "CL1", **fields: Any) -> None:
        """A contract line: time and materials in GBP unless said otherwise."""
        defaults = {"contract_id": "C1", "kind": "time_and_materials", "currency": "GBP"}
        self.put("contract_line", identifier, "clm", **{**defaults, **fields})

    def time(self, identifier: str = "T1", **fields: Any) -> None:
        """Eight approved hours at 100.00 GBP on Monday 5 October 2026, on project P1."""
        defaults = {
            "project_id": "P1", "work_date": "2026-10-05", "hours": "8", "rate": "100", "currency": "GBP",
            "status": "approved",
        }  # fmt: skip
        self.put("time_entry", identifier, "psa", **{**defaults, **fields})

    def invoice(self, identifier: str = "I1", status: str = "posted", **fields: Any) -> None:
        """An invoice header in GBP."""
        self.put("invoice", identifier, "erp", **{"status": status, "currency": "GBP", **fields})

    def line(self, identifier: str, amount: str, invoice: str | None = "I1", **fields: Any) -> None:
        """An invoice line about project P1; ``entries`` are ids, or (id, hours)."""
        named = [e if isinstance(e, tuple) else (e, None) for e in fields.pop("entries", ())]
        entries = [{"id": i} if hours is None else {"id": i, "hours": hours} for i, hours in named]
        defaults = {"project_id": "P1", "currency": "GBP", "invoice_id": invoice, "time_entries": entries}
        self.put("invoice_line", identifier, "erp", **{**defaults, **fields, "amount": amount})

    def milestone(self, identifier: str = "M1", **fields: Any) -> None:
        """A milestone of 1000.00 GBP accepted on Monday 2 November 2026, on line CL1 of project P1."""
        defaults = {
            "project_id": "P1", "contract_line_id": "CL1", "status": "accepted", "currency": "GBP",
            "accepted_at": "2026-11-02T12:00Z", "amount": "1000",
        }  # fmt: skip
        self.put("milestone", identifier, "psa", **{**defaults, **fields})

    def revenue(self, identifier: str, amount: str, state: str = "posted", **fields: Any) -> None:
        """Revenue in GBP."""
        self.put(
            "revenue_line",
            identifier,
            "rev",
            **{"state": state, "currency": "GBP", "amount": amount, **fields},
        )

    def quarantine(self, kind: str, system: str, record_id: str | None, *names: Name) -> None:
        """A row of this kind could not be read; it names these records."""
        bad = Reject(record_id, "the row is broken", f"{kind} {record_id} {names}", names)
        rejects.quarantine(self.connection, system, kind, kind, [bad], self._version)
        keys = [Key(*name) for name in names]
        self.touched |= set(engagements_of(self.connection, keys).values())

    # ---- judging -----------------------------------------------------------------------------

    def judge(self, now: str, *, full: bool = False) -> list[Listed]:
        """Judge what was touched (``full``: everything) at a moment; the exceptions listed then."""
        moment = utc(now)
        for system, stream in self.streams:
            through = self.through.get(f"{system}/{stream}", self.through.get(system, moment))
            if through is not None:
                run = polls.start_run(self.connection, system, stream, moment, None)
                polls.end_run(self.connection, run, now=moment, outcome="ok", complete_through=through)
        if self.touched and not full:
            evaluate(self.connection, self.touched, moment, self.rules, self.one_kind(), self.moved)
        # a poll ends with a judgement that names nothing
        evaluate(self.connection, None if full else (), moment, self.rules)
        self.touched, self.moved, self.kinds = set(), set(), set()
        return self.exceptions()

    def one_kind(self) -> str | None:
        """The kind of record that was touched, if it was one: then only what it concerns is judged."""
        return next(iter(self.kinds)) if len(self.kinds) == 1 else None

    def drift(self, now: str) -> dict[str, list[str]]:
        """Where the state kept up batch by batch differs from a full evaluation."""
        return audit(self.connection, utc(now), self.rules)

    def rows(self) -> list[Mapping[str, Any]]:
        """Open findings, in order of check and subject."""
        found = page(self.connection, Filters(), limit=1000)
        return sorted(
            found, key=lambda r: (r["check_key"], r["subject_id"], r["contract_line"] or "", r["currency"])
        )

    def exceptions(self) -> list[Listed]:
        """Open, judged exceptions: check, subject's id, contract line, amount, currency."""
        return [_listed(row) for row in self.rows() if row["outcome"] == "fail"]

    def grey(self) -> list[Listed]:
        """Open exceptions that cannot be judged now."""
        return [_listed(row) for row in self.rows() if row["outcome"] == "unknown"]

    def one(self) -> Mapping[str, Any]:
        """The only open finding."""
        (row,) = self.rows()
        return row

    def changes(self, identifier: str) -> list[str]:
        """What happened to a finding, oldest first."""
        return [row["change"] for row in history(self.connection, identifier)]

    def state(self, check: str, entity: str = "") -> Mapping[str, Any]:
        """How a check stands for a legal entity."""
        at = (check_state.c.check_key == check, check_state.c.legal_entity == entity)
        return dict(self.connection.execute(select(check_state).where(*at)).one()._mapping)

    def links(self) -> dict[tuple[str, str], str | None]:
        """(from, to) -> why a link does not tie; None: it ties."""
        rows = self.connection.execute(select(link)).all()
        return {(row.from_id, row.to_id): None if row.ties else row.refused for row in rows}

    def engagement(self, kind: str, identifier: str) -> str:
        """The engagement a record belongs to."""
        table = RECORD_TABLES[kind]
        query = select(table.c.engagement_id).where(table.c.id == identifier)
        return str(self.connection.execute(query).scalar_one())

    def snapshot(self) -> dict[str, list[tuple[Any, ...]]]:
        """All records as stored, but for when they were collected; equal stores give equal snapshots."""
        found = {}
        for kind, table in RECORD_TABLES.items():
            columns = [column for column in table.c if column.name != "collected_at"]
            found[kind] = sorted((tuple(row) for row in self.connection.execute(select(*columns))), key=repr)
        return found


def _listed(row: Mapping[str, Any]) -> Listed:
    amount = str(from_minor(row["amount_minor"], row["currency"]))
    return row["check_key"], row["subject_id"], row["contract_line"], amount, row["currency"]


@cache
def _engine() -> Engine:
    """One store in memory for all casts: each plays in a transaction that is rolled back."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    return engine


def casting() -> Iterator[Cast]:
    """A firm with an empty store."""
    with _engine().connect() as connection:
        yield Cast(connection)
        connection.rollback()


def keys(found: Iterable[Listed]) -> list[tuple[str, str]]:
    """Check and subject of exceptions, for tests that are not about money."""
    return [(check, subject) for check, subject, *_ in found]
