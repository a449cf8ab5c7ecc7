"""Where the next page is: the ways HTTP APIs have of saying so, as data.

Each style turns an answer into the changes of the request that fetch the next page, or None at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple

import httpx
import jmespath
from pydantic import Field

from collectors.mapping import Strict
from collectors.mapping.rules import Path

Parts = tuple[tuple[str, str | int], ...]
#: where a number or a mark goes; ``place`` fills ``{param}`` wherever the request says it
Sent = Literal["query", "body", "place"]


class Told(NamedTuple):
    """An answer as paging sees it: JSON, rows and headers, and how many pages and rows came before it."""

    body: Any
    rows: Sequence[Any]
    headers: httpx.Headers
    pages_before: int
    rows_before: int


class Turn(NamedTuple):
    """How the next request differs: a whole address, or parts of the query, of the body, or of its places."""

    url: str | None = None
    params: Parts = ()
    body: Parts = ()
    places: Parts = ()


class OnePage(Strict):
    """Everything comes at once."""

    style: Literal["none"] = "none"

    def first(self) -> Turn:
        """Nothing has to be asked for."""
        return Turn()

    def turn(self, _told: Told) -> Turn | None:
        """There is no next page."""
        return None


class Link(Strict):
    """The address of the next page stands in the body at ``path``, or in the Link header.

    ``own_host`` keeps to the configured host whatever host the address names: behind a gateway a server
    knows itself by another name.
    """

    style: Literal["link"]
    path: Path = None
    own_host: bool = False

    def first(self) -> Turn:
        """Nothing has to be asked for."""
        return Turn()

    def turn(self, told: Told) -> Turn | None:
        """The address, as far as there is one."""
        url = _at(self.path, told.body) if self.path else _link_header(told.headers)
        return Turn(url=str(url)) if url else None


class Cursor(Strict):
    """The body holds a mark at ``path`` that goes back as ``param``, in the query or in the body."""

    style: Literal["cursor"]
    path: Path
    param: str
    sent: Literal["query", "body"] = "query"

    def first(self) -> Turn:
        """The first page needs no mark."""
        return Turn()

    def turn(self, told: Told) -> Turn | None:
        """The mark, as far as there is one."""
        mark = _at(self.path, told.body)
        if mark in (None, "", False):
            return None
        part = ((self.param, mark if isinstance(mark, int) else str(mark)),)
        return Turn(params=part) if self.sent == "query" else Turn(body=part)


class PageNumber(Strict):
    """Pages are counted from ``first_page`` in ``param``; ``pages`` says how many there are.

    Without ``pages``, a page with fewer rows than ``size`` is the last.
    """

    style: Literal["page"]
    param: str = "page"
    first_page: int = 1
    size_param: str | None = None
    size: int = Field(default=100, ge=1)
    pages: Path = None

    def first(self) -> Turn:
        """The first page by its number."""
        return Turn(params=self._of(self.first_page))

    def turn(self, told: Told) -> Turn | None:
        """The number after this one, as long as there are pages."""
        number = self.first_page + told.pages_before + 1
        total = _number(_at(self.pages, told.body)) if self.pages else None
        more = len(told.rows) >= self.size if total is None else number - self.first_page < total
        return Turn(params=self._of(number)) if more else None

    def _of(self, number: int) -> tuple[tuple[str, str | int], ...]:
        return ((self.param, number), *_size(self.size_param, self.size))


class Offset(Strict):
    """Rows are counted from zero in ``param``; ``total`` says how many there are.

    Without ``total``, a page with fewer rows than ``size`` is the last. ``sent`` is where the numbers go,
    ``first_row`` what the first row is called.
    """

    style: Literal["offset"]
    param: str = "offset"
    size_param: str | None = "limit"
    size: int = Field(default=100, ge=1)
    total: Path = None
    sent: Sent = "query"
    first_row: int = 0

    def first(self) -> Turn:
        """From the first row on."""
        return self._of(0)

    def turn(self, told: Told) -> Turn | None:
        """After the rows that came, as long as there are any."""
        come = told.rows_before + len(told.rows)
        total = _number(_at(self.total, told.body)) if self.total else None
        more = bool(told.rows) and (len(told.rows) >= self.size if total is None else come < total)
        return self._of(come) if more else None

    def _of(self, come: int) -> Turn:
        return _turn(self.sent, ((self.param, come + self.first_row), *_size(self.size_param, self.size)))


class Keyset(Strict):
    """The next page begins after the last row's ``field``, given as ``param``; rows come in that order.

    ``begin`` is what stands for nothing before the first page, where something must be given.
    """

    style: Literal["keyset"]
    param: str
    field: Path
    size_param: str | None = None
    size: int = Field(default=100, ge=1)
    sent: Sent = "query"
    begin: str | int | None = None

    def first(self) -> Turn:
        """The first page has nothing to begin after."""
        return self._of(self.begin)

    def turn(self, told: Told) -> Turn | None:
        """After the last row, as long as pages are full."""
        if len(told.rows) < self.size:
            return None
        last = _at(self.field, told.rows[-1])
        return None if last is None else self._of(last if isinstance(last, int) else str(last))

    def _of(self, last: str | int | None) -> Turn:
        mark = () if last is None else ((self.param, last),)
        return _turn(self.sent, (*mark, *_size(self.size_param, self.size)))


class Seek(Strict):
    """Rows come by a key, and the request itself asks for those after ``{after}``: a query language's way.

    ``field`` is the key in a row, ``begin`` stands before the first, ``more`` says that there are more rows.
    Without ``more``, a page with fewer rows than ``size`` is the last.
    """

    style: Literal["seek"]
    field: Path
    begin: str | int = 0
    more: Path = None
    size: int = Field(default=1000, ge=1)

    def first(self) -> Turn:
        """From the smallest key on."""
        return Turn(places=(("after", self.begin),))

    def turn(self, told: Told) -> Turn | None:
        """After the last row, as long as there are more."""
        more = _at(self.more, told.body) if self.more else len(told.rows) >= self.size
        if not more or not told.rows:
            return None
        last = _at(self.field, told.rows[-1])
        return (
            None if last is None else Turn(places=(("after", last if isinstance(last, int) else str(last)),))
        )


Paging = Annotated[
    OnePage | Link | Cursor | PageNumber | Offset | Keyset | Seek, Field(discriminator="style")
]


def _turn(sent: Sent, parts: Parts) -> Turn:
    match sent:
        case "query":
            return Turn(params=parts)
        case "body":
            return Turn(body=parts)
        case "place":
            return Turn(places=parts)


def _at(path: str | None, body: Any) -> Any:
    return jmespath.search(path or "@", body)


def _number(told: Any) -> int | None:
    try:
        return int(told)
    except (TypeError, ValueError):
        return None


def _size(param: str | None, size: int) -> Parts:
    return ((param, size),) if param else ()


def _link_header(headers: httpx.Headers) -> str | None:
    response = httpx.Response(200, headers={"Link": headers.get("Link", "")})
    return response.links.get("next", {}).get("url")
