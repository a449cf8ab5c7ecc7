from __future__ import annotations

from collections.abc import Iterator

import pytest

from queries.version import version
from tests.cast import Cast, casting


@pytest.fixture
def firm() -> Iterator[Cast]:
    for found in casting():
        found.deal()
        found.judge("2026-11-20T18:00Z")
        yield found


def test_nothing_happened(firm: Cast) -> None:
    assert version(firm.connection) == version(firm.connection)


def test_a_poll_that_read_further_is_another_version(firm: Cast) -> None:
    before = version(firm.connection)
    firm.judge("2026-11-20T18:05Z")

    assert version(firm.connection) != before


def test_a_finding_that_changed_is_another_version(firm: Cast) -> None:
    before = version(firm.connection)
    firm.deal(amount="2000")
    firm.judge("2026-11-20T18:00Z")

    assert version(firm.connection) != before
