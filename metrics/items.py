"""From records to open items: what a check's select yields, and from when on each is listed and urgent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from metrics.check import Check, statement
from metrics.facts import add_facts, facts_of
from metrics.firm import Firm
from metrics.rules import Threshold
from queries import findings, read
from queries.open_items import OpenItem, replace

#: engagements looked at in one statement
CHUNK = 400


def refresh_items(firm: Firm, check: Check, names: Sequence[str] | None) -> None:
    """Bring the open items of these engagements, or of all, up to date."""
    if names is None:
        replace(firm.connection, check.key, None, items_of(firm, check, None))
        return
    if len(names) > CHUNK:
        # a subject may have moved to an engagement of an earlier chunk than the one it leaves
        replace(firm.connection, check.key, names, ())
    for start in range(0, len(names), CHUNK):
        chunk = names[start : start + CHUNK]
        replace(firm.connection, check.key, chunk, items_of(firm, check, chunk))


def items_of(firm: Firm, check: Check, names: Sequence[str] | None) -> list[OpenItem]:
    """One item a subject, contract line, currency and start of age; rows that share all of these add up."""
    merged: dict[tuple[Any, ...], list[Any]] = {}
    asked = statement(check, whole=names is None)
    rows = read.rows(firm.connection, asked, None if names is None else {"engagements": names})
    # a record that names no legal entity has its engagement's
    nameless = sorted({row["engagement_id"] for row in rows if row["legal_entity"] is None})
    entities = findings.entity_of_engagements(firm.connection, nameless) if nameless else {}
    for row in rows:
        row["legal_entity"] = row["legal_entity"] or entities.get(row["engagement_id"])
        calendar = firm.calendar(row["legal_entity"])
        since = row["since"]
        if check.since is not None:
            day = check.since(row, calendar)
        else:
            day = calendar.local_date(since) if isinstance(since, datetime) else since
        start = since if isinstance(since, datetime) else calendar.midnight(day)
        key = (*(row[name] for name in _SUBJECT), start)
        other = merged.get(key)
        if other is None:
            merged[key] = [row, day, int(row["amount_minor"]), facts_of(row)]
        else:
            other[2] += int(row["amount_minor"])
            add_facts(other[3], row)
    firm.entities = sorted({*firm.entities, *(row["legal_entity"] for row in rows if row["legal_entity"])})
    limit = firm.rules.of(check)
    return [_item(firm, check, limit, key[-1], *parts) for key, parts in merged.items()]


_SUBJECT = ("subject_system", "subject_kind", "subject_id", "contract_line", "currency")


def _item(  # noqa: PLR0913, PLR0917 - the parts of one item
    firm: Firm,
    check: Check,
    limit: Threshold,
    since: datetime,
    row: Mapping[str, Any],
    day: date,
    minor: int,
    facts: dict[str, Any],
) -> OpenItem:
    calendar = firm.calendar(row["legal_entity"])
    return OpenItem(
        check_key=check.key,
        subject_system=row["subject_system"],
        subject_kind=row["subject_kind"],
        subject_id=row["subject_id"],
        contract_line=row["contract_line"] or "",
        currency=row["currency"],
        since=since,
        engagement_id=row["engagement_id"],
        legal_entity=row["legal_entity"],
        watch_at=since if check.at_once and not limit.watch else calendar.more_than(limit.watch, day),
        act_at=calendar.more_than(limit.act, day),
        amount_minor=minor,
        facts={**facts, "since_day": day.isoformat()},
    )
