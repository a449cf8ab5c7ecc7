"""The rooms of the program: who may import whom, which library lives where, and no circle among them.

docs/architecture.md draws the same picture in words. A new library is given a room in HOMES.
"""

from __future__ import annotations

import ast
import sys
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.tree import REVISIONS, ROOMS, Module, imports, modules

#: room -> rooms it may import
ARROWS: dict[str, set[str]] = {
    "app": {"collectors", "metrics", "queries", "sandbox"},
    "collectors": {"queries"},
    "metrics": {"queries"},
    "queries": set(),
    "sandbox": set(),
}

EVERYWHERE = set(ROOMS)

#: library (or part of one) -> rooms it may be used in; the longest name that fits decides
HOMES: dict[str, set[str]] = {
    "alembic": {"queries"},
    "apscheduler": {"app"},
    "cryptography": {"sandbox"},
    "google.protobuf": {"collectors"},
    "holidays": {"metrics", "sandbox"},
    "httpx": {"collectors"},
    "iso4217": {"queries", "sandbox"},
    "jmespath": {"collectors"},
    "jwt": {"collectors", "sandbox"},
    "msgspec": EVERYWHERE,
    "openpyxl": {"app", "collectors", "sandbox"},
    "opentelemetry": EVERYWHERE,
    "opentelemetry.proto": {"collectors"},
    "opentelemetry.sdk": {"app"},
    "orjson": EVERYWHERE,
    "pandas": {"app", "queries"},
    "plotly": {"app"},
    "psycopg": {"queries"},
    "pydantic": {"app", "collectors"},
    "rich": {"app"},
    "sqlalchemy": {"app", "collectors", "metrics", "queries"},
    "sqlalchemy.dialects": {"queries"},
    "sqlite3": {"queries"},
    "starlette": {"app", "sandbox"},
    "streamlit": {"app"},
    "typer": {"app"},
    "uvicorn": {"app", "sandbox"},
    "websockets": {"app"},
}

#: SQLAlchemy's names for opening, writing and raw SQL, and the methods that execute
RAW = {"create_engine", "delete", "insert", "literal_column", "text", "update"}
EXECUTES = {"exec_driver_sql", "execute", "executemany", "scalar", "scalars"}

#: outside queries, only reading a source that is itself a database executes anything
READS_A_DATABASE = {"collectors.engines.sql", "collectors.systems.sql"}

#: the benchmark measures the program against what the drivers can do bare
MEASURES_DRIVERS = "app.bench."


def offences(module: Module) -> list[str]:
    """What a module does that its room may not, one sentence each."""
    found = []
    for line, target, _ in imports(module):
        problem = _import_offence(module, target)
        if problem:
            found.append(f"{module.path}:{line} {problem}")
    return found + _execution_offences(module)


def _import_offence(module: Module, target: str) -> str | None:
    top = target.partition(".")[0]
    if not top:
        return f"imports {target}: write the whole name"
    if top == "tests":
        return "imports tests"
    if top in ROOMS:
        allowed = ARROWS[module.room] | {module.room}
        return None if top in allowed else f"imports {target}: {module.room} may not know {top}"
    homes = _homes(target)
    if homes is None:
        return f"imports {top}: give this library a room in HOMES"
    measured = module.name.startswith(MEASURES_DRIVERS) and top in {"psycopg", "sqlite3"}
    return (
        None
        if measured or module.room in homes
        else f"imports {target}: it lives in {', '.join(sorted(homes))}"
    )


def _homes(target: str) -> set[str] | None:
    parts = target.split(".")
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        if name in HOMES:
            return HOMES[name]
    return EVERYWHERE if parts[0] in sys.stdlib_module_names else None


