"""A PostgreSQL of the tests' own: started in a folder of its own, reached by its socket only."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

VARIABLE = "SIGHTGLASS_TEST_POSTGRES"

#: Durability costs time and protects nothing here: the cluster is thrown away.
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "50",
}


def missing(part: str, remedy: str) -> None:
    """Skip with a visible line; on CI, where every part must be there, fail."""
    line = f"{part} is missing: {remedy}"
    if os.environ.get("CI") == "true":
        pytest.fail(line, pytrace=False)
    pytest.skip(line)


def server_programs() -> Path | None:
    """The folder with initdb and pg_ctl, of the newest version here; None when there is none."""
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).resolve().parent
    found = [folder for folder in Path("/usr/lib/postgresql").glob("*/bin") if (folder / "initdb").is_file()]
    return max(found, key=lambda folder: float(folder.parent.name), default=None)


@contextmanager
def private_cluster(programs: Path) -> Iterator[str]:
    """The address of the ``postgres`` database of a fresh cluster, stopped and removed afterwards.

    A server refuses to run as root: root starts it as the user ``postgres``.
    """
    folder = Path(tempfile.mkdtemp(prefix="sightglass-pg-", dir="/tmp"))
    data = folder / "data"
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        _run(programs / "initdb", "--no-sync", "--auth=trust", "--username=postgres", "--pgdata", data)
        settings = _SETTINGS | {"unix_socket_directories": str(folder)}
        with (data / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        _run(programs / "pg_ctl", "start", "--wait", "--pgdata", data, "--log", folder / "log")
        try:
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            _run(programs / "pg_ctl", "stop", "--wait", "--mode=immediate", "--pgdata", data)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(program: Path, *arguments: str | Path) -> None:
    command = [str(part) for part in (program, *arguments)]
    if os.geteuid() == 0:
        command = ["runuser", "-u", "postgres", "--", *command]
    # Not a pipe: the server inherits it and would keep it open long after pg_ctl has returned.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(command, cwd="/", stdout=output, stderr=output, check=False, timeout=120)
        output.seek(0)
        if done.returncode != 0:
            raise RuntimeError(f"{program.name} failed: {output.read().decode(errors='replace')}")
