"""Who is who: people and clients name the same ones in the system of record, and join no work by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.bootstrap import application
from queries import read
from queries.schema import RECORD_TABLES, link, node
from queries.store import reading

#: system -> its role and the resources it keeps, as CSV
FIRM = {
    "hcm": ("hcm", "id,source_updated_at,name,code,email\nE1,2026-11-01T00:00:00Z,Ada,7,ada@firm.example\n"),
    "psa": ("psa", "id,source_updated_at,name,hr_number\nU1,2026-11-02T00:00:00Z,Ada L.,E1\n"),
    "erp": ("erp", "id,source_updated_at,name,hr_number\nX1,2026-11-02T00:00:00Z,Ada L.,E1\n"),
}


def configured(folder: Path, systems: tuple[str, ...], field: str = "hr_number", extra: str = "") -> Path:
    text = [f'[clock]\nnow = "2026-11-03T00:00:00Z"\n{extra}\n']
    for name in systems:
        role, rows = FIRM[name]
        (folder / name).mkdir()
        (folder / name / "resource.csv").write_text(rows)
        text.append(f'[systems.{name}]\nkind = "files"\nroles = ["{role}"]\npath = "{name}"\n')
        if name != "hcm":
            rule = '{ column = "hr_number" }'
            text.append(
                f'[systems.{name}.streams.resource]\nfields.id = {{ column = "id" }}\n'
                f'fields.source_updated_at = {{ column = "source_updated_at" }}\n'
                f'fields.name = {{ column = "name" }}\nfields.resource_id = {rule.replace("hr_number", field)}\n'
            )
    config = folder / "sightglass.toml"
    config.write_text("\n".join(text))
    return config


def people(config: Path) -> dict[str, tuple[str | None, ...]]:
    """Id -> the system and id it names, and how."""
    with application(config) as app:
        assert [o.error for o in app.poll() if o.error] == []
        with reading(app.engine) as connection:
            assert connection.execute(link.select()).all() == connection.execute(node.select()).all() == []
            rows = read.rows(connection, RECORD_TABLES["resource"].select())
    return {row["id"]: (row["resource_system"], row["resource_id"], row["link_method"]) for row in rows}


def test_a_configured_field_names_the_person_in_the_system_of_record(tmp_path: Path) -> None:
    found = people(configured(tmp_path, ("hcm", "psa", "erp")))

    named = ("hcm", "E1", "native_reference")
    assert found == {"E1": (None, None, "native_reference"), "U1": named, "X1": named}


@pytest.mark.parametrize("systems", [("psa",), ("psa", "erp")])
def test_without_a_system_of_record_a_name_means_the_system_itself(
    tmp_path: Path, systems: tuple[str, ...]
) -> None:
    found = people(configured(tmp_path, systems))

    assert found["U1"] == ("psa", "E1", "native_reference")


def test_policy_may_give_another_system_the_last_word(tmp_path: Path) -> None:
    policy = '[identity.system_of_record]\nresource = "psa"\n'
    found = people(configured(tmp_path, ("hcm", "psa", "erp"), extra=policy))

    assert (found["U1"][0], found["X1"][0]) == ("psa", "psa")
