"""What the export puts on disk: the canonical header names, a configuration, the truth, equal bytes."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from queries.records import KINDS
from sandbox.books import STREAMS, SYSTEMS
from sandbox.export import export, header

AS_OF = datetime(2026, 11, 20, 18, tzinfo=UTC)
SIZE = 100


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("firm")
    export(out, seed=7, engagements=SIZE, as_of=AS_OF)
    return out


def _table(folder: Path, system: str, stream: str) -> list[dict[str, str]]:
    with (folder / system / f"{stream}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _bytes(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.mark.parametrize(("key", "row_type"), [(key, row) for key, (_, row) in STREAMS.items()], ids=str)
def test_headers_are_the_records_fields(key: tuple[str, str], row_type: Any) -> None:
    assert header(row_type) == list(KINDS[key[1]].__struct_fields__)


@pytest.mark.parametrize(("system", "stream"), list(STREAMS))
def test_every_row_is_a_valid_record(folder: Path, system: str, stream: str) -> None:
    rows: list[dict[str, Any]] = []
    for row in _table(folder, system, stream):
        filled: dict[str, Any] = {name: value for name, value in row.items() if value}
        if "time_entries" in filled:
            parts = (part.partition(":") for part in filled["time_entries"].split(";"))
            filled["time_entries"] = [{"id": entry, "hours": hours or None} for entry, _, hours in parts]
        rows.append(filled)
    assert rows
    assert len(msgspec.convert(rows, list[KINDS[stream]], strict=False)) == len(rows)  # type: ignore[valid-type]


def test_the_same_seed_writes_the_same_bytes_in_another_process(folder: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from datetime import datetime, UTC; from pathlib import Path\n"
        "from sandbox.export import export\n"
        f"export(Path(sys.argv[1]), seed=7, engagements={SIZE}, as_of=datetime(2026, 11, 20, 18, tzinfo=UTC))"
    )
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "TZ": "Asia/Tokyo"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=root, env=environment, check=True)
    assert _bytes(tmp_path) == _bytes(folder)


def test_another_seed_writes_another_firm(folder: Path, tmp_path: Path) -> None:
    assert export(tmp_path, seed=8, engagements=SIZE, as_of=AS_OF)["gaps"] != _truth(folder)["gaps"]


def _truth(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    return found


def test_the_truth_has_the_agreed_shape(folder: Path) -> None:
    answer = _truth(folder)
    assert list(answer) == ["seed", "engagements", "as_of", "gaps", "tieouts"]
    assert (answer["seed"], answer["engagements"], answer["as_of"]) == (7, SIZE, "2026-11-20T18:00:00Z")
    for gap in answer["gaps"]:
        assert list(gap) == ["check", "subject", "contract_line", "amount", "currency"]
        assert list(gap["subject"]) == ["system", "kind", "id"]
        digits = {"JPY": 0, "KWD": 3, "XXX": 0}.get(gap["currency"], 2)
        assert len(gap["amount"].partition(".")[2]) == digits
        # what nobody can price, or is invoiced whole, is listed too
        assert float(gap["amount"]) >= 0


def test_gaps_are_sorted_and_none_stands_twice(folder: Path) -> None:
    gaps = _truth(folder)["gaps"]
    keys = [
        (gap["check"], *gap["subject"].values(), gap["contract_line"] or "", gap["currency"]) for gap in gaps
    ]
    assert keys == sorted(set(keys))


def test_the_configuration_names_one_system_a_role_with_its_folder(folder: Path) -> None:
    found = tomllib.loads((folder / "sightglass.toml").read_text(encoding="utf-8"))
    assert found["clock"]["now"] == "2026-11-20T18:00:00Z"
    assert found["store"]["url"] == "sqlite:///sightglass.db"
    assert {name: block["roles"] for name, block in found["systems"].items()} == {
        name: [role] for name, (role, _) in SYSTEMS.items()
    }
    for name, block in found["systems"].items():
        assert block["kind"] == "files"
        assert block["complete_through"] == "2026-11-20T18:00:00Z"
        assert (folder / block["path"]).is_dir(), name


def test_repeated_and_shuffled_rows_hold_the_same_records(folder: Path, tmp_path: Path) -> None:
    flawed = export(
        tmp_path, seed=7, engagements=SIZE, as_of=AS_OF, faults=("repeated_rows", "shuffled_rows")
    )
    assert flawed == _truth(folder)
    plain, spoilt = (_table(place, "time", "time_entry") for place in (folder, tmp_path))
    assert len(spoilt) > len(plain)
    assert spoilt[: len(plain)] != plain
    assert {tuple(row.values()) for row in spoilt} == {tuple(row.values()) for row in plain}


def test_an_unreadable_row_ends_each_file_and_a_stale_system_says_so(tmp_path: Path) -> None:
    export(tmp_path, seed=7, engagements=20, as_of=AS_OF, faults=("unreadable_rows", "stale_erp"))
    assert not any(_table(tmp_path, "erp", "invoice")[-1].values())
    systems = tomllib.loads((tmp_path / "sightglass.toml").read_text(encoding="utf-8"))["systems"]
    assert systems["erp"]["complete_through"] == "2026-11-17T18:00:00Z"
    assert systems["psa"]["complete_through"] == "2026-11-20T18:00:00Z"


def test_an_unknown_fault_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such fault: gremlins"):
        export(tmp_path / "out", seed=7, engagements=1, as_of=AS_OF, faults=("gremlins",))
    assert not (tmp_path / "out").exists()
