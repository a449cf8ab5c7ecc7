"""The bench: how near Sightglass comes to what the machine can do, one module a line, found by discovery.

Every ratio is against a limit, or a peer, measured in the same run, so that it holds on any machine.
"""

from __future__ import annotations

import importlib
import pkgutil
import tempfile
from collections.abc import Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

from app.bench._measure import Line
from app.bench._shop import LARGE, QUICK, Shop, Sizes
from collectors.errors import ConfigError


@cache
def lines() -> Mapping[str, Line]:
    """Every line, by name; a module whose line has another name is refused."""
    found: dict[str, Line] = {}
    for module in sorted(info.name for info in pkgutil.iter_modules(__path__)):
        if module.startswith("_"):
            continue
        line: Line = importlib.import_module(f"{__name__}.{module}").LINE
        if line.name != module:
            raise ValueError(f"app/bench/{module}.py declares {line.name!r}: a line's name is its file's")
        found[module] = line
    return found


def run(names: list[str], large: bool, quick: bool, postgres: str | None) -> list[dict[str, Any]]:  # noqa: FBT001 - as the command line has it
    """Measure the named lines (none: all); ``quick`` proves that they work, its numbers mean nothing.

    ``postgres`` is the address of a server on which databases may be made. Raises ConfigError for an
    unknown line.
    """
    chosen = names or list(lines())
    for name in chosen:
        if name not in lines():
            raise ConfigError(f"bench: there is no line {name!r}", remedy=f"use one of {', '.join(lines())}")
    sizes = QUICK if quick else LARGE if large else Sizes()
    with (
        tempfile.TemporaryDirectory(prefix="sightglass-bench-") as folder,
        closing(Shop(Path(folder), sizes, postgres)) as shop,
    ):
        return [result.as_json() for name in chosen for result in lines()[name].measure(shop)]
