"""An OData server of the tests' own: SAP's CAP with the entities Sightglass reads, filled over HTTP."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as time_of_day
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx

from tests.real.postgres import missing

USER = "SIGHTGLASS"
PASSWORD = "sightglass-demo"  # pragma: allowlist secret
#: rows on a page, unless a test asks for another number
PAGE = 100

_PROGRAM = Path(__file__).parent / "cap"
_NEWEST_NEEDED = 22
_REMEDY = (
    "install npm (on Debian and Ubuntu: apt-get install nodejs npm) and let the first run reach its registry"
)

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Program:
    """What runs the server: a Node.js, and the packages it needs."""

    node: Path
    modules: Path


@dataclass(frozen=True)
class Odata:
    """A running server. Rows are put in, changed and removed through its own OData V4."""

    address: str
    client: httpx.Client

    def v4(self, service: str) -> str:
        """Where a service answers in OData V4."""
        return f"{self.address}/odata/v4/{service}"

    def v2(self, service: str) -> str:
        """Where the same service answers in OData V2."""
        return f"{self.address}/odata/v2/{service}"

    def get(self, address: str, **query: str) -> httpx.Response:
        """One answer, whatever its status; names of system options go without their dollar."""
        # by hand: V4 takes no plus for a blank, which is what the client would write
        return self.client.get(
            address + "?" + "&".join(f"${name}={quote(value)}" for name, value in query.items())
        )

    def load(self, service: str, entity: str, rows: Sequence[Row], at: datetime | None = None) -> None:
        """Put in rows, with what is nested in them, all or none; ``at`` is the moment they are stamped with."""
        requests = [
            {
                "id": str(n),
                "atomicityGroup": "all",
                "method": "POST",
                "url": entity,
                "headers": _JSON,
                "body": row,
            }
            for n, row in enumerate(rows)
        ]
        answer = self._send("POST", f"{self.v4(service)}/$batch", {"requests": requests}, at)
        refused = [part for part in answer.json()["responses"] if part["status"] >= httpx.codes.BAD_REQUEST]
        if refused:
            raise ValueError(f"{service}/{entity} refused: {refused[0]['body']}")

    def change(self, service: str, entity: str, key: Row, fields: Row, at: datetime | None = None) -> None:
        """Change fields of a row; the server stamps it."""
        self._send("PATCH", f"{self.v4(service)}/{entity}{_named(key)}", fields, at)

    def remove(self, service: str, entity: str, key: Row) -> None:
        """Remove a row."""
        self._send("DELETE", f"{self.v4(service)}/{entity}{_named(key)}")

    def _send(
        self, verb: str, address: str, body: Row | None = None, at: datetime | None = None
    ) -> httpx.Response:
        headers = _JSON | {"If-Match": "*"} if verb != "POST" else dict(_JSON)
        if at is not None:
            headers["X-Clock"] = at.isoformat()
        content = None if body is None else json.dumps(body, default=_written)
        answer = self.client.request(verb, address, content=content, headers=headers)
        if answer.is_error:
            raise ValueError(f"{verb} {address} refused: {answer.status_code} {answer.text}")
        return answer


_JSON = {"Content-Type": "application/json"}


def installed(cache: Path) -> Program:
    """The server's packages, fetched once and kept under ``cache``; without npm the asking test is skipped."""
    lists = [_PROGRAM / "package.json", _PROGRAM / "package-lock.json"]
    made_of = b"".join(path.read_bytes() for path in lists)
    folder = cache / hashlib.sha256(made_of).hexdigest()[:12]
    folder.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one at a time, whoever else tests here
        if not (folder / "complete").is_file():
            for path in lists:
                shutil.copy(path, folder)
            _fetch(folder, cache / "npm")
            (folder / "complete").touch()
    return Program(_node(folder / "node_modules"), folder / "node_modules")


@contextmanager
def served(
    program: Program, folder: Path, page: int = PAGE, *, decimals_as_text: bool = False
) -> Iterator[Odata]:
    """A server with empty tables in ``folder``, ended afterwards.

    In V4 a decimal is a number, or text where ``decimals_as_text``; in V2 it is always text.
    """
    for name in ("package.json", "server.js"):
        shutil.copy(_PROGRAM / name, folder)
    shutil.copytree(_PROGRAM / "srv", folder / "srv")
    (folder / "node_modules").symlink_to(program.modules, target_is_directory=True)
    settings = {"query": {"limit": {"max": page}}, "features": {"ieee754compatible": decimals_as_text}}
    environment = {"CDS_CONFIG": json.dumps(settings), "NODE_ENV": "development", "HOME": str(folder)}
    _done(_command(program, "deploy"), folder, environment)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | environment | {"PORT": str(port)}
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            _command(program, "serve"), cwd=folder, env=environment, stdout=log, stderr=log
        ) as server,
        # by name: its V2 answers with links to localhost, however it was asked
        httpx.Client(base_url=f"http://localhost:{port}", auth=(USER, PASSWORD), timeout=30) as client,
    ):
        try:
            _wait(server, client, folder / "log")
            yield Odata(f"http://localhost:{port}", client)
        finally:
            server.terminate()


def _fetch(folder: Path, kept: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        missing("npm", _REMEDY)
    options = {"cache": str(kept), "prefer_offline": "true", "audit": "false", "fund": "false"}
    # nothing needs to run on the way in, and a registry that is out of reach is told within seconds
    options |= {"ignore_scripts": "true", "fetch_retries": "4", "fetch_retry_mintimeout": "500"}
    options |= {"fetch_retry_maxtimeout": "4000"}
    _done([str(npm), "ci"], folder, {f"npm_config_{name}": value for name, value in options.items()})


def _command(program: Program, verb: str) -> list[str]:
    return [str(program.node), "--no-warnings", str(program.modules / "@sap" / "cds" / "bin" / f"{verb}.js")]


def _node(modules: Path) -> Path:
    """The Node.js among the packages; on a machine they have none for, the one on the path if new enough."""
    bundled = next(modules.glob("node-*/bin/node"), None)
    if bundled is not None:
        return bundled
    found = shutil.which("node")
    version = _done([str(found), "--version"], modules, {}) if found else "none"
    if found is None or int(version.lstrip("v").partition(".")[0]) < _NEWEST_NEEDED:
        missing("Node.js", f"install version {_NEWEST_NEEDED} or newer: {version} is here")
    return Path(str(found))


def _done(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode != 0:
        told = [line for line in done.stderr.splitlines() if "warn" not in line.lower()]
        missing(f"an OData server ({' '.join(' '.join(told).split()[:20])})", _REMEDY)
    return done.stdout.strip()


def _wait(server: subprocess.Popen[bytes], client: httpx.Client, log: Path) -> None:
    for _ in range(300):
        try:
            if client.get("/health").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.1)
        if server.poll() is not None:
            break
    missing(f"an OData server that answers ({log.read_text()[-300:]})", _REMEDY)


def _named(key: Row) -> str:
    """A row's address: (company='usmf',number=1)."""
    return "(" + ",".join(f"{name}={_literal(value)}" for name, value in key.items()) + ")"


def _literal(value: object) -> str:
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)


def _written(value: object) -> str:
    """What JSON has no form for, as OData V4 writes it."""
    if isinstance(value, date | datetime | time_of_day):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in OData")
