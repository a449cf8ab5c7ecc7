"""Whatever the order, the batches and the repeats: the store, the open items and the findings end equal."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from queries.store import writing
from tests.cast import Cast, casting
from tests.queries.deliveries import NOW, Version, batches, delivered, firms, judge, outcome, send


class _UndoneError(Exception):
    """Leaves a transaction without keeping it."""


@contextmanager
def fresh(engine: Engine | None = None) -> Iterator[Cast]:
    """A firm with an empty store: in memory, or in a transaction of an engine that is then undone."""
    if engine is None:
        yield from casting()
        return
    try:
        with writing(engine) as connection:
            yield Cast(connection)
            raise _UndoneError
    except _UndoneError:
        pass


def compare(versions: list[Version], seed: int, engine: Engine | None = None) -> None:
    """Deliver a firm in order and at random; nothing may differ, and nothing may drift on the way."""
    with fresh() as firm:
        firm.judge(NOW)
        for batch in batches(versions):
            send(firm, batch)
        judge(firm)
        expected, stored = outcome(firm), firm.snapshot()
    with fresh(engine) as firm:
        firm.judge(NOW)
        for batch in delivered(versions, random.Random(seed)):
            send(firm, batch)
            judge(firm)
            assert firm.drift(NOW) == {}, batch
        assert outcome(firm) == expected
        assert engine is not None or firm.snapshot() == stored


@settings(max_examples=22, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(versions=firms(), seed=st.integers(0, 2**32))
def test_a_firm_comes_to_the_same_in_any_order(versions: list[Version], seed: int) -> None:
    compare(versions, seed)


@pytest.mark.real
@settings(
    max_examples=6,
    suppress_health_check=[
        HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture,
    ],
)  # fmt: skip
@given(versions=firms(), seed=st.integers(0, 2**32))
def test_a_firm_comes_to_the_same_in_any_order_on_postgresql(
    shared_postgresql: Engine, versions: list[Version], seed: int
) -> None:
    compare(versions, seed, shared_postgresql)
