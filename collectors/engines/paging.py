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


class Told(NamedTuple):
    """An answer as paging sees it: JSON, rows and headers, and how many pages and rows came before it."""

    body: Any
    rows: Sequence[Any]
    headers: httpx.Headers
    pages_before: int
    rows_before: int


class Turn(NamedTuple):
    """How the next request differs: a whole address, or parameters of the query or the body."""

    url: str | None = None
    params: tuple[tuple[str, str | int], ...] = ()
    body: tuple[tuple[str, str | int], ...] = ()


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

    Without ``total``, a page with fewer rows than ``size`` is the last. ``sent`` is where the numbers go.
    """

    style: Literal["offset"]
    param: str = "offset"
    size_param: str | None = "limit"
    size: int = Field(default=100, ge=1)
    total: Path = None
    sent: Literal["query", "body"] = "query"

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
        part = ((self.param, come), *_size(self.size_param, self.size))
        return Turn(params=part) if self.sent == "query" else Turn(body=part)


class Keyset(Strict):
    """The next page begins after the last row's ``field``, given as ``param``; rows come in that order."""

    style: Literal["keyset"]
    param: str
    field: Path
    size_param: str | None = None
    size: int = Field(default=100, ge=1)

    def first(self) -> Turn:
        """The first page has nothing to begin after."""
        return Turn(params=_size(self.size_param, self.size))

    def turn(self, told: Told) -> Turn | None:
        """After the last row, as long as pages are full."""
        if len(told.rows) < self.size:
            return None
        last = _at(self.field, told.rows[-1])
        return (
            None
            if last is None
            else Turn(params=((self.param, str(last)), *_size(self.size_param, self.size)))
        )


Paging = Annotated[OnePage | Link | Cursor | PageNumber | Offset | Keyset, Field(discriminator="style")]


def _at(path: str | None, body: Any) -> Any:
    return jmespath.search(path or "@", body)


def _number(told: Any) -> int | None:
    try:
        return int(told)
    except (TypeError, ValueError):
        return None


def _size(param: str | None, size: int) -> tuple[tuple[str, str | int], ...]:
    return ((param, size),) if param else ()


def _link_header(headers: httpx.Headers) -> str | None:
    response = httpx.Response(200, headers={"Link": headers.get("Link", "")})
    return response.links.get("next", {}).get("url")
