"""Rows that could not be read: kept with their reason, and brought in once they can be."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Engine, select

from queries import rejects
from queries.ingest import stored_ids
from queries.schema import RECORD_TABLES, collection_run, reject, stream_state
from queries.store import reading, writing
from tests.collectors.shop import NOW, Shop, Till, row


def ids(engine: Engine) -> set[str]:
    """The projects that are stored and not deleted."""
    with reading(engine) as store:
        return stored_ids(store, "project", "psa")


def state(engine: Engine) -> Any:
    """The state of the stream."""
    with reading(engine) as store:
        return store.execute(select(stream_state)).one()


def runs(engine: Engine) -> list[Any]:
    """Every poll, oldest first."""
    with reading(engine) as store:
        return list(store.execute(select(collection_run).order_by(collection_run.c.id)))


def quarantine(engine: Engine) -> list[Any]:
    """Rows that wait in quarantine."""
    with reading(engine) as store:
        return rejects.open_rejects(store)


def test_bad_rows_are_kept_and_everything_else_goes_on(engine: Engine) -> None:
    bad = [
        row("P1", status="unheard of"),
        row(None),
        "not a row at all",
        row("P3\0"),
        row("P4", source_updated_at="soon"),
    ]
    shop = Shop([row("P0"), *bad, row("P9")], unreadable=(("<html>", "page 3 is no JSON"),))
    till = Till(engine, shop)

    outcome = till.poll()

    assert outcome.error is None
    assert (outcome.outcome, outcome.progress.rejected, ids(engine)) == ("partial", 6, {"P0", "P9"})
    waiting = {found.raw: found for found in quarantine(engine)}
    assert len(waiting) == 6
    assert waiting["<html>"].reason == "psa/projects page 3 is no JSON"
    assert all(found.reason.startswith("psa/projects") for found in waiting.values())
    assert "field 'status'" in waiting[json.dumps(bad[0])].reason
    assert "Remedy: " in waiting[json.dumps(bad[0])].reason
    assert state(engine).complete_through == NOW


def test_a_good_version_takes_the_bad_one_along(engine: Engine) -> None:
    till = Till(engine, Shop([row("P0", status="unheard of", contract_id="C1")]))
    till.poll()
    (waiting,) = quarantine(engine)
    assert json.loads(waiting.names) == [["project", "psa", "P0"], ["contract", "clm", "C1"]]

    till.shop.rows.append(row("P0"))
    till.poll()

    assert quarantine(engine) == []
    assert "project:psa:P0" in till.judged[-2]


def test_quarantined_rows_come_in_once_the_mapping_reads_them(engine: Engine) -> None:
    till = Till(engine, Shop([row("P0", status="unheard of"), row("P1", status="still unheard of")]))
    till.poll()
    till.shop.parse = lambda raw: {
        **raw,
        "status": "on_hold" if raw["status"] == "unheard of" else raw["status"],
    }

    came = till.runner.retry_rejects(till.configured, till.shop.streams()[0])

    assert came == (1, 1)
    assert (ids(engine), [found.record_id for found in quarantine(engine)]) == ({"P0"}, ["P1"])
    assert till.judged[-1] == {"project:psa:P0"}


def test_a_row_read_again_does_not_undo_a_newer_version(engine: Engine) -> None:
    old = row("P0", status="unheard of")
    till = Till(engine, Shop([old]))
    till.poll()
    with writing(engine) as store:
        store.execute(reject.update().values(record_id=None))
    till.shop.rows.append(row("P0", status="complete", source_updated_at="2026-11-19T00:00:00Z"))
    till.poll()
    till.shop.parse = lambda raw: {
        **raw,
        "status": "planned" if raw["status"] == "unheard of" else raw["status"],
    }

    assert till.runner.retry_rejects(till.configured, till.shop.streams()[0]) == (1, 0)

    with reading(engine) as store:
        assert store.execute(select(RECORD_TABLES["project"].c.status)).scalar_one() == "complete"


def test_fields_nobody_expects_are_counted(engine: Engine) -> None:
    till = Till(engine, Shop([row(f"P{n}", colour="red") for n in range(3)]))
    till.poll()

    assert json.loads(runs(engine)[0].unknown_fields) == {"colour": 3}
