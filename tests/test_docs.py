"""What is written about the project is true of it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from app import __version__
from tests.tree import ROOMS, ROOT, imports, modules


def _read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


MAKEFILE = _read("Makefile")
TARGETS = sorted(set(re.findall(r"^\.PHONY: (\S+)$", MAKEFILE, re.MULTILINE)))
DOCUMENTS = ["README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]


def test_make_explains_itself() -> None:
    told = subprocess.run(["make", "--silent"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert sorted(re.findall(r"^  make (\S+) +\S", told, re.MULTILINE)) == TARGETS


@pytest.mark.parametrize("target", ["run", "test", "check"])
def test_the_readme_names_the_commands_a_newcomer_needs(target: str) -> None:
    assert f"make {target}" in _read("README.md")


def test_ci_proves_what_a_person_proves() -> None:
    assert "make test" in _read(".ci/run")


def test_the_changelog_has_this_version() -> None:
    assert f"## [{__version__}]" in _read("CHANGELOG.md")


PROJECT = tomllib.loads(_read("pyproject.toml"))["project"]


def test_every_library_the_program_imports_is_asked_for() -> None:
    asked = {_bare(line) for line in PROJECT["dependencies"]}
    homes = packages_distributions()
    imported = {found.target.partition(".")[0] for module in modules() for found in imports(module)}
    foreign = imported - set(ROOMS) - set(sys.stdlib_module_names)

    assert {name for name in foreign if not {_bare(home) for home in homes[name]} & asked} == set()


def test_every_library_that_is_asked_for_is_pinned() -> None:
    groups = PROJECT["optional-dependencies"].values()
    asked = [*PROJECT["dependencies"], *(line for group in groups for line in group)]
    pinned = {_bare(line) for line in _read("constraints.txt").splitlines() if "==" in line}

    assert {_bare(line) for line in asked} - pinned == set()


def _bare(requirement: str) -> str:
    return re.split(r"[\[=<>~ ]", requirement, maxsplit=1)[0].lower().replace("_", "-")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_link_to_a_file_of_ours_leads_somewhere(document: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", _read(document))
    folder = (ROOT / document).parent

    assert [link for link in links if not (folder / Path(link)).exists()] == []


@pytest.mark.parametrize("room", ROOMS)
def test_the_architecture_describes_every_room(room: str) -> None:
    assert f"`{room}`" in _read("docs/architecture.md")
