"""The answers of the command line and the API in their stable JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from metrics.check import checks
from metrics.rules import Rules
from queries import exceptions, findings, identity, journey, systems, untraceable
from queries.spans import SpanRow
from queries.types import iso

_EVERYTHING = 1_000_000


def exception_list(connection: Connection, filters: exceptions.Filters) -> list[dict[str, Any]]:
    """Open exceptions, most money x urgency first."""
    return [exceptions.as_json(row) for row in exceptions.page(connection, filters, limit=_EVERYTHING)]


def check_list(connection: Connection, rules: Rules) -> list[dict[str, Any]]:
    """Every check, how it stands and why it could not be judged."""
    return [_check(connection, rules, key) for key in sorted(checks())]


def _check(connection: Connection, rules: Rules, key: str) -> dict[str, Any]:
    check = checks()[key]
    limit = rules.of(check)
    states = findings.check_states(connection, key)
    overall = overall_state(states)
    count, group, _ = exceptions.group_total(connection, exceptions.Filters(check=key))
    return {
        "key": key,
        "title": check.title,
        "question": check.question,
        "reads": sorted({need.role for need in check.reads}),
        "streams": [
            {"role": need.role, "kind": need.kind, "required": need.required} for need in check.reads
        ],
        "acts": limit.owner,
        "watch": limit.watch,
        "act": limit.act,
        "remedy": check.remedy,
        "enabled": key not in rules.disabled,
        **overall,
        "open": count,
        "amounts": [
            {"currency": total.currency, "count": total.count, "amount": str(total.amount)}
            for total in exceptions.totals(connection, exceptions.Filters(check=key))
            if total.is_money
        ],
        "group_minor": group,
        "untraceable": untraceable_time(connection) if key == untraceable.CHECK else None,
        "legal_entities": {
            entity: {"outcome": row["outcome"], "as_of": _iso(row["as_of"]), "reason": row["reason"]}
            for entity, row in sorted(states.items())
        },
    }


def untraceable_time(connection: Connection) -> dict[str, Any]:
    """The time that nothing says how to bill: in all, and by legal entity."""
    entities = untraceable.by_entity(connection)
    return {
        **_untraceable(untraceable.added(entities.values())),
        "reason": untraceable.REASON,
        "remedy": untraceable.REMEDY,
        "legal_entities": {entity: _untraceable(found) for entity, found in entities.items()},
    }


def _untraceable(found: untraceable.Untraceable) -> dict[str, Any]:
    return {
        "entries": found.entries,
        "hours": format(found.hours.normalize(), "f"),
        "unpriced_hours": format(found.unpriced_hours.normalize(), "f"),
        "amounts": [
            {"currency": total.currency, "count": total.count, "amount": str(total.amount)}
            for total in found.totals
        ],
    }


def overall_state(states: dict[str, Any]) -> dict[str, Any]:
    """One outcome for all legal entities: fail where something judged fails, else unknown before pass."""
    # what names no legal entity has a say only where it is alone, or wrong
    rows = [row for entity, row in states.items() if entity or len(states) == 1 or row["outcome"] == "fail"]
    outcomes = {row["outcome"] for row in rows}
    outcome = next((o for o in ("fail", "unknown", "pass") if o in outcomes), "unknown")
    moments = [row["as_of"] for row in rows if row["as_of"]]
    verified = [row["verified_at"] for row in rows]
    reasons = [row["reason"] for row in rows if row["reason"]]
    return {
        "outcome": outcome,
        "as_of": _iso(min(moments)) if moments else None,
        "reason": reasons[0] if reasons else None if rows else "never evaluated",
        "unknown_entities": sorted(
            entity for entity, row in states.items() if row["outcome"] == "unknown" and entity
        ),
        "partial": any(row["partial"] for row in rows),
        "verified_at": _iso(min(verified)) if verified and all(verified) else None,
    }


def _iso(instant: datetime | None) -> str | None:
    return iso(instant) if instant else None


def system_list(connection: Connection, now: datetime) -> list[dict[str, Any]]:
    """Every configured system and stream."""
    return systems.as_json(connection, now)


def identity_list(
    connection: Connection, roles: Mapping[str, str], kind: str | None = None
) -> dict[str, Any]:
    """The systems of record, the pairs that are tied, conflicts first, and the crosswalk's overruled rows."""
    policies = [row for row in identity.policies(connection, roles) if kind in (None, row.kind)]
    found = identity.pairs(connection, kind, roles, limit=_EVERYTHING)
    return {
        "kinds": [{**row._asdict(), "systems": list(row.systems)} for row in policies],
        "pairs": [_identity_pair(pair) for pair in found],
        "crosswalk_overruled": [
            dict(row) for row in identity.contradicted(connection, _EVERYTHING) if kind in (None, row["kind"])
        ],
    }


