"""Exports in a folder: CSV, XLSX and JSON lines, canonical by their names or mapped.

Position: JSON of the files consumed, name -> signature. A file that is new or has changed is read
again from its start, which the idempotent store takes without harm.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Self

import msgspec
from pydantic import AwareDatetime, Field, model_validator

from collectors.contract import Page, Stream, System, SystemSettings
from collectors.errors import FatalError, RetriableError
from collectors.mapping import FALLBACK, FAULT, SAMPLE, Format, check_sample, refuse_unfit
from collectors.tabular import FileUnreadableError, is_jsonlines, read_exact, read_rows
from collectors.tabular.folder import SIDECAR, Found, kinds_in, sidecar
from collectors.tabular.paging import Batch, batches
from collectors.tabular.plan import FileStream, Plan, plan_stream
from queries.records import KINDS

_PARTIAL = ":partial"


class FilesSettings(SystemSettings):
    """``path`` is the folder; ``complete_through`` up to when its exports are complete.

    Without ``streams`` every file named after a record kind is read as it is.
    """

    path: Path
    complete_through: AwareDatetime | None = None
    format: Format = Format()
    streams: dict[str, FileStream] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _compiles(self) -> Self:
        for name, stream in self.streams.items():
            try:
                plan_stream("", name, stream, self.format)
            except ValueError as error:
                raise ValueError(f"streams.{name}: {error}") from None
        return self


class FilesConnection:
    """A folder, looked at anew on every poll."""

    def __init__(self, name: str, settings: FilesSettings) -> None:
        self._name = name
        self._settings = settings

    def streams(self) -> Sequence[Stream]:
        """The configured streams; without any, one per record kind the folder has files for.

        Raises FatalError when it would have to look into the folder and there is none.
        """
        if self._settings.streams:
            return [self._plan(name).stream for name in self._settings.streams]
        with self._naming("*", "its folder"):
            kinds = kinds_in(self._settings.path)
        if not kinds:
            raise self._fatal(
                "*", "no file is named after a kind of record", f"name files after {', '.join(KINDS)}"
            )
        return [self._plan(kind).stream for kind in kinds]

    def pages(self, stream: Stream, since: str | None, started_at: datetime) -> Iterator[Page]:
        """The files that are new or changed, oldest first; the last page says how far all is complete."""
        plan = self._plan(stream.name)
        promise, listed = self._promised(plan), self._listed(plan)
        before = _before(since, plan)
        if not listed and since is None:
            raise self._fatal(
                stream.name, f"no file fits {plan.wanted}", "put the export there, or correct files"
            )
        done = {one.name: before.files[one.name] for one in listed if one.name in before.files}
        position = _Position(plan.how, done, before.through)
        for found in listed:
            with self._naming(stream.name, found.name):
                signature = found.signature()
            if done.get(found.name, "").removesuffix(_PARTIAL) != signature:
                done.pop(found.name, None)
                whole = yield from self._file(plan, found, position.text(), first=not before.how)
                done[found.name] = signature if whole else signature + _PARTIAL
        yield _last(position, promise or _newest(listed, before.through), started_at)

    def ids(self, stream: Stream) -> Iterable[str]:
        """Every id of the newest file. Raises FatalError when it cannot say all of them.

        A row whose id cannot be read, and a file without any row, must not look like deletions.
        """
        plan, empty = self._plan(stream.name), True
        for batch in self._newest_rows(plan):
            ids = [plan.mapped.identify(row) for row in batch.rows]
            if batch.faults or None in ids:
                why = "; ".join(batch.faults[:1]) or "a row has no id"
                raise self._fatal(stream.name, f"nothing is called deleted: {why}", "correct the file")
            empty = False
            yield from (one for one in ids if one is not None)
        if empty:
            remedy = "export it again, or take snapshot off the stream"
            raise self._fatal(stream.name, "nothing is called deleted: the newest file has no rows", remedy)

    def problems(self, stream: Stream) -> list[str]:
        """What cannot be read in the first rows of the newest file; empty when all is well."""
        plan = self._plan(stream.name)
        batch = next(self._newest_rows(plan, SAMPLE), Batch())
        rows = [row for row in batch.rows if FAULT not in row]
        return batch.faults + (check_sample(plan.mapped, rows) if rows else [])

    def close(self) -> None:
        """Nothing is held open between polls."""

    def _plan(self, name: str) -> Plan:
        return plan_stream(
            self._name, name, self._settings.streams.get(name, FileStream()), self._settings.format
        )

    def _file(self, plan: Plan, found: Found, position: str, *, first: bool) -> Generator[Page, None, bool]:
        """Pages of one file; the answer is whether it was read to its end."""
        version, broken, after = found.modified.isoformat(), False, 0
        with self._naming(plan.stream.name, found.name):
            if plan.exact and is_jsonlines(found.path):
                rest = yield from self._records(plan, found, position)
                if rest is None:
                    return True
                after = rest
            for batch in batches(read_rows(found.path, found.name, plan.reading, after)):
                if first and batch.rows and plan.settings.is_mapped:
                    refuse_unfit(plan.mapped, batch.rows)
                    first = False
                for row in batch.rows:
                    row[FALLBACK] = version
                broken = batch.broken
                yield Page(batch.rows, position=position, rejects=batch.rejects, origin=found.name)
        return not broken

    def _records(self, plan: Plan, found: Found, position: str) -> Generator[Page, None, int | None]:
        """Pages of records as they stand in a file; the answer is the lines read, None for all."""
        blocks = read_exact(found.path, plan.stream.kind)
        while True:
            try:
                yield Page(next(blocks), position=position, origin=found.name)
            except StopIteration as end:
                lines: int | None = end.value
                return lines

    def _newest_rows(self, plan: Plan, limit: int | None = None) -> Iterator[Batch]:
        for found in self._listed(plan)[-1:]:
            with self._naming(plan.stream.name, found.name):
                yield from batches(islice(read_rows(found.path, found.name, plan.reading), limit))

    def _listed(self, plan: Plan) -> list[Found]:
        with self._naming(plan.stream.name, "its folder"):
            if not self._settings.path.is_dir():
                raise FileUnreadableError("it does not exist", "create the folder, or correct path")
            return plan.listed(self._settings.path)

    def _promised(self, plan: Plan) -> datetime | None:
        """Asked for before the files are listed: what is written in between is not yet promised."""
        with self._naming(plan.stream.name, SIDECAR):
            return self._settings.complete_through or sidecar(self._settings.path)

    @contextmanager
    def _naming(self, stream: str, file: str) -> Iterator[None]:
        """Errors of the file system, with the names a person needs to act."""
        try:
            yield
        except FileUnreadableError as error:
            raise self._fatal(stream, f"{file}: {error}", error.remedy) from None
        except FileNotFoundError as error:
            if self._settings.path.is_dir():
                where = f"{self._name}/{stream}: {file}: it went away while it was read"
                raise RetriableError(where, remedy="none is needed if it comes back") from error
            raise self._fatal(
                stream, f"{file}: it does not exist", "create the folder, or correct path"
            ) from error
        except OSError as error:
            raise self._fatal(
                stream, f"{file}: {error.strerror or error}", "let this user read it"
            ) from error

    def _fatal(self, stream: str, what: str, remedy: str) -> FatalError:
        return FatalError(f"{self._name}/{stream} in {self._settings.path}: {what}", remedy=remedy)


class _Position(msgspec.Struct):
    """What was read: how, the files by name, and how far that was complete."""

    how: str = ""
    files: dict[str, str] = {}
    through: datetime | None = None

    def text(self) -> str:
        """As the runner keeps it."""
        return msgspec.json.encode(self).decode()


def _before(since: str | None, plan: Plan) -> _Position:
    """What was read before; as good as nothing if the mapping has changed since."""
    before = msgspec.json.decode(since, type=_Position) if since else _Position()
    return before if before.how == plan.how else _Position(through=before.through)


def _newest(listed: list[Found], before: datetime | None) -> datetime | None:
    """When the newest file was written; files taken away since leave the promise as it was."""
    return listed[-1].modified if listed else before


def _last(position: _Position, promise: datetime | None, started_at: datetime) -> Page:
    """The closing page. A file that broke off, however long ago, keeps the promise from moving."""
    if promise is None or any(signature.endswith(_PARTIAL) for signature in position.files.values()):
        return Page((), position=position.text(), truncated=True)
    position.through = min(promise, started_at)
    return Page((), position=position.text(), complete_through=position.through)


SYSTEM = System(
    kind="files",
    title="Files in a folder",
    roles=("crm", "contract", "psa", "hcm", "time", "erp", "revenue", "middleware"),
    settings=FilesSettings,
    connect=FilesConnection,
    verified="real server",
    records=tuple(KINDS),
    notes="CSV, XLSX and JSON lines; canonical columns, or any others with a mapping",
    engine="files",
)
