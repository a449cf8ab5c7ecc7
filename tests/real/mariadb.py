"""A MariaDB of the tests' own: started in a folder of its own, on a free port of this machine alone."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

VARIABLE = "SIGHTGLASS_TEST_MARIADB"

_SETTINGS = ("--skip-name-resolve", "--innodb-log-file-size=8M")
#: Durability costs time and protects nothing here: the server is thrown away.
_HASTE = ("--innodb-flush-log-at-trx-commit=0", "--innodb-fast-shutdown=2")


class Programs(NamedTuple):
    """What makes a folder of data, and what serves it."""

    install: str
    server: str


def server_programs() -> Programs | None:
    """MariaDB's programs; None when one is not here."""
    everywhere = f"{os.environ.get('PATH', '')}:/usr/sbin"
    found = [
        shutil.which(name, path=everywhere)
        for name in ("mariadb-install-db", "mariadbd", "my_print_defaults")
    ]
    return Programs(found[0], found[1]) if found[0] and found[1] and found[2] else None


@contextmanager
def private_server(programs: Programs) -> Iterator[str]:
    """The address of a fresh server without a database, stopped and removed afterwards.

    A server refuses to run as root: root starts it as the user ``nobody``.
    """
    folder = Path(tempfile.mkdtemp(prefix="sightglass-maria-", dir="/tmp"))
    try:
        shared = [f"--datadir={folder}/data", *_SETTINGS]
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody")
            shared.append("--user=nobody")
        own = ("--skip-test-db", "--auth-root-authentication-method=normal")
        made = subprocess.run(
            [programs.install, "--no-defaults", *shared, *own], capture_output=True, check=False, timeout=120
        )
        if made.returncode != 0:
            raise RuntimeError(f"mariadb-install-db failed: {made.stderr.decode(errors='replace')}")
        with _served(programs, folder, shared) as port:
            yield f"mysql+pymysql://root@127.0.0.1:{port}/"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _served(programs: Programs, folder: Path, shared: list[str]) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = (
        f"--socket={folder}/socket",
        f"--pid-file={folder}/pid",
        "--bind-address=127.0.0.1",
        f"--port={port}",
    )
    command = [programs.server, "--no-defaults", *shared, *_HASTE, *own]
    log = folder / "log"
    with log.open("wb") as output, subprocess.Popen(command, cwd="/", stdout=output, stderr=output) as server:
        try:
            _wait(server, port, log)
            yield port
        finally:
            server.terminate()


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
        if server.poll() is not None:
            break
    raise RuntimeError(f"MariaDB does not answer: {log.read_text(errors='replace')[-500:]}")
