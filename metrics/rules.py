"""The firm's own settings of judgement: thresholds, owners, days off, currency, materiality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from metrics.check import Check, checks
from metrics.severity import Materiality


class Threshold(NamedTuple):
    """Business days from which an item is listed, and from which it is urgent; who acts."""

    watch: int
    act: int
    owner: str


@dataclass(frozen=True, slots=True)
class Rules:
    """The firm's own settings of judgement; the defaults are the checks' own."""

    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    disabled: frozenset[str] = frozenset()
    days_off: Mapping[str, frozenset[date]] = field(default_factory=dict)
    reporting_currency: str | None = None
    rate_type: str | None = None
    materiality: Materiality = field(default_factory=Materiality)
    #: how long one check may take, each time it is judged
    seconds: float = 120

    def of(self, check: Check) -> Threshold:
        """The thresholds that hold for a check."""
        return self.thresholds.get(check.key, Threshold(check.watch, check.act, check.acts))

    def enabled(self) -> list[Check]:
        """The checks that run, in order of their keys."""
        return [check for key, check in sorted(checks().items()) if key not in self.disabled]
