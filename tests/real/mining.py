"""A process-mining program that is not ours, in an environment of its own: it reads a log and says what it saw."""

from __future__ import annotations

import fcntl
import hashlib
import json
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

from tests.real.postgres import missing

_PROGRAM = Path(__file__).parent / "pm4py"
_REMEDY = "let the first run reach the package index"


def installed(cache: Path) -> Path:
    """The Python of its environment, made once and kept under ``cache``; the asking test is skipped without."""
    wanted = _PROGRAM / "requirements.txt"
    made_of = wanted.read_bytes() + sys.version.encode()
    folder = cache / hashlib.sha256(made_of).hexdigest()[:12]
    python = folder / "bin" / "python"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one at a time, whoever else tests here
        if not (folder / "complete").is_file():
            venv.create(folder, with_pip=True, clear=True)
            _done([python, "-m", "pip", "install", "--quiet", "--requirement", wanted])
            (folder / "complete").touch()
    return python


def understood(python: Path, log: Path) -> dict[str, Any]:
    """What the program makes of an event log."""
    told = _done([python, _PROGRAM / "read.py", log])
    found: dict[str, Any] = json.loads(told.splitlines()[-1])
    return found


def _done(command: list[str | Path]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode != 0 and "pip" in command:
        missing(f"PM4Py ({' '.join(done.stderr.split()[-40:])})", _REMEDY)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
