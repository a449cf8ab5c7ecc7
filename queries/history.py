"""How the stored records came to be what they are, as far as the dates they carry tell it.

The store keeps one version of a record. Most of what a check asks about has a date of its own all the
same: won at, approved at, posted on. From these, each record is told as the few states it was in. What
left no date is taken as it is now: a client that was renamed, a rate that was corrected, a hold that was
lifted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, select

from queries.polls import RoleConfig, StreamConfig, configure
from queries.records import Record
from queries.schema import RECORD_TABLES, stream_state, system_role
from queries.stored import stored_records

_CHUNK = 5000


class State(NamedTuple):
    """A record as it stood from an instant on; without an instant, from the beginning."""

    at: datetime | None
    system: str
    record: Record


class Stage(NamedTuple):
    """A stamp of a record, what the record said when it was set, and what it could not say yet."""

    stamp: str
    said: Mapping[str, Any]
    without: tuple[str, ...] = ()


#: kinds that come into being at a stamp, in the order in which their stamps are set
_STAGES: dict[str, tuple[Stage, ...]] = {
    "opportunity": (Stage("won_at", {"status": "won"}),),
    "contract": (Stage("signed_at", {"status": "signed"}),),
    "project": (Stage("activated_at", {"status": "active"}),),
    "milestone": (
        Stage("reached_at", {"status": "reached"}, ("accepted_at",)),
        Stage("accepted_at", {"status": "accepted"}),
    ),
    "time_entry": (
        Stage("submitted_at", {"status": "submitted"}, ("approved_at",)),
        Stage("approved_at", {"status": "approved"}),
    ),
    "expense": (Stage("approved_at", {"status": "approved"}),),
    "billing_event": (Stage("released_at", {"status": "released"}),),
    "invoice": (Stage("issued_on", {"status": "posted"}), Stage("posted_at", {"status": "posted"})),
    "revenue_line": (Stage("posted_on", {"state": "posted"}),),
    "message": (Stage("ended_at", {}),),
    "estimate": (Stage("estimated_on", {}),),
    "ledger_entry": (Stage("posted_on", {}),),
}
#: what one state of a kind means as much as another: an invoice that is paid was posted
_ALIKE: dict[str, frozenset[str]] = {
    "invoice": frozenset({"posted", "sent", "paid"}),
    "contract": frozenset({"signed", "active"}),
    "billing_event": frozenset({"released", "invoiced"}),
}
#: kinds that were there from the beginning, whenever they were last touched
_ALWAYS = frozenset({
    "legal_entity", "customer", "resource", "absence", "contract_line", "invoice_line", "period", "fx_rate",
    "allocation", "forecast", "ledger_balance",
})  # fmt: skip


def states(connection: Connection, kind: str) -> Iterator[State]:
    """The states of every stored record of a kind, those of one record in their order."""
    table = RECORD_TABLES[kind]
    found = connection.execute(select(table.c.system, table.c.id).order_by(table.c.system, table.c.id)).all()
    for start in range(0, len(found), _CHUNK):
        ids: dict[str, list[str]] = {}
        for system, identifier in found[start : start + _CHUNK]:
            ids.setdefault(system, []).append(identifier)
        for system, chosen in ids.items():
            for record in stored_records(connection, kind, system, chosen):
                for at, state in _states(kind, record):
                    yield State(at, system, state)


def _states(kind: str, record: Record) -> Iterator[tuple[datetime | None, Record]]:
    end = record.deleted_at
    whole = msgspec.structs.replace(record, deleted_at=None) if end else record
    if kind in _ALWAYS:
        yield None, whole
    else:
        yield from _stages(kind, whole)
    if end:
        yield max(end, record.source_updated_at), record


def _stages(kind: str, record: Record) -> Iterator[tuple[datetime | None, Record]]:
    """What each stamp says, and last the record as it is: from its last stamp on, if that explains it."""
    stamped = [(at, s) for s in _STAGES.get(kind, ()) if (at := _instant(getattr(record, s.stamp)))]
    word = "state" if kind == "revenue_line" else "status"
    for at, stage in stamped[:-1]:
        yield at, _as_said(record, at, stage)
    if not stamped:
        # a schedule and what says nothing of its beginning were there as they are
        planned = getattr(record, word, None) in {"scheduled", "planned", "draft", "open"}
        yield None if planned else record.source_updated_at, record
        return
    at, stage = stamped[-1]
    now, then = getattr(record, word, None), stage.said.get(word)
    if then is None or now == then or {now, then} <= _ALIKE.get(kind, frozenset()):
        yield at, record
    else:
        yield at, _as_said(record, at, stage)
        yield max(at, record.source_updated_at), record


def _as_said(record: Record, at: datetime, stage: Stage) -> Record:
    said = {**stage.said, **dict.fromkeys(stage.without)}
    return msgspec.structs.replace(record, source_updated_at=min(at, record.source_updated_at), **said)


def _instant(stamp: datetime | date | None) -> datetime | None:
    if stamp is None or isinstance(stamp, datetime):
        return stamp
    return datetime.combine(stamp, time(), UTC)


def mirror(connection: Connection, scratch: Connection) -> list[StreamConfig]:
    """Tell an empty store of the systems and streams of this one; the streams it was told of."""
    rows = connection.execute(select(stream_state).where(stream_state.c.configured)).mappings().all()
    streams = [
        StreamConfig(
            row["system"],
            row["stream"],
            row["kind"],
            timedelta(seconds=row["interval_s"]),
            timedelta(seconds=row["freshness_limit_s"]),
        )
        for row in rows
    ]
    roles = [
        RoleConfig(*row)
        for row in connection.execute(
            select(system_role.c.system, system_role.c.role, system_role.c.legal_entity, system_role.c.kind)
        )
    ]
    configure(scratch, streams, roles)
    return streams
