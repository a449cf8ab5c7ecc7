"""The crosswalk file: it fills what no system says, gives way to what one says, and takes it back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import App, application
from app.doctor import examine
from app.worker import tick
from collectors.errors import ConfigError
from metrics.evaluate import audit
from queries import read
from queries.schema import RECORD_TABLES, crosswalk, link
from queries.store import reading, writing
from tests.cast import utc

HEAD = "kind,system,id,reference,to_system,to_id\n"
TABLES = {
    "crm/opportunity": "id,source_updated_at,status,won_at,currency,amount\n"
    "O1,2026-11-01T00:00:00Z,won,2026-11-02T12:00:00Z,GBP,1000\nO2,2026-11-01T00:00:00Z,open,,GBP,5\n",
    "psa/project": "id,source_updated_at,status,currency,rate,opportunity_id,link_method\n"
    "P1,2026-11-03T00:00:00Z,active,GBP,99.5,,\nP2,2026-11-03T00:00:00Z,active,GBP,,O2,\n"
    "P3,2026-11-03T00:00:00Z,active,GBP,,O2,same_number\n",
    "erp/project": "id,source_updated_at,status,project_id\nJ1,2026-11-03T00:00:00Z,active,P1\n",
}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A firm whose PSA does not say of which deal project P1 is."""
    text = ['[clock]\nnow = "2026-11-10T00:00:00Z"\n[identity]\ncrosswalk = "crosswalk.csv"\n']
    for name, rows in TABLES.items():
        system = name.partition("/")[0]
        (tmp_path / system).mkdir(exist_ok=True)
        (tmp_path / f"{name}.csv").write_text(rows)
    text += [
        f'[systems.{name}]\nkind = "files"\nroles = ["{name}"]\npath = "{name}"\n'
        f'complete_through = "2026-11-10T00:00:00Z"\n'
        for name in ("crm", "psa", "erp")
    ]
    (tmp_path / "sightglass.toml").write_text("\n".join(text))
    write(tmp_path)
    return tmp_path / "sightglass.toml"


def write(folder: Path, *lines: str, at: int = 1) -> None:
    """The crosswalk, changed at a moment of its own."""
    file = folder / "crosswalk.csv"
    file.write_text(HEAD + "".join(f"{line}\n" for line in lines))
    os.utime(file, (at, at))


def project(app: App, identifier: str) -> Mapping[str, Any]:
    table = RECORD_TABLES["project"]
    with reading(app.engine) as connection:
        (row,) = read.rows(connection, table.select().where(table.c.id == identifier))
    return row


def method(app: App, identifier: str, name: str = "opportunity") -> str | None:
    with reading(app.engine) as connection:
        rows = connection.execute(
            link.select().where(link.c.from_id == identifier, link.c.name == name)
        ).all()
    return rows[0].method if rows else None


def deal(app: App, identifier: str) -> tuple[Any, ...]:
    row = project(app, identifier)
    return row["opportunity_system"], row["opportunity_id"], row["link_method"]


def check(app: App) -> list[str]:
    from app.report import exception_list
    from queries.exceptions import Filters

    with writing(app.engine) as connection:
        assert audit(connection, app.now(), app.rules) == {}
        return [row["subject"]["id"] for row in exception_list(connection, Filters())]


@pytest.mark.parametrize("first", ["file", "records"])
def test_a_row_fills_what_no_system_says_whichever_comes_first(config: Path, first: str) -> None:
    row = "project,psa,P1,opportunity,crm,O1"
    if first == "file":
        write(config.parent, row)
    with application(config) as app:
        list(app.poll())
        assert first == "file" or check(app) == ["O1"]
    write(config.parent, row, at=2)
    with application(config) as app:
        assert deal(app, "P1") == ("crm", "O1", "crosswalk_file")
        assert method(app, "P1") == "crosswalk_file"
        assert check(app) == []
        assert project(app, "P1")["rate"] == 99_500_000


