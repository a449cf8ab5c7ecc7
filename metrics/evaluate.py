"""Judging: from changed engagements to open items, from open items to findings.

``evaluate`` runs inside the transaction that stored a batch, for the touched engagements only; a
full evaluation is the same code over all of them, and must change nothing (:func:`audit`).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from opentelemetry import trace
from sqlalchemy import Connection

from metrics.calendar import Calendar
from metrics.check import Check, checks, statement
from metrics.facts import add_facts, facts_of, facts_of_all
from metrics.severity import Materiality, severity
from queries import findings, fx, polls, read
from queries.blocked import Blocked, blocked_subjects
from queries.open_items import OpenItem, crossing, replace, stored

_CHUNK = 400
#: the calendar of records that name no legal entity
NOWHERE = Calendar()
_TRACER = trace.get_tracer("sightglass.metrics")


class Threshold(NamedTuple):
    """Business days from which an item is listed, and from which it is urgent; who acts."""

    watch: int
    act: int
    owner: str


@dataclass(frozen=True, slots=True)
class Rules:
    """The firm's own settings of judgement; the defaults are the checks' own."""

    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    disabled: frozenset[str] = frozenset()
    days_off: Mapping[str, frozenset[date]] = field(default_factory=dict)
    reporting_currency: str | None = None
    rate_type: str | None = None
    materiality: Materiality = field(default_factory=Materiality)

    def of(self, check: Check) -> Threshold:
        """The thresholds that hold for a check."""
        return self.thresholds.get(check.key, Threshold(check.watch, check.act, check.acts))

    def enabled(self) -> list[Check]:
        """The checks that run, in order of their keys."""
        return [check for key, check in sorted(checks().items()) if key not in self.disabled]


@dataclass(slots=True)
class _Bench:
    """What one evaluation needs to know of the firm."""

    connection: Connection
    now: datetime
    rules: Rules
    calendars: dict[str, Calendar]
    entities: list[str]
    rates: fx.Rates

    def calendar(self, entity: str | None) -> Calendar:
        return self.calendars.get(entity or "", NOWHERE)


def evaluate(connection: Connection, engagements: Iterable[str] | None, now: datetime, rules: Rules) -> None:
    """Bring open items and findings of these engagements (None: all) up to date, as known at ``now``.

    Checks of the firm are judged where no engagement is named: at the end of every poll, and by the tick.
    """
    names = None if engagements is None else sorted(set(engagements))
    with _TRACER.start_as_current_span("sightglass.evaluate") as span:
        span.set_attribute("sightglass.engagements", -1 if names is None else len(names))
        bench = _bench(connection, now, rules)
        judged: set[str] = set()
        for check in rules.enabled():
            if check.scope == "firm" and names:
                continue
            mine = None if check.scope == "firm" else names
            _refresh_items(bench, check, mine)
            touched = _with_time(bench, check, mine)
            _judge(bench, check, touched)
            _settle_state(bench, check)
            judged |= set(touched or ())
        roots = [check.key for check in rules.enabled() if check.roots]
        findings.set_roots(connection, None if names is None else sorted(judged), roots)


def audit(connection: Connection, now: datetime, rules: Rules) -> dict[str, list[str]]:
    """Check -> subjects whose maintained open items differ from a full evaluation. Empty is agreement.

    Agreement is remembered as the check's "last verified".
    """
    bench = _bench(connection, now, rules)
    drift = {}
    for check in rules.enabled():
        kept = {item[:7]: item for item in stored(connection, check.key)}
        full = {item[:7]: item for item in _items(bench, check, None)}
        differing = {key for key in kept.keys() | full.keys() if kept.get(key) != full.get(key)}
        if differing:
            drift[check.key] = sorted({"/".join(str(part) for part in key[1:4]) for key in differing})
        else:
            judged = findings.check_states(connection, check.key).keys() & {"", *bench.entities}
            findings.set_check_states(
                connection, check.key, {entity: {"verified_at": now} for entity in judged}
            )
    return drift


@lru_cache(maxsize=1024)
def _calendar(*parts: Any) -> Calendar:
    """One calendar for the life of the process: its dates are worked out once."""
    return Calendar(*parts)


def _bench(connection: Connection, now: datetime, rules: Rules) -> _Bench:
    entities = findings.legal_entities(connection)
    calendars = {
        code: _calendar(
            row["timezone"],
            row["country"],
            row["subdivision"],
            row["work_week_end"] or 7,
            rules.days_off.get(code, frozenset()),
        )
        for code, row in entities.items()
    }
    rates = fx.rates(connection, rules.reporting_currency, rules.rate_type, now.astimezone(UTC).date())
    known = sorted({*entities, *findings.entities_judged(connection)})
    return _Bench(connection, now, rules, calendars, known, rates)


# ---- open items ------------------------------------------------------------------------------


def _refresh_items(bench: _Bench, check: Check, names: Sequence[str] | None) -> None:
    if names is None:
        replace(bench.connection, check.key, None, _items(bench, check, None))
        return
    for start in range(0, len(names), _CHUNK):
        chunk = names[start : start + _CHUNK]
        replace(bench.connection, check.key, chunk, _items(bench, check, chunk))


def _items(bench: _Bench, check: Check, names: Sequence[str] | None) -> list[OpenItem]:
    """One item a subject, contract line, currency and start of age; rows that share all of these add up."""
    merged: dict[tuple[Any, ...], list[Any]] = {}
    asked = statement(check, whole=names is None)
    rows = read.rows(bench.connection, asked, None if names is None else {"engagements": names})
    # a record that names no legal entity has its engagement's
    nameless = sorted({row["engagement_id"] for row in rows if row["legal_entity"] is None})
    entities = findings.entity_of_engagements(bench.connection, nameless) if nameless else {}
    for row in rows:
        row["legal_entity"] = row["legal_entity"] or entities.get(row["engagement_id"])
        calendar = bench.calendar(row["legal_entity"])
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
    bench.entities = sorted({*bench.entities, *(row["legal_entity"] for row in rows if row["legal_entity"])})
    limit = bench.rules.of(check)
    return [_item(bench, check, limit, key[-1], *parts) for key, parts in merged.items()]


_SUBJECT = ("subject_system", "subject_kind", "subject_id", "contract_line", "currency")


def _item(  # noqa: PLR0913, PLR0917 - the parts of one item
    bench: _Bench,
    check: Check,
    limit: Threshold,
    since: datetime,
    row: Mapping[str, Any],
    day: date,
    minor: int,
    facts: dict[str, Any],
) -> OpenItem:
    calendar = bench.calendar(row["legal_entity"])
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


# ---- findings --------------------------------------------------------------------------------


def _with_time(bench: _Bench, check: Check, names: Sequence[str] | None) -> list[str] | None:
    """The engagements to judge: the touched ones, and those that only time made news."""
    if names is None:
        return None
    covered = _coverage(bench, check, ["", *bench.entities])
    states = findings.check_states(bench.connection, check.key)
    extra: set[str] = set()
    turned = []
    for entity, cover in covered.items():
        before = states.get(entity)
        known = before is not None and before["outcome"] != "unknown"
        if before is None or known != (cover.reason is None):
            turned.append(entity)
        elif known and cover.as_of and before["as_of"] and cover.as_of > before["as_of"]:
            extra |= set(crossing(bench.connection, check.key, before["as_of"], cover.as_of))
    if turned:
        extra |= set(findings.engagements_at(bench.connection, check.key, turned))
    return sorted(extra | set(names))


def _reads(check: Check) -> list[polls.Reads]:
    return [polls.Reads(*need) for need in check.reads]


def _coverage(bench: _Bench, check: Check, entities: Iterable[str]) -> dict[str, polls.Coverage]:
    """How far each legal entity can be judged; what is about the whole firm rests on all of its systems."""
    if check.scope == "engagement":
        return polls.coverage(bench.connection, _reads(check), entities, bench.now)
    found = polls.coverage(bench.connection, _reads(check), [polls.EVERYWHERE], bench.now)[polls.EVERYWHERE]
    # where no system keeps what is read, nothing can be wrong with it
    known = polls.Coverage(bench.now, None) if found.as_of is None and found.reason is None else found
    return dict.fromkeys(entities, known)


def _judge(bench: _Bench, check: Check, names: Sequence[str] | None) -> None:
    if names is None:
        _judge_some(bench, check, None)
        return
    for start in range(0, len(names), _CHUNK):
        _judge_some(bench, check, names[start : start + _CHUNK])


def _judge_some(bench: _Bench, check: Check, names: Sequence[str] | None) -> None:
    """Open, refresh, clear or doubt the findings of some engagements."""
    connection, now = bench.connection, bench.now
    groups = _groups(stored(connection, check.key, names))
    old = findings.of_engagements(connection, check.key, names, groups)
    entities = {items[0].legal_entity or "" for items in groups.values()} | {
        row["legal_entity"] or "" for row in old.values()
    }
    covered = _coverage(bench, check, entities)
    runs = json.dumps(polls.latest_runs(connection, _reads(check)))
    blocked = blocked_subjects(connection, [need.kind for need in check.reads])
    for key, items in groups.items():
        cover = covered[items[0].legal_entity or ""]
        why = cover.reason or _blocking(blocked, items[0])
        known = old.get(key)
        if why is None and cover.as_of is not None:
            values = _values(bench, check, items, cover.as_of)
            _settle(bench, known, None if values is None else {**values, "id": key, "runs": runs})
        elif known is not None and known["is_open"]:
            findings.doubt_finding(connection, known, now, why or "nothing has been read yet")
    for key, row in old.items():
        if key not in groups:
            _settle(bench, row, None)


def _settle(bench: _Bench, known: Mapping[str, Any] | None, values: Mapping[str, Any] | None) -> None:
    """Make a finding what was judged of its subject; without values nothing is wrong with it."""
    if values is None:
        if known is not None and known["is_open"]:
            findings.clear_finding(bench.connection, known, bench.now)
    elif known is not None:
        findings.refresh_finding(bench.connection, known, values, bench.now)
    else:
        findings.open_finding(bench.connection, values, bench.now)


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


def _values(bench: _Bench, check: Check, items: list[OpenItem], as_of: datetime) -> dict[str, Any] | None:
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
    age = bench.calendar(first.legal_entity).age(date.fromisoformat(first.facts["since_day"]), as_of)
    words = check.explain(facts, age)
    # nothing is worth nothing in every currency
    group = bench.rates.convert(amount, first.currency) if amount else 0
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
        "severity": severity(group, past_act=act_at <= as_of, materiality=bench.rules.materiality),
        "owner": bench.rules.of(check).owner,
        "remedy": check.remedy,
        "source_url": first.facts.get("source_url"),
        "facts": json.dumps(facts, sort_keys=True),
        **words._asdict(),
    }


def _settle_state(bench: _Bench, check: Check) -> None:
    """How the check stands for each legal entity."""
    covered = _coverage(bench, check, ["", *bench.entities])
    counts = findings.open_counts(bench.connection, check.key)
    partial = blocked_subjects(bench.connection, [need.kind for need in check.reads]).unreadable > 0
    states = {
        entity: {
            "outcome": ("fail" if counts.get(entity) else "pass") if _is_known(cover) else "unknown",
            "partial": partial,
            "as_of": cover.as_of,
            "reason": cover.reason,
            "evaluated_at": bench.now,
        }
        for entity, cover in covered.items()
    }
    findings.set_check_states(bench.connection, check.key, states)


def _is_known(cover: polls.Coverage) -> bool:
    return cover.reason is None and cover.as_of is not None
