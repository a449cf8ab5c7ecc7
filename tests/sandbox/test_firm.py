"""The simulated firm tells every story it promises, and the truth agrees with what was planted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox import days
from sandbox.books import STREAMS
from sandbox.firm import PER_CLIENT, Firm, build
from sandbox.gap import Gap
from sandbox.plot import Story, chapters, story
from sandbox.ties import engagements
from tests.sandbox.tiny import told

AS_OF = datetime(2026, 11, 20, 18, tzinfo=UTC)
SIZE = 500

#: the chapters' rows in which every twist is a gap, by the twist they begin with
GAP_ROWS = {"no_contract", "stopped", "no_posting"}


@pytest.fixture(
    scope="module", params=[AS_OF, datetime(2027, 1, 2, 3, tzinfo=UTC)], ids=["november", "new year"]
)
def firm(request: pytest.FixtureRequest) -> Firm:
    return build(7, SIZE, request.param)


def _rows(firm: Firm) -> Iterator[Any]:
    for attribute, _ in STREAMS.values():
        yield from getattr(firm.books, attribute)


def _number(identifier: str, deals: dict[str, str]) -> int:
    found = re.search(r"1\d{4}", deals.get(identifier, identifier))
    assert found
    return int(found.group()) - 10_000


def _worth(firm: Firm) -> list[Gap]:
    """What is stuck of what the stories are about."""
    return told(firm.books)


def _by_engagement(firm: Firm) -> dict[int, list[Gap]]:
    deals = {deal.id: deal.number or "" for deal in firm.books.opportunities}
    found: dict[int, list[Gap]] = {}
    for gap in _worth(firm):
        found.setdefault(_number(gap.id, deals), []).append(gap)
    return found


def _planted(tale: Story) -> bool:
    return any(
        tale.chapter == chapter and tale.twist in twists and twists[0] in GAP_ROWS
        for chapter, _, twists in chapters()
    )


def _reopened(firm: Firm) -> set[int]:
    """Engagements with a line on a consolidated invoice that was credited as a whole."""
    credited = {row.credits_id for row in firm.books.invoices if row.id.startswith("CN-")}
    lines = [row for row in firm.books.invoice_lines if row.invoice_id in credited]
    return {int(row.id.split(".")[1]) - 10_000 for row in lines}


def test_every_story_is_told_at_five_hundred_engagements() -> None:
    told = {story(7, n) for n in range(SIZE)}
    assert told == {Story(chapter, twist) for chapter, _, twists in chapters() for twist in twists}


def test_every_planted_gap_is_true_and_no_near_miss_is(firm: Firm) -> None:
    gaps, reopened = _by_engagement(firm), _reopened(firm)
    for n in range(SIZE):
        tale = story(7, n)
        if n not in reopened and not firm.struck[n]:
            assert (n in gaps) is _planted(tale), (n, tale, gaps.get(n))


def test_fifteen_to_twenty_five_of_a_hundred_engagements_carry_a_gap(firm: Firm) -> None:
    assert 0.15 * SIZE <= len(_by_engagement(firm)) <= 0.25 * SIZE


def test_all_three_checks_and_most_currencies_have_gaps(firm: Firm) -> None:
    gaps = _worth(firm)
    assert min(Counter(gap.check for gap in gaps).values()) >= 20
    assert {"GBP", "USD", "EUR", "JPY", "AUD", "KWD"} <= {gap.currency for gap in gaps}


def test_nothing_was_touched_after_the_exports(firm: Firm) -> None:
    moments = (
        "source_updated_at",
        "deleted_at",
        "won_at",
        "accepted_at",
        "approved_at",
        "posted_at",
        "activated_at",
    )
    for row in _rows(firm):
        for name in moments:
            assert (getattr(row, name, None) or firm.books.as_of) <= firm.books.as_of


def test_ids_are_unique_and_every_row_can_be_opened(firm: Firm) -> None:
    for (system, stream), (attribute, _) in STREAMS.items():
        rows = getattr(firm.books, attribute)
        assert len({row.id for row in rows}) == len(rows), (system, stream)
        assert all(row.source_url.startswith(f"https://{system}.example/") for row in rows)


def test_no_reference_dangles(firm: Firm) -> None:
    books = firm.books
    projects = {("psa", row.id) for row in books.psa_projects} | {
        ("erp", row.id) for row in books.erp_projects
    }
    rows: list[Any] = [*books.time_entries, *books.milestones, *books.invoice_lines, *books.erp_projects]
    for row in rows:
        assert row.project_id is None or (row.project_system, row.project_id) in projects
    entries = {row.id for row in books.time_entries}
    assert all(entry in entries for row in books.invoice_lines for entry, _ in row.time_entries)
    lines = {row.id for row in books.invoice_lines}
    assert {row.invoice_line_id for row in books.time_entries} <= lines | {None}
    assert {row.invoice_id for row in books.invoice_lines} <= {row.id for row in books.invoices}


def test_an_engagement_is_never_tied_to_another(firm: Firm) -> None:
    deals = {deal.id: deal.number or "" for deal in firm.books.opportunities}
    members: dict[tuple[str, str], set[int]] = {}
    for (_, identifier), head in engagements(firm.books).items():
        members.setdefault(head, set()).add(_number(identifier, deals))
    assert all(len(numbers) == 1 for numbers in members.values())


def test_consolidated_invoices_hold_lines_of_several_engagements(firm: Firm) -> None:
    holders: dict[str, set[str]] = {}
    for row in firm.books.invoice_lines:
        holders.setdefault(row.invoice_id or "", set()).add(row.id.split(".")[1])
    assert sum(len(found) > 1 for found in holders.values()) >= 20


def test_some_deals_are_won_on_another_day_in_utc(firm: Firm) -> None:
    won = [deal for deal in firm.books.opportunities if deal.won_at and deal.legal_entity]
    apart = [
        row
        for row in won
        if row.won_at and days.local_day(row.legal_entity or "", row.won_at) != row.won_at.date()
    ]
    assert {"US01", "JP01"} <= {row.legal_entity for row in apart}


def test_deals_stand_exactly_at_the_threshold(firm: Firm) -> None:
    ages = Counter(
        days.business_days(
            row.legal_entity or "",
            days.local_day(row.legal_entity or "", row.won_at),
            days.local_day(row.legal_entity or "", firm.books.as_of),
        )
        for row in firm.books.opportunities
        if row.won_at
    )
    assert ages[2] >= 5
    assert ages[3] >= 2


def test_an_engagement_does_not_depend_on_how_many_there_are() -> None:
    few, many = build(5, 10 * PER_CLIENT, AS_OF), build(5, 20 * PER_CLIENT, AS_OF)
    # credit notes of consolidated invoices are written last, and the ledger tells of all
    whole = {"invoices", "ledger_entries", "ledger_balances"}
    for attribute, _ in STREAMS.values():
        if attribute not in whole:
            rows = getattr(few.books, attribute)
            assert rows == getattr(many.books, attribute)[: len(rows)], attribute


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        build(1, 1, datetime(2026, 11, 20, 18))  # noqa: DTZ001 - the very mistake
