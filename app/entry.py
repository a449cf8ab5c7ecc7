"""``sightglass``: the command line. Exit codes: 0 fine, 1 findings or failure, 2 usage or configuration."""

from __future__ import annotations

import os
import sys

from app import close_commands, commands, exception_commands
from app.cli import cli
from collectors.errors import CollectorError
from queries.errors import StoreError


def main() -> None:
    """Run a verb. Errors the user can mend are one line and exit code 2."""
    commands.register(cli)
    close_commands.register(cli)
    exception_commands.register(cli)
    try:
        cli()
    except (CollectorError, StoreError) as error:
        sys.stderr.write(f"sightglass: {error}\n")
        sys.exit(2)
    except BrokenPipeError:
        # the reader of our output went away, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
