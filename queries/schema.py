"""Every table. Record tables are derived from :mod:`queries.records`; the rest is written out.

Keys: a record is ``(system, id)``. Every row about one piece of work carries ``engagement_id``: the
index today, the distribution key on a distributed engine tomorrow.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    column,
    literal_column,
)
from sqlalchemy.types import TypeEngine

from queries.fields import FIELDS
from queries.records import KINDS, NODE_KINDS, REFERENCES
from queries.types import NO_CURRENCY, UtcInstant

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: written out, not bound: only so does a statement match the condition of a partial index
NOTHING = literal_column("0", BigInteger)
#: likewise: only so is it the same expression where rows are grouped by it
NO_MONEY = literal_column(f"'{NO_CURRENCY}'", Text)

_COLUMN_TYPES: dict[str, type[TypeEngine[Any]]] = {
    "money": BigInteger,
    "hours": BigInteger,
    "rate": BigInteger,
    "instant": UtcInstant,
    "day": Date,
    "bool": Boolean,
    "int": Integer,
    "text": Text,
}

#: columns we work out from several records, refreshed whenever one of them changes
DERIVED: dict[str, tuple[tuple[str, type[TypeEngine[Any]]], ...]] = {
    "time_entry": (
        ("is_open", Boolean),
        ("open_currency", Text),
        ("open_minor", BigInteger),
        ("open_hours", BigInteger),
        ("relieved_minor", BigInteger),
    ),
    "invoice_line": (("live_minor", BigInteger), ("pool_minor", BigInteger)),
    "project": (("first_active_at", UtcInstant),),
}


def _record_table(kind: str) -> Table:
    required = {"id", "source_updated_at"}
    columns: list[Column[Any]] = [Column("system", Text, primary_key=True)]
    for name, unit in FIELDS[kind].items():
        columns.append(
            Column(name, _COLUMN_TYPES[unit], primary_key=name == "id", nullable=name not in required)
        )
    columns.append(Column("engagement_id", Text))
    columns.append(Column("collected_at", UtcInstant, nullable=False))
    columns.append(Column("digest", LargeBinary, nullable=False))
    columns.extend(Column(name, kind_of) for name, kind_of in DERIVED.get(kind, ()))
    return Table(kind, metadata, *columns, *_indexes(kind), sqlite_with_rowid=False)


def _indexes(kind: str) -> list[Index]:
    # people look records up by the number on the document
    number = [Index(None, "number")] if "number" in FIELDS[kind] else []
    if kind == "time_entry":
        # the last column finds open time without a contract line, or of one that was never read
        return [Index(None, "engagement_id", "is_open", "contract_line_id")]
    if kind in NODE_KINDS or "project" in REFERENCES[kind] or "contract_line" in REFERENCES[kind]:
        more = {"invoice_line": ("invoice", "credits_line"), "revenue_line": ("reverses", "milestone")}
        pairs = [Index(None, f"{name}_system", f"{name}_id") for name in more.get(kind, ())]
        return [Index(None, "engagement_id"), *number, *pairs, *_pooled(kind)]
    return [*number, Index(None, "credits_system", "credits_id")] if kind == "invoice" else []


def _pooled(kind: str) -> list[Index]:
    """Which engagements have money that relieves their oldest time: asked for every open entry."""
    if kind != "invoice_line":
        return []
    some = column("pool_minor") != NOTHING
    return [
        Index("ix_invoice_line_pooled", "engagement_id", sqlite_where=some, postgresql_where=some),
    ]


RECORD_TABLES: dict[str, Table] = {kind: _record_table(kind) for kind in KINDS}

legal_entity_table = RECORD_TABLES["legal_entity"]

billed_time = Table(
    "billed_time",
    metadata,
    Column("owner_kind", Text, primary_key=True, comment="which record says so: invoice_line or time_entry"),
    Column("owner_system", Text, primary_key=True),
    Column("owner_id", Text, primary_key=True),
    Column("entry_system", Text, primary_key=True),
    Column("entry_id", Text, primary_key=True),
    Column("line_system", Text, nullable=False),
    Column("line_id", Text, nullable=False),
    Column("hours", BigInteger, comment="null: all hours of the entry"),
    Index(None, "entry_system", "entry_id"),
    Index(None, "line_system", "line_id"),
)

node = Table(
    "node",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("system", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("engagement_id", Text, nullable=False),
    Column("present", Boolean, nullable=False, comment="false: referred to, not seen yet"),
    Column("customer", Text, comment="system:id of the customer, for weaker links"),
    Column("legal_entity", Text),
    Index(None, "engagement_id"),
    Index(None, "id"),
    Index(None, "customer"),
)

link = Table(
    "link",
    metadata,
    Column("from_kind", Text, primary_key=True),
    Column("from_system", Text, primary_key=True),
    Column("from_id", Text, primary_key=True),
    Column("name", Text, primary_key=True, comment="the reference on the owning record"),
    Column("to_kind", Text, nullable=False),
    Column("to_system", Text, nullable=False),
    Column("to_id", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("ties", Boolean, nullable=False, comment="false: a suggestion, refused for the reason beside it"),
    Column("refused", Text),
    Index(None, "to_kind", "to_system", "to_id"),
)

crosswalk = Table(
    "crosswalk",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("system", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("reference", Text, primary_key=True, comment="the reference it fills"),
    Column("to_system", Text, nullable=False),
    Column("to_id", Text, nullable=False),
    Column("own_system", Text, comment="what the record says itself"),
    Column("own_id", Text),
    Column("own_method", Text),
)

stream_state = Table(
    "stream_state",
    metadata,
    Column("system", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("watermark", Text, comment="the position safely read, in the system's own words"),
    Column("complete_through", UtcInstant),
    Column("last_poll", UtcInstant),
    Column("last_success", UtcInstant),
    Column("freshness_limit_s", Integer, nullable=False),
    Column("interval_s", Integer, nullable=False),
    Column("error", Text),
    Column("stopped_until", UtcInstant, comment="the system asked to be left alone: an allowance is used up"),
    Column("swept_at", UtcInstant, comment="when its ids were last compared with the source's"),
    Column("leased_by", Text),
    Column("leased_until", UtcInstant),
    Column("configured", Boolean, nullable=False),
    Column("seen_fields", Text, comment="JSON: mapped field -> rows that had it, rows it was looked for in"),
    Column("missing_fields", Text, comment="JSON: mapped fields that rows had once and have no more"),
    Column("missing_since", UtcInstant),
)

system_role = Table(
    "system_role",
    metadata,
    Column("system", Text, primary_key=True),
    Column("role", Text, primary_key=True),
    Column("legal_entity", Text, primary_key=True, comment="'*': every legal entity"),
    Column("kind", Text, nullable=False, comment="the vendor"),
)

collection_run = Table(
    "collection_run",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("system", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("started_at", UtcInstant, nullable=False),
    Column("ended_at", UtcInstant),
    Column("outcome", Text, nullable=False, comment="running, ok, partial, failed, truncated"),
    Column("pages", Integer, nullable=False),
    Column("read", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("deleted", Integer, nullable=False),
    Column("watermark", Text),
    Column("complete_through", UtcInstant),
    Column("unknown_fields", Text, comment="JSON: field -> rows that carried it"),
    Column("missing_fields", Text, comment="JSON: mapped fields that no row carried, and earlier ones did"),
    Column("error", Text),
    Column("trace_id", Text),
    Index(None, "system", "stream", "id"),
)

reject = Table(
    "reject",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("system", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("record_id", Text, comment="the record's own id where it could be read"),
    Column("fingerprint", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("names", Text, nullable=False, comment="JSON: the records it names, [kind, system, id]"),
    Column("first_seen_at", UtcInstant, nullable=False),
    Column("last_seen_at", UtcInstant, nullable=False),
    Column("resolved_at", UtcInstant),
    UniqueConstraint("system", "stream", "fingerprint"),
    Index(None, "system", "stream", "record_id"),
)

open_item = Table(
    "open_item",
    metadata,
    Column("check_key", Text, primary_key=True),
    Column("subject_system", Text, primary_key=True),
    Column("subject_kind", Text, primary_key=True),
    Column("subject_id", Text, primary_key=True),
    Column("contract_line", Text, primary_key=True, comment="'' where the check has none"),
    Column("currency", Text, primary_key=True),
    Column("since", UtcInstant, primary_key=True),
    Column("engagement_id", Text, nullable=False),
    Column("legal_entity", Text),
    Column("watch_at", UtcInstant, nullable=False),
    Column("act_at", UtcInstant, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("facts", Text, nullable=False, comment="JSON: what the reason sentence is made of"),
    Index(None, "check_key", "engagement_id"),
    Index("ix_open_item_kpi", "check_key", "legal_entity", "currency", "since", "amount_minor"),
    Index("ix_open_item_watch", "check_key", "watch_at", "engagement_id"),
    Index("ix_open_item_act", "check_key", "act_at", "engagement_id"),
)

finding = Table(
    "finding",
    metadata,
    Column("id", Text, primary_key=True, comment="derived from check, subject, contract line and currency"),
    Column("check_key", Text, nullable=False),
    Column("subject_system", Text, nullable=False),
    Column("subject_kind", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("contract_line", Text),
    Column("engagement_id", Text, nullable=False),
    Column("legal_entity", Text),
    Column("root_id", Text, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("status", Text, nullable=False),  # new, acknowledged, in_progress, snoozed, regressed, resolved
    Column("outcome", Text, nullable=False, comment="fail while judged, unknown while it cannot be"),
    Column("since", UtcInstant, nullable=False, comment="of the oldest item listed"),
    Column("watch_at", UtcInstant, nullable=False),
    Column("act_at", UtcInstant, nullable=False),
    Column("age_days", Integer, nullable=False, comment="business days at the last judgement"),
    Column("currency", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("detected_minor", BigInteger, nullable=False),
    Column(
        "wip_minor",
        BigInteger,
        nullable=False,
        comment="all that is open on the subject, past the threshold or not",
    ),
    Column("group_minor", BigInteger, comment="the amount in the reporting currency; null: no rate"),
    Column("severity", Text, nullable=False, comment="critical, high, medium, low"),
    Column("owner", Text, comment="by rule"),
    Column("assignee", Text, comment="who took it; null: the owner by rule"),
    Column("acknowledged_at", UtcInstant, comment="when somebody first took it"),
    Column("resolution", Text, comment="what a person said: fixed, written_off, accepted, false_positive"),
    Column("resolved_at", UtcInstant, comment="when a person said so"),
    Column("snoozed_until", UtcInstant),
    Column("snoozed_above_minor", BigInteger, comment="wakes when it is worth more"),
    Column("snoozed_period", Text, comment="wakes when its legal entity's period of this name is not open"),
    Column("reason", Text, nullable=False),
    Column("expected", Text, nullable=False),
    Column("actual", Text, nullable=False),
    Column("first_broken_handoff", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("source_url", Text),
    Column("opened_at", UtcInstant, nullable=False),
    Column("last_seen_at", UtcInstant, nullable=False),
    Column("cleared_at", UtcInstant),
    Column("facts", Text, nullable=False),
    Column("runs", Text, nullable=False, comment="JSON: the collection runs it was judged on"),
    Index(None, "is_open", "check_key"),
    Index(None, "engagement_id"),
    Index(None, "status"),
)

finding_transition = Table(
    "finding_transition",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("finding_id", Text, nullable=False),
    Column("at", UtcInstant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("change", Text, nullable=False, comment="opened, cleared, assigned, ...: docs/exceptions.md"),
    Column("before", Text),
    Column("after", Text),
    Column("why", Text),
    Index(None, "finding_id", "id"),
)

check_state = Table(
    "check_state",
    metadata,
    Column("check_key", Text, primary_key=True),
    Column("legal_entity", Text, primary_key=True, comment="'' for records that name none"),
    Column("outcome", Text, nullable=False, comment="pass, fail, unknown"),
    Column("partial", Boolean, nullable=False, comment="some quarantined rows named no subject"),
    Column("as_of", UtcInstant),
    Column("reason", Text),
    Column("evaluated_at", UtcInstant, nullable=False),
    Column("verified_at", UtcInstant, comment="last full audit that agreed"),
    Column("definition", Text, comment="what the check meant when it was judged; null: never whole"),
)

metric_snapshot = Table(
    "metric_snapshot",
    metadata,
    Column("metric", Text, primary_key=True),
    Column("taken_on", Date, primary_key=True),
    Column("legal_entity", Text, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("taken_at", UtcInstant, nullable=False),
)

span = Table(
    "span",
    metadata,
    Column("trace_id", Text, primary_key=True),
    Column("span_id", Text, primary_key=True),
    Column("parent_span_id", Text),
    Column("service", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", SmallInteger, nullable=False, comment="OTLP: 1 internal .. 5 consumer"),
    Column("start_ns", BigInteger, nullable=False),
    Column("end_ns", BigInteger, nullable=False),
    Column("status", SmallInteger, nullable=False, comment="OTLP: 0 unset, 1 ok, 2 error"),
    Column("status_message", Text),
    Column("scope", Text),
    Column("resource", Text, nullable=False, comment="JSON"),
    Column("attributes", Text, nullable=False, comment="JSON"),
    Column("events", Text, nullable=False, comment="JSON"),
    Column("links", Text, nullable=False, comment="JSON"),
    Column("flags", Text, comment="JSON: what we had to mend, such as end_before_start"),
    Column("received_at", UtcInstant, nullable=False),
    Index(None, "start_ns"),
    sqlite_with_rowid=False,
)

span_key = Table(
    "span_key",
    metadata,
    Column("kind", Text, primary_key=True, comment="opportunity, project, invoice ..."),
    Column("id", Text, primary_key=True),
    Column("trace_id", Text, primary_key=True),
    Column("span_id", Text, primary_key=True),
    Column("system", Text, comment="the system whose id it is, where the span says"),
    Column("start_ns", BigInteger, nullable=False),
    Index(None, "start_ns"),
    sqlite_with_rowid=False,
)
