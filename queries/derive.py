"""What follows from several records at once: which invoice lines count, and which time is still open.

Two facts are worked out whenever a record they depend on changes, for the touched keys only, and
in any order of arrival they come out the same:

* an invoice line's **live amount**: its amount when its invoice is posted, sent or paid, less what
  credit notes took back; its **pool** is that amount when it names no time entries, and relieves the
  oldest open time instead;
* a time entry's **open hours and value**: all of it, less what live lines that name it relieve.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from sqlalchemy import Connection

from queries.rows import scaled_value
from queries.types import MoneyError
from queries.write import execute_many, rows_by

Key = tuple[str, str]
LIVE = frozenset({"posted", "sent", "paid"})


class Affected(NamedTuple):
    """Invoices and lines that records used to be about."""

    invoices: frozenset[Key] = frozenset()
    lines: frozenset[Key] = frozenset()


NOTHING = Affected()


def affected(connection: Connection, kind: str, keys: Sequence[Key]) -> Affected:
    """What these stored credit notes, or lines of them, take back; asked before they change."""
    if kind == "invoice":
        found = rows_by(connection, kind, ("credits_system", "credits_id"), ("system", "id"), keys)
        return Affected(_present(found))
    if kind == "invoice_line":
        owned = rows_by(connection, kind, ("invoice_system", "invoice_id"), ("system", "id"), keys)
        named = rows_by(connection, kind, ("credits_line_system", "credits_line_id"), ("system", "id"), keys)
        return Affected(_present(owned), _present(named))
    return Affected()


def _present(rows: Iterable[tuple[Any, ...]]) -> frozenset[Key]:
    return frozenset((system, identifier) for system, identifier in rows if identifier is not None)


def settle(connection: Connection, kind: str, keys: Sequence[Key], before: Affected = NOTHING) -> set[str]:
    """Refresh what depends on changed records of a kind; the engagements whose state changed.

    ``before`` is what they were about until now (:func:`affected`).
    """
    touched: set[str] = set()
    if kind == "invoice":
        touched |= _settle_invoices(connection, {*keys, *before.invoices})
    elif kind == "invoice_line":
        headers = rows_by(
            connection, "invoice_line", ("invoice_system", "invoice_id"), ("system", "id"), keys
        )
        own = {(system, identifier) for system, identifier in headers if identifier is not None}
        touched |= _settle_invoices(connection, own | before.invoices, {*keys, *before.lines})
    elif kind == "time_entry":
        touched |= _settle_entries(connection, set(keys))
    elif kind in ("contract_line", "project"):
        touched |= _settle_entries(connection, _unrated_entries(connection, kind, keys))
    return touched


def _unrated_entries(connection: Connection, kind: str, keys: Sequence[Key]) -> set[Key]:
    places = rows_by(connection, kind, ("engagement_id",), ("system", "id"), keys)
    engagements = sorted({row for row in places if row[0] is not None})
    columns = ("system", "id", "rate", "currency", f"{kind}_system", f"{kind}_id")
    rows = rows_by(connection, "time_entry", columns, ("engagement_id",), engagements)
    wanted = set(keys)
    return {
        (row[0], row[1]) for row in rows if (row[2] is None or row[3] is None) and (row[4], row[5]) in wanted
    }


# ---- invoice lines ---------------------------------------------------------------------------

_HEADER = ("system", "id", "kind", "status", "deleted_at", "credits_system", "credits_id", "amount")
_LINE = (
    "system", "id", "invoice_system", "invoice_id", "amount", "covers", "deleted_at",
    "credits_line_system", "credits_line_id", "milestone_id", "engagement_id",
)  # fmt: skip


def _settle_invoices(connection: Connection, invoices: set[Key], lines: Iterable[Key] = ()) -> set[str]:
    """Live and pooled amounts of the lines of these invoices, of these lines, and of all they credit."""
    headers = _headers(connection, invoices)
    own = _lines(connection, headers.keys() | invoices) | _lines_by_key(connection, lines)
    credited = {(row["credits_system"], row["credits_id"]) for row in headers.values() if row["credits_id"]}
    named = {
        (row["credits_line_system"], row["credits_line_id"]) for row in own.values() if row["credits_line_id"]
    }
    own |= _lines_by_key(connection, named)
    credited |= {_header_key(row) for row in own.values() if row["invoice_id"]}
    own |= _lines(connection, credited)
    headers |= _headers(connection, {_header_key(row) for row in own.values() if row["invoice_id"]})
    taken = _credits(connection, own, headers)
    heads = _systems_with_headers(connection)
    pooled = _pools(connection, own)
    rows, entries = [], set()
    for key, row in own.items():
        header = headers.get(_header_key(row))
        alone = row["invoice_id"] is None or (header is None and key[0] not in heads)
        live = _live_amount(row, header, taken.get(key, 0), pooled=pooled[key]) if header or alone else None
        rows.append((live, (live or 0) if pooled[key] else 0, *key))
    execute_many(
        connection, "UPDATE invoice_line SET live_minor = ?, pool_minor = ? WHERE system = ? AND id = ?", rows
    )
    found = rows_by(
        connection, "billed_time", ("entry_system", "entry_id"), ("line_system", "line_id"), sorted(own)
    )
    entries |= {(system, identifier) for system, identifier in found}
    touched = {row["engagement_id"] for row in own.values() if row["engagement_id"]}
    return touched | _settle_entries(connection, entries)


def _header_key(row: Mapping[str, Any]) -> Key:
    return row["invoice_system"], row["invoice_id"]


def _headers(connection: Connection, keys: Iterable[Key]) -> dict[Key, dict[str, Any]]:
    rows = rows_by(connection, "invoice", _HEADER, ("system", "id"), sorted(keys))
    return {(row[0], row[1]): dict(zip(_HEADER, row, strict=True)) for row in rows}


def _lines(connection: Connection, invoices: Iterable[Key]) -> dict[Key, dict[str, Any]]:
    rows = rows_by(connection, "invoice_line", _LINE, ("invoice_system", "invoice_id"), sorted(invoices))
    return {(row[0], row[1]): dict(zip(_LINE, row, strict=True)) for row in rows}


def _lines_by_key(connection: Connection, keys: Iterable[Key]) -> dict[Key, dict[str, Any]]:
    rows = rows_by(connection, "invoice_line", _LINE, ("system", "id"), sorted(keys))
    return {(row[0], row[1]): dict(zip(_LINE, row, strict=True)) for row in rows}


def _is_live(header: Mapping[str, Any] | None) -> bool:
    return header is not None and header["status"] in LIVE and header["deleted_at"] is None


def _systems_with_headers(connection: Connection) -> set[str]:
    # a system that keeps no invoice headers exports posted lines only: each stands for itself
    rows = rows_by(connection, "stream_state", ("system", "configured"), ("kind",), [("invoice",)])
    return {system for system, configured in rows if configured}


def _live_amount(
    row: Mapping[str, Any], header: Mapping[str, Any] | None, credited: int, *, pooled: bool
) -> int | None:
    """What a line bills, negative where it gives back; None for one that does not count."""
    if row["deleted_at"] is not None or (header is not None and not _is_live(header)):
        return None
    amount: int = row["amount"]
    if header is None or header["kind"] == "invoice":
        return max(amount - credited, 0) if amount >= 0 else amount
    # what a credit note says of a line or an invoice is taken from there; else it gives back itself
    elsewhere = row["credits_line_id"] or (header["credits_id"] and pooled)
    return 0 if elsewhere else -abs(amount)


def _credits(
    connection: Connection, lines: Mapping[Key, Mapping[str, Any]], headers: Mapping[Key, Mapping[str, Any]]
) -> dict[Key, int]:
    """What live credit notes take back from each of these lines."""
    taken: dict[Key, int] = defaultdict(int)
    naming = rows_by(
        connection, "invoice_line", _LINE, ("credits_line_system", "credits_line_id"), sorted(lines)
    )
    crediting = rows_by(connection, "invoice", _HEADER, ("credits_system", "credits_id"), sorted(headers))
    notes = _headers(connection, {(row[2], row[3]) for row in naming if row[3]})
    for values in naming:
        row = dict(zip(_LINE, values, strict=True))
        note = notes.get(_header_key(row))
        if note and note["kind"] == "credit_note" and _is_live(note) and row["deleted_at"] is None:
            taken[row["credits_line_system"], row["credits_line_id"]] += abs(row["amount"])
    by_invoice: dict[Key, list[Key]] = defaultdict(list)
    for key, line in lines.items():
        if line["deleted_at"] is None:
            by_invoice[_header_key(line)].append(key)
    for values in crediting:
        note = dict(zip(_HEADER, values, strict=True))
        if note["kind"] == "credit_note" and _is_live(note):
            amount = _unnamed_amount(connection, note)
            shares = by_invoice.get((note["credits_system"], note["credits_id"]), [])
            for key, part in _pro_rata(amount, {k: abs(lines[k]["amount"]) for k in sorted(shares)}).items():
                taken[key] += part
    return taken


def _unnamed_amount(connection: Connection, note: Mapping[str, Any]) -> int:
    """What a credit note takes back without saying from which line: all of it when it has no lines."""
    lines = [
        row
        for row in _lines(connection, {(note["system"], note["id"])}).values()
        if row["deleted_at"] is None
    ]
    if not lines:
        whole: int = note["amount"] or 0
        return abs(whole)
    naming = _naming_entries(connection, {(row["system"], row["id"]) for row in lines})
    unnamed = [
        row for row in lines if row["credits_line_id"] is None and (row["system"], row["id"]) not in naming
    ]
    return sum(abs(row["amount"]) for row in unnamed)


def _pro_rata(amount: int, weights: Mapping[Key, int]) -> dict[Key, int]:
    """Split an amount by weight into whole minor units that add up to it (largest remainder first)."""
    total = sum(weights.values())
    if not total:
        return {}
    parts = {key: amount * weight // total for key, weight in weights.items()}
    rest = sorted(weights, key=lambda key: (-(amount * weights[key] % total), key))
    for key in rest[: amount - sum(parts.values())]:
        parts[key] += 1
    return parts


def _naming_entries(connection: Connection, lines: Iterable[Key]) -> set[Key]:
    """Those of the lines that say which entries they bill."""
    columns = ("line_system", "line_id")
    return {(row[0], row[1]) for row in rows_by(connection, "billed_time", columns, columns, sorted(lines))}


def _pools(connection: Connection, lines: Mapping[Key, Mapping[str, Any]]) -> dict[Key, bool]:
    """Which lines relieve time by amount: those about time that name no entry."""
    naming = _naming_entries(connection, lines)
    return {
        key: row["covers"] == "time" and row["milestone_id"] is None and key not in naming
        for key, row in lines.items()
    }


# ---- time entries ----------------------------------------------------------------------------

_ENTRY = (
    "system", "id", "hours", "rate", "currency", "rounding", "status", "billable", "held", "written_off",
    "deleted_at", "contract_line_system", "contract_line_id", "project_system", "project_id", "engagement_id",
)  # fmt: skip


def _settle_entries(connection: Connection, keys: Iterable[Key]) -> set[str]:
    """Open value and hours of these entries; the engagements they belong to."""
    wanted = sorted(keys)
    relief = _relief(connection, wanted)
    rows = rows_by(connection, "time_entry", _ENTRY, ("system", "id"), wanted)
    entries = [dict(zip(_ENTRY, row, strict=True)) for row in rows]
    # the bulk write already stored rated entries that nothing relieves
    entries = [
        e for e in entries if (e["system"], e["id"]) in relief or e["rate"] is None or e["currency"] is None
    ]
    rates = _rates(connection, entries)
    updates = [_open_state(entry, rates, relief.get((entry["system"], entry["id"]), 0)) for entry in entries]
    execute_many(
        connection,
        "UPDATE time_entry SET is_open = ?, open_currency = ?, open_minor = ?, open_hours = ?,"
        " relieved_minor = ? WHERE system = ? AND id = ?",
        updates,
    )
    return {entry["engagement_id"] for entry in entries if entry["engagement_id"]}


def reopen(connection: Connection, keys: Sequence[Key]) -> set[str]:
    """Forget what relieved these entries, then relieve them by the lines that still name them."""
    execute_many(
        connection,
        "UPDATE time_entry SET open_minor = open_minor + relieved_minor, open_hours = hours,"
        " relieved_minor = 0, is_open = (status = 'approved' AND billable AND NOT held"
        " AND NOT written_off AND deleted_at IS NULL) WHERE system = ? AND id = ?",
        keys,
    )
    rows = rows_by(connection, "time_entry", ("engagement_id",), ("system", "id"), keys)
    return {row[0] for row in rows if row[0]} | _settle_entries(connection, keys)


def _relief(connection: Connection, keys: Sequence[Key]) -> dict[Key, Fraction | int]:
    """Entry -> hours relieved by the lines that name it, for every entry that some line names."""
    columns = ("entry_system", "entry_id", "line_system", "line_id", "hours")
    named = set(rows_by(connection, "billed_time", columns, ("entry_system", "entry_id"), keys))
    lines = sorted({(row[2], row[3]) for row in named})
    found = rows_by(
        connection, "invoice_line", ("system", "id", "amount", "live_minor"), ("system", "id"), lines
    )
    live = {(row[0], row[1]): _share(row[2], row[3]) for row in found}
    whole = {
        (row[0], row[1]): row[2]
        for row in rows_by(connection, "time_entry", ("system", "id", "hours"), ("system", "id"), keys)
    }
    billed: dict[tuple[Key, Key], int | None] = {}
    for entry_system, entry_id, line_system, line_id, hours in named:
        # an entry and a line may name each other: that is one billing, and the one with hours knows better
        pair = ((entry_system, entry_id), (line_system, line_id))
        billed[pair] = hours if billed.get(pair) is None else billed[pair]
    relieved: dict[Key, Fraction | int] = defaultdict(int)
    for (entry, line), hours in billed.items():
        named_hours = whole.get(entry, 0) if hours is None else hours
        share = live.get(line, 0)
        # a line below zero bills a correction, and gives back anything else
        relieved[entry] += named_hours * (-share if named_hours < 0 and share < 0 else share)
    return relieved


def _share(amount: int, live: int | None) -> Fraction | int:
    """How much of a line counts; nearly always all or nothing, which needs no fractions."""
    if live is None or not amount:
        return 0 if live is None else 1
    if not live or abs(live) == abs(amount):
        return (live > 0) - (live < 0)
    return Fraction(live, abs(amount))


def _rates(
    connection: Connection, entries: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, str, str], tuple[Any, Any]]:
    """(kind, system, id) -> (rate, currency) of the contract lines and projects the entries name."""
    rates: dict[tuple[str, str, str], tuple[Any, Any]] = {}
    for kind in ("contract_line", "project"):
        keys = sorted({(e[f"{kind}_system"], e[f"{kind}_id"]) for e in entries if e[f"{kind}_id"]})
        for system, identifier, rate, currency in rows_by(
            connection, kind, ("system", "id", "rate", "currency"), ("system", "id"), keys
        ):
            rates[kind, system, identifier] = (rate, currency)
    return rates


def _open_state(
    entry: Mapping[str, Any],
    rates: Mapping[tuple[str, str, str], tuple[Any, Any]],
    relieved: Fraction | int,
) -> tuple[Any, ...]:
    line = rates.get(
        ("contract_line", entry["contract_line_system"], entry["contract_line_id"]), (None, None)
    )
    project = rates.get(("project", entry["project_system"], entry["project_id"]), (None, None))
    # a project's own rate stands in only where the system knows no contract lines
    fallback = project if entry["contract_line_id"] is None else (None, None)
    own = (entry["rate"], entry["currency"])
    rate = next((r for r in (own[0], line[0], fallback[0]) if r is not None), None)
    # a rate is money of whoever states it
    stated = (own, line, project) if own[0] is not None else (line, own, project)
    currency = next((c for _, c in stated if c is not None), None)
    hours = entry["hours"]
    share = _open_share(hours, relieved)
    value = _value(hours, rate, currency, entry["rounding"])
    open_minor = None if value is None else value - _half_up(value * (1 - share))
    is_open = (
        entry["status"] == "approved"
        and bool(entry["billable"])
        and not entry["held"]
        and not entry["written_off"]
        and entry["deleted_at"] is None
        and share > 0
    )
    relieved_minor = 0 if value is None or open_minor is None else value - open_minor
    return (
        is_open,
        currency,
        open_minor,
        _half_up(hours * share),
        relieved_minor,
        entry["system"],
        entry["id"],
    )


def _open_share(hours: int, relieved: Fraction | int) -> Fraction | int:
    """What part of an entry nothing relieves yet, from none to all of it."""
    if not hours or not relieved:
        return 1
    share = 1 - Fraction(relieved) / hours if relieved != hours else 0
    return share if 0 < share < 1 else int(share > 0)


def _value(hours: int, rate: int | None, currency: str | None, rounding: str | None) -> int | None:
    if rate is None or currency is None:
        return None
    try:
        return scaled_value(hours, rate, currency, rounding)
    except MoneyError:
        # a rate that came without an amount was never tried as money: the hours stay, unpriced
        return None


def _half_up(value: Fraction | int) -> int:
    if isinstance(value, int):
        return value
    size = abs(value)
    return (1 if value >= 0 else -1) * ((2 * size.numerator + size.denominator) // (2 * size.denominator))
