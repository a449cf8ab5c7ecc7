"""The close page: which period, how ready it is, what must be equal and is not, and what moved since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from app import words
from app.closing import ClosePage
from app.markup import Html, Part, href, inside, join, outside, tag, text
from app.parts import common
from app.words import Mark
from queries.close_periods import Period

PAGE = "/close"
#: the check that lists soft-closed periods which do not tie out
FAILS = "tie_out_fails"
_PERIODS = 8
OUTCOMES = {
    "matched": Mark("●", "Equal", "ok"),
    "differs": Mark("■", "Differs", "bad"),
    "unknown": Mark("○", "Cannot tell", "unknown"),
}
TASKS = {
    "done": Mark("●", "Done", "ok"),
    "open": Mark("■", "Open", "bad"),
    "unknown": Mark("○", "Cannot tell", "unknown"),
}
STATUSES = {"open": "open", "soft_closed": "soft close", "closed": "closed"}


def nothing() -> Html:
    """What to say when no system keeps periods."""
    return common.notice(
        "plain",
        "No period is known",
        "Periods are the ERP's own: read its stream of kind period. None is derived from dates.",
    )


def selectors(page: ClosePage, chosen: Period) -> Html:
    """Legal entity, ledger and period, each a key of the address."""
    entities = {one.legal_entity: one.legal_entity for one in page.known}
    ledgers = {
        one.ledger: one.ledger or "all" for one in page.known if one.legal_entity == chosen.legal_entity
    }
    mine = [one for one in page.known if one.key[:2] == chosen.key[:2]]
    place = mine.index(chosen)
    near = mine[max(0, min(place - _PERIODS // 2, len(mine) - _PERIODS)) :][:_PERIODS]
    names = {one.name: f"{one.name} · {STATUSES.get(one.status, one.status)}" for one in near}
    rows = [common.tabs(PAGE, "entity", chosen.legal_entity, entities, {})]
    if len(ledgers) > 1:
        rows.append(common.tabs(PAGE, "ledger", chosen.ledger, ledgers, {"entity": chosen.legal_entity}))
    rows.append(common.tabs(PAGE, "period", chosen.name, names, _at(chosen)))
    return tag("div", *rows)


def _at(chosen: Period) -> dict[str, str]:
    return {"entity": chosen.legal_entity, "ledger": chosen.ledger, "period": chosen.name}


def readiness(told: Mapping[str, Any]) -> Html:
    """How much is done, what blocks, and what became of the period."""
    state = common.mark(TASKS["done" if told["ready"] else "open"], "Ready" if told["ready"] else "Not ready")
    said = f"{told['done']} of {words.counted(told['tasks_total'], 'task')} done"
    days = f"{told['start_on']} to {told['end_on']}, {STATUSES.get(told['status'], told['status'])}"
    reopened = [f"reopened, seen {c['seen_at']}" for c in told["history"] if c["reopened"]]
    return tag("p", common.dotted([state, tag("b", said), days, *reopened]), class_="sg-summary")


def tie_outs(told: Mapping[str, Any], chosen: Period, opened: str | None) -> Html:
    """Every tie-out, a line a currency: both reports with their values, the difference, and its classes."""
    heads = ("State", "Report", "Value", "must equal", "Value there", "Difference", "Of this")
    rows = [row for one in told["tie_outs"] for row in _tie_out(one, chosen, opened)]
    table = common.table(heads, rows, numbers=frozenset({2, 4, 5}))
    return tag("section", tag("h3", "What must be equal"), table, class_="sg-panel")


def _tie_out(one: Mapping[str, Any], chosen: Period, opened: str | None) -> list[tuple[Part, ...]]:
    state = common.mark(OUTCOMES[one["outcome"]])
    address = href(PAGE, **_at(chosen), tie_out=one["tie_out"])
    current = "true" if one["tie_out"] == opened else None
    left = inside(address, one["left"]["title"], aria_current=current)
    right, why = one["right"]["title"], one["reason"] or one["uncovered_reason"]
    rows: list[tuple[Part, ...]] = [
        (
            state, left, _money(total["left"], total["currency"]), right,
            _money(total["right"], total["currency"]), _money(total["difference"], total["currency"]),
            _classes(total),
        )
        for total in one["totals"]
    ]  # fmt: skip
    if why or not rows:
        rows.append(
            (state, left, words.NONE, right, words.NONE, words.NONE, text(why or "nothing to compare"))
        )
    return rows


def _plain(amount: str, currency: str) -> str:
    return words.money(Decimal(amount), currency)


def _money(amount: str, currency: str) -> Html:
    return common.money(_plain(amount, currency))


def _classes(total: Mapping[str, Any]) -> Part:
    parts: list[Part] = [
        f"{found['count']} {kind.replace('_', ' ')}: {_plain(found['amount'], total['currency'])}"
        for kind, found in total["classes"].items()
    ]
    if Decimal(total["rounding"]):
        parts.append(f"rounding: {_plain(total['rounding'], total['currency'])}")
    return common.dotted(parts) if parts else words.NONE


def differences(told: Mapping[str, Any], opened: str | None) -> Html | None:
    """The differences of one tie-out with the records behind them."""
    one = next((row for row in told["tie_outs"] if row["tie_out"] == opened), None)
    if one is None:
        return None
    count = sum(total["differing"] for total in one["totals"])
    shown = one["differences"]
    more = f", the largest {len(shown)} of {count}" if count > len(shown) else ""
    facts = {
        "Compared by": one["match"],
        "Acts": one["owner"],
        "Remedy": one["remedy"],
        "As of": one["as_of"],
    }
    known = href("/exceptions", check=FAILS, entity=one["legal_entity"])
    link = inside(known, "Exceptions of this period", class_="sg-button")
    action = tag("div", link, class_="sg-actions") if shown else None
    head = join(tag("h3", one["title"], more), common.definition(facts), action)
    if not shown:
        return tag("section", head, tag("p", "No differences.", class_="sg-muted"), class_="sg-panel")
    heads = ("Class", "Difference", "Why", "Records", "Deal")
    table = common.table(heads, [_difference(row) for row in shown], numbers=frozenset({1}))
    return tag("section", head, table, class_="sg-panel")


def _difference(row: Mapping[str, Any]) -> tuple[Part, ...]:
    deal = row["engagement"]
    ways = (
        inside(href("/engagement", id=deal), "Trace"),
        inside(href("/exceptions", engagement=deal), "Exceptions"),
    )
    link = common.dotted(list(ways)) if deal else words.NONE
    records = tag("div", *(_record(one) for one in row["records"]))
    kind = row["class"].replace("_", " ")
    return kind, _money(row["difference"], row["currency"]), text(row["explanation"]), records, link


def _record(one: Mapping[str, Any]) -> Html:
    name = text(f"{one['system']} {one['kind'].replace('_', ' ')} {one['number'] or one['id']}")
    when = {0: "", -1: ", period before", 1: ", period after"}[one["place"]]
    amount = _plain(one["amount"], one["currency"])
    return tag(
        "div", outside(one["source_url"], name), f" {one['side']} {amount}, {one['on'] or 'no date'}{when}"
    )


def checklist(told: Mapping[str, Any]) -> Html:
    """Every task with its owner, how it stands, and who signed."""
    rows: list[tuple[Part, ...]] = [
        (
            common.mark(TASKS[task["state"]]),
            task["title"],
            text(task["owner"]),
            text(task["detail"]),
            _signed(task),
        )
        for task in told["tasks"]
    ]
    table = common.table(("State", "Task", "Owner", "What", "Signed"), rows)
    return tag("section", tag("h3", "Checklist"), table, class_="sg-panel")


def _signed(task: Mapping[str, Any]) -> Part:
    sign = task["signed"]
    if sign is None:
        return words.NONE
    return text(", ".join(part for part in (sign["who"], sign["at"], sign["comment"]) if part))


def as_closed(told: Mapping[str, Any]) -> Html | None:
    """The frozen figures beside today's, and the records that came late."""
    frozen = told["as_closed"]
    if frozen is None:
        return None
    moved: Sequence[Mapping[str, Any]] = [row for row in frozen["figures"] if row["closed"] != row["now"]]
    said = (
        f"Frozen {frozen['frozen_at']}, {frozen['why']}: {words.counted(len(moved), 'figure')} moved since."
    )
    parts: list[Part] = [tag("h3", "As closed, and as known now"), tag("p", text(said), class_="sg-muted")]
    if moved:
        rows: list[tuple[Part, ...]] = [
            (words.title(row["tie_out"]), row["side"], *(_money(row[n], row["currency"]) for n in _FIGURES))
            for row in moved
        ]
        heads = ("Tie-out", "Side", "As closed", "Now", "Moved")
        parts.append(common.table(heads, rows, numbers=frozenset({2, 3, 4})))
        parts.append(
            common.table(
                ("Late change", "As closed", "Now", "Deal"), [_late(r) for r in frozen["late_changes"]]
            )
        )
    return tag("section", *parts, class_="sg-panel")


_FIGURES = ("closed", "now", "moved")


def _late(row: Mapping[str, Any]) -> tuple[Part, ...]:
    name = text(f"{row['system']} {row['kind'].replace('_', ' ')} {row['id']}")
    deal = row["engagement"]
    link = inside(href("/engagement", id=deal), "Trace") if deal else words.NONE
    return name, _money(row["closed"], row["currency"]), _money(row["now"], row["currency"]), link
