"""Every value of the foreign exports is read as what it was before somebody's system wrote it its own way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from app.bootstrap import App, application
from collectors.runner import Configured, connected
from queries.records import KINDS, REFERENCES, Record
from tests.truth import foreign
from tests.truth.firm import AS_OF

Key = tuple[str, str, str]


def test_every_value_is_read_as_it_was_meant(tmp_path: Path) -> None:
    handed = foreign.hand_over(tmp_path, 11, 60)

    with application(handed.config) as app:
        read = {key: fields for system in app.systems for key, fields in _read(app, system)}

    meant = {}
    for table, rows in handed.tables.items():
        system, kind = table.split("/")
        for row in rows:
            key = (row["home"] if system in {"psa", "time"} else system, kind, row["id"])
            meant[key] = _meant(key, row, read[key])
    assert [key for key, fields in meant.items() if fields != read[key]] == []
    assert read == meant


def _read(app: App, system: Configured) -> Iterator[tuple[Key, dict[str, Any]]]:
    """What each row says after its mapping, by (system, kind, id)."""
    with connected(system) as connection:
        for stream in app.streams[system.name]:
            for page in connection.pages(stream, None, AS_OF):
                for row in page.rows:
                    record = msgspec.convert(stream.parse(row), KINDS[stream.kind], strict=False)
                    fields = msgspec.structs.asdict(record)
                    code = fields["legal_entity"]
                    fields["legal_entity"] = system.source.legal_entities.get(code, code)
                    yield (system.name, stream.kind, record.id), _comparable(fields)


def _comparable(fields: dict[str, Any]) -> dict[str, Any]:
    """Without the links into the sources; a deletion is a fact, its instant is the version's."""
    gone = fields.pop("deleted_at") is not None
    del fields["source_url"]
    return {**fields, "gone": gone}


def _meant(key: Key, row: dict[str, Any], read: dict[str, Any]) -> dict[str, Any]:
    """The same of the row as the simulated firm wrote it. Systems are only named where there is a choice."""
    system, kind, _ = key
    billed = [
        {"id": entry, "hours": hours or None, "system": row["home"]} for entry, hours in row["time_entries"]
    ]
    plain = {name: value for name, value in {**row, "time_entries": billed}.items() if value not in ("", [])}
    record: Record = msgspec.convert(plain, KINDS[kind], strict=False)
    fields = _comparable(msgspec.structs.asdict(record))
    for name in REFERENCES[kind]:
        if read[f"{name}_system"] is None or fields[f"{name}_id"] is None:
            fields[f"{name}_system"] = read[f"{name}_system"]
    for name, value in fields.items():
        if isinstance(value, datetime) and system == "psa_b":
            fields[name] = value.replace(second=0)
    return fields