def test_what_it_filled_goes_with_the_row_and_comes_with_a_change_while_it_runs(config: Path) -> None:
    with application(config) as app:
        list(app.poll())
        before = project(app, "P1")
        write(config.parent, "project,psa,P1,opportunity,crm,O1", at=2)
        tick(app)
        assert deal(app, "P1") == ("crm", "O1", "crosswalk_file")
        list(app.poll())
        assert deal(app, "P1") == ("crm", "O1", "crosswalk_file")

        write(config.parent, at=3)
        tick(app)

        after = project(app, "P1")
        told = [name for name in before if name not in ("digest", "collected_at")]
        assert {name: after[name] for name in told} == {name: before[name] for name in told}
        assert (method(app, "P1"), check(app)) == (None, ["O1"])


def test_a_native_reference_wins_and_both_are_kept(config: Path) -> None:
    write(config.parent, "project,psa,P2,opportunity,crm,O1")
    with application(config) as app:
        list(app.poll())

        assert deal(app, "P2") == ("crm", "O2", "native_reference")
        assert method(app, "P2") == "native_reference"
        with reading(app.engine) as connection:
            (row,) = connection.execute(crosswalk.select()).all()
        assert (row.to_id, row.own_system, row.own_id) == ("O1", "crm", "O2")


def test_a_number_that_happens_to_be_the_same_gives_way_and_comes_back(config: Path) -> None:
    write(config.parent, "project,psa,P3,opportunity,crm,O1")
    with application(config) as app:
        list(app.poll())
        assert deal(app, "P3") == ("crm", "O1", "crosswalk_file")
        assert check(app) == ["O1"], "nothing in the ERP is of it yet"
        write(config.parent, at=2)
        app.read_crosswalk()

        assert deal(app, "P3") == ("crm", "O2", "same_number")
        assert method(app, "P3") == "same_number"


def test_without_the_key_everything_it_filled_is_taken_back(config: Path) -> None:
    write(config.parent, "project,psa,P1,opportunity,crm,O1")
    with application(config) as app:
        list(app.poll())
    config.write_text(config.read_text().replace('crosswalk = "crosswalk.csv"', ""))
    with application(config) as app:
        assert deal(app, "P1") == (None, None, "native_reference")


def test_the_reference_may_be_left_out_where_a_record_names_its_own_kind(config: Path) -> None:
    write(config.parent, "project,psa,P1,,erp,J9")
    with application(config) as app:
        list(app.poll())

        assert project(app, "P1")["project_id"] == "J9"


@pytest.mark.parametrize(
    ("line", "what", "remedy"),
    [
        ("projekt,psa,P1,,erp,J1", "'projekt' is no kind of record", "project"),
        ("project,psa,P1,deal,crm,O1", "a project has no reference 'deal'", "opportunity"),
        ("project,psx,P1,opportunity,crm,O1", "no system 'psx'", "psa"),
        ("project,psa,P1,opportunity,crm,", "to_id is empty", "fill it in"),
        ("project,psa,P1,,psa,P1", "the record names itself", "remove the line"),
        ("project,psa,P2,opportunity,crm,O2", "an earlier line says it", "keep one"),
        ("project,psa", "id is empty", "fill it in"),
    ],
)
def test_a_bad_row_is_named_and_the_rest_goes_on(
    config: Path, line: str, what: str, remedy: str, caplog: pytest.LogCaptureFixture
) -> None:
    write(config.parent, "project,psa,P2,opportunity,crm,O1", line, "project,psa,P1,opportunity,crm,O1")
    with application(config) as app:
        list(app.poll())
        assert deal(app, "P1") == ("crm", "O1", "crosswalk_file")

    (said,) = [record.getMessage() for record in caplog.records if "crosswalk.csv" in record.getMessage()]
    assert said.startswith(f"crosswalk.csv line 3: {what}")
    assert remedy in said.partition("Remedy: ")[2]
    found = [f for f in examine(config, (), utc("2026-11-10T00:00Z")) if f.stream == "crosswalk"]
    assert [f.state for f in found] == ["ok", "warning"]
    assert found[0].what == "2 of 3 rows can be used"


@pytest.mark.parametrize("content", [None, b"a,b\n1,2\n", b"\xff\xfe\x00"])
def test_a_file_that_is_no_crosswalk_stops_the_start_with_the_keys_name(
    config: Path, content: bytes | None
) -> None:
    file = config.parent / "crosswalk.csv"
    file.unlink()
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(ConfigError, match=r"identity\.crosswalk: crosswalk\.csv"), application(config):
        pass
