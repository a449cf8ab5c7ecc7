"""Every system we can read: found by being in :mod:`collectors.systems`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from collectors import systems as package
from collectors.contract import System


@cache
def systems() -> Mapping[str, System]:
    """Every system, by kind; two files that claim one kind are refused."""
    found: dict[str, System] = {}
    for module in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
        if module.startswith("_"):
            continue
        system: System = importlib.import_module(f"{package.__name__}.{module}").SYSTEM
        if system.kind in found or system.kind != module:
            raise ValueError(
                f"collectors/systems/{module}.py declares {system.kind!r}: the kind is its file's name"
            )
        found[system.kind] = system
    return found