def _identity_pair(pair: identity.Pair) -> dict[str, Any]:
    sides = {
        name: {"system": side.system, "id": side.id, "name": side.name, "source_updated_at": _iso(side.at)}
        for name, side in (("here", pair.here), ("there", pair.there))
    }
    return {
        "kind": pair.kind,
        **sides,
        "method": pair.method,
        "conflict": pair.conflict,
        "compared": [row._asdict() for row in pair.compared],
        "wins": pair.wins,
        "crosswalk": None
        if pair.crosswalk is None
        else dict(zip(("system", "id"), pair.crosswalk, strict=True)),
    }


def reject_list(connection: Connection) -> list[dict[str, Any]]:
    """Rows in quarantine."""
    return [
        {
            **{
                name: row[name]
                for name in ("system", "stream", "kind", "record_id", "reason", "raw", "names")
            },
            "first_seen_at": iso(row["first_seen_at"]),
            "last_seen_at": iso(row["last_seen_at"]),
        }
        for row in systems.rejects(connection, limit=_EVERYTHING)
    ]


def trace(connection: Connection, engagement: str, other: list[str]) -> dict[str, Any]:
    """The whole way of one engagement with the spans of each hop."""
    way = journey.journey(connection, engagement)
    spans = journey.spans_by_hop(connection, engagement, way.hops)
    return {
        "engagement": way.engagement,
        "title": way.title,
        "legal_entity": way.legal_entity,
        "also_found": other,
        "hops": [_hop(hop, touching) for hop, touching in zip(way.hops, spans, strict=True)],
        "exceptions": [exceptions.as_json(row) for row in way.findings],
        "links": [dict(row) for row in way.links],
    }


def _hop(hop: journey.Hop, touching: list[SpanRow]) -> dict[str, Any]:
    return {
        "stage": hop.stage,
        "title": hop.title,
        "state": hop.state,
        "system": hop.system,
        "count": hop.count,
        "first_at": _iso(hop.first_at),
        "last_at": _iso(hop.last_at),
        "lag_s": hop.lag_s,
        "missing": hop.missing,
        "amounts": {currency: str(amount) for currency, amount in sorted(hop.amounts.items())},
        "hours": None if hop.hours is None else format(hop.hours, "f"),
        "records": [
            {**r, "at": _iso(r["at"]), "amount": None if r["amount"] is None else str(r["amount"])}
            for r in hop.records
        ],
        "spans": [_span(s) for s in touching],
    }


def _span(span: SpanRow) -> dict[str, Any]:
    return {
        "trace_id": span.trace_id,
        "span_id": span.span_id,
        "parent_span_id": span.parent_span_id,
        "service": span.service,
        "name": span.name,
        # nanoseconds since 1970 are more than a JSON number holds everywhere
        "start_ns": str(span.start_ns),
        "end_ns": str(span.end_ns),
        "status": span.status,
    }


def prometheus(connection: Connection, rules: Rules, now: datetime) -> str:
    """Streams and checks as Prometheus text; a stream that was never read has no lag, only a state."""
    lines = ["# TYPE sightglass_stream_lag_seconds gauge\n", "# TYPE sightglass_stream_up gauge\n"]
    lines.append("# TYPE sightglass_stream_rejects gauge\n")
    for row in systems.streams(connection, now):
        labels = f'{{system="{row["system"]}",stream="{row["stream"]}"}}'
        lines.append(f"sightglass_stream_up{labels} {int(row['state'] in systems.USABLE)}\n")
        lines.append(f"sightglass_stream_rejects{labels} {row['rejects']}\n")
        if row["lag_s"] is not None:
            lines.append(f"sightglass_stream_lag_seconds{labels} {row['lag_s']}\n")
    lines.append("# TYPE sightglass_check_state gauge\n# TYPE sightglass_exceptions gauge\n")
    lines.append("# TYPE sightglass_exceptions_amount gauge\n")
    for check in check_list(connection, rules):
        for outcome in ("pass", "fail", "unknown"):
            labels = f'{{check="{check["key"]}",outcome="{outcome}"}}'
            lines.append(f"sightglass_check_state{labels} {int(check['outcome'] == outcome)}\n")
        told = sum(total["count"] for total in check["amounts"])
        if check["open"] > told:
            labels = f'{{check="{check["key"]}",currency=""}}'
            lines.append(f"sightglass_exceptions{labels} {check['open'] - told}\n")
        for total in check["amounts"]:
            labels = f'{{check="{check["key"]}",currency="{total["currency"]}"}}'
            lines.append(f"sightglass_exceptions{labels} {total['count']}\n")
            lines.append(f"sightglass_exceptions_amount{labels} {total['amount']}\n")
    return "".join(lines)
