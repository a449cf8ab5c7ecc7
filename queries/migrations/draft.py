"""Draft a revision: what the tables in the code have that the migrations before it do not make.

    python -m queries.migrations.draft 0002 "what it is for"

Naming the newest revision again drafts that one anew, which is right only while no store has it yet.
Read the draft before keeping it: Alembic sees neither renamed columns nor a change of primary key,
and a copied table of ours needs ``table_kwargs={"sqlite_with_rowid": False}``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command

from queries.store import migrate, migrations, open_engine, writing

_VERSIONS = Path(__file__).parent / "versions"


def draft(revision: str, message: str) -> None:
    """Write ``versions/<revision>_<message>.py`` from the difference on a scratch SQLite store."""
    for old in _VERSIONS.glob(f"{revision}_*.py"):
        old.unlink()
    with TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{folder}/scratch.db")
        migrate(engine)
        with writing(engine) as connection:
            command.revision(migrations(connection), message, autogenerate=True, rev_id=revision)
        engine.dispose()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="Draft a revision of the store.")
    arguments.add_argument("revision", help="its number: 0002")
    arguments.add_argument("message", help="what it is for, in a few words")
    draft(**vars(arguments.parse_args()))
