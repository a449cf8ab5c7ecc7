"""The demonstration: a simulated firm exported once, and its traces sent through the front door."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from sandbox.export import export

_LOG = logging.getLogger(__name__)
_ENGAGEMENTS = 500
_SEED = 7


def prepare(folder: Path) -> Path:
    """The demonstration's configuration; the firm is exported when it is not there yet."""
    config = folder / "sightglass.toml"
    if not config.exists():
        as_of = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        export(folder, seed=_SEED, engagements=_ENGAGEMENTS, as_of=as_of)
    return config


def send_traces(folder: Path, host: str, port: int) -> int:
    """Send the firm's spans to the receiver, as its middleware would; how many requests it took."""
    file = folder / "traces" / "traces.jsonl"
    if not file.exists():
        return 0
    sent = 0
    connection = HTTPConnection(host, port, timeout=30)
    try:
        for line in file.read_bytes().splitlines():
            connection.request("POST", "/v1/traces", line, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            reply.read()
            sent += reply.status == 200  # noqa: PLR2004 - HTTP's own number
    except (OSError, HTTPException) as error:
        _LOG.warning("the demonstration's traces did not all arrive: %s", error)
    finally:
        connection.close()
    return sent