def _execution_offences(module: Module) -> list[str]:
    if (
        module.room == "queries"
        or module.name in READS_A_DATABASE
        or module.name.startswith(MEASURES_DRIVERS)
    ):
        return []
    found = [
        f"{module.path}:{line} imports {target}: writing and raw SQL stay in queries"
        for line, target, _ in imports(module)
        if target.startswith("sqlalchemy.") and target.rpartition(".")[2] in RAW
    ]
    for node in ast.walk(module.tree()):
        match node:
            case ast.Call(func=ast.Attribute(attr=method)) if method in EXECUTES:
                found.append(f"{module.path}:{node.lineno} calls {method}: executing stays in queries")
    return found


def circle(found: list[Module]) -> list[str]:
    """Modules that import each other in a circle as they are loaded; empty when there is none."""
    names = {module.name for module in found}
    graph = {
        module.name: {
            target
            for _, imported, on_load in imports(module)
            if on_load
            for target in (imported, imported.rpartition(".")[0])
            if target in names and target != module.name
        }
        for module in found
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_keeps_to_its_own(room: str) -> None:
    assert [offence for module in modules(room) for offence in offences(module)] == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circle([module for module in modules() if not module.name.startswith(REVISIONS)]) == []


def test_every_import_of_the_rooms_was_read() -> None:
    assert {module.room for module in modules()} == set(ARROWS) == set(ROOMS)
    assert len(modules()) > 20


@pytest.mark.parametrize(
    ("name", "source", "complaint"),
    [
        ("metrics.x", "import collectors.runner", "metrics may not know collectors"),
        ("collectors.x", "from metrics import check", "collectors may not know metrics"),
        ("collectors.x", "def late():\n    from app import settings", "collectors may not know app"),
        ("queries.x", "from app.settings import Settings", "queries may not know app"),
        ("sandbox.x", "from queries.types import to_minor", "sandbox may not know queries"),
        ("queries.x", "if TYPE_CHECKING:\n    import metrics", "queries may not know metrics"),
        ("app.x", "import tests.tree", "imports tests"),
        ("queries.x", "from . import types", "write the whole name"),
        ("metrics.x", "import streamlit as st", "it lives in app"),
        ("queries.x", "import httpx", "it lives in collectors"),
        ("app.x", "import sqlite3", "it lives in queries"),
        ("collectors.x", "from opentelemetry.sdk.trace import TracerProvider", "it lives in app"),
        ("metrics.x", "from sqlalchemy.dialects import postgresql", "it lives in queries"),
        ("app.x", "import numpy", "give this library a room"),
        ("metrics.x", "from sqlalchemy import text", "raw SQL stay in queries"),
        ("collectors.x", "from sqlalchemy import insert", "raw SQL stay in queries"),
        ("metrics.x", "def f(c, s):\n    return c.execute(s)", "executing stays in queries"),
    ],
)
def test_a_bad_import_is_refused(name: str, source: str, complaint: str) -> None:
    found = offences(Module(name, name.replace(".", "/") + ".py", source))

    assert len(found) == 1
    assert complaint in found[0]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("app.x", "import streamlit\nfrom collectors import runner\nfrom sandbox import firm"),
        (
            "collectors.x",
            "import httpx, json\nfrom opentelemetry import trace\nfrom queries.types import iso",
        ),
        ("metrics.x", "from sqlalchemy import select\nfrom queries import schema"),
        ("queries.x", "from sqlalchemy import text\ndef f(c):\n    c.execute(text('SELECT 1'))"),
        ("collectors.engines.sql", "def f(c, s):\n    return c.execute(s)"),
    ],
)
def test_a_good_import_passes(name: str, source: str) -> None:
    assert offences(Module(name, name, source)) == []


@pytest.mark.parametrize(
    ("b", "found"),
    [
        ("from queries import a", True),
        ("import queries.a", True),
        ("from queries.a import thing", True),
        ("def late():\n    import queries.a", False),
        ("if TYPE_CHECKING:\n    import queries.a", False),
        ("import json", False),
    ],
)
def test_a_circle_is_found_only_where_loading_would_meet_it(b: str, found: bool) -> None:
    parts = [Module("queries.a", "a.py", "from queries.b import other"), Module("queries.b", "b.py", b)]

    assert bool(circle(parts)) is found
