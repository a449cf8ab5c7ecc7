"""What befalls engagements after their story is told: one module an incident, with ``befall(job)``.

An incident alters rows of the engagement just written, or adds some, so that a check named like it has
something to find. It has dice of its own: the firm's stories do not change when an incident is added.
``SHARE`` of the engagements meet it, if it finds in them what it needs.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from random import Random
from typing import NamedTuple

from sandbox.job import Job


class Incident(NamedTuple):
    """How often it happens, and what it does."""

    share: float
    befall: Callable[[Job], None]


@cache
def incidents() -> Mapping[str, Incident]:
    """Every incident by name."""
    found: dict[str, Incident] = {}
    for name in sorted(module.name for module in pkgutil.iter_modules(__path__)):
        module = importlib.import_module(f"{__name__}.{name}")
        found[name] = Incident(module.SHARE, module.befall)
    return found


def strike(job: Job) -> list[str]:
    """Let the engagement meet the incidents that its dice say, and name those it met."""
    met = []
    for name, incident in incidents().items():
        rng = Random(f"{job.seed}/{job.n}/{name}")
        if rng.random() < incident.share:
            incident.befall(replace(job, rng=rng))
            met.append(name)
    return met
