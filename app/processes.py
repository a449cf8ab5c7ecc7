"""``sightglass up``: worker, receiver and web on one machine, started together, stopped together."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from types import FrameType

_LOG = logging.getLogger(__name__)
_GRACE_S = 15.0
_WAIT_S = 120.0
_RESTART_S = 2.0


@dataclass(slots=True)
class Child:
    """One process of ours, and how to start it again."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes]


class Stopped(Exception):  # noqa: N818 - it is not an error
    """Someone asked us to stop."""


def _raise_stopped(_signal: int, _frame: FrameType | None) -> None:
    raise Stopped


def start(name: str, command: Sequence[str]) -> Child:
    """Start a process in a session of its own, so that Ctrl-C reaches it only through us."""
    environment = {**os.environ, "SIGHTGLASS_PARENT": str(os.getpid())}
    process = subprocess.Popen(  # noqa: S603 - our own program with our own arguments
        list(command), start_new_session=True, env=environment, stdin=subprocess.DEVNULL
    )
    return Child(name, command, process)


@contextmanager
def family(commands: Mapping[str, Sequence[str]]) -> Iterator[list[Child]]:
    """All of them while the block lasts; none of them after it."""
    signal.signal(signal.SIGTERM, _raise_stopped)
    signal.signal(signal.SIGINT, _raise_stopped)
    children: list[Child] = []
    try:
        for name, command in commands.items():
            children.append(start(name, command))
        yield children
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        stop(children)


def stop(children: Sequence[Child]) -> None:
    """Ask each to end, then insist."""
    for child in children:
        if child.process.poll() is None:
            child.process.terminate()
    deadline = time.monotonic() + _GRACE_S
    for child in children:
        try:
            child.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            _LOG.warning("%s did not end by itself", child.name)
            child.process.kill()
            child.process.wait()


def watch(children: list[Child]) -> None:
    """Start again whatever ends, until we are told to stop."""
    try:
        while True:
            time.sleep(_RESTART_S)
            for place, child in enumerate(children):
                if child.process.poll() is not None:
                    _LOG.error("%s ended with %d; starting it again", child.name, child.process.returncode)
                    children[place] = start(child.name, child.command)
    except Stopped:
        return


def wait_until_answers(host: str, port: int, path: str, child: Child) -> bool:
    """True as soon as a process answers 200; false when it ended or never does."""
    deadline = time.monotonic() + _WAIT_S
    while time.monotonic() < deadline and child.process.poll() is None:
        connection = HTTPConnection(host, port, timeout=2)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == 200:  # noqa: PLR2004 - HTTP's own number
                return True
        except (OSError, HTTPException):
            time.sleep(0.2)
        finally:
            connection.close()
    return False


def free_port(host: str, wanted: int) -> int:
    """The wanted port, or any free one when it is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError(f"no free port on {host}")


def end_with_parent() -> None:
    """A child that outlives ``sightglass up`` would go on polling unseen: end with it."""
    parent = os.environ.get("SIGHTGLASS_PARENT")
    if parent is None:
        return

    def look() -> None:
        while os.getppid() == int(parent):
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=look, daemon=True, name="end-with-parent").start()


def command(*words: str, config: str | None) -> list[str]:
    """How to start one of our own verbs with the same configuration."""
    named = ["--config", config] if config else []
    return [sys.executable, "-m", "app", *named, *words]
