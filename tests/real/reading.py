"""Reading a Tryton server as the runner does, and its records as the store would get them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from collectors.contract import Connection, Page, Stream
from collectors.systems.tryton import SYSTEM
from queries.records import KINDS
from tests.real.conftest import Tryton

Records = dict[str, dict[str, Any]]


def opened(tryton: Tryton, **settings: Any) -> Connection:
    """A way into the server."""
    return SYSTEM.connect("erp", SYSTEM.settings.model_validate(tryton.settings | settings))


def evening(tryton: Tryton) -> datetime:
    """The moment the server was provisioned for."""
    return datetime.fromisoformat(f"{tryton.manifest['as_of']}T18:00:00+00:00")


def pages(
    connection: Connection, stream: Stream, started_at: datetime, since: str | None = None
) -> list[Page]:
    """Every page after a position."""
    return list(connection.pages(stream, since, started_at))


def converted(stream: Stream, found: list[Page]) -> dict[str, Any]:
    """The records on these pages, by id; a row may come twice."""
    parsed = [mapping for page in found for row in page.rows if (mapping := stream.parse(row)) is not None]
    return {mapping["id"]: msgspec.convert(mapping, KINDS[stream.kind], strict=False) for mapping in parsed}


def business_days(since: date, until: date) -> int:
    """Days from Monday to Friday after one day, up to another: the provisioned companies have no holidays."""
    days = (since + timedelta(days=n) for n in range(1, (until - since).days + 1))
    return sum(day.weekday() < 5 for day in days)
