"""Exports in a folder: CSV, XLSX and JSON lines, canonical by name or mapped.

Position: JSON of the files consumed, name -> signature. A file that is new or has changed is read
again from its start; the store takes a row twice without harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any, Self

import msgspec
from pydantic import AwareDatetime, Field, field_validator, model_validator

from collectors.contract import Page, Stream, System, SystemSettings
from collectors.errors import FatalError, RetriableError
from collectors.mapping import (
    SAMPLE,
    VERSION,
    Format,
    Mapped,
    StreamMapping,
    canonical_parser,
    check_sample,
    compile_mapping,
    inherit,
    known_columns,
    missing_columns,
    refuse_unfit,
    required_columns,
)
from collectors.tabular import FileUnreadableError, Item, Reading, Reject, RestUnreadableError, read_rows
from collectors.tabular.folder import SIDECAR, Found, files, files_of_kind, kinds_in, sidecar
from queries.records import KINDS

PAGE_ROWS = 5_000
PAGE_SIZE = 16 * 2**20
_PARTIAL = ":partial"


class FileStream(StreamMapping):
    """One stream of a folder. ``snapshot``: the newest file is the whole stream, what it lacks is gone."""

    files: str | None = None
    snapshot: bool = False
    sheet: str | None = None
    header: int = Field(default=1, ge=1)

    @field_validator("files")
    @classmethod
    def _inside_the_folder(cls, pattern: str | None) -> str | None:
        if pattern is not None and (PurePosixPath(pattern).is_absolute() or ".." in pattern.split("/")):
            raise ValueError(f"{pattern!r} must be a pattern inside the system's path")
        return pattern


class FilesSettings(SystemSettings):
    """``path`` is the folder. Without ``streams`` every file named after a record kind is read as it is."""

    path: Path
    complete_through: AwareDatetime | None = None
    format: Format = Format()
    streams: dict[str, FileStream] = {}

    @model_validator(mode="after")
    def _compiles(self) -> Self:
        for name, stream in self.streams.items():
            try:
                compile_mapping(name, stream.kind or name, stream, self.format)
            except ValueError as error:
                raise ValueError(f"streams.{name}.{error}") from None
        return self


@dataclass(frozen=True, slots=True)
class _Plan:
    """A stream with all that is known of how to read it."""

    stream: Stream
    settings: FileStream
    reading: Reading
    mapped: Mapped | None
    named_by_kind: bool


class FilesConnection:
    """An open folder."""

    def __init__(self, name: str, settings: FilesSettings) -> None:
        self._name = name
        self._settings = settings

    def streams(self) -> Sequence[Stream]:
        """The configured streams; without any, one per record kind the folder has files for."""
        return [self._plan(name).stream for name in self._settings.streams or kinds_in(self._folder())]

    def pages(self, stream: Stream, since: str | None, started_at: datetime) -> Iterator[Page]:
        """The files that are new or changed since, oldest first, then the promise of completeness."""
        plan = self._plan(stream.name)
        # asked for before the files are listed: what is written in between is not yet promised
        promise = self._promise(stream.name)
        listed = self._listed(plan)
        before: dict[str, Any] = msgspec.json.decode(since) if since else {"files": {}, "through": None}
        if not listed and since is None:
            raise self._fatal(plan.stream.name, f"no file fits {self._pattern(plan)!r}", "put the export there")
        done = {found.name: before["files"][found.name] for found in listed if found.name in before["files"]}
        fresh = since is None
        for found in listed:
            signature = self._guarded(plan, found, found.signature)
            if done.get(found.name, "").removesuffix(_PARTIAL) != signature:
                done.pop(found.name, None)
                position = _position(done, before["through"])
                whole = yield from self._file(plan, found, position, sample=fresh)
                done[found.name] = signature if whole else signature + _PARTIAL
                fresh = False
        through = min(promise or (listed[-1].modified if listed else _instant(before["through"])), started_at)
        if any(signature.endswith(_PARTIAL) for signature in done.values()):
            yield Page((), position=_position(done, before["through"]), truncated=True)
        else:
            yield Page((), position=_position(done, through.isoformat()), complete_through=through)
