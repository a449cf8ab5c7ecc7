"""How bad a finding is: by its money in the reporting currency and by whether it is past due to act."""

from __future__ import annotations

from typing import NamedTuple

SEVERITIES = ("critical", "high", "medium", "low")


class Materiality(NamedTuple):
    """Amounts in minor units of the reporting currency from which money alone raises the severity."""

    large: int = 10_000_000
    notable: int = 1_000_000


def severity(group_minor: int | None, *, past_act: bool, materiality: Materiality) -> str:
    """Critical: large and past act. High: either. Medium: a notable amount. Low: the rest.

    An amount nobody can convert counts as notable: it may be anything.
    """
    amount = materiality.notable if group_minor is None else group_minor
    if amount >= materiality.large:
        return "critical" if past_act else "high"
    if past_act:
        return "high" if amount >= materiality.notable else "medium"
    return "medium" if amount >= materiality.notable else "low"
