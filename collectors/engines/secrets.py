"""Secrets come from the environment, or from a file the environment names; never from a message."""

from __future__ import annotations

import os
from pathlib import Path

from collectors.errors import ConfigError


def secret(where: str, variable: str) -> str:
    """The variable's value, else the content of the file that ``<variable>_FILE`` names.

    ``where`` is the system and the key that names the variable. Raises ConfigError when there is neither.
    """
    if os.environ.get(variable):
        return os.environ[variable]
    file = os.environ.get(f"{variable}_FILE")
    if file is None:
        remedy = f"set {variable}, or {variable}_FILE to the name of a file that holds it"
        raise ConfigError(f"{where} names {variable}, which is not set", remedy=remedy)
    return secret_file(f"{where}: the file that {variable}_FILE names", Path(file))


def secret_file(where: str, path: Path) -> str:
    """The text of a file without the space around it; ConfigError when it cannot be read or is empty."""
    try:
        found = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigError(f"{where} cannot be read ({why})", remedy="name a readable text file") from None
    if not found:
        raise ConfigError(f"{where} is empty", remedy="write the secret into it")
    return found
