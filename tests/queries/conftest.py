"""A firm to try the store on, on each engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from queries.store import writing
from tests.cast import Cast


@pytest.fixture
def firm(engine: Engine) -> Iterator[Cast]:
    """A firm with an empty store; the test runs once on each engine."""
    with writing(engine) as connection:
        yield Cast(connection)
