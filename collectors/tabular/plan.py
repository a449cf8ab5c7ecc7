"""How one stream of a folder is read: its record kind, its parser, and the columns its files must have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import Field, field_validator

from collectors.contract import Stream
from collectors.mapping import (
    Format,
    Mapped,
    StreamMapping,
    absent_columns,
    canonical_parser,
    compile_mapping,
    fingerprint,
    inherit,
    known_columns,
)
from collectors.tabular.folder import Found, files, files_of_kind
from collectors.tabular.header import Reading
from collectors.tabular.source import FileUnreadableError
from queries.fields import FIELDS
from queries.records import KINDS

_FRESHNESS = timedelta(hours=24)
_COLUMNS_SHOWN = 30
_UTF8 = (None, "utf-8", "utf8", "UTF-8")


class FileStream(StreamMapping):
    """One stream of a folder: which files, and how their rows become records.

    ``snapshot`` says that the newest file is the whole stream, so that what it lacks is deleted.
    ``sheet`` and ``header`` are the sheet of a workbook and the row its column names stand in.
    """

    files: str | None = None
    snapshot: bool = False
    sheet: str | None = None
    header: int = Field(default=1, ge=1)

    @field_validator("files")
    @classmethod
    def _inside_the_folder(cls, pattern: str | None) -> str | None:
        if pattern is not None and (not pattern or PurePosixPath(pattern).is_absolute() or ".." in pattern):
            raise ValueError(f"{pattern!r} must be a pattern inside the system's path")
        return pattern


@dataclass(frozen=True, slots=True)
class Plan:
    """A stream with all that is known of how to read it. ``how`` changes when files are to be read anew.

    ``exact`` says that JSON lines may be records as they stand.
    """

    stream: Stream
    settings: FileStream
    reading: Reading
    mapped: Mapped
    how: str
    exact: bool

    @property
    def wanted(self) -> str:
        """Which files belong to the stream, in words."""
        return self.settings.files or f"{self.stream.name}*.csv, .xlsx or .jsonl"

    def listed(self, folder: Path) -> list[Found]:
        """The stream's files, oldest first; of snapshots only the newest."""
        if self.settings.files is None and self.stream.name in KINDS:
            found = files_of_kind(folder, self.stream.name)
        else:
            found = files(folder, self.settings.files or f"{self.stream.name}*")
        return found[-1:] if self.settings.snapshot else found


def plan_stream(system: str, name: str, settings: FileStream, system_format: Format) -> Plan:
    """The plan for a stream of a system; raises ValueError naming the key that cannot work."""
    kind, where = settings.kind or name, f"{system}/{name}"
    fmt = inherit(system_format, settings.format)
    mapped = compile_mapping(where, kind, settings, system_format)
    canonical = not settings.is_mapped and not fmt.is_local
    by_name = known_columns(kind) if settings.is_by_name else frozenset()
    stream = Stream(
        name=name,
        kind=kind,
        parse=canonical_parser(where, kind) if canonical else mapped.parse,
        deletes=_deletes(settings),
        overlap=timedelta(0),
        freshness=_FRESHNESS,
        known_fields=None if settings.fields else by_name,
        mapped_fields=mapped.chains,
    )
    reading = Reading(
        needed=mapped.columns | by_name,
        check=_checks(settings, mapped),
        by_name=bool(by_name),
        encoding=fmt.encoding,
        delimiter=fmt.delimiter,
        decimal=fmt.decimal,
        header=settings.header,
        sheet=settings.sheet,
    )
    how = fingerprint(settings, fmt, kind, settings.sheet, settings.header)
    # lists have spellings of their own
    exact = canonical and fmt.encoding in _UTF8 and len(FIELDS[kind]) == len(KINDS[kind].__struct_fields__)
    return Plan(stream, settings, reading, mapped, how, exact)


def _deletes(settings: FileStream) -> Literal["signal", "sweep", "none"]:
    if settings.snapshot:
        return "sweep"
    return "signal" if settings.is_by_name or settings.deleted or "deleted_at" in settings.fields else "none"


def _checks(settings: FileStream, mapped: Mapped) -> Callable[[Sequence[str]], None]:
    def check(columns: Sequence[str]) -> None:
        missing = absent_columns(settings, mapped, columns)
        if missing:
            has = ", ".join(repr(column) for column in columns[:_COLUMNS_SHOWN])
            raise FileUnreadableError(
                f"it has no column {', '.join(repr(column) for column in missing)}; it has {has}",
                "correct the stream's fields, format.encoding, format.delimiter or header",
            )

    return check
