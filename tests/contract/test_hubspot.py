"""What only HubSpot does: a search that ends at its cap, rows that slip while pages are counted, archives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sandbox.apis.hubspot import HubSpot
from sandbox.apis.shelf import Kept
from tests.contract.case import MINUTE, Bench, Case, cases


class Busy(HubSpot):
    """One where somebody changes the first deal just after a first page went out, once it ``is_busy``."""

    is_busy = False

    def _page(self, rows: Sequence[Kept], start: int, size: int, names: Sequence[str]) -> dict[str, Any]:
        told = super()._page(rows, start, size, names)
        if self.is_busy:
            self.is_busy = False
            self.shelf.change("deals", "1", amount="1")
        return told


@pytest.fixture
def case() -> Case:
    return replace(cases()["hubspot"], api=Busy)


def test_an_archived_deal_is_deleted_by_the_next_poll_and_stays_so(bench: Bench) -> None:
    bench.fill(3)
    bench.poll()
    bench.watch.now += MINUTE
    bench.api.shelf.delete("deals", "2")
    bench.watch.now += MINUTE

    for stream in ("opportunity_archived", "opportunity"):
        assert bench.poll(stream).outcome == "ok"

    assert bench.ids() == {"1", "3"}


def test_a_deal_pushed_out_between_two_pages_is_missed_noticed_and_read(bench: Bench) -> None:
    assert isinstance(bench.api, Busy)
    bench.fill(12)
    bench.api.is_busy = True

    assert bench.poll().outcome == "truncated"

    assert (bench.ids(), bench.complete_through()) == (bench.wanted(*range(1, 6), *range(7, 13)), None)
    assert bench.poll().outcome == "ok"
    assert bench.ids() == bench.wanted(*range(1, 13))


def test_a_search_that_ends_at_its_cap_is_asked_anew(bench: Bench) -> None:
    assert isinstance(bench.api, HubSpot)
    bench.api.page_cap = 200
    start = bench.watch.now - timedelta(hours=10)
    for number in range(1, 10_301):
        stamp = start + timedelta(milliseconds=number)
        bench.api.shelf.put("deals", str(number), {"dealname": "x"}, stamp=stamp)

    connection = bench.connection()
    try:
        pages = list(connection.pages(bench.stream(connection), None, bench.watch.now))
    finally:
        connection.close()

    found = [row["id"] for page in pages for row in page.rows]
    assert set(found) == {str(number) for number in range(1, 10_301)}
    # only the last one's millisecond is read twice
    assert len(found) == 10_301
