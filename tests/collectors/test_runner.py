"""The loop every poll shares, against a source that does what a test asks of it, on each engine."""

from __future__ import annotations

import json
import logging
import os
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from app.telemetry import tracing
from collectors.errors import FatalError, RetriableError, SkippableError
from queries import polls, rejects
from queries.ingest import stored_ids
from queries.schema import collection_run, stream_state
from queries.store import reading, writing
from tests.app.serving import in_trace, keeping
from tests.collectors.shop import NOW, Shop, Till, row

MINUTE = timedelta(minutes=1)


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


def five() -> list[Any]:
    """Five projects: three pages."""
    return [row(f"P{n}") for n in range(5)]


def test_a_poll_stores_judges_and_remembers_where_it_was(engine: Engine) -> None:
    till = Till(engine, Shop(five()))

    outcome = till.poll()

    assert (outcome.outcome, outcome.progress.read, outcome.progress.changed) == ("ok", 5, 5)
    assert ids(engine) == {"P0", "P1", "P2", "P3", "P4"}
    assert [len(touched) for touched in till.judged] == [2, 2, 1, 0]
    assert (state(engine).watermark, state(engine).complete_through) == ("5", NOW)

    till.shop.rows.append(row("P5"))
    assert till.poll().progress.read == 1
    assert till.shop.asked == [None, "5"]


def test_pages_that_follow_closely_are_stored_and_judged_together(engine: Engine) -> None:
    till = Till(engine, Shop(five()), batch_rows=3)

    assert till.poll().progress.pages == 4

    assert [len(touched) for touched in till.judged] == [4, 1, 0]
    assert state(engine).watermark == "5"


def test_what_came_before_a_failure_is_kept(engine: Engine) -> None:
    till = Till(engine, Shop(five(), [(2, FatalError("psa/projects: 500"))]), batch_rows=100)

    assert till.poll().outcome == "failed"

    assert (len(ids(engine)), state(engine).watermark) == (4, "4")


def test_a_stream_is_complete_up_to_its_promise_else_up_to_the_start_less_the_settle_time(
    engine: Engine,
) -> None:
    till = Till(engine, Shop(five(), settle=2 * MINUTE))
    till.poll()
    assert state(engine).complete_through == NOW - 2 * MINUTE

    till.shop.promise = NOW - 60 * MINUTE
    till.poll()
    assert state(engine).complete_through == NOW - 60 * MINUTE


# ---- trouble on the way ----------------------------------------------------------------------


def test_a_retriable_error_is_tried_again_from_the_last_page_that_is_in(engine: Engine) -> None:
    till = Till(engine, Shop(five(), [(1, RetriableError("psa/projects: 429", after=7.0))]))

    outcome = till.poll()

    assert (outcome.outcome, outcome.progress.pages, till.slept) == ("ok", 4, [7.0])
    assert till.shop.asked == [None, "2"]


def test_pauses_grow_with_jitter_when_the_source_asks_for_none(engine: Engine) -> None:
    till = Till(engine, Shop(five(), [(0, RetriableError("psa/projects: 503")) for _ in range(4)]))

    assert till.poll().outcome == "ok"
    assert [low <= pause <= 2 * low for low, pause in zip((1, 2, 4, 8), till.slept, strict=True)] == [
        True
    ] * 4


def test_a_source_that_stays_away_is_given_up(engine: Engine) -> None:
    till = Till(engine, Shop(five(), [(0, RetriableError("psa/projects: 503")) for _ in range(9)]))

    outcome = till.poll()

    assert (outcome.outcome, len(till.slept)) == ("failed", 4)
    assert "psa/projects: 503" in (outcome.error or "")
    assert "gave up after 5 tries" in (outcome.error or "")
    assert (state(engine).complete_through, state(engine).error) == (None, outcome.error)


def test_a_wait_longer_than_the_interval_is_left_to_the_next_poll(engine: Engine) -> None:
    till = Till(engine, Shop(five(), [(0, RetriableError("psa/projects: 429", after=3600.0))]))

    outcome = till.poll()

    assert (outcome.outcome, till.slept) == ("failed", [])
    assert "asks to wait 3600 s" in (outcome.error or "")


def test_a_fatal_error_keeps_what_was_read_and_ends_the_poll(engine: Engine) -> None:
    till = Till(engine, Shop(five(), [(2, FatalError("psa/projects: 403", remedy="grant the role"))]))

    outcome = till.poll()

    assert (outcome.outcome, outcome.error) == ("failed", "psa/projects: 403. Remedy: grant the role")
    assert ids(engine) == {"P0", "P1", "P2", "P3"}
    assert (state(engine).watermark, state(engine).complete_through) == ("4", None)
    assert till.poll().outcome == "ok"
    assert state(engine).error is None


