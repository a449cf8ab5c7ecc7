"""A store that cannot be used is named, with what to do about it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from shutil import which

import pytest

from app.bootstrap import application
from collectors.errors import ConfigError
from queries import store
from queries.errors import StoreError
from tests.truth import firm
from tests.truth.spoiling import polled

K1, K2, K3 = "project_awaiting_activation", "unbilled_approved_time", "milestone_without_revenue"


def test_a_store_of_a_newer_program_is_left_alone(folder: Path) -> None:
    config = folder / "sightglass.toml"
    with application(config):
        pass
    with closing(sqlite3.connect(folder / "sightglass.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    done = firm.command(config, "poll", "--once", check=False)

    assert done.returncode == 2
    assert "is at 9999, newer than this program. Remedy: install the newer Sightglass" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_store_somebody_holds_is_named_with_what_to_do(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = folder / "sightglass.toml"
    with application(config):
        pass
    monkeypatch.setattr(store, "WAIT_S", 0.1)
    with closing(sqlite3.connect(folder / "sightglass.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises((ConfigError, StoreError)) as caught:
            polled(config)

    assert "sightglass.db is locked by another program. Remedy: " in str(caught.value)
    polled(config)
    assert firm.found(config) == firm.truth(folder)


def test_a_store_that_is_no_database_is_named(folder: Path) -> None:
    config = folder / "sightglass.toml"
    (folder / "sightglass.db").write_bytes(b"not a database, but long enough to be taken for one" * 40)

    done = firm.command(config, "poll", "--once", check=False)

    assert (done.returncode, "is not a SQLite database. Remedy: " in done.stderr) == (2, True)


#: root may write what is read-only, unless it gives that up
_ORDINARY = ("setpriv", "--bounding-set=-dac_override") if os.geteuid() == 0 else ()


@pytest.mark.skipif(bool(_ORDINARY) and not which("setpriv"), reason="root without setpriv (util-linux)")
def test_a_store_that_may_only_be_read_is_named(folder: Path) -> None:
    config = folder / "sightglass.toml"
    with application(config):
        pass
    (folder / "sightglass.db").chmod(0o444)

    done = firm.command(config, "poll", "--once", check=False, under=_ORDINARY)

    assert (done.returncode, "is read-only. Remedy: " in done.stderr) == (2, True)
