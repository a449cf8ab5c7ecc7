"""The program stays small in its parts: modules, functions, pages; nothing left open, no error swallowed."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator

import pytest

from tests.tree import REVISIONS, Module, imports, modules

MODULE_LINES = 400
FUNCTION_LINES = 50
PAGE_LINES = 60

#: where one failing part must not stop the others, whatever it raised
MAY_CATCH_ALL = {"collectors.runner", "app.page"}

#: what belongs to queries (reading) or to the charts (drawing), not to a page
NOT_ON_A_PAGE = {"groupby", "merge", "pivot", "read_sql", "execute", "select"}
NOT_FOR_A_PAGE = {"sqlalchemy", "plotly"}

LEFT_OPEN = ("TO" + "DO", "FIX" + "ME", "XX" + "X")


def complaints(module: Module) -> list[str]:
    """What is too big, left open or swallowed in a module, one sentence each."""
    found = [*_left_open(module), *_broad(module)]
    lines = module.source.count("\n")
    if lines > MODULE_LINES:
        found.append(f"{module.path} has {lines} lines: split it at its nouns")
    found.extend(
        f"{module.path}:{node.lineno} {node.name} has {length} lines: give its steps names"
        for node in ast.walk(module.tree())
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES
    )
    if module.name.startswith("app.views."):
        found.extend(_page(module, lines))
    return found


def _left_open(module: Module) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(module.source).readline):
        if token.type == tokenize.COMMENT and any(word in token.string for word in LEFT_OPEN):
            yield f"{module.path}:{token.start[0]} is left open: {token.string}"
    for node in ast.walk(module.tree()):
        if isinstance(node, ast.Raise) and node.exc and "NotImplementedError" in ast.unparse(node.exc):
            yield f"{module.path}:{node.lineno} is a stub: write it or leave it out"


def _broad(module: Module) -> Iterator[str]:
    if module.name in MAY_CATCH_ALL:
        return
    for node in ast.walk(module.tree()):
        if isinstance(node, ast.ExceptHandler) and _catches_all(node.type):
            yield f"{module.path}:{node.lineno} catches everything: name the errors it can mend"


def _catches_all(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(_catches_all(part) for part in caught.elts)
    return caught is None or (isinstance(caught, ast.Name) and caught.id in {"Exception", "BaseException"})


def _page(module: Module, lines: int) -> Iterator[str]:
    if lines > PAGE_LINES:
        yield f"{module.path} has {lines} lines: a page is filters, one read, layout"
    for line, target, _ in imports(module):
        if target.partition(".")[0] in NOT_FOR_A_PAGE:
            yield f"{module.path}:{line} imports {target}: a page asks queries and charts"
    for node in ast.walk(module.tree()):
        match node:
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in NOT_ON_A_PAGE:
                yield f"{module.path}:{node.lineno} calls {name}: queries read and shape, charts draw"


def test_the_program_is_small_in_its_parts() -> None:
    found = [c for module in modules() if not module.name.startswith(REVISIONS) for c in complaints(module)]

    assert found == []


def test_tests_are_small_too() -> None:
    assert [complaint for module in modules("tests") for complaint in complaints(module)] == []


def _function(lines: int) -> str:
    return "def f():\n" + "    x = 1\n" * (lines - 1)


@pytest.mark.parametrize(
    ("name", "source", "complaint"),
    [
        ("queries.x", "x = 1\n" * 401, "has 401 lines"),
        ("queries.x", _function(51), "f has 51 lines"),
        ("queries.x", "class A:\n    async def f(self):\n" + "        x = 1\n" * 50, "f has 51 lines"),
        ("queries.x", f"x = 1  # {LEFT_OPEN[0]} later\n", "is left open"),
        ("queries.x", "def f():\n    raise NotImplementedError\n", "is a stub"),
        ("queries.x", "try:\n    x = 1\nexcept Exception:\n    x = 2\n", "catches everything"),
        (
            "queries.x",
            "try:\n    x = 1\nexcept (ValueError, BaseException):\n    x = 2\n",
            "catches everything",
        ),
        ("queries.x", "try:\n    x = 1\nexcept:\n    x = 2\n", "catches everything"),
        ("app.views.x", "x = 1\n" * 61, "has 61 lines"),
        ("app.views.x", "frame.groupby('a')\n", "calls groupby"),
        ("app.views.x", "rows = select(project)\n", "calls select"),
        ("app.views.x", "from sqlalchemy import func\n", "imports sqlalchemy"),
        ("app.views.x", "import plotly.graph_objects as go\n", "imports plotly.graph_objects"),
    ],
)
def test_too_much_is_refused(name: str, source: str, complaint: str) -> None:
    found = complaints(Module(name, name, source))

    assert len(found) == 1
    assert complaint in found[0]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("queries.x", "x = 1\n" * 400),
        ("queries.x", _function(50)),
        ("collectors.runner", "try:\n    x = 1\nexcept Exception:\n    x = 2\n"),
        ("queries.x", "try:\n    x = 1\nexcept (ValueError, NotImplementedError):\n    x = 2\n"),
        ("app.views.x", "st.dataframe(read(filters))\n" * 60),
    ],
)
def test_enough_passes(name: str, source: str) -> None:
    assert complaints(Module(name, name, source)) == []
