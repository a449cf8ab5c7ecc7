"""What every system must be, found by being there: sane declarations, strict settings, a line in the docs, and reading."""

from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import Connection, Engine, select

from collectors.contract import Role, System, SystemSettings
from collectors.discovery import systems
from collectors.errors import CollectorError
from collectors.runner import Configured, Runner, connected
from queries import polls
from queries.ingest import stored_ids
from queries.records import KINDS
from queries.rows import Source
from queries.schema import stream_state
from queries.store import reading, writing
from tests.collectors.exports import NOW, Folder
from tests.collectors.warehouse import QUERY, warehouse
from tests.tree import ROOT

#: the smallest settings of each system that can be read from without a server
SMALL: dict[str, Callable[[Path], dict[str, Any]]] = {
    "files": lambda folder: {"path": exports(folder)},
    "sql": lambda folder: {
        "url": f"sqlite:///{warehouse(folder)}",
        "streams": {"customer": {"query": QUERY}},
    },
}


def exports(folder: Path) -> Path:
    """A folder with one export of three clients."""
    files = Folder(folder)
    rows = "".join(f"C{n},Client {n},2026-11-01T00:00:00Z\n" for n in (1, 2, 3))
    files.write("customer.csv", "id,name,source_updated_at\n" + rows)
    return files.path


every = pytest.mark.parametrize("system", systems().values(), ids=list(systems()))
small = pytest.mark.parametrize("kind", sorted(SMALL))


def test_there_are_systems_to_look_at() -> None:
    assert {"files", "sql", "tryton"} <= set(systems())
    modules = {path.stem for path in (ROOT / "collectors" / "systems").glob("[a-z]*.py")}
    assert set(systems()) == modules
    assert set(SMALL) <= set(systems())


@every
def test_a_system_declares_itself_in_known_words(system: System) -> None:
    assert (ROOT / "collectors" / "systems" / f"{system.kind}.py").exists()
    assert system.title.strip() == system.title != ""
    assert set(system.roles) <= set(get_args(Role))
    assert system.roles
    assert len(set(system.roles)) == len(system.roles)
    assert set(system.records) <= set(KINDS)
    assert system.records
    assert system.verified in {"real server", "documented contract"}


@every
def test_a_systems_settings_refuse_unknown_keys_and_are_frozen(system: System) -> None:
    assert issubclass(system.settings, SystemSettings)
    assert system.settings.model_config.get("extra") == "forbid"
    assert system.settings.model_config.get("frozen") is True
    with pytest.raises(ValidationError, match="no_such_key"):
        system.settings.model_validate({"no_such_key": 1})
    assert (system.settings.__doc__ or "").strip()


@every
def test_what_is_secret_is_typed_as_such(system: System) -> None:
    for name, field in system.settings.model_fields.items():
        holds = any(word in name for word in ("password", "token", "secret", "key"))
        if holds and not name.endswith(("_env", "_file")):
            assert SecretStr in {field.annotation, *get_args(field.annotation)}, name


@every
def test_a_system_only_yields_pages(system: System) -> None:
    """No upsert, no retry loop, no waiting: that is the runner's, once for all."""
    source = (ROOT / "collectors" / "systems" / f"{system.kind}.py").read_text(encoding="utf-8")
    imported = {
        f"{node.module}.{alias.name}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    forbidden = (
        "queries.ingest",
        "queries.polls",
        "queries.store",
        "queries.write",
        "collectors.runner",
        "time.sleep",
    )
    assert [name for name in imported if name.startswith(forbidden)] == []


@every
def test_a_system_has_its_chapter_in_the_docs(system: System) -> None:
    page = (ROOT / "docs" / "systems.md").read_text(encoding="utf-8")

    assert f"\n## {system.kind}\n" in page
    assert f"| [`{system.kind}`](#{system.kind}) | {system.title} |" in page


def configured(kind: str, folder: Path) -> Configured:
    """A small source of this kind, set up as a firm would."""
    system = systems()[kind]
    settings = system.settings.model_validate(SMALL[kind](folder))
    five = timedelta(minutes=5)
    return Configured("crm", system, settings, Source("crm"), ("crm",), ("*",), five, 3 * five)


@small
def test_the_streams_of_a_system_are_of_known_kinds(kind: str, tmp_path: Path) -> None:
    with connected(configured(kind, tmp_path)) as connection:
        streams = connection.streams()
        assert [stream.kind for stream in streams] == ["customer"]
        assert {stream.kind for stream in streams} <= set(systems()[kind].records)
        assert len({stream.name for stream in streams}) == len(streams)
        assert all(stream.deletes in {"signal", "sweep", "none"} for stream in streams)


@small
def test_a_small_source_is_read_through_twice_without_news(kind: str, tmp_path: Path, engine: Engine) -> None:
    source = configured(kind, tmp_path)
    with connected(source) as connection:
        (stream,) = connection.streams()
        config = polls.StreamConfig("crm", stream.name, stream.kind, source.interval, source.freshness)
        with writing(engine) as store:
            polls.configure(store, [config], [polls.RoleConfig("crm", "crm", "*", kind)])
        runner = Runner(engine, lambda: NOW, lambda *_: None, "here:1")
        first = runner.poll(source, stream, connection)
        second = runner.poll(source, stream, connection)

    assert (first.outcome, first.progress.changed, second.outcome, second.progress.changed) == (
        "ok",
        3,
        "ok",
        0,
    )
    with reading(engine) as store:
        assert stored_ids(store, "customer", "crm") == {"C1", "C2", "C3"}
        (row,) = polls_of(store)
    assert row.complete_through is not None
    assert row.complete_through <= NOW


def polls_of(store: Connection) -> list[Any]:
    """The state of every stream."""
    return list(store.execute(select(stream_state)))


@small
def test_a_position_is_text_that_survives_being_written_down(kind: str, tmp_path: Path) -> None:
    with connected(configured(kind, tmp_path)) as connection:
        (stream,) = connection.streams()
        pages = list(connection.pages(stream, None, NOW))
        position = pages[-1].position
        assert isinstance(position, str)
        again = list(connection.pages(stream, position, NOW))

    assert sum(len(page.rows) for page in pages) == 3
    assert again[-1].position is not None


@small
def test_reading_with_a_source_that_went_away_names_system_and_remedy(kind: str, tmp_path: Path) -> None:
    source = configured(kind, tmp_path)
    with connected(source) as connection:
        (stream,) = connection.streams()
        for path in sorted(tmp_path.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        tmp_path.rmdir()
        with pytest.raises(CollectorError) as caught:
            list(connection.pages(stream, None, NOW))

    assert str(caught.value).startswith("crm/customer")
    assert "Remedy: " in str(caught.value)
