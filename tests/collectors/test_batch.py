"""Pages on their way into one transaction: how long they wait, and what rests while it is written."""

from __future__ import annotations

import gc
import time

import pytest

from collectors.batch import Batch, unswept
from collectors.contract import Page
from collectors.decode import Decoded
from tests.collectors.shop import row


def test_pages_wait_from_the_first_of_their_own_batch_on() -> None:
    batch = Batch()
    time.sleep(0.2)
    batch.add(Page([row("P1")]), Decoded())

    assert not batch.is_due(rows=2, seconds=0.2)
    time.sleep(0.2)
    assert batch.is_due(rows=2, seconds=0.2)


def _broken() -> None:
    with unswept():
        assert not gc.isenabled()
        raise RuntimeError


def test_garbage_is_swept_again_however_a_batch_ended() -> None:
    with pytest.raises(RuntimeError):
        _broken()
    assert gc.isenabled()


def test_of_two_batches_only_the_one_that_stopped_the_sweeping_starts_it_again() -> None:
    with unswept():
        with unswept():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
