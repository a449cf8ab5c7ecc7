"""What only Certinia does: an item's state stands in its header, and changes with that alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.contract.case import MINUTE, NOW, Bench, Case, cases
from tests.contract.vendors.certinia import EVENT, ITEM


@pytest.fixture
def case() -> Case:
    return cases()["certinia"]


def header(at: str, **changed: Any) -> dict[str, Any]:
    return {**EVENT, "SystemModstamp": f"2026-11-20T{at}:00.000+0000", **changed}


def test_an_item_is_released_when_its_header_is_though_its_own_stamp_stands_still(bench: Bench) -> None:
    shelf = bench.api.shelf
    draft = {**ITEM, "pse__Billing_Event__r": header("15:00", pse__Is_Released__c=False)}
    shelf.put("pse__Billing_Event_Item__c", "1", draft, stamp=NOW - 3 * timedelta(hours=1))
    for name in ("billing_event", "billing_event_moved"):
        bench.poll(name)
    bench.watch.now += 60 * MINUTE
    shelf.change("pse__Billing_Event_Item__c", "1", stamped=False, pse__Billing_Event__r=header("18:30"))

    assert bench.poll("billing_event").progress.changed == 0
    assert bench.poll("billing_event_moved").progress.changed == 1

    assert bench.rows("billing_event")["1"]["status"] == "released"
    # read again by its own old stamp, it is what it became
    shelf.change("pse__Billing_Event_Item__c", "1", pse__Amount__c=90000)
    bench.watch.now += 10 * MINUTE
    bench.poll("billing_event")
    row = bench.rows("billing_event")["1"]
    assert (row["status"], row["amount"]) == ("released", 9_000_000)
