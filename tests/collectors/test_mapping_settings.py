"""Mappings that cannot work are refused at start, and those of the page work."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from collectors.discovery import systems
from collectors.mapping import (
    Format,
    StreamMapping,
    compile_mapping,
)
from tests.collectors.exports import decoded

DOC = Path(__file__).parents[2] / "docs" / "mapping.md"
COMMON = {"kind", "roles", "legal_entities", "interval", "freshness", "references"}

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"fields": {"statsu": "S"}}, "fields.statsu is no field: known are id"),
    ({"fields": {"id": "Nr"}}, "fields.status is missing"),
    ({"fields": {"status": {"constant": "aktiv"}}}, "fields.status: 'aktiv' has no translation"),
    ({"fields": {"status": {"column": "S", "values": {"x": "actve"}}}}, "fields.status: 'actve'"),
    ({"fields": {"name": {"column": "S", "divide": 100}}}, "fields.name: divide belongs to"),
    ({"fields": {"name": {"column": "S", "entries": {}}}}, "fields.name: entries belongs to"),
    ({"version": "A", "fields": {"source_updated_at": "B"}}, "give one of them"),
    ({"deleted": "A", "fields": {"deleted_at": "B"}}, "give one of them"),
]  # fmt: skip


@pytest.mark.parametrize(("stream", "complaint"), WRONG)
def test_a_mapping_that_can_never_work_stops_at_start(stream: dict[str, Any], complaint: str) -> None:
    base = {} if stream["fields"] in ({"id": "Nr"}, {"statsu": "S"}) else {"status": {"constant": "active"}}
    fields = {"id": "Nr", **base, **stream["fields"]}

    with pytest.raises(ValueError, match=re.escape(complaint)):
        compile_mapping("p", "project", StreamMapping.model_validate({**stream, "fields": fields}), Format())


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"fields": {"id": {"colum": "x"}}}, "fields.id.colum"),
    ({"fields": {"id": {"column": "x", "constant": 1}}}, "exactly one of column"),
    ({"fields": {"id": {"path": "a..b"}}}, "fields.id.path"),
    ({"fields": {"id": {"template": "{}"}}}, "must name columns"),
    ({"fields": {"id": {"column": "a", "else": "b"}}}, "else belongs to when"),
    ({"fields": {"id": {"when": [{"then": "a"}]}}}, "name conditions in all or any"),
    ({"fields": {"id": {"when": [{"all": [{"column": "a"}], "then": "a"}]}}}, "exactly one of is"),
    ({"fields": {"id": {"when": [{"all": [{"is": "a"}], "then": "a"}]}}}, "either column or path"),
    ({"fields": {"id": {"constant": "x", "values": {}}}}, "cannot be used with constant"),
    ({"format": {"decimal": ",", "thousands": ","}}, "two different single characters"),
    ({"format": {"zone": "Mars/Base"}}, "format.zone"),
    ({"format": {"encoding": "klingon"}}, "not a text encoding"),
    ({"format": {"dates": ["%d.%m"]}}, "not a strptime pattern"),
    ({"format": {"true": ["x"], "false": ["X"]}}, "both true and false"),
    ({"format": {"delimiter": ";;"}}, "one character"),
    ({"colour": 1}, "colour"),
]  # fmt: skip


@pytest.mark.parametrize(("stream", "key"), REFUSED)
def test_a_wrong_key_is_named(stream: dict[str, Any], key: str) -> None:
    with pytest.raises(ValidationError) as caught:
        StreamMapping.model_validate(stream)

    assert key in str(caught.value)


def examples() -> list[tuple[str, dict[str, Any]]]:
    blocks = re.findall(r"```toml\n(.*?)```", DOC.read_text(encoding="utf-8"), re.DOTALL)
    return [item for block in blocks for item in tomllib.loads(block)["systems"].items()]


@pytest.mark.parametrize(("name", "table"), examples())
def test_every_example_of_the_page_is_a_valid_system(name: str, table: dict[str, Any]) -> None:
    own = {key: value for key, value in table.items() if key not in COMMON}

    settings = systems()[table["kind"]].settings.model_validate(own)

    assert set(getattr(settings, "streams", {})) == set(table.get("streams", {}))


def test_the_pages_example_row_becomes_what_the_page_says() -> None:
    table = dict(examples())["psa_a"]
    text = re.findall(r"```text\n(.*?)```", DOC.read_text(encoding="utf-8"), re.DOTALL)[0]
    header, cells = (line.split(";") for line in text.splitlines())
    stream = {key: value for key, value in table["streams"]["project"].items() if key != "files"}
    mapped = compile_mapping("psa_a/project", "project", StreamMapping.model_validate(stream),
                             Format.model_validate(table["format"]))  # fmt: skip

    record = decoded("project", [mapped.parse(dict(zip(header, cells, strict=True)))])[0]

    assert (record.status, record.rate, record.deleted_at) == ("active", Decimal(1150), None)
    assert (record.contract_system, record.contract_id) == ("erp", "SAP:4711")
    assert record.source_updated_at == datetime(2026, 11, 20, 17, tzinfo=UTC)
