"""What of a period Zuora Revenue posted, and what is left."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.systems.zuora_revenue import _lines


@pytest.mark.parametrize(
    ("posted", "scheduled", "told"),
    [
        ("100.00", "0", [("RC1:L1:7", "posted", "100.00")]),
        ("0", "50", [("RC1:L1:7", "scheduled", "50")]),
        ("100.00", "50", [("RC1:L1:7", "posted", "100.00"), ("RC1:L1:7:open", "scheduled", "50")]),
        (0, "0.00", [("RC1:L1:7", "posted", 0)]),
        ("-20", "0", [("RC1:L1:7", "posted", "-20")]),
    ],
)
def test_a_period_is_posted_scheduled_or_both(posted: Any, scheduled: Any, told: list[Any]) -> None:
    row = {"contract": "RC1", "line": "L1", "period": "7", "posted": posted, "scheduled": scheduled}

    assert [(line["id"], line["state"], line["amount"]) for line in _lines([row])] == told
