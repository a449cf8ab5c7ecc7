"""What will happen, in the order in which it happens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from heapq import heappop, heappush
from itertools import count

Action = Callable[[], object]


class Timeline:
    """Things to come, and the moment reached. Two of one moment happen in the order they were planned."""

    def __init__(self, start: datetime) -> None:
        self.now = start
        self._order = count()
        self._plans: list[tuple[datetime, int, Action]] = []

    def at(self, moment: datetime, action: Action) -> None:
        """Plan something; what should have happened already happens next."""
        heappush(self._plans, (max(moment, self.now), next(self._order), action))

    def advance(self, until: datetime) -> int:
        """Let everything up to ``until`` happen; how much that was."""
        happened = 0
        while self._plans and self._plans[0][0] <= until:
            self.now, _, action = heappop(self._plans)
            action()
            happened += 1
        self.now = max(self.now, until)
        return happened
