"""A LedgerSMB database nobody here designed: Debian's package, its own schema and procedures, in an empty database.

The package is GPL: it is fetched when a test wants it, kept in the cache, and never part of this repository.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from pathlib import Path

import psycopg

from tests.real.postgres import missing

_REMEDY = "its package comes from Debian or Ubuntu: let apt-get reach them"
#: roles belong to the whole server, which may be somebody else's; the other only looks for doubled functions
_LEFT_OUT = {"Roles.sql", "Duplicates_Functions.sql"}
_COPY = re.compile(r"^(COPY [^;]* FROM stdin[^;]*);\n(.*?)^\\\.\n", re.MULTILINE | re.DOTALL | re.IGNORECASE)


def scripts(cache: Path) -> Path:
    """The folder with LedgerSMB's SQL, fetched once. Skips the test where there is no such package."""
    cache.mkdir(parents=True, exist_ok=True)
    kept = cache / "package" / "usr" / "share" / "ledgersmb" / "sql"
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one at a time, whoever else tests here
        if not (kept / "Pg-database.sql").is_file():
            _fetch(cache)
    return kept


def install(database: str, sql: Path) -> None:
    """LedgerSMB's tables, changes and procedures, in the order its own lists give."""
    with psycopg.connect(database, autocommit=True) as connection:
        _run(connection, sql / "Pg-database.sql")
        for path, may_fail in _listed(sql / "changes"):
            _run(connection, path, may_fail=may_fail)
        for path, _ in _listed(sql / "modules"):
            if path.name not in _LEFT_OUT:
                _run(connection, path)


def _listed(folder: Path) -> list[tuple[Path, bool]]:
    """The scripts of a folder; an exclamation mark stands before those that older databases had already."""
    lines = (folder / "LOADORDER").read_text(encoding="utf-8").split("\n")
    names = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return [(folder / name.lstrip("!^"), "!" in name) for name in names]


def _run(connection: psycopg.Connection, path: Path, *, may_fail: bool = False) -> None:
    # what stands between two COPY is sent whole: the server takes it apart better than any pattern
    parts = _COPY.split(path.read_text(encoding="utf-8"))
    try:
        with connection.cursor() as cursor:
            cursor.execute(parts[0].encode())
            for statement, rows, rest in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
                with cursor.copy(statement.encode()) as copy:
                    copy.write(rows)
                cursor.execute(rest.encode())
    except psycopg.Error:
        connection.execute("ROLLBACK")
        if not may_fail:
            raise


def _fetch(cache: Path) -> None:
    programs = [program for program in ("apt-get", "dpkg-deb") if shutil.which(program) is None]
    if programs:
        missing("LedgerSMB", f"{_REMEDY} ({' and '.join(programs)} not found here)")
    own = ("-o", f"Dir::State={cache}/apt", "-o", f"Dir::Cache={cache}/apt")
    problem = _apt(cache, "download", "ledgersmb")
    if problem:
        # a machine that never fetched a list, or that lets only root do it: lists of our own
        (cache / "apt" / "lists" / "partial").mkdir(parents=True, exist_ok=True)
        (cache / "apt" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
        problem = _apt(cache, *own, "update") or _apt(cache, *own, "download", "ledgersmb")
    found = sorted(cache.glob("ledgersmb_*.deb"))
    if problem or not found:
        missing(f"LedgerSMB ({problem})", _REMEDY)
    folder = cache / "unpacked"
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["dpkg-deb", "-x", found[-1], folder], check=True, capture_output=True, timeout=120)
    shutil.rmtree(cache / "package", ignore_errors=True)
    folder.rename(cache / "package")
    shutil.rmtree(cache / "apt", ignore_errors=True)


def _apt(cache: Path, *words: str) -> str:
    """Empty when it went well, else the end of what apt said."""
    command = ["apt-get", "-qq", "-o", "Acquire::Retries=3", *words]
    plain = os.environ | {"LC_ALL": "C"}
    done = subprocess.run(
        command, cwd=cache, env=plain, capture_output=True, text=True, timeout=300, check=False
    )
    return "" if done.returncode == 0 else " ".join(done.stderr.split()[-20:]) or "apt-get failed"
