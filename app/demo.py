"""The demonstration: a simulated firm that lives in a folder, and the configuration that watches it."""

from __future__ import annotations

from pathlib import Path

from collectors.errors import ConfigError
from sandbox.living.configuration import configuration, prepare
from sandbox.living.home import Home, InUseError

FOLDER = Path(".sightglass") / "firm"
PORT = 8610
SPEED = 60.0
ENGAGEMENTS = 500
SEED = 7


def settle(folder: Path, address: str, *, seed: int = SEED, engagements: int = ENGAGEMENTS) -> Path:
    """The configuration that watches the firm of a folder at an address; the firm is founded if it is new.

    Raises ConfigError while another process serves that firm: its watchers know it at another address.
    """
    home = Home.opened(folder, seed=seed, engagements=engagements)
    file = folder / "sightglass.toml"
    try:
        with home.alone():
            prepare(folder)
            text = configuration(address)
            if not file.exists() or file.read_text(encoding="utf-8") != text:
                file.write_text(text, encoding="utf-8")
    except InUseError as error:
        raise ConfigError(str(error), remedy="stop that process, or work in another folder") from error
    return file
