"""From open items to findings: what is listed, refreshed, cleared, or in doubt, and how a check stands."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from metrics.check import Check
from metrics.facts import facts_of_all
from metrics.firm import Firm
from metrics.items import CHUNK
from metrics.severity import severity
from queries import findings, polls
from queries.blocked import Blocked, blocked_subjects
from queries.open_items import OpenItem, crossing, stored


def with_time(firm: Firm, check: Check, names: Sequence[str] | None) -> list[str] | None:
    """The engagements to judge: the touched ones, and those that only time made news."""
    if names is None:
        return None
    covered = coverage_of(firm, check, ["", *firm.entities])
    states = findings.check_states(firm.connection, check.key)
    extra: set[str] = set()
    turned = []
    for entity, cover in covered.items():
        before = states.get(entity)
        known = before is not None and before["outcome"] != "unknown"
        if before is None or known != (cover.reason is None):
            turned.append(entity)
        elif known and cover.as_of and before["as_of"] and cover.as_of > before["as_of"]:
            extra |= set(crossing(firm.connection, check.key, before["as_of"], cover.as_of))
    if turned:
        extra |= set(findings.engagements_at(firm.connection, check.key, turned))
    return sorted(extra | set(names))


def reads_of(check: Check) -> list[polls.Reads]:
    """The streams a check rests on, as the store asks for them."""
    return [polls.Reads(*need) for need in check.reads]


def coverage_of(firm: Firm, check: Check, entities: Iterable[str]) -> dict[str, polls.Coverage]:
    """How far each legal entity can be judged; what is about the whole firm rests on all of its systems."""
    if check.scope == "engagement":
        return polls.coverage(firm.connection, reads_of(check), entities, firm.now)
    found = polls.coverage(firm.connection, reads_of(check), [polls.EVERYWHERE], firm.now)[polls.EVERYWHERE]
    # where no system keeps what is read, nothing can be wrong with it
    known = polls.Coverage(firm.now, None) if found.as_of is None and found.reason is None else found
    return dict.fromkeys(entities, known)


def judge(firm: Firm, check: Check, names: Sequence[str] | None) -> None:
    """Open, refresh, clear or doubt the findings of these engagements, or of all."""
    if names is None:
        _judge_some(firm, check, None)
        return
    for start in range(0, len(names), CHUNK):
        _judge_some(firm, check, names[start : start + CHUNK])


def _judge_some(firm: Firm, check: Check, names: Sequence[str] | None) -> None:
    """Open, refresh, clear or doubt the findings of some engagements."""
    connection, now = firm.connection, firm.now
    groups = _groups(stored(connection, check.key, names))
    old = findings.of_engagements(connection, check.key, names, groups)
    entities = {items[0].legal_entity or "" for items in groups.values()} | {
        row["legal_entity"] or "" for row in old.values()
    }
    covered = coverage_of(firm, check, entities)
    runs = json.dumps(polls.latest_runs(connection, reads_of(check)))
    blocked = blocked_subjects(connection, [need.kind for need in check.reads])
    for key, items in groups.items():
        cover = covered[items[0].legal_entity or ""]
        why = cover.reason or _blocking(blocked, items[0])
        known = old.get(key)
        if why is None and cover.as_of is not None:
            values = _values(firm, check, items, cover.as_of)
            _settle(firm, known, None if values is None else {**values, "id": key, "runs": runs})
        elif known is not None and known["is_open"]:
            findings.doubt_finding(connection, known, now, why or "nothing has been read yet")
    for key, row in old.items():
        if key not in groups:
            _settle(firm, row, None)


def _settle(firm: Firm, known: Mapping[str, Any] | None, values: Mapping[str, Any] | None) -> None:
    """Make a finding what was judged of its subject; without values nothing is wrong with it."""
    if values is None:
        if known is not None and known["outcome"] != "pass":
            findings.clear_finding(firm.connection, known, firm.now)
    elif known is not None:
        findings.refresh_finding(firm.connection, known, values, firm.now)
    else:
        findings.open_finding(firm.connection, values, firm.now)


def _groups(items: Iterable[OpenItem]) -> dict[str, list[OpenItem]]:
    """Finding id -> its items, oldest first."""
    groups: dict[str, list[OpenItem]] = defaultdict(list)
    for key, group in groupby(
        items, attrgetter("subject_system", "subject_kind", "subject_id", "contract_line", "currency")
    ):
        members = list(group)
        groups[findings.finding_id(members[0].check_key, key[:3], key[3], key[4])] += members
    return groups


def _blocking(blocked: Blocked, item: OpenItem) -> str | None:
    subject = (item.subject_kind, item.subject_system, item.subject_id)
    return blocked.reason(subject, item.contract_line or item.facts.get("line_id") or "", item.engagement_id)


def _values(firm: Firm, check: Check, items: list[OpenItem], as_of: datetime) -> dict[str, Any] | None:
    """What a finding over these items says; None while nothing of worth is past its threshold."""
    due = [item for item in items if item.watch_at <= as_of]
    amount = sum(item.amount_minor for item in due)
    if not due or (amount <= 0 and check.needs_amount):
        return None
    # items that something relieved whole are there to show it: they are no longer owed
    owed = [
        item for item in due if item.amount_minor or item.facts.get("unrated_hours") or not check.needs_amount
    ]
    first = min(owed, key=attrgetter("watch_at", "since"))
    act_at = min(item.act_at for item in owed)
    facts = facts_of_all([first.facts, *(item.facts for item in due if item is not first)])
    age = firm.calendar(first.legal_entity).age(date.fromisoformat(first.facts["since_day"]), as_of)
    words = check.explain(facts, age)
    # nothing is worth nothing in every currency
    group = firm.rates.convert(amount, first.currency) if amount else 0
    return {
        "check_key": check.key,
        "subject_system": first.subject_system,
        "subject_kind": first.subject_kind,
        "subject_id": first.subject_id,
        "contract_line": first.contract_line or None,
        "engagement_id": first.engagement_id,
        "legal_entity": first.legal_entity,
        "since": first.since,
        "watch_at": first.watch_at,
        "act_at": act_at,
        "age_days": age,
        "currency": first.currency,
        "amount_minor": amount,
        "group_minor": group,
        "wip_minor": sum(item.amount_minor for item in items),
        "severity": severity(group, past_act=act_at <= as_of, materiality=firm.rules.materiality),
        "owner": firm.rules.of(check).owner,
        "remedy": check.remedy,
        "source_url": first.facts.get("source_url"),
        "facts": json.dumps(facts, sort_keys=True),
        **words._asdict(),
    }


def settle_state(firm: Firm, check: Check, definition: str | None) -> None:
    """How the check stands for each legal entity, and in which meaning it was judged (None: not yet)."""
    covered = coverage_of(firm, check, ["", *firm.entities])
    counts = findings.open_counts(firm.connection, check.key)
    partial = blocked_subjects(firm.connection, [need.kind for need in check.reads]).unreadable > 0
    states = {
        entity: {
            "outcome": ("fail" if counts.get(entity) else "pass") if _is_known(cover) else "unknown",
            "partial": partial,
            "as_of": cover.as_of,
            "reason": cover.reason,
            "evaluated_at": firm.now,
            "definition": definition,
        }
        for entity, cover in covered.items()
    }
    findings.set_check_states(firm.connection, check.key, states)


def _is_known(cover: polls.Coverage) -> bool:
    return cover.reason is None and cover.as_of is not None
