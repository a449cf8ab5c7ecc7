# SPDX-License-Identifier: GPL-3.0-or-later
"""The exceptions a watcher must list at --as-of, from what was planted: nothing is read back."""

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal

from erp import workdays

#: whole business days (Monday to Friday: the companies name no country, hence no holidays) that may pass
WATCH_DAYS = {
    "project_awaiting_activation": 2,
    "unbilled_approved_time": 10,
    "milestone_without_revenue": 3,
}
CENT = Decimal("0.01")


def checks(erp):
    """The manifest's section of expected exceptions; an item is one when older than its days."""
    found = [
        {"check": check, **item}
        for check, items in (
            ("project_awaiting_activation", awaiting(erp)),
            ("unbilled_approved_time", unbilled(erp)),
            ("milestone_without_revenue", unrecognised(erp)),
        )
        for item in items
        if Decimal(item["amount"]) > 0 and aged(erp, check, dt.date.fromisoformat(item["since"]))
    ]
    found.sort(key=lambda item: (item["check"], int(item["subject"]["id"])))
    return {"as_of": erp.as_of.isoformat(), "watch_business_days": WATCH_DAYS, "expected": found}


def aged(erp, check, since):
    """Did more business days than allowed begin after that day?"""
    return sum(1 for _ in workdays(since + dt.timedelta(days=1), erp.as_of)) > WATCH_DAYS[check]


def awaiting(erp):
    """Won deals without a project; one in another company is none: numbers tie within a company."""
    entities = {e["company"].id: e for e in erp.entities}
    for chain in erp.chains:
        if not chain["projects"] or chain["scenario"] == "entity_mismatch":
            since = dt.date.fromisoformat(chain["won_on"])
            entity = entities[chain["company"]]
            yield item(entity, "opportunity", chain["opportunity"], Decimal(chain["amount"]), since)


def unbilled(erp):
    """Time whose week is long over and that is on no posted invoice, per project."""
    for book in erp.time_books:
        ends = [(week_end(entry["row"]["date"]), entry) for entry in book["entries"]]
        late = [
            (end, value(entry["row"], book["rate"]))
            for end, entry in ends
            if entry["billed"] != "posted" and aged(erp, "unbilled_approved_time", end)
        ]
        if late:
            amount, since = sum(worth for _, worth in late), min(end for end, _ in late)
            yield item(book["entity"], "project", book["project"], amount, since, book["sale_line"])


def unrecognised(erp):
    """Accepted milestones whose invoice is missing or still a draft."""
    for task in erp.accepted:
        if not task["revenue"]:
            yield item(task["entity"], "milestone", task["task"], task["amount"], task["on"])


def week_end(day):
    """The Sunday of the day's week."""
    return day + dt.timedelta(days=6 - day.weekday())


def value(row, rate):
    """What an entry is worth, rounded half up to the cent."""
    hours = Decimal(str(row["duration"].total_seconds())) / 3600
    return (hours * rate).quantize(CENT, ROUND_HALF_UP)


def item(entity, kind, id_, amount, since, line=None):
    """One expected exception; a contract line is named where the check is judged per line."""
    return {
        "subject": {"kind": kind, "id": str(id_)},
        "contract_line": line and str(line),
        "company": str(entity["company"].id),
        "amount": str(Decimal(amount).quantize(CENT)),
        "currency": entity["code"],
        "since": since.isoformat(),
    }
