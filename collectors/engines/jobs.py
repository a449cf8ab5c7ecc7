"""Answers that take their time: an order is placed, looked after until it is done, and fetched as a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import msgspec
from pydantic import Field

from collectors.engines.http import Answer, passing
from collectors.engines.sql_settings import Duration
from collectors.mapping import Strict
from collectors.mapping.rules import Path

_LINES = 5_000


class Job(Strict):
    """How a job is looked after and fetched.

    The order's answer names the job at ``id``, which fills ``{job}`` in ``path``. What is there says at
    ``state`` how it stands: one of ``done``, one of ``failed`` and at ``why`` for what reason, or still at
    work. ``file`` is the address of its JSON lines and ``lines`` how many there are; it lies with the system
    itself or on one of ``hosts``, which are asked without our token. It is looked at ``every`` so often, for
    ``at_most`` so long.
    """

    path: str
    id: Path
    state: Path
    done: tuple[str, ...]
    failed: tuple[str, ...] = ()
    why: Path = None
    file: Path
    lines: Path = None
    hosts: tuple[str, ...] = ()
    every: Duration = Field(default=timedelta(seconds=2), ge=timedelta(0))
    at_most: Duration = Field(default=timedelta(minutes=5), gt=timedelta(0))

    def is_at_home(self, url: httpx.URL) -> bool:
        """Whether the file lies on one of the hosts, and safely."""
        return url.scheme == "https" and any(
            url.host == host or url.host.endswith(f".{host}") for host in self.hosts
        )


def chunks(answer: Answer, promised: int | None, decoder: msgspec.json.Decoder[Any]) -> Iterator[list[Any]]:
    """The rows of a file, some thousands at a time; an empty list for none. RetriableError if some lack."""
    lines = [line for line in answer.body.splitlines() if line.strip()]
    if promised is not None and len(lines) != promised:
        what = f"the file holds {len(lines)} of {promised} rows"
        raise passing(answer.where, what, "look for a proxy that cuts answers")
    for start in range(0, max(len(lines), 1), _LINES):
        try:
            yield [decoder.decode(line) for line in lines[start : start + _LINES]]
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            what = "the file is not readable as JSON lines"
            raise passing(answer.where, what, "look for a proxy that changes answers") from error
