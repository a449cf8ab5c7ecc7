"""A real firm's exports, in two PSAs' own words and ids, are judged right by configuration alone."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from app.bootstrap import application
from app.report import exception_list, reject_list, trace
from app.score import Fact, fact
from queries import journey
from queries.engagements import engagements_of
from queries.exceptions import Filters
from queries.keys import Key
from queries.schema import RECORD_TABLES
from queries.store import reading
from tests.truth import firm, foreign


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> foreign.Firm:
    """A firm of 200 engagements, handed over and polled once; whoever changes it works on a copy."""
    found = foreign.hand_over(tmp_path_factory.mktemp("handed"), 7, 200)
    firm.poll(found.config)
    return found


def test_every_planted_gap_is_found_under_the_ids_the_firm_uses(handed: foreign.Firm) -> None:
    subjects = {(check, system) for check, system, *_ in handed.expected}

    assert subjects == {
        ("project_awaiting_activation", "crm"),
        *(("unbilled_approved_time", psa) for psa in ("psa_a", "psa_b")),
        *(("milestone_without_revenue", psa) for psa in ("psa_a", "psa_b")),
        ("linked_records_disagree", "erp"),
    }
    assert firm.found(handed.config) == handed.expected
    assert firm.drift(handed.config) == {}
    assert _rejects(handed.config) == []


def test_what_was_deleted_in_the_source_is_deleted_here(handed: foreign.Firm) -> None:
    gone = {
        (row["home"] if system in {"psa", "time"} else system, row["id"])
        for table, rows in handed.tables.items()
        for system in [table.partition("/")[0]]
        for row in rows
        if row["deleted_at"]
    }
    with application(handed.config) as app, reading(app.engine) as connection:
        stored = {
            tuple(row)
            for table in RECORD_TABLES.values()
            for row in connection.execute(
                select(table.c.system, table.c.id).where(table.c.deleted_at.is_not(None))
            )
        }

    assert stored == gone
    assert {"crm", "erp", "psa_a", "psa_b", "revenue"} == {system for system, _ in gone}


def test_equal_ids_of_two_systems_stay_apart(handed: foreign.Firm) -> None:
    projects = {(row["home"], row["id"]): row for row in handed.tables["psa/project"]}
    by_contract = {
        Key("project", *key): Key("contract", "clm", row["contract_id"])
        for key, row in projects.items()
        if row["contract_id"]
    }
    entries = RECORD_TABLES["time_entry"].c
    with application(handed.config) as app, reading(app.engine) as connection:
        engagement = engagements_of(connection, {*by_contract, *by_contract.values()})
        time = connection.execute(
            select(entries.system, entries.id, entries.project_id, entries.engagement_id)
        ).all()

    assert {key: engagement[key] for key in by_contract} == {
        key: engagement[contract] for key, contract in by_contract.items()
    }
    assert {(row.system, row.id): (row.project_id, row.engagement_id) for row in time} == {
        (row["home"], row["id"]): (
            row["project_id"],
            engagement[Key("project", row["home"], row["project_id"])],
        )
        for row in handed.tables["time/time_entry"]
    }


def test_an_ambiguous_id_is_said_to_be_one(handed: foreign.Firm) -> None:
    numbers = [handed.row("psa/project", psa, "P-1")["number"] for psa in ("psa_a", "psa_b")]

    with application(handed.config) as app, reading(app.engine) as connection:
        ways = [_trace(connection, number) for number in numbers]
    asked = json.loads(firm.command(handed.config, "trace", "P-1", "--json").stdout)

    assert [way["also_found"] for way in ways] == [[], []]
    assert {asked["engagement"], *asked["also_found"]} == {way["engagement"] for way in ways}
    assert len(asked["also_found"]) == 1
    for way, psa, other in zip(ways, ("psa_a", "psa_b"), ("psa_b", "psa_a"), strict=True):
        records = {(record["system"], record["id"]) for hop in way["hops"] for record in hop["records"]}
        assert (psa, "P-1") in records
        assert other not in {system for system, _ in records}


@pytest.mark.parametrize("way_in", ["poll", "retry"])
def test_a_word_nobody_translated_puts_its_own_row_and_subject_in_doubt(
    handed: foreign.Firm, tmp_path: Path, way_in: str
) -> None:
    config, subject = _copy(handed, tmp_path), _milestone(handed)
    _say(config, subject, "Teilabnahme")

    assert _poll(config) == {"psa_a/milestone": "partial"}

    [row] = _rejects(config)
    assert (row["system"], row["stream"], row["record_id"]) == ("psa_a", "milestone", subject)
    assert f"psa_a/milestone: record {subject} (Meilensteine.txt:" in row["reason"]
    assert "column 'Status': 'Teilabnahme' has no translation; known: 'Offen', 'Erreicht', " in row["reason"]
    outcomes = _outcomes(config)
    assert outcomes.keys() == handed.expected
    assert [fact[1:4] for fact, outcome in outcomes.items() if outcome != "fail"] == [
        ("psa_a", "milestone", subject)
    ]

    _translate(config, "Teilabnahme")
    if way_in == "poll":
        assert _poll(config) == {}
    else:
        retried = firm.command(config, "rejects", "--retry").stdout
        assert "psa_a/milestone: 1 came in, 0 wait" in retried

    assert _rejects(config) == []
    assert _outcomes(config) == dict.fromkeys(handed.expected, "fail")
    assert firm.drift(config) == {}


def test_a_subject_that_could_not_be_read_yet_is_not_judged_and_the_rest_is(tmp_path: Path) -> None:
    handed = foreign.hand_over(tmp_path, 7, 90)
    subject = _milestone(handed)
    _say(handed.config, subject, "Teilabnahme")

    assert _poll(handed.config) == {"psa_a/milestone": "partial"}

    doubtful = {fact for fact in handed.expected if fact[1:4] == ("psa_a", "milestone", subject)}
    assert [row["record_id"] for row in _rejects(handed.config)] == [subject]
    assert firm.found(handed.config) == handed.expected - doubtful
    assert doubtful

    _translate(handed.config, "Teilabnahme")
    firm.poll(handed.config)

    assert firm.found(handed.config) == handed.expected


def _milestone(handed: foreign.Firm) -> str:
    """One of psa_a that is planted to be found."""
    return min(
        fact[3] for fact in handed.expected if fact[:3] == ("milestone_without_revenue", "psa_a", "milestone")
    )


def _copy(handed: foreign.Firm, folder: Path) -> Path:
    return Path(shutil.copytree(handed.folder, folder / "copy")) / "sightglass.toml"


def _say(config: Path, milestone: str, word: str) -> None:
    """The PSA touched this milestone half an hour ago, and calls its state otherwise."""
    path = config.parent / "psa_a" / "Meilensteine.txt"
    header, *rows = csv.reader(path.read_text(encoding="utf-16").splitlines(), delimiter="\t")
    [row] = [row for row in rows if row[0] == milestone]
    assert row[header.index("Status")] == "Abgenommen"
    row[header.index("Status")], row[header.index("Geändert")] = word, "20.11.2026 18:30:00"
    path.write_bytes("\n".join("\t".join(row) for row in (header, *rows)).encode("utf-16"))


def _translate(config: Path, word: str) -> None:
    """Somebody adds the word to the mapping."""
    text, known = config.read_text(encoding="utf-8"), '"Abgenommen" = "accepted"'
    assert text.count(known) == 1
    config.write_text(text.replace(known, f'{known}, "{word}" = "accepted"'), encoding="utf-8")


def _poll(config: Path) -> dict[str, str]:
    """One pass over everything; the streams that did not go well, and how they went."""
    with application(config) as app:
        return {f"{one.system}/{one.stream}": one.outcome for one in app.poll() if one.outcome != "ok"}


def _outcomes(config: Path) -> dict[Fact, str]:
    """How sure each listed exception is."""
    with application(config) as app, reading(app.engine) as connection:
        return {fact(row): row["outcome"] for row in exception_list(connection, Filters())}


def _rejects(config: Path) -> list[dict[str, Any]]:
    with application(config) as app, reading(app.engine) as connection:
        return reject_list(connection)


def _trace(connection: Connection, any_id: str) -> dict[str, Any]:
    found, *others = journey.resolve(connection, any_id)
    return trace(connection, found, others)