@pytest.mark.parametrize("fault", [KeyError("status"), ZeroDivisionError(), RecursionError("deep")])
def test_a_fault_of_a_collector_ends_only_its_own_poll(
    engine: Engine, fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    till = Till(engine, Shop(five(), [(1, fault)]))

    with caplog.at_level(logging.WARNING):
        outcome = till.poll()

    assert outcome.outcome == "failed"
    assert f"psa/projects: {type(fault).__name__} at " in (outcome.error or "")
    assert "Remedy: " in (outcome.error or "")
    assert runs(engine)[0].outcome == "failed"
    assert state(engine).leased_by is None
    assert till.poll().outcome == "ok"


def test_a_parser_that_trips_over_a_row_costs_that_row(engine: Engine) -> None:
    def parse(raw: Any) -> dict[str, Any]:
        if raw["id"] == "P1":
            raise SkippableError("psa/projects row P1: no state 9", remedy="map it", fields={"id": "P1"})
        return dict(raw)

    till = Till(engine, Shop(five(), parse=parse))

    assert till.poll().outcome == "partial"
    assert ids(engine) == {"P0", "P2", "P3", "P4"}
    (waiting,) = quarantine(engine)
    assert (waiting.record_id, waiting.reason) == ("P1", "psa/projects row P1: no state 9. Remedy: map it")
    assert json.loads(waiting.raw) == row("P1")


def test_a_row_the_parser_does_not_want_is_none(engine: Engine) -> None:
    till = Till(engine, Shop(five(), parse=lambda raw: dict(raw) if raw["id"] != "P1" else None))

    assert till.poll().outcome == "ok"
    assert ids(engine) == {"P0", "P2", "P3", "P4"}


def test_what_the_judge_cannot_do_undoes_the_page_and_its_watermark(engine: Engine) -> None:
    till = Till(engine, Shop(five()))
    till.refuse = ArithmeticError("a check is broken")

    outcome = till.poll()

    assert outcome.outcome == "failed"
    assert ids(engine) == set()
    assert (state(engine).watermark, state(engine).complete_through, state(engine).leased_by) == (
        None, None, None,
    )  # fmt: skip
    till.refuse = None
    assert till.poll().outcome == "ok"
    assert till.shop.asked == [None, None]


def test_a_killed_poll_goes_on_from_its_last_page(engine: Engine) -> None:
    till = Till(engine, Shop(five(), [(1, SystemExit(9))]), holder="elsewhere:1")
    with pytest.raises(SystemExit):
        till.poll()
    till.now += 6 * MINUTE

    assert till.poll().outcome == "ok"

    assert till.shop.asked == [None, "2"]
    assert [found.outcome for found in runs(engine)] == ["interrupted", "ok"]
    assert len(ids(engine)) == 5


def test_a_page_cut_short_is_said_so_and_proves_nothing(engine: Engine) -> None:
    till = Till(engine, Shop(five()))
    till.poll()
    till.now += 10 * MINUTE
    till.shop.truncated = True
    till.shop.rows.append(row("P9"))

    assert till.poll().outcome == "truncated"

    assert "P9" in ids(engine)
    assert state(engine).complete_through == NOW
    assert [found.outcome for found in runs(engine)] == ["ok", "truncated"]


# ---- leases ----------------------------------------------------------------------------------


def test_a_stream_somebody_polls_is_left_to_them(engine: Engine) -> None:
    till = Till(engine, Shop(five()))
    with writing(engine) as store:
        assert polls.take_lease(store, "psa", "projects", "elsewhere:1", NOW, 5 * MINUTE)

    assert till.poll().outcome == "leased"
    assert (ids(engine), runs(engine)) == (set(), [])

    till.now += 5 * MINUTE
    assert till.poll().outcome == "ok"


def test_a_holder_of_this_machine_that_died_is_no_obstacle(engine: Engine) -> None:
    child = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(child, 0)
    till = Till(engine, Shop(five()), holder=f"here:{os.getpid()}")
    with writing(engine) as store:
        assert polls.take_lease(store, "psa", "projects", f"here:{child}", NOW, 5 * MINUTE)

    assert till.poll().outcome == "ok"


def test_the_lease_is_given_back_after_every_poll(engine: Engine) -> None:
    till = Till(engine, Shop(five(), [(1, FatalError("psa/projects: 500"))]))
    till.poll()

    assert state(engine).leased_by is None


# ---- sweeps ----------------------------------------------------------------------------------


def test_what_the_source_no_longer_holds_was_deleted_there(engine: Engine) -> None:
    till = Till(engine, Shop(five(), deletes="sweep"))
    till.poll()
    till.shop.held = ["P0", "P4", "P7"]

    outcome = till.poll()

    assert (outcome.progress.deleted, ids(engine)) == (3, {"P0", "P4"})
    assert till.judged[-2] == {"project:psa:P1", "project:psa:P2", "project:psa:P3"}


def test_a_sweep_that_fails_deletes_nothing_and_says_so(engine: Engine) -> None:
    till = Till(engine, Shop(five(), deletes="sweep"))
    till.poll()
    till.now += MINUTE
    till.shop.held = []
    till.shop.faults = [(-2, FatalError("psa/projects: the ids cannot be read"))]

    outcome = till.poll()

    assert (outcome.outcome, outcome.progress.deleted, len(ids(engine))) == ("partial", 0, 5)
    assert "deletions were not looked for: psa/projects: the ids cannot be read" in state(engine).error


def test_a_row_that_left_its_source_waits_no_longer_in_quarantine(engine: Engine) -> None:
    till = Till(engine, Shop([row("P0"), row("P1", status="unheard of")], deletes="sweep"))
    till.poll()
    assert [waiting.record_id for waiting in quarantine(engine)] == ["P1"]

    till.shop.rows = [row("P0")]
    till.poll()

    assert quarantine(engine) == []


# ---- what every poll leaves ------------------------------------------------------------------


def test_every_poll_leaves_a_row_good_or_bad(engine: Engine) -> None:
    till = Till(engine, Shop(five(), [(1, FatalError("psa/projects: 403"))]))
    till.poll()
    till.poll()

    found = [(r.outcome, r.pages, r.read, r.changed, r.error, r.ended_at) for r in runs(engine)]
    assert found == [("failed", 1, 2, 2, "psa/projects: 403", NOW), ("ok", 3, 3, 3, None, NOW)]


def test_every_poll_leaves_a_span_that_its_row_names(engine: Engine) -> None:
    till = Till(engine, Shop(five(), [(1, FatalError("psa/projects: 403"))]))
    with tracing(keeping(engine)):
        till.poll()

    (span,) = in_trace(engine, runs(engine)[0].trace_id)
    assert (span.name, span.status, span.status_message) == ("sightglass.poll", 2, "psa/projects: 403")
    attributes = json.loads(span.attributes)
    assert attributes["sightglass.system"] == "psa"
    assert attributes["sightglass.records.changed"] == 2


def test_a_message_no_store_can_hold_is_mended_and_kept(engine: Engine) -> None:
    till = Till(engine, Shop(five(), [(0, FatalError("psa/projects: the body was \0\ud800"))]))

    assert till.poll().outcome == "failed"
    assert state(engine).error == "psa/projects: the body was \\x00\\ud800"


def test_what_a_fault_quotes_is_not_repeated(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    till = Till(engine, Shop(five(), [(0, ValueError("GET https://u:s3cret@psa.example/projects"))]))

    with caplog.at_level(logging.DEBUG):
        outcome = till.poll()

    assert "s3cret" not in f"{outcome.error} {state(engine).error} {caplog.text}"


def test_a_record_that_cannot_be_kept_waits_as_it_came_and_comes_in_once_the_mapping_mends_it(
    engine: Engine,
) -> None:
    """What waits is the source's own row, not what the mapping made of it: only that can be mapped anew."""

    def mapped(currency: str) -> Any:
        return lambda raw: {
            "id": raw["Nr"],
            "status": "active",
            "rate": "1",
            "currency": currency,
            "source_updated_at": raw["at"],
        }

    shop = Shop(
        [{"Nr": "P1", "at": "2026-11-01T00:00:00Z"}], parse=lambda raw: {**mapped("GBP")(raw), "name": "a\0"}
    )
    till = Till(engine, shop)
    assert till.poll().outcome == "partial"
    assert json.loads(quarantine(engine)[0].raw) == shop.rows[0]

    shop.parse = mapped("EUR")
    assert till.runner.retry_rejects(till.configured, shop.streams()[0]) == (1, 0)
    assert ids(engine) == {"P1"}


def test_many_quarantined_rows_are_judged_together(engine: Engine) -> None:
    till = Till(engine, Shop([row(f"P{n}", status="unheard of") for n in range(30)]))
    till.poll()
    till.judged.clear()
    till.shop.parse = lambda raw: {**raw, "status": "planned"}

    assert till.runner.retry_rejects(till.configured, till.shop.streams()[0]) == (30, 0)
    assert [len(touched) for touched in till.judged] == [30]
