"""Ways into systems that outlive a poll: the next poll finds the connection open and the token fetched.

One poll has a way for itself, so what a connection holds needs no locks; polls of one system that run side
by side have a way each. A way on which a poll failed is closed, for nobody knows what it is worth.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from time import monotonic

from collectors.contract import Connection, Stream
from collectors.runner import Configured, Outcome, Runner

#: a new way finds what has changed meanwhile: an address, a secret, what a system can do
_OLD_S = 3_600.0
#: one that is only needed when many polls meet is not held open for the rest of the day
_IDLE_S = 300.0


@dataclass(slots=True)
class _Way:
    connection: Connection
    opened: float
    used: float


@dataclass(slots=True)
class Ways:
    """Open connections by the name of their system, the one that was used last at the end."""

    _free: dict[str, list[_Way]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def poll(self, runner: Runner, configured: Configured, stream: Stream) -> Outcome:
        """One pass over one stream, on a way that is open already where there is one."""
        way, done = self._taken(configured), None
        try:
            done = runner.poll(configured, stream, way.connection)
        finally:
            now = monotonic()
            if done is None or done.outcome == "failed" or now - way.opened > _OLD_S:
                way.connection.close()
            else:
                way.used = now
                self._give_back(configured.name, way)
        return done

    def close(self) -> None:
        """Let go of all of them."""
        with self._lock:
            ways = [way for free in self._free.values() for way in free]
            self._free.clear()
        for way in ways:
            way.connection.close()

    def _taken(self, configured: Configured) -> _Way:
        with self._lock:
            free = self._free.get(configured.name)
            if free:
                return free.pop()
        now = monotonic()
        return _Way(configured.connect(), now, now)

    def _give_back(self, name: str, way: _Way) -> None:
        with self._lock:
            free = [*self._free.get(name, ()), way]
            self._free[name] = [one for one in free if way.used - one.used <= _IDLE_S]
        for one in free:
            if way.used - one.used > _IDLE_S:
                one.connection.close()
