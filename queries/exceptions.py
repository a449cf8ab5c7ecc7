"""The queue of exceptions: one read for the list, the counts and the page, so that numbers equal rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from queries import read
from queries.schema import RECORD_TABLES, finding, finding_transition
from queries.types import NO_CURRENCY, from_minor, iso

_deal = RECORD_TABLES["opportunity"]

#: set aside for a while, and said to be settled by a person: neither is listed unless asked for
SNOOZED, RESOLVED = "snoozed", "resolved"


@dataclass(frozen=True, slots=True)
class Filters:
    """What to show; empty means all. Every field is a key of the page's address."""

    check: str | None = None
    legal_entity: str | None = None
    severity: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    currency: str | None = None
    owner: str | None = None
    engagement: str | None = None
    handoff: str | None = None
    text: str | None = None
    root: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The filters as conditions over open findings; those set aside only where they are asked for.

        ``resolved`` are those a person settled though what was found still holds.
        """
        equal = {
            finding.c.check_key: self.check,
            finding.c.legal_entity: self.legal_entity,
            func.coalesce(finding.c.assignee, finding.c.owner): self.owner,
            finding.c.currency: self.currency,
            finding.c.engagement_id: self.engagement,
            finding.c.first_broken_handoff: self.handoff,
            finding.c.root_id: self.root,
        }
        found = [self._standing()]
        found += [column == value for column, value in equal.items() if value]
        if self.severity:
            found.append(finding.c.severity.in_(self.severity))
        if self.text:
            found.append(_mentions(self.text.strip()))
        return found

    def _standing(self) -> ColumnElement[bool]:
        if not self.status:
            return and_(finding.c.is_open, finding.c.status != SNOOZED)
        is_open = and_(finding.c.is_open, finding.c.status.in_(self.status))
        if RESOLVED not in self.status:
            return is_open
        settled = and_(~finding.c.is_open, finding.c.status == RESOLVED, finding.c.outcome != "pass")
        return or_(is_open, settled)


def _mentions(text: str) -> ColumnElement[bool]:
    columns = (finding.c.subject_id, finding.c.contract_line, finding.c.engagement_id, finding.c.reason)
    of_deal = (_deal.c.name, _deal.c.customer_name, _deal.c.number)
    named = or_(*(column.icontains(text, autoescape=True) for column in of_deal))
    deals = select(_deal.c.engagement_id).where(named)
    return or_(
        *(column.icontains(text, autoescape=True) for column in columns), finding.c.engagement_id.in_(deals)
    )


@dataclass(frozen=True, slots=True)
class Total:
    """A currency's share of a list: how many, how much."""

    currency: str
    count: int
    amount: Decimal

    @property
    def is_money(self) -> bool:
        """Whether there is an amount at all: some exceptions are not about money."""
        return self.currency not in ("", NO_CURRENCY)


def queue(filters: Filters) -> Select[Any]:
    """Open findings, most money x urgency first; in the reporting currency where a rate is known."""
    money = func.coalesce(finding.c.group_minor, finding.c.amount_minor)
    # urgency: an item just listed counts once, and once more for every business day of its age
    rank = money * (1 + finding.c.age_days)
    return (
        select(finding, rank.label("rank"))
        .where(*filters.conditions())
        .order_by(rank.desc(), finding.c.amount_minor.desc(), finding.c.id)
    )


def page(connection: Connection, filters: Filters, *, limit: int, offset: int = 0) -> list[Mapping[str, Any]]:
    """A page of the queue, with the deal's name beside each finding."""
    found = queue(filters).limit(limit).offset(offset)
    rows = read.rows(connection, found)
    names = titles(connection, [row["engagement_id"] for row in rows])
    return [{**row, "title": names.get(row["engagement_id"], row["subject_id"])} for row in rows]


def totals(connection: Connection, filters: Filters) -> list[Total]:
    """Count and amount per currency of exactly the rows :func:`page` pages through."""
    rows = queue(filters).order_by(None).subquery()
    query = select(rows.c.currency, func.count(), func.sum(rows.c.amount_minor)).group_by(rows.c.currency)
    found = connection.execute(query.order_by(rows.c.currency))
    return [Total(currency, int(count), from_minor(int(minor), currency)) for currency, count, minor in found]


def group_total(connection: Connection, filters: Filters) -> tuple[int, int, int]:
    """Findings, their sum in minor units of the reporting currency, and how many no rate could convert."""
    rows = queue(filters).order_by(None).subquery()
    query = select(func.count(), func.sum(rows.c.group_minor), func.count(rows.c.group_minor))
    count, minor, converted = connection.execute(query).one()
    return int(count), int(minor or 0), int(count) - int(converted)


def one(connection: Connection, identifier: str) -> Mapping[str, Any] | None:
    """A finding by id, open or not."""
    return next(iter(read.rows(connection, select(finding).where(finding.c.id == identifier))), None)


def history(connection: Connection, identifier: str) -> list[dict[str, Any]]:
    """Every transition of a finding, oldest first."""
    query = select(finding_transition).where(finding_transition.c.finding_id == identifier)
    return read.rows(connection, query.order_by(finding_transition.c.id))


def titles(connection: Connection, engagements: Sequence[str]) -> dict[str, str]:
    """Engagement -> what a person calls it: the client and the deal."""
    query = select(_deal.c.engagement_id, _deal.c.customer_name, _deal.c.name, _deal.c.number).where(
        _deal.c.engagement_id.in_(list(engagements))
    )
    found: dict[str, str] = {}
    for engagement, customer, name, number in connection.execute(query.order_by(_deal.c.won_at, _deal.c.id)):
        found.setdefault(engagement, " - ".join(part for part in (customer, name or number) if part))
    return {engagement: title for engagement, title in found.items() if title}


def as_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """A finding in the stable form of the command line and the API: money as text, instants in UTC."""
    group = row["group_minor"]
    return {
        "id": row["id"],
        "check": row["check_key"],
        "subject": {"system": row["subject_system"], "kind": row["subject_kind"], "id": row["subject_id"]},
        "contract_line": row["contract_line"],
        "engagement": row["engagement_id"],
        "legal_entity": row["legal_entity"],
        "root": row["root_id"],
        "amount": str(from_minor(row["amount_minor"], row["currency"])),
        "currency": row["currency"],
        "amount_detected": str(from_minor(row["detected_minor"], row["currency"])),
        "amount_open": str(from_minor(row["wip_minor"], row["currency"])),
        "group_minor": group,
        "since": iso(row["since"]),
        "age_days": row["age_days"],
        "act_at": iso(row["act_at"]),
        "severity": row["severity"],
        "status": row["status"],
        "outcome": row["outcome"],
        "owner": row["assignee"] or row["owner"],
        "owner_by_rule": row["owner"],
        "resolution": row["resolution"],
        "snoozed_until": iso(row["snoozed_until"]) if row["snoozed_until"] else None,
        "reason": row["reason"],
        "expected": row["expected"],
        "actual": row["actual"],
        "first_broken_handoff": row["first_broken_handoff"],
        "remedy": row["remedy"],
        "source_url": row["source_url"],
        "opened_at": iso(row["opened_at"]),
        "last_seen_at": iso(row["last_seen_at"]),
        "cleared_at": iso(row["cleared_at"]) if row["cleared_at"] else None,
        "runs": json.loads(row["runs"]),
    }
