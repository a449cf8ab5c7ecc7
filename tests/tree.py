"""The program's own source, as the tests on its shape read it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
ROOMS = ("app", "collectors", "metrics", "queries", "sandbox")
REVISIONS = "queries.migrations.versions"


class Module(NamedTuple):
    """One file of Python: its dotted name, its path from the top, its text."""

    name: str
    path: str
    source: str

    @property
    def room(self) -> str:
        """The top folder it lies in."""
        return self.name.partition(".")[0]

    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.source, self.path)


def modules(*rooms: str) -> list[Module]:
    """Every module of these rooms, in order of their paths."""
    found = []
    for room in rooms or ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            inside = path.relative_to(ROOT)
            name = ".".join(inside.with_suffix("").parts).removesuffix(".__init__")
            found.append(Module(name, inside.as_posix(), path.read_text(encoding="utf-8")))
    return found


class Import(NamedTuple):
    """One name a module imports, and whether that happens as soon as the module is loaded."""

    line: int
    target: str
    on_load: bool


def imports(module: Module) -> list[Import]:
    """What a module imports, ``from a import b`` as ``a.b``; imports only for types are not on load."""
    return list(_imports(module.tree(), on_load=True))


def _imports(node: ast.AST, *, on_load: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(child.lineno, alias.name, on_load) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            origin = "." * child.level + (child.module or "")
            yield from (Import(child.lineno, f"{origin}.{alias.name}", on_load) for alias in child.names)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            yield from (found for part in child.body for found in _imports(_wrapped(part), on_load=False))
            yield from (found for part in child.orelse for found in _imports(_wrapped(part), on_load=on_load))
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _imports(child, on_load=on_load and not inside)


def _wrapped(statement: ast.stmt) -> ast.Module:
    return ast.Module(body=[statement], type_ignores=[])
