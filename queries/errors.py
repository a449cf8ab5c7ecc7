"""What can go wrong with the store, named by what happens next.

Every message names the store and the remedy; a password never appears in one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import URL


class StoreError(ValueError):
    """The store cannot be used as it is: stop, and do what the remedy says."""

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(f"{message}. Remedy: {remedy}")
        self.remedy = remedy


class StoreBusyError(StoreError):
    """The store was held by others, or out of reach, just now: trying again later is safe."""


#: beginning of SQLite's name for a condition -> (what to raise, what it means, what to do)
_SQLITE: dict[str, tuple[type[StoreError], str, str]] = {
    "SQLITE_BUSY": (
        StoreBusyError,
        "is locked by another program",
        "let that program finish, then try again",
    ),
    "SQLITE_LOCKED": (
        StoreBusyError,
        "is locked by another reader",
        "let that program finish, then try again",
    ),
    "SQLITE_READONLY": (
        StoreError,
        "is read-only",
        "let this user write the file and its folder, or name another file in store.url",
    ),
    "SQLITE_NOTADB": (
        StoreError,
        "is not a SQLite database",
        "name another file in store.url, or move this one away",
    ),
    "SQLITE_CORRUPT": (
        StoreError,
        "is damaged",
        "restore a backup; a new store can be filled by polling again",
    ),
    "SQLITE_CANTOPEN": (
        StoreError,
        "cannot be opened",
        "let this user read and write the file and its folder, or correct store.url",
    ),
    "SQLITE_FULL": (StoreError, "has no room left on its disk", "make room on the disk, then start again"),
    "SQLITE_IOERR": (StoreError, "cannot be read or written", "look at the disk it lies on"),
}

#: beginning of PostgreSQL's code for a condition -> (what to raise, what it means, what to do)
_POSTGRESQL: dict[str, tuple[type[StoreError], str, str]] = {
    "55P03": (StoreBusyError, "is held by another writer", "let it finish, then try again"),
    "40": (StoreBusyError, "had to choose between two writers", "try again"),
    "53": (
        StoreBusyError,
        "has no room or no free connection",
        "try again; raise the server's limits if it stays",
    ),
    "57P": (StoreBusyError, "is starting or stopping", "try again in a moment"),
    "08": (
        StoreBusyError,
        "lost the connection",
        "try again; look at the server and the network if it stays",
    ),
    "25006": (StoreError, "is read-only", "name the primary server in store.url, not a replica"),
    "28": (StoreError, "refuses this user or password", "correct the user and password of store.url"),
    "3D": (StoreError, "does not exist on that server", "create the database, or correct store.url"),
    "42501": (StoreError, "does not allow this user enough", "make this user the owner of the database"),
}


def explain(error: BaseException | None, url: URL) -> StoreError | None:
    """The StoreError that a driver's exception stands for; None when it is not about the store's state."""
    sqlite_name = getattr(error, "sqlite_errorname", None)
    if sqlite_name is not None:
        return _explain_sqlite(str(sqlite_name), url)
    if url.get_backend_name() == "postgresql" and type(error).__module__.startswith("psycopg"):
        return _explain_postgresql(error, url)
    return None


def _explain_sqlite(name: str, url: URL) -> StoreError | None:
    folder = sqlite_folder(url)
    if name.startswith("SQLITE_CANTOPEN") and folder is not None and not folder.is_dir():
        return StoreError(
            f"the folder {folder} of the store does not exist", remedy="create it, or correct store.url"
        )
    return _matching(_SQLITE, name, url)


def _explain_postgresql(error: BaseException | None, url: URL) -> StoreError | None:
    sqlstate = getattr(error, "sqlstate", None)
    if sqlstate is not None:
        return _matching(_POSTGRESQL, str(sqlstate), url)
    if type(error).__name__ not in {"OperationalError", "ConnectionTimeout"}:
        return None
    first_line = (str(error).splitlines() or ["no answer"])[0]
    return StoreBusyError(
        f"the store {shown(url)} cannot be reached: {first_line}",
        remedy="start the server, or correct host, port and database of store.url",
    )


def _matching(known: dict[str, tuple[type[StoreError], str, str]], name: str, url: URL) -> StoreError | None:
    for beginning, (kind, meaning, remedy) in known.items():
        if name.startswith(beginning):
            return kind(f"the store {shown(url)} {meaning}", remedy=remedy)
    return None


def shown(url: URL) -> str:
    """The store's address as a person may see it: no password."""
    return url.render_as_string(hide_password=True)


def sqlite_folder(url: URL) -> Path | None:
    """The folder a SQLite file lies in; None when there is no file (in memory, or another engine)."""
    database = url.database
    if url.get_backend_name() != "sqlite" or not database or database == ":memory:":
        return None
    return Path(database.removeprefix("file:")).parent
