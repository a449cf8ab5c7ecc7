"""The reference pages in docs/ say what the program says."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from app import docs
from app.settings import Settings, SystemCommon
from collectors.discovery import systems
from metrics.check import checks
from metrics.kpi import kpis
from tests.tree import ROOT


@pytest.mark.parametrize("name", sorted(docs.pages()))
def test_the_committed_page_is_the_one_the_program_writes(name: str) -> None:
    written = (ROOT / "docs" / name).read_text(encoding="utf-8")

    assert written == docs.pages()[name], "run `python -m app.docs`"


def test_every_key_that_can_be_configured_is_on_its_page() -> None:
    models: list[type[BaseModel]] = [SystemCommon, *(system.settings for system in systems().values())]
    keys = {f"`{field.alias or name}`" for model in models for name, field in model.model_fields.items()} - {
        "`options`"
    }

    assert {key for key in keys if key not in docs.systems_page()} == set()
    alone = {"log_level", "env_file"}
    sections = set(Settings.model_fields) - {"systems", "folder"} - alone
    page = docs.configuration_page()
    assert {name for name in sections if f"\n## {name}" not in page} == set()
    assert {name for name in alone if f"| `{name}` |" not in page} == set()


def test_every_system_and_check_has_its_chapter() -> None:
    assert [kind for kind in systems() if f"\n## {kind}\n" not in docs.systems_page()] == []
    assert [key for key in checks() if f"\n## {key}\n" not in docs.checks_page()] == []
    assert [key for key in kpis() if f"\n## {key}\n" not in docs.kpis_page()] == []


def test_secrets_have_no_default_and_no_example_on_a_page(tmp_path: Path) -> None:
    docs.write(tmp_path)

    pages = sorted(path.name for path in tmp_path.iterdir())
    assert pages == ["checks.md", "configuration.md", "kpis.md", "systems.md"]
    secret = [
        line for path in tmp_path.iterdir() for line in path.read_text().splitlines() if "secret text" in line
    ]
    assert secret
    assert [
        line for line in secret if not line.endswith(("| secret text |  |", "| secret text | **required** |"))
    ] == []
