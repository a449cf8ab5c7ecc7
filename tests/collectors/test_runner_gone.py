"""Deletions that a source tells by id, beside its rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine

from collectors.contract import Page, Stream
from queries import rejects
from queries.ingest import stored_ids
from queries.store import reading
from tests.collectors.shop import Shop, Till, row


@dataclass
class Telling(Shop):
    """A source that says which of its rows it deleted."""

    deleted: list[str] = field(default_factory=list)

    def pages(self, stream: Stream, since: str | None, started_at: datetime) -> Iterator[Page]:
        """The rows, then the ids that are gone."""
        yield from super().pages(stream, since, started_at)
        yield Page((), gone=self.deleted)


def ids(engine: Engine) -> set[str]:
    with reading(engine) as store:
        return stored_ids(store, "project", "psa")


def test_what_the_source_says_is_gone_is_deleted_and_judged(engine: Engine) -> None:
    shop = Telling([row("P0"), row("P1"), row("P2")], deletes="signal")
    till = Till(engine, shop)
    till.poll()
    judged = len(till.judged)
    shop.deleted = ["P1", "never seen"]

    assert till.poll().outcome == "ok"

    assert ids(engine) == {"P0", "P2"}
    assert [len(touched) for touched in till.judged[judged:] if touched] == [1]


def test_a_row_in_quarantine_that_is_gone_is_no_longer_in_doubt(engine: Engine) -> None:
    shop = Telling([row("P0"), row("P1", status="unheard of")], deletes="signal")
    till = Till(engine, shop)
    till.poll()
    with reading(engine) as store:
        assert len(rejects.open_rejects(store)) == 1
    shop.rows.pop()
    shop.deleted = ["P1"]

    till.poll()

    with reading(engine) as store:
        assert rejects.open_rejects(store) == []
