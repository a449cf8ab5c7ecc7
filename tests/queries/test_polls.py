"""What the store remembers of polling: leases, runs, watermarks, quarantine, and how far a claim may reach."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from queries import polls, rejects
from queries.polls import Progress, Reads, RoleConfig, StreamConfig
from queries.rejects import Reject
from queries.schema import collection_run, stream_state
from queries.store import reading, writing
from queries.types import spoken
from tests.cast import Cast, utc
from tests.queries.looking import NOW, waiting

MINUTE = timedelta(minutes=1)
LEASE = timedelta(minutes=5)


def take(firm: Cast, holder: str, after: timedelta = timedelta()) -> bool:
    """Whether a holder gets the lease of crm/opportunity at a time after NOW."""
    return polls.take_lease(firm.connection, "crm", "opportunity", holder, NOW + after, LEASE)


def start(firm: Cast) -> int:
    """A poll of crm/opportunity begins."""
    return polls.start_run(firm.connection, "crm", "opportunity", NOW, "t" * 32)


def run(firm: Cast, identifier: int) -> Any:
    """The row of a poll."""
    return firm.connection.execute(select(collection_run).where(collection_run.c.id == identifier)).one()


def state(firm: Cast) -> Any:
    """The state of crm/opportunity."""
    at = (stream_state.c.system == "crm", stream_state.c.stream == "opportunity")
    return firm.connection.execute(select(stream_state).where(*at)).one()


# ---- leases ----------------------------------------------------------------------------------


def test_one_holder_at_a_time(firm: Cast) -> None:
    assert take(firm, "a:1")
    assert not take(firm, "b:2", 4 * MINUTE)
    assert polls.leaseholder(firm.connection, "crm", "opportunity") == "a:1"


def test_a_lease_that_ended_is_anybodys(firm: Cast) -> None:
    assert take(firm, "a:1")

    assert take(firm, "b:2", LEASE)
    assert not take(firm, "a:1", LEASE + MINUTE)


def test_a_holder_may_stay(firm: Cast) -> None:
    assert take(firm, "a:1")
    assert take(firm, "a:1", 4 * MINUTE)
    assert not take(firm, "b:2", 8 * MINUTE)


def test_only_the_holder_lets_go(firm: Cast) -> None:
    assert take(firm, "a:1")
    polls.release_lease(firm.connection, "crm", "opportunity", "b:2")
    assert not take(firm, "b:2")

    polls.release_lease(firm.connection, "crm", "opportunity", "a:1")
    assert take(firm, "b:2")


def test_leases_are_per_stream_and_unknown_streams_have_none(firm: Cast) -> None:
    assert take(firm, "a:1")
    assert polls.take_lease(firm.connection, "psa", "project", "b:2", NOW, LEASE)
    assert not polls.take_lease(firm.connection, "psa", "nothing", "b:2", NOW, LEASE)


def test_two_workers_see_one_lease(engine: Engine) -> None:
    config = StreamConfig("crm", "opportunity", "opportunity", MINUTE, LEASE)
    with writing(engine) as store:
        polls.configure(store, [config], [RoleConfig("crm", "crm", "*", "files")])
        assert polls.take_lease(store, "crm", "opportunity", "a:1", NOW, LEASE)

    with writing(engine) as store:
        assert not polls.take_lease(store, "crm", "opportunity", "b:2", NOW, LEASE)
    with reading(engine) as store:
        assert polls.leaseholder(store, "crm", "opportunity") == "a:1"


# ---- runs and watermarks ---------------------------------------------------------------------


def test_every_poll_leaves_a_row(firm: Cast) -> None:
    identifier = start(firm)
    assert run(firm, identifier).outcome == "running"
    polls.batch_done(firm.connection, identifier, Progress(1, 5, 4, 1, 0), "here")
    polls.end_run(
        firm.connection, identifier, now=NOW + MINUTE, outcome="partial", complete_through=NOW,
        unknown_fields={"colour": 5},
    )  # fmt: skip

    row = run(firm, identifier)
    assert (row.outcome, row.pages, row.read, row.changed, row.rejected, row.deleted) == (
        "partial", 1, 5, 4, 1, 0,
    )  # fmt: skip
    assert (row.watermark, row.complete_through, row.ended_at) == ("here", NOW, NOW + MINUTE)
    assert (row.unknown_fields, row.trace_id, row.error) == ('{"colour": 5}', "t" * 32, None)
    found = state(firm)
    assert (found.watermark, found.complete_through, found.last_success) == ("here", NOW, NOW + MINUTE)


def test_a_batch_without_a_position_leaves_the_watermark(firm: Cast) -> None:
    identifier = start(firm)
    polls.batch_done(firm.connection, identifier, Progress(), "here")
    polls.batch_done(firm.connection, identifier, Progress(), None)

    assert polls.watermark(firm.connection, "crm", "opportunity") == "here"
    assert polls.watermark(firm.connection, "psa", "project") is None


def test_a_poll_that_never_ended_was_interrupted(firm: Cast) -> None:
    lost, other = start(firm), polls.start_run(firm.connection, "psa", "project", NOW, None)

    start(firm)

    assert (run(firm, lost).outcome, run(firm, other).outcome) == ("interrupted", "running")
    assert run(firm, lost).ended_at == NOW


@pytest.mark.parametrize("outcome", ["failed", "truncated"])
def test_a_poll_without_a_promise_leaves_what_is_complete(firm: Cast, outcome: str) -> None:
    polls.end_run(firm.connection, start(firm), now=NOW, outcome="ok", complete_through=NOW)
    polls.end_run(firm.connection, start(firm), now=NOW + MINUTE, outcome=outcome, error="why")

    found = state(firm)
    assert (found.complete_through, found.last_success, found.error) == (NOW, NOW, "why")


def test_a_source_that_takes_its_promise_back_is_believed(firm: Cast) -> None:
    for through in (NOW, NOW - MINUTE):
        polls.end_run(firm.connection, start(firm), now=NOW, outcome="ok", complete_through=through)

    assert state(firm).complete_through == NOW - MINUTE


def test_a_good_poll_clears_the_error(firm: Cast) -> None:
    polls.end_run(firm.connection, start(firm), now=NOW, outcome="failed", error="why")
    polls.end_run(firm.connection, start(firm), now=NOW, outcome="ok", complete_through=NOW)

    assert state(firm).error is None


def test_a_stream_taken_from_the_configuration_keeps_its_history_for_its_return(firm: Cast) -> None:
    polls.batch_done(firm.connection, start(firm), Progress(), "here")
    config = StreamConfig("crm", "opportunity", "opportunity", MINUTE, LEASE)
    role = RoleConfig("crm", "crm", "*", "files")

    polls.configure(firm.connection, [], [])
    assert (state(firm).configured, state(firm).watermark) == (False, "here")

    polls.configure(firm.connection, [config], [role])
    assert (state(firm).configured, state(firm).watermark) == (True, "here")
    assert state(firm).freshness_limit_s == 300


# ---- quarantine ------------------------------------------------------------------------------


def bad(record_id: str | None = "O1", raw: str = "raw", *names: tuple[str, str, str]) -> Reject:
    """A row that could not be read."""
    return Reject(record_id, "the row is broken", raw, names)


def quarantine(firm: Cast, *bad: Reject, stream: str = "opportunity", at: timedelta = timedelta()) -> int:
    """Keep rows of crm; how many are new."""
    return rejects.quarantine(firm.connection, "crm", stream, "opportunity", bad, NOW + at)


def test_the_same_row_twice_is_one_row_seen_again(firm: Cast) -> None:
    assert quarantine(firm, bad(), bad()) == 1
    assert quarantine(firm, bad(), bad(raw="other"), at=MINUTE) == 1

    first, _ = waiting(firm)
    assert (first.first_seen_at, first.last_seen_at) == (NOW, NOW + MINUTE)


def test_the_same_text_in_two_streams_is_two_rows(firm: Cast) -> None:
    assert quarantine(firm, bad()) + quarantine(firm, bad(), stream="customer") == 2

    assert len(rejects.open_rejects(firm.connection)) == 2
    assert len(rejects.open_rejects(firm.connection, "crm", "customer")) == 1
    assert rejects.open_rejects(firm.connection, "psa") == []


def test_a_good_version_takes_the_bad_ones_along_and_says_what_they_named(firm: Cast) -> None:
    name = ("opportunity", "crm", "O1")
    quarantine(firm, bad("O1", "first", name), bad("O1", "second"), bad("O2", "other"), bad(None, "nobody"))

    named = rejects.resolve_rejects(firm.connection, "crm", "opportunity", ["O1", "O9"], NOW)

    assert named == [name]
    assert [row.raw for row in rejects.open_rejects(firm.connection)] == ["other", "nobody"]
    assert rejects.resolve_rejects(firm.connection, "crm", "opportunity", ["O1"], NOW) == []


def test_a_bad_row_that_comes_again_after_all_waits_again(firm: Cast) -> None:
    quarantine(firm, bad())
    rejects.resolve_rejects(firm.connection, "crm", "opportunity", ["O1"], NOW)

    quarantine(firm, bad(), at=MINUTE)

    (row,) = rejects.open_rejects(firm.connection)
    assert row.first_seen_at == NOW


@pytest.mark.parametrize(
    "text", ["NUL \0 here", "half \ud83d pair", "\N{ROCKET}\u05e9 'quoted'", "x" * 1_100_000]
)
def test_whatever_the_row_holds_can_be_kept(firm: Cast, text: str) -> None:
    reject = Reject(
        text[:255], f"it holds {text[:40]!r}: {text[:40]}", text, (("project", "psa", text[:255]),)
    )

    assert quarantine(firm, reject) == 1
    assert quarantine(firm, reject, at=MINUTE) == 0

    (row,) = waiting(firm)
    assert len(row.raw) >= len(text)


def test_a_record_whose_id_no_store_can_hold_can_still_come_in_well(firm: Cast) -> None:
    quarantine(firm, bad("a\0b"))

    assert rejects.resolve_rejects(firm.connection, "crm", "opportunity", ["a\0b"], NOW) == []
    assert len(rejects.open_rejects(firm.connection)) in (0, 1)


# ---- what may be claimed ---------------------------------------------------------------------

CRM, ERP = Reads("crm", "opportunity", required=True), Reads("erp", "project", required=True)


def cover(firm: Cast, reads: list[Reads], entity: str = "", after: timedelta = timedelta()) -> polls.Coverage:
    """What may be claimed for an entity at a time after NOW."""
    return polls.coverage(firm.connection, reads, [entity], NOW + after)[entity]


def complete(firm: Cast, system: str, stream: str, through: str) -> None:
    """A stream was read to its end as of an instant."""
    identifier = polls.start_run(firm.connection, system, stream, NOW, None)
    polls.end_run(firm.connection, identifier, now=NOW, outcome="ok", complete_through=utc(through))


def test_a_claim_reaches_as_far_as_the_slowest_stream(firm: Cast) -> None:
    complete(firm, "crm", "opportunity", "2026-11-20T17:59Z")
    complete(firm, "erp", "project", "2026-11-20T17:50Z")

    assert cover(firm, [CRM, ERP]) == (utc("2026-11-20T17:50Z"), None)
    assert cover(firm, [CRM]) == (utc("2026-11-20T17:59Z"), None)


def test_a_stream_older_than_its_limit_allows_no_claim(firm: Cast) -> None:
    complete(firm, "crm", "opportunity", "2026-11-20T17:45Z")

    assert cover(firm, [CRM]).reason is None
    found = cover(firm, [CRM], after=timedelta(seconds=1))
    assert found.reason == (
        "crm/opportunity is complete only through 2026-11-20T17:45:00Z, older than its limit of 15 min"
    )


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (timedelta(days=1), "24 h"),
        (timedelta(days=2), "2 days"),
        (timedelta(hours=36), "36 h"),
        (timedelta(minutes=45), "45 min"),
        (timedelta(hours=1, minutes=30), "90 min"),
        (timedelta(seconds=90), "90 s"),
        (timedelta(), "0 s"),
    ],
)
def test_a_limit_is_said_in_words(limit: timedelta, said: str) -> None:
    assert spoken(limit) == said


def test_a_stream_never_read_allows_no_claim_and_its_error_is_the_reason(firm: Cast) -> None:
    assert cover(firm, [CRM]).reason == "crm/opportunity has never been read to its end"

    polls.end_run(firm.connection, start(firm), now=NOW, outcome="failed", error="403 from crm")
    assert cover(firm, [CRM]).reason == "crm/opportunity has never been read to its end: 403 from crm"


def test_a_role_nobody_plays_allows_no_claim_unless_it_is_optional(firm: Cast) -> None:
    complete(firm, "crm", "opportunity", "2026-11-20T18:00Z")
    bus = Reads("gateway", "message", required=True)

    assert cover(firm, [CRM, bus]).reason == "no system with role gateway has a message stream for this work"
    assert cover(firm, [CRM, bus._replace(required=False)]).reason is None


def test_a_system_counts_for_the_entities_it_serves(firm: Cast) -> None:
    firm.serve({"crm": ("*",), "erp": ("UK01",), "erp_us": ("US01",)}, like={"erp_us": "erp"})
    complete(firm, "crm", "opportunity", "2026-11-20T18:00Z")
    complete(firm, "erp", "project", "2026-11-20T18:00Z")

    assert cover(firm, [CRM, ERP], "UK01").reason is None
    assert cover(firm, [CRM, ERP], "US01").reason == "erp_us/project has never been read to its end"
    reason = cover(firm, [CRM, ERP], "DE01").reason
    assert reason == "no system with role erp has a project stream for DE01"


def test_a_claim_names_the_newest_run_of_each_stream(firm: Cast) -> None:
    complete(firm, "crm", "opportunity", "2026-11-20T17:00Z")
    newest, erp = start(firm), polls.start_run(firm.connection, "erp", "project", NOW, None)
    polls.start_run(firm.connection, "psa", "time_entry", NOW, None)

    assert polls.latest_runs(firm.connection, [CRM, ERP]) == [newest, erp]
