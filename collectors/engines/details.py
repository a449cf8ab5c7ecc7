"""Lists that tell ids and little else: what another request tells of these ids is put under their rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jmespath

from collectors.engines.rest_calls import Caller
from collectors.engines.rest_settings import Details, Request
from collectors.errors import FatalError

Identify = Callable[[Any], str | None]


def with_details(
    caller: Caller, where: str, details: Details | None, rows: Sequence[Any], identify: Identify
) -> Sequence[Any]:
    """The rows of a page, each with what else is told of its id; what a row says itself has the last word.

    A row whose id nothing is told of stays as it is.
    """
    if details is None:
        return rows
    named = [identify(row) for row in rows]
    wanted = [one for one in named if one is not None]
    known: dict[str | None, Mapping[str, Any]] = {}
    for start in range(0, len(wanted), details.size):
        bound = {"ids": ",".join(wanted[start : start + details.size])}
        for told in caller.answers(where, details.request, bound, _listed(where)):
            known |= {str(jmespath.search(details.id or "@", row)): row for row in told.rows}
    return [
        row if one is None else {**known.get(one, {}), **row} for one, row in zip(named, rows, strict=True)
    ]


def _listed(where: str) -> Callable[[Request, Any], Sequence[Any]]:
    def rows(request: Request, body: Any) -> Sequence[Any]:
        found = jmespath.search(request.rows or "@", body)
        if not isinstance(found, list):
            what = f"{where}: the answer with details holds no list of rows at {request.rows!r}"
            raise FatalError(what, remedy="correct rows in the stream's details")
        return found

    return rows
