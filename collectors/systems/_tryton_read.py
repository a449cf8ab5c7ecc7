"""Reading one Tryton database: pages of changed rows, and look-ups beside them.

The cursor is ``(last_modified_at, id)``, the later of write and creation date with the id to break
ties: Tryton stamps all rows of a transaction alike, and ``write_date`` alone is null until the first
write. Stamps are those of the transaction's start, so each poll reads a few minutes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import msgspec

from collectors.contract import Page
from collectors.engines.jsonrpc import JsonRpc
from collectors.engines.jsonrpc_values import decode, encode
from collectors.errors import FatalError

Row = dict[str, Any]
Domain = list[Any]

_BY_STAMP = [["last_modified_at", "ASC"], ["id", "ASC"]]
_BY_ID = [["id", "ASC"]]
_IDS_PER_CALL = 10_000
_CONTEXT_ONLY = True


class Position(msgspec.Struct, frozen=True):
    """How far a stream is read: its own rows up to ``(t, id)``, what they lean on up to ``p``."""

    t: datetime | None = None
    id: int = 0
    p: datetime | None = None

    def past(self, row: Row) -> Position:
        """Return this position once the row is read; an older row moves nothing."""
        key = (stamp(row), row["id"])
        if self.t is not None and key <= (self.t, self.id):
            return self
        return Position(*key, self.p)

    def text(self) -> str:
        """Write the position down for the next poll."""
        return msgspec.json.encode(self).decode()


@dataclass(frozen=True, slots=True)
class Source:
    """Where the rows of one kind come from.

    ``fields`` are parted by spaces, a dotted one is followed. ``only`` narrows the model, ``look`` adds
    what other models say about a page's rows (under keys that start with ``@``), ``also`` names the
    rows to read again because something they lean on changed: a row's own stamp does not move when its
    header, its parent or a later match does.
    """

    kind: str
    model: str
    fields: str
    parse: Callable[[Any, Row], Row | None]
    only: Domain = field(default_factory=list)
    look: Callable[[Reader, list[Row]], None] | None = None
    also: Callable[[Reader, datetime], Iterable[Domain]] | None = None


class Reader:
    """Signed-in reading of every company the user belongs to, active or not."""

    def __init__(self, rpc: JsonRpc, page_size: int) -> None:
        self.rpc = rpc
        self._page_size = page_size

    @cached_property
    def context(self) -> Row:
        """The user's own context; refuses a user to whom Tryton would silently show one company only."""
        found: Row = self.rpc.call("model.res.user.get_preferences", _CONTEXT_ONLY, {})
        companies = found.get("companies", [])
        if found.get("company_filter") == "one" and len(companies) > 1:
            user = f"{self.rpc.access.system}: user {self.rpc.access.user!r}"
            what = f"{user} would see one company of {len(companies)}"
            raise FatalError(what, remedy="set the user's company filter to 'all' in its preferences")
        return found | {"active_test": False}

    @cached_property
    def time_category(self) -> int:
        """The id of the units of time: hours and days, whose prices make hourly rates."""
        return int(self.rpc.call("model.ir.model.data.get_id", "product", "uom_cat_time", self.context))

    def rows(
        self,
        model: str,
        domain: Domain,
        fields: Iterable[str],
        *,
        order: Any = _BY_ID,
        limit: int | None = None,
    ) -> list[Row]:
        """Rows of a model in wire form, all of them unless limited."""
        names = ["id", *fields]
        found: list[Row] = self.rpc.call(
            f"model.{model}.search_read", domain, 0, limit, order, names, self.context
        )
        return found

    def by_id(self, model: str, ids: Iterable[int | None], fields: Iterable[str]) -> dict[int, Row]:
        """Rows by id; ids that are gone are left out."""
        wanted = sorted({i for i in ids if i is not None})
        return {row["id"]: row for row in self.rows(model, [["id", "in", wanted]], fields)} if wanted else {}

    def ids(self, source: Source) -> Iterator[str]:
        """Every id the source holds now."""
        last, full = 0, True
        while full:
            domain = [*source.only, ["id", ">", last]]
            method = f"model.{source.model}.search"
            found = self.rpc.call(method, domain, 0, _IDS_PER_CALL, _BY_ID, self.context)
            yield from map(str, found)
            full = len(found) == _IDS_PER_CALL
            last = found[-1] if found else last

    def pages(
        self, source: Source, since: str | None, started_at: datetime, overlap: timedelta
    ) -> Iterator[Page]:
        """Pages after a position: changed rows oldest first, then rows whose surroundings changed."""
        try:
            yield from self._pages(source, since, started_at, overlap)
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            what = f"{self.rpc.access.system}: {source.kind}: rows of an unknown shape ({error!r:.200})"
            raise FatalError(what, remedy="this reads Tryton 8.2; check the server's series") from error

    def _pages(
        self, source: Source, since: str | None, started_at: datetime, overlap: timedelta
    ) -> Iterator[Page]:
        start = self._position(source, since)
        _ = self.context  # signs in, so that the server's clock is known before its first row is read
        begun = min(started_at, self.rpc.server_time or started_at)
        at = start if start.p else msgspec.structs.replace(start, p=begun)
        for rows in self._changed(source, start, overlap):
            at = at.past(rows[-1])
            yield Page(self._looked(source, rows), at.text())
        if start.p is not None and source.also is not None:
            for domain in source.also(self, start.p - overlap):
                for rows in self._matching(source, domain):
                    yield Page(self._looked(source, rows), at.text())
        yield Page((), msgspec.structs.replace(at, p=max(begun, start.p or begun)).text())

    def _changed(self, source: Source, start: Position, overlap: timedelta) -> Iterator[list[Row]]:
        t, last = (start.t - overlap if start.t else None), 0
        while True:
            domain = [*source.only, *_after(t, last)]
            rows = self._page(source, domain, _BY_STAMP)
            if rows:
                yield rows
            if len(rows) < self._page_size:
                return
            key = (stamp(rows[-1]), rows[-1]["id"])
            if t is not None and key <= (t, last):
                what = f"{self.rpc.access.system}: {source.kind}: the server repeats a page"
                raise FatalError(what, remedy="look for a proxy that replays answers")
            t, last = key

    def _matching(self, source: Source, domain: Domain) -> Iterator[list[Row]]:
        last, full = 0, True
        while full:
            rows = self._page(source, [*source.only, domain, ["id", ">", last]], _BY_ID)
            if rows:
                yield rows
                last = rows[-1]["id"]
            full = len(rows) == self._page_size

    def _page(self, source: Source, domain: Domain, order: Any) -> list[Row]:
        fields = ("last_modified_at", *source.fields.split())
        return self.rows(source.model, domain, fields, order=order, limit=self._page_size)

    def _looked(self, source: Source, rows: list[Row]) -> list[Row]:
        if source.look is not None:
            source.look(self, rows)
        return rows

    def _position(self, source: Source, since: str | None) -> Position:
        try:
            return msgspec.json.decode(since, type=Position) if since else Position()
        except msgspec.DecodeError as error:
            what = f"{self.rpc.access.system}: {source.kind}: its position {since!r} is not readable"
            raise FatalError(what, remedy="reset the stream, it will be read from the start") from error


def stamp(row: Row) -> datetime:
    """When the row itself last changed."""
    found: datetime = decode(row["last_modified_at"])
    return found


def reference(text: str | None, model: str) -> int | None:
    """The id in ``model,id``; None when it refers to another model or to nothing."""
    name, _, number = (text or "").partition(",")
    return int(number) if name == model and number.isdigit() else None


def chunks(items: Sequence[Any], size: int = 100) -> Iterator[Sequence[Any]]:
    """Yield the items in parts small enough for one domain."""
    return (items[i : i + size] for i in range(0, len(items), size))


def _after(t: datetime | None, last: int) -> Domain:
    if t is None:
        return []
    at = encode(t)
    return [["OR", [["last_modified_at", ">", at]], [["last_modified_at", "=", at], ["id", ">", last]]]]
