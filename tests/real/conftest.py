"""A Tryton server to read: the one named, else one built here, copied and thrown away; and an OData server."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.real.odata import Odata, Program, installed, served
from tests.real.postgres import missing

ADDRESS = "SIGHTGLASS_TEST_TRYTON"
MANIFEST = "SIGHTGLASS_TEST_TRYTON_MANIFEST"
CACHE = "SIGHTGLASS_CACHE"

PASSWORD = "sightglass-demo"  # pragma: allowlist secret
_SCRIPTS = Path(__file__).parent / "tryton"
_REMEDY = f"let the first run reach the package index, or set {ADDRESS} and {MANIFEST} to a server's"


@dataclass(frozen=True)
class Tryton:
    """A server, and the ground truth of what is in it. ``own``: nobody else reads it, it may be changed."""

    url: str
    manifest: dict[str, Any]
    own: bool
    database: str = "ps"
    user: str = "admin"
    password: str = PASSWORD

    @property
    def settings(self) -> dict[str, Any]:
        """How the system is configured."""
        keys = ("url", "database", "user", "password")
        return {key: getattr(self, key) for key in keys}


@dataclass(frozen=True)
class Built:
    """A server's environment, and its data as provisioned: copied before anybody works on it."""

    venv: Path
    data: Path


@pytest.fixture(scope="session")
def tryton_built() -> Built:
    """A Tryton ready to be started. Building one takes some minutes, once: it is kept in the cache."""
    cache = _cache() / "tryton"
    # what the scripts make depends on them alone
    scripts = sorted(path for path in _SCRIPTS.iterdir() if path.suffix in {".py", ".sh", ".txt"})
    made_of = b"".join(path.read_bytes() for path in scripts)
    built = Built(cache / "venv", cache / hashlib.sha256(made_of).hexdigest()[:12])
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one at a time, whoever else tests here
        # without a manifest a run was broken off in the middle
        fresh = () if (built.data / "manifest.json").is_file() else ("--fresh",)
        _start("--venv", built.venv, "--data", built.data, *fresh)
    return built


@pytest.fixture(scope="module")
def tryton(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tryton]:
    """A provisioned Tryton: the one named, else one for this file of tests alone."""
    named, manifest = os.environ.get(ADDRESS), os.environ.get(MANIFEST)
    if named and manifest:
        yield Tryton(named, json.loads(Path(manifest).read_text(encoding="utf-8")), own=False)
        return
    if named or manifest:
        missing("half of a Tryton server", f"set both {ADDRESS} and {MANIFEST}")
    built = request.getfixturevalue("tryton_built")
    data = tmp_path_factory.mktemp("tryton") / "data"
    shutil.copytree(built.data, data)
    with _served(built.venv, data) as url:
        yield Tryton(url, json.loads((data / "manifest.json").read_text(encoding="utf-8")), own=True)


@pytest.fixture(scope="session")
def odata_program() -> Program:
    """What runs an OData server; the first run fetches it, in some ten seconds."""
    return installed(_cache() / "cap")


@pytest.fixture(scope="module")
def odata(odata_program: Program, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Odata]:
    """An OData server with empty tables, for one file of tests alone."""
    with served(odata_program, tmp_path_factory.mktemp("odata")) as server:
        yield server


def _cache() -> Path:
    return Path(os.environ.get(CACHE, Path(__file__).parents[2] / ".cache"))


@contextmanager
def _served(venv: Path, data: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    _start("--venv", venv, "--data", data, "--port", port)
    command = [str(venv / "bin" / "trytond"), "-c", str(data / "trytond.conf"), "-d", "ps"]
    with (data / "trytond.log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(server, url, data / "trytond.log")
            yield url
        finally:
            server.terminate()


def _start(*arguments: object) -> None:
    command = [str(_SCRIPTS / "start.sh"), "--no-serve", *map(str, arguments)]
    environment = os.environ | {"PYTHON": sys.executable, "TRYTON_ADMIN_PASSWORD": PASSWORD}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1800, check=False)
    if done.returncode != 0:
        missing(f"Tryton ({' '.join(done.stderr.split()[-40:])})", _REMEDY)


def _wait(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    question = {"id": 0, "method": "common.server.version", "params": []}
    for _ in range(300):
        try:
            if httpx.post(f"{url}/rpc/", json=question, timeout=5).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.2)
        if server.poll() is not None:
            break
    missing(f"a Tryton that answers ({log.read_text()[-300:]})", _REMEDY)
