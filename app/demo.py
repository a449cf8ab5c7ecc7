"""The demonstration: a simulated firm that lives in a folder, and the configuration that watches it."""

from __future__ import annotations

from pathlib import Path

from sandbox.living.configuration import configuration, prepare
from sandbox.living.home import Home

FOLDER = Path(".sightglass") / "firm"
PORT = 8610
SPEED = 60.0
ENGAGEMENTS = 500
SEED = 7


def settle(folder: Path, address: str, *, seed: int = SEED, engagements: int = ENGAGEMENTS) -> Path:
    """The configuration that watches the firm of a folder at an address; the firm is founded if it is new."""
    Home.opened(folder, seed=seed, engagements=engagements)
    prepare(folder)
    file = folder / "sightglass.toml"
    text = configuration(address)
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")
    return file
