"""Every kind of system prints a block that is TOML, names its required keys, and fits its settings."""

from __future__ import annotations

import tomllib

import pytest

from app.connect import block
from collectors.discovery import systems


@pytest.mark.parametrize("kind", sorted(systems()))
def test_a_block_is_toml_with_every_required_key(kind: str) -> None:
    system = systems()[kind]

    text = block(system, "mine")

    table = tomllib.loads(text)["systems"]["mine"]
    required = {
        field.alias or key for key, field in system.settings.model_fields.items() if field.is_required()
    }
    assert (table["kind"], table["roles"]) == (kind, list(system.roles))
    assert set(table) == {"kind", "roles", *required}
    for key in system.settings.model_fields:
        assert f"{key} = " in text
    for right in system.permissions:
        assert right.split()[0] in text


def test_rights_are_asked_for_in_words() -> None:
    text = block(systems()["harvest"], "time")

    assert "# Ask the administrator for:\n#   - a personal access token" in text
    assert 'account_id = "..."   # text' in text
    assert "# approval = true   # true or false" in text
