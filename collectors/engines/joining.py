"""Lists that tell ids and little else: what another request tells of these ids is put under their rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import jmespath

from collectors.engines.rest_settings import Joined


def id_lists(joined: Joined, rows: Sequence[Any]) -> Iterator[str]:
    """The ids of some rows at a time, as the further request names them."""
    wanted = [one for row in rows if (one := _told(joined.id, row)) is not None]
    for start in range(0, len(wanted), joined.size):
        yield ",".join(wanted[start : start + joined.size])


def laid_under(joined: Joined, rows: Sequence[Any], more: Iterable[Any]) -> list[Any]:
    """The rows, each with what else is told of its id; what a row says itself has the last word.

    A row whose id nothing is told of stays as it is.
    """
    known: dict[str | None, Mapping[str, Any]] = {_told(joined.of, row): row for row in more}
    named = ((_told(joined.id, row), row) for row in rows)
    return [row if one is None else {**known.get(one, {}), **row} for one, row in named]


def _told(path: str | None, row: Any) -> str | None:
    found = jmespath.search(path or "@", row) if isinstance(row, Mapping) else None
    return None if found is None else str(found)
