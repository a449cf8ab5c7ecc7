"""A folder of exports: which files belong to a stream, which of them changed, how far they are complete."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from collectors.mapping import canonical_name
from collectors.tabular.source import FileUnreadableError
from queries.records import KINDS

SIDECAR = "_complete_through"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HEAD = 65_536
_ENDINGS = re.compile(r"\.(csv|tsv|txt|jsonl|ndjson)(\.gz)?$|\.xls[xm]$", re.IGNORECASE)
_PLURALS = {kind: (f"{kind}s", f"{kind.removesuffix('y')}ies") for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Found:
    """A file as it was when the folder was listed; ``name`` is its path inside the folder."""

    path: Path
    name: str
    mtime_ns: int
    size: int

    @property
    def modified(self) -> datetime:
        """When the file was last written."""
        return _EPOCH + timedelta(microseconds=self.mtime_ns // 1000)

    def signature(self) -> str:
        """Time, size and a digest of the first bytes: equal means nothing new to read."""
        with self.path.open("rb") as content:
            head = hashlib.sha256(content.read(_HEAD)).hexdigest()
        return f"{self.mtime_ns}:{self.size}:{head[:16]}"


def files(folder: Path, pattern: str) -> list[Found]:
    """The folder's files that fit a glob pattern, oldest first."""
    return _oldest_first(folder, folder.glob(pattern))


def files_of_kind(folder: Path, kind: str) -> list[Found]:
    """The folder's files named after a record kind, oldest first."""
    return _oldest_first(folder, (path for path in folder.iterdir() if kind_of(path.name) == kind))


def kinds_in(folder: Path) -> list[str]:
    """The record kinds the folder has files for."""
    found = {kind_of(path.name) for path in folder.iterdir()}
    return [kind for kind in KINDS if kind in found]


def kind_of(name: str) -> str | None:
    """The record kind a file is named after: ``Time Entries 2026-11.csv`` holds time entries.

    The longest kind wins, so that contract lines are not taken for contracts.
    """
    if not _ENDINGS.search(name) or name.startswith((".", "_", "~")):
        return None
    stem = canonical_name(_ENDINGS.sub("", name))
    fits = [kind for kind in KINDS if stem.startswith((kind, *_PLURALS[kind]))]
    return max(fits, key=len, default=None)


def sidecar(folder: Path) -> datetime | None:
    """The instant in the folder's ``_complete_through`` file, if it has one."""
    path = folder / SIDECAR
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8-sig", errors="replace").strip()
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        what = f"{SIDECAR} holds {text[:40]!r}, which is no instant with a zone"
        raise FileUnreadableError(what, "write one such as 2026-11-20T18:00:00Z")
    return instant.astimezone(UTC)


def _oldest_first(folder: Path, paths: Iterator[Path]) -> list[Found]:
    found = []
    for path in paths:
        if path.is_file() and not path.name.startswith((".", "_", "~")):
            stat = path.stat()
            found.append(Found(path, path.relative_to(folder).as_posix(), stat.st_mtime_ns, stat.st_size))
    return sorted(found, key=lambda one: (one.mtime_ns, one.name))
