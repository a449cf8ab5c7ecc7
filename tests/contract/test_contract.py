"""Every system behind an HTTP API keeps this contract, whatever its vendor does.

A vendor takes part by a case in tests/contract/vendors; a system without one fails here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from collectors.contract import Connection, Page, Stream
from collectors.decode import decode
from collectors.discovery import systems
from queries.rows import Source
from sandbox.apis.api import Fault
from tests.contract.case import MINUTE, NOW, PAGE, Bench, Case, cases

#: read by other means, with suites of their own
ELSEWHERE = {"files", "sql", "tryton"}
LOGIN = Fault(200, "<html><body>Please sign in</body></html>")
CUT = Fault(200, b'{"records": [', {"Content-Type": "application/json"})


def having(trait: Callable[[Case], object]) -> list[str]:
    """The vendors of which something is true."""
    return [kind for kind, case in sorted(cases().items()) if trait(case)]


def test_every_system_has_a_case() -> None:
    assert set(systems()) - ELSEWHERE == set(cases())


# ---- reading ---------------------------------------------------------------------------------


def test_all_pages_are_read(bench: Bench) -> None:
    bench.fill(12)

    outcome = bench.poll()

    assert (outcome.outcome, outcome.error) == ("ok", None)
    assert bench.ids() == bench.wanted(*range(1, 13))
    assert outcome.progress.pages >= 12 // PAGE
    assert bench.complete_through() == NOW - settle(bench)


def test_a_system_without_rows_is_read_and_complete(bench: Bench) -> None:
    outcome = bench.poll()

    assert (outcome.outcome, bench.ids()) == ("ok", set())
    assert bench.complete_through() == NOW - settle(bench)


def test_what_changed_is_read_and_only_that(bench: Bench, case: Case) -> None:
    bench.fill(12)
    bench.poll()
    bench.watch.now += 60 * MINUTE
    name, value, column, stored = case.changes
    bench.api.shelf.change(case.table, case.id(3), **{name: value})
    bench.watch.now += 10 * MINUTE

    outcome = bench.poll()

    assert (outcome.outcome, outcome.progress.changed) == ("ok", 1)
    assert bench.rows()[case.known_as(3)][column] == stored
    assert not case.is_incremental or outcome.progress.read < 12


@pytest.mark.parametrize("case", having(lambda case: case.unstamped), indirect=True)
def test_a_change_that_left_no_stamp_is_found_in_time(bench: Bench, case: Case) -> None:
    assert case.unstamped is not None
    bench.fill(12, stamp=NOW - timedelta(days=5))
    bench.poll()
    name, value, column, stored = case.changes
    bench.api.shelf.change(case.table, case.id(3), stamped=False, **{name: value})
    bench.watch.now += case.unstamped

    assert bench.poll().outcome == "ok"

    assert bench.rows()[case.known_as(3)][column] == stored


def test_more_rows_of_one_moment_than_a_page_holds(bench: Bench) -> None:
    bench.fill(12, stamp=NOW - 30 * MINUTE)

    assert bench.poll().outcome == "ok"

    assert bench.ids() == bench.wanted(*range(1, 13))


def test_a_row_that_is_committed_behind_the_watermark_is_found(bench: Bench, case: Case) -> None:
    bench.fill(3)
    late = {"stamp": NOW - MINUTE, "visible_from": NOW + 2 * MINUTE}
    bench.api.shelf.put(case.table, case.id(9), case.row(9), **late)
    bench.poll()
    assert bench.ids() == bench.wanted(1, 2, 3)
    bench.watch.now += 6 * MINUTE

    bench.poll()

    assert bench.ids() == bench.wanted(1, 2, 3, 9)


def test_a_server_whose_clock_is_five_minutes_slow_loses_nothing(bench: Bench, case: Case) -> None:
    slow = timedelta(minutes=5)
    bench.api.clock = lambda: bench.watch.now - slow
    bench.api.shelf.clock = bench.api.clock
    bench.fill(3)
    bench.poll()
    believed = bench.complete_through()
    bench.watch.now += MINUTE
    bench.api.shelf.put(case.table, case.id(9), case.row(9))
    bench.watch.now += 9 * MINUTE

    bench.poll()

    assert bench.ids() == bench.wanted(1, 2, 3, 9)
    assert believed is not None
    assert not case.is_incremental or believed <= NOW - slow


def test_a_poll_killed_between_pages_loses_nothing(bench: Bench) -> None:
    bench.fill(12)
    with pytest.raises(SystemExit):
        bench.poll(wrap=Dying)
    bench.watch.now += 6 * MINUTE

    assert bench.poll().outcome == "ok"

    assert bench.ids() == bench.wanted(*range(1, 13))


# ---- patience --------------------------------------------------------------------------------


def test_an_answer_that_asks_for_patience_gets_it(bench: Bench, case: Case) -> None:
    bench.fill(12)
    for fault in (
        *case.passing,
        CUT,
        Fault(503, {"message": "down"}),
        Fault(502, "<html>bad gateway</html>"),
    ):
        bench.slept.clear()
        bench.api.mend()
        bench.api.fail(fault)
        bench.watch.now += 60 * MINUTE
        assert (bench.poll().outcome, len(bench.slept)) == ("ok", 1), fault
        after = fault.headers.get("Retry-After", "")
        assert not after.isdigit() or bench.slept == [float(after)], fault
    assert bench.ids() == bench.wanted(*range(1, 13))


def test_a_used_up_allowance_stops_the_system_and_burns_nothing(bench: Bench, case: Case) -> None:
    for fault in case.stopping:
        bench.api.mend()
        bench.api.fail(fault)
        outcome = bench.poll()
        assert outcome.outcome == "failed", fault
        assert "nothing is asked until" in (outcome.error or ""), fault
        asked = len(bench.api.asked)

        bench.watch.now += 5 * MINUTE
        assert bench.poll().outcome == "stopped"

        assert len(bench.api.asked) == asked
        bench.watch.now += timedelta(days=1)
        assert bench.poll().outcome == "ok"


@pytest.mark.parametrize("case", having(lambda case: case.has_tokens), indirect=True)
def test_a_token_that_runs_out_between_pages_is_fetched_anew(bench: Bench) -> None:
    bench.fill(12)
    bench.api.token_uses = 2

    assert bench.poll().outcome == "ok"

    assert bench.ids() == bench.wanted(*range(1, 13))
    assert bench.slept == []


# ---- refusals --------------------------------------------------------------------------------


def test_no_refusal_is_read_as_nothing_there(bench: Bench, case: Case) -> None:
    bench.fill(3)
    bench.poll()
    believed = bench.complete_through()
    faults = (
        *case.refusing,
        LOGIN,
        Fault(404, {"message": "Not Found"}),
        Fault(403, {"message": "Forbidden"}),
    )
    for fault in (*faults, Fault(401, {"message": "Unauthorized"}, times=9), *case.wrong_in_200):
        bench.api.mend()
        bench.api.fail(fault)
        bench.watch.now += timedelta(days=1)

        outcome = bench.poll()

        assert outcome.outcome == "failed", fault
        assert (outcome.error or "").startswith(f"{case.kind}"), fault
        assert "Remedy: " in (outcome.error or ""), fault
        assert (bench.ids(), bench.complete_through()) == (bench.wanted(1, 2, 3), believed), fault


def test_a_redirect_is_not_followed_and_the_token_not_told(bench: Bench) -> None:
    bench.api.fail(Fault(302, None, {"Location": "http://elsewhere.example/login"}))

    outcome = bench.poll()

    assert outcome.outcome == "failed"
    assert "it redirects to elsewhere.example, which is not followed" in (outcome.error or "")


def test_no_error_text_holds_a_secret(bench: Bench, case: Case) -> None:
    bench.api.fail(Fault(400, {"message": f"bad token {' '.join(case.env.values())}"}, times=9))

    outcome = bench.poll()

    assert outcome.outcome == "failed"
    assert not [value for value in case.env.values() if value in (outcome.error or "")]


# ---- drift -----------------------------------------------------------------------------------


def test_a_renamed_field_is_named_and_nothing_is_lost(bench: Bench, case: Case) -> None:
    bench.fill(24)
    bench.poll()
    ids, rows, (name, _, column, _) = bench.ids(), bench.rows(), case.changes
    bench.watch.now += 60 * MINUTE
    bench.api.rename(case.table, name, "renamed")
    bench.watch.now += 10 * MINUTE

    outcome = bench.poll()

    if outcome.outcome == "failed":
        assert (outcome.error or "").startswith(f"{case.kind}/{case.stream}: ")
        assert name in (outcome.error or "").partition("Remedy: ")[0]
        assert outcome.progress.changed == 0
    else:
        assert bench.missing_fields() == [name]
    assert bench.ids() == ids

    bench.api.rename(case.table, "renamed", name)
    bench.watch.now += 10 * MINUTE
    assert bench.poll().outcome == "ok"
    assert (bench.missing_fields(), bench.reasons()) == ([], [])
    assert {key: row[column] for key, row in bench.rows().items()} == {
        key: row[column] for key, row in rows.items()
    }


def test_a_renamed_field_stops_no_stream_of_another_table(bench: Bench, case: Case) -> None:
    bench.fill(24)
    bench.api.rename(case.table, case.changes[0], "renamed")
    connection = bench.connection()
    others = {stream.name for stream in connection.streams()} - {case.stream}
    connection.close()

    assert not others or "ok" in {bench.poll(name).outcome for name in others}


# ---- deletions -------------------------------------------------------------------------------


@pytest.mark.parametrize("case", having(lambda case: case.deletes != "never"), indirect=True)
def test_a_deleted_row_is_deleted_here(bench: Bench, case: Case) -> None:
    bench.fill(8)
    bench.poll()
    bench.watch.now += timedelta(days=1)
    bench.api.shelf.delete(case.table, case.id(3), hard=case.deletes == "hard")
    bench.watch.now += 10 * MINUTE

    outcome = bench.poll()

    assert outcome.outcome == "ok"
    assert bench.ids() == bench.wanted(1, 2, 4, 5, 6, 7, 8)


# ---- meaning ---------------------------------------------------------------------------------


def test_every_stream_has_a_sample(bench: Bench, case: Case) -> None:
    connection = bench.connection()
    streams = {stream.name for stream in connection.streams()}
    connection.close()

    assert streams == {name.partition("#")[0] for name in case.samples}


def test_rows_mean_what_the_vendor_says(bench: Bench, case: Case) -> None:
    for name, sample in case.samples.items():
        bench.api.shelf.tables.clear()
        for table, rows in {**sample.beside, sample.table: {sample.id: sample.fields}}.items():
            for identifier, fields in rows.items():
                bench.api.shelf.put(table, identifier, fields, stamp=NOW - 30 * MINUTE)
        if sample.deleted:
            bench.api.shelf.delete(sample.table, sample.id)
        found = records(bench, name.partition("#")[0])
        assert len(found) == 1, (name, found)
        assert {key: found[0].get(key) for key in sample.means} == dict(sample.means), name


def records(bench: Bench, name: str) -> list[dict[str, Any]]:
    """The records of a stream as text, by field."""
    connection = bench.connection()
    try:
        stream = bench.stream(connection, name)
        pages = list(connection.pages(stream, None, bench.watch.now + 10 * MINUTE))
        decoded = [decode(stream, Source(bench.case.kind), page.rows) for page in pages]
    finally:
        connection.close()
    assert [reject.reason for one in decoded for reject in one.rejects] == []
    return [
        {name: told(getattr(record, name)) for name in record.__struct_fields__}
        for one in decoded
        for record in one.records
    ]


def told(value: Any) -> Any:
    """A value as a sample writes it; time entries as ``T1:4.5;T2``."""
    if isinstance(value, tuple):
        return ";".join(entry.id if entry.hours is None else f"{entry.id}:{entry.hours}" for entry in value)
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(value)


def settle(bench: Bench) -> timedelta:
    """How long the stream leaves its newest rows alone."""
    connection = bench.connection()
    try:
        return bench.stream(connection).settle
    finally:
        connection.close()


class Dying:
    """A connection whose process dies after its first page."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def pages(self, stream: Stream, since: str | None, started_at: datetime) -> Iterator[Page]:
        pages = self._connection.pages(stream, since, started_at)
        yield next(pages)
        raise SystemExit(9)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)
