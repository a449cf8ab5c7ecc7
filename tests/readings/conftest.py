"""The firm every reading is tried on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cast import Cast, casting


@pytest.fixture
def firm() -> Iterator[Cast]:
    """A firm with an empty store."""
    yield from casting()
