"""Exceptions as CSV: every row the page lists under the same address, safe to open in a spreadsheet.

Amounts are plain decimals beside their currency, both empty for what is not about money; instants are
UTC. A text that a spreadsheet would take for a formula gets an apostrophe before it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Engine

from queries import exceptions
from queries.slices import Slice
from queries.store import reading
from queries.types import NO_CURRENCY, from_minor, iso

COLUMNS = (
    "id", "check", "severity", "status", "outcome", "client_and_deal", "subject_system", "subject_kind",
    "subject_id", "contract_line", "engagement", "legal_entity", "currency", "amount",
    "amount_at_detection", "amount_all_open", "reporting_currency", "amount_reporting", "since_utc",
    "age_business_days", "urgent_from_utc", "who_acts", "first_broken_handoff", "reason", "expected",
    "actual", "remedy", "root", "source_url", "opened_at_utc",
)  # fmt: skip
#: fields of a finding, as they stand in the file before and after its money
_BEFORE = (
    "id", "check_key", "severity", "status", "outcome", "title", "subject_system", "subject_kind",
    "subject_id", "contract_line", "engagement_id", "legal_entity",
)  # fmt: skip
_AFTER = (
    "owner", "first_broken_handoff", "reason", "expected", "actual", "remedy", "root_id", "source_url",
)  # fmt: skip
_MONEY = ("amount_minor", "detected_minor", "wip_minor")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_BATCH = 2000
#: tells a spreadsheet that what follows is UTF-8
_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


def lines(engine: Engine, filters: Slice, reporting_currency: str | None) -> Iterator[str]:
    """The file in pieces: a head, then rows in the order of the page, from one picture of the store."""
    yield _MARK + _written([COLUMNS])
    with reading(engine) as connection:
        offset = 0
        while rows := exceptions.page(connection, filters, limit=_BATCH, offset=offset):
            yield _written([_row(row, reporting_currency) for row in rows])
            offset += len(rows)


def _written(rows: list[tuple[str, ...]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _row(row: Mapping[str, Any], reporting: str | None) -> tuple[str, ...]:
    group, currency = row["group_minor"], row["currency"]
    converted = "" if group is None or reporting is None else str(from_minor(group, reporting))
    money = (currency, *(str(from_minor(row[name], currency)) for name in _MONEY))
    if currency == NO_CURRENCY:
        money, converted = ("",) * len(money), ""
    return (
        *(harmless(row[name]) for name in _BEFORE),
        *money,
        reporting or "",
        converted,
        iso(row["since"]),
        str(row["age_days"]),
        iso(row["act_at"]),
        *(harmless(row[name]) for name in _AFTER),
        iso(row["opened_at"]),
    )


def harmless(value: str | None) -> str:
    """A text that no spreadsheet takes for a formula."""
    text = value or ""
    return f"'{text}" if text.lstrip(" \N{ZERO WIDTH NO-BREAK SPACE}").startswith(_FORMULA) else text
