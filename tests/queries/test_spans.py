"""The embedded trace store, on a real file and a real server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from queries.spans import (
    ObjectRef,
    SpanKey,
    SpanRow,
    prune,
    spans_naming,
    spans_of_trace,
    store_spans,
    whole_traces,
)
from queries.store import reading, writing

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
START = 1_763_640_000_000_000_000
TRACE = "5b8efff798038103d269b633813fc60c"


def row(number: int, trace: str = TRACE, **changes: Any) -> SpanRow:
    made = SpanRow(
        trace_id=trace,
        span_id=f"{number:016x}",
        parent_span_id=None,
        service="erp",
        name="post invoice",
        kind=2,
        start_ns=START + number,
        end_ns=START + number + 10,
        status=0,
        status_message=None,
        scope=None,
        resource="{}",
        attributes='{"a":"ü"}',
        events="[]",
        links="[]",
        flags=None,
    )
    return made._replace(**changes)


def key(span: SpanRow, kind: str, identity: str, system: str | None = None) -> SpanKey:
    return SpanKey(kind, identity, span.trace_id, span.span_id, system, span.start_ns)


def keep(engine: Engine, spans: list[SpanRow], keys: list[SpanKey] | None = None) -> int:
    with writing(engine) as connection:
        return store_spans(connection, spans, keys or [], NOW)


def of_key(engine: Engine, *keys: tuple[str, str] | ObjectRef, limit: int = 1000) -> list[SpanRow]:
    """The spans that name any of the objects, newest first."""
    with reading(engine) as connection:
        [found] = spans_naming(connection, [keys], limit)
        rows = {row[:2]: row for row in spans_of_trace(connection, {span.trace_id for span in found})}
        return [rows[span] for span in found]


def of_trace(engine: Engine, *traces: str, limit: int = 1000) -> list[SpanRow]:
    with reading(engine) as connection:
        return spans_of_trace(connection, traces, limit)


def test_what_was_stored_is_read_back_whole(engine: Engine) -> None:
    whole = row(1, parent_span_id="00000000000000ff", status_message="no", scope="lib", flags='{"x":1}')

    assert keep(engine, [whole]) == 1
    assert of_trace(engine, TRACE) == [whole]


def test_a_span_sent_again_changes_nothing_nor_do_its_keys(engine: Engine) -> None:
    first, again = row(1), row(1, name="another name")
    keep(engine, [first], [key(first, "project", "P1")])

    assert keep(engine, [again], [key(again, "project", "P2")]) == 0
    assert of_trace(engine, TRACE) == [first]
    assert of_key(engine, ("project", "P2")) == []


def test_new_spans_beside_known_ones_are_stored_with_their_keys(engine: Engine) -> None:
    known, new = row(1), row(2)
    keep(engine, [known])

    assert keep(engine, [new, known], [key(known, "project", "P1"), key(new, "project", "P1")]) == 1
    assert of_key(engine, ("project", "P1")) == [new]


def test_the_first_of_two_spans_with_one_id_in_a_batch_counts(engine: Engine) -> None:
    assert keep(engine, [row(1), row(1, name="twice")]) == 1
    assert [span.name for span in of_trace(engine, TRACE)] == ["post invoice"]


def test_nothing_to_store_is_fine(engine: Engine) -> None:
    assert keep(engine, []) == 0


def test_spans_of_a_key_are_the_newest(engine: Engine) -> None:
    spans = [row(number) for number in (3, 1, 2)]
    keep(engine, spans, [key(span, "project", "P1") for span in spans])

    assert [span.start_ns - START for span in of_key(engine, ("project", "P1"), limit=2)] == [3, 2]


def test_a_span_that_names_two_of_the_objects_comes_once(engine: Engine) -> None:
    span = row(1)
    keep(engine, [span], [key(span, "project", "P1"), key(span, "invoice", "I1")])

    assert of_key(engine, ("project", "P1"), ("invoice", "I1")) == [span]


def test_a_span_that_names_two_of_the_objects_counts_once(engine: Engine) -> None:
    old, new = row(1), row(2)
    keep(engine, [old, new], [key(old, "project", "P1"), *(key(new, "invoice", i) for i in ("I1", "I2"))])

    assert of_key(engine, ("project", "P1"), ("invoice", "I1"), ("invoice", "I2"), limit=2) == [new, old]


def test_groups_of_objects_are_answered_each_for_itself(engine: Engine) -> None:
    spans = [row(number) for number in (1, 2, 3)]
    keep(engine, spans, [key(span, "project", "P1") for span in spans] + [key(spans[0], "invoice", "I1")])
    groups = [[("project", "P1")], [], [("invoice", "I1"), ("invoice", "I9")], [("invoice", "I1")]]

    with reading(engine) as connection:
        found = spans_naming(connection, groups, limit=2)
        assert spans_naming(connection, []) == []
        assert spans_naming(connection, [[], []]) == [[], []]

    assert found == [[s[:2] for s in (spans[2], spans[1])], [], [spans[0][:2]], [spans[0][:2]]]


def test_a_key_is_found_whatever_is_written_in_it(engine: Engine) -> None:
    odd = 'a"b\\c %s ? : é 日本 \U0001f600'
    keep(engine, [row(1)], [key(row(1), "project", odd)])

    assert of_key(engine, ("project", odd)) == [row(1)]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 6, 7, 100])
def test_whole_traces_of_groups_are_what_each_group_alone_would_get(engine: Engine, limit: int) -> None:
    first, second = "1" * 32, "2" * 32
    spans = [row(n, first) for n in (1, 2, 4, 8)] + [row(n, second) for n in (3, 5)]
    keep(engine, spans, [key(spans[1], "project", "P1"), key(spans[5], "project", "P2")])
    one, two = ObjectRef("project", "P1"), ObjectRef("project", "P2")

    with reading(engine) as connection:
        found = whole_traces(connection, [[one], [two], [], [one, two]], limit)

    alone = [of_trace(engine, *traces, limit=limit) for traces in ([first], [second], [], [first, second])]
    assert found == alone


def test_a_kind_is_part_of_the_key(engine: Engine) -> None:
    span = row(1)
    keep(engine, [span], [key(span, "project", "1001")])

    assert of_key(engine, ("invoice", "1001")) == []


@pytest.mark.parametrize(("system", "found"), [("psa", 2), ("erp", 1), (None, 2)])
def test_a_span_that_names_another_system_is_not_meant(
    engine: Engine, system: str | None, found: int
) -> None:
    named, unnamed = row(1), row(2)
    keep(engine, [named, unnamed], [key(named, "project", "1001", "psa"), key(unnamed, "project", "1001")])

    assert len(of_key(engine, ObjectRef("project", "1001", system))) == found


def test_more_objects_than_one_statement_takes_are_all_asked_for(engine: Engine) -> None:
    spans = [row(number, trace=f"{number:032x}") for number in range(1, 1202)]
    keep(engine, spans, [key(span, "time_entry", span.span_id) for span in spans])

    assert of_key(engine, *(("time_entry", span.span_id) for span in spans), limit=5000) == spans[::-1]
    assert of_trace(engine, *(span.trace_id for span in spans), limit=5000) == spans


@pytest.mark.parametrize("asked", [TRACE.upper(), f" {TRACE}"])
def test_a_trace_is_found_however_its_id_is_written(engine: Engine, asked: str) -> None:
    keep(engine, [row(1)])

    assert len(of_trace(engine, asked)) == 1


def test_a_trace_id_without_its_leading_zeros_is_found(engine: Engine) -> None:
    keep(engine, [row(1, trace="abc".rjust(32, "0"))])

    assert len(of_trace(engine, "abc")) == 1


def test_the_oldest_spans_of_a_trace_come_first_and_no_more_than_asked(engine: Engine) -> None:
    keep(engine, [row(number) for number in (2, 3, 1)])

    assert [span.start_ns - START for span in of_trace(engine, TRACE, limit=2)] == [1, 2]


def test_pruning_takes_old_spans_and_keys_in_batches_and_leaves_the_rest(engine: Engine) -> None:
    old = [row(number, start_ns=START - 10**15, end_ns=START) for number in range(1, 6)]
    young = row(9)
    keep(engine, [*old, young], [key(span, "project", "P1") for span in [*old, young]])
    before = datetime.fromtimestamp(START / 10**9, UTC) - timedelta(minutes=1)

    rounds: list[int] = []
    while not rounds or rounds[-1]:
        with writing(engine) as connection:
            rounds.append(prune(connection, before, batch=2))

    assert rounds == [4, 4, 2, 0]
    assert of_trace(engine, TRACE) == of_key(engine, ("project", "P1")) == [young]
