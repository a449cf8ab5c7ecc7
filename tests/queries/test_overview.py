from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine

from metrics.check import checks
from queries import exceptions, overview, slices, snapshots, stages
from queries.overview import Overview, Reporting
from queries.slices import BANDS, Slice
from queries.store import writing
from tests.app.firm import NOW, rate, snap, stuck
from tests.cast import K1, K2, K3, USUAL, Cast, about, casting, utc

MOMENT = utc(NOW)
EURO = Reporting("EUR", None)
KEYS = sorted(checks())


@pytest.fixture
def nobody() -> Iterator[Cast]:
    yield from casting()


@pytest.fixture
def firm(nobody: Cast) -> Cast:
    return playing(nobody)


def playing(firm: Cast) -> Cast:
    firm.rules = about(*USUAL, reporting_currency="EUR")
    stuck(firm)
    return firm


def look(firm: Cast, entity: str | None = None, reporting: Reporting = EURO, days: int = 0) -> Overview:
    return overview.overview(firm.connection, MOMENT + timedelta(days=days), entity, KEYS, reporting)


def station(found: Overview, stage: str) -> overview.Station:
    return next(row for row in found.stations if row.stage == stage)


def test_both_engines_give_the_same_overview(engine: Engine, firm: Cast) -> None:
    with writing(engine) as connection:
        other = playing(Cast(connection))
        for found in (firm, other):
            snap(found)

        assert look(other) == look(firm)
        assert stages.engagements(other.connection, None, None, limit=9) == stages.engagements(
            firm.connection, None, None, limit=9
        )


# ---- numbers equal rows ------------------------------------------------------------------------


@pytest.mark.parametrize("entity", [None, "UK01", "DE01"])
def test_what_is_at_risk_equals_the_rows_behind_it(firm: Cast, entity: str | None) -> None:
    found, filters = look(firm, entity), Slice(legal_entity=entity)

    assert list(found.risk.totals) == exceptions.totals(firm.connection, filters)
    count, group, unconverted = exceptions.group_total(firm.connection, filters)
    assert (found.risk.items, found.risk.group_minor, found.risk.unconverted) == (count, group, unconverted)


def test_each_check_equals_the_rows_behind_it(firm: Cast) -> None:
    found = {row.key: row.worth for row in look(firm).checks}

    assert {key: worth.items for key, worth in found.items() if worth.items} == {K1: 1, K2: 1, K3: 1}
    for key, worth in found.items():
        assert list(worth.totals) == exceptions.totals(firm.connection, Slice(check=key))


def test_each_bar_equals_the_rows_behind_it(firm: Cast) -> None:
    found = look(firm).bars

    assert sum(part.items for part in found.values()) == 3
    for (check, age), part in found.items():
        rows = exceptions.page(firm.connection, Slice(check=check, age=age), limit=10)
        assert part.items == len(rows)
        assert part.group_minor == sum(row["group_minor"] for row in rows)


def test_what_waits_before_a_stage_equals_the_rows_behind_it(firm: Cast) -> None:
    found = {row.stage: row.stuck.items for row in look(firm).stations}

    assert found == {
        "opportunity": 0, "contract": 1, "project": 0, "erp_project": 0, "staffing": 0, "time": 0,
        "milestone": 0, "invoice": 1, "revenue": 1,
    }  # fmt: skip
    for stage, items in found.items():
        assert exceptions.group_total(firm.connection, Slice(stage=stage))[0] == items


def test_every_age_lies_in_one_band() -> None:
    ages = [[band.key for band in BANDS if band.since <= age <= (band.until or age)] for age in range(100)]

    assert all(len(found) == 1 for found in ages)


def test_an_amount_no_rate_converts_is_counted_and_left_out(firm: Cast) -> None:
    firm.deal("O9", currency="JPY", amount="700")
    firm.judge(NOW)

    risk = look(firm).risk
    assert (risk.items, risk.unconverted) == (4, 1)
    assert exceptions.Total("JPY", 1, Decimal(700)) in risk.totals


def test_without_a_reporting_currency_nothing_is_converted(firm: Cast) -> None:
    found = look(firm, reporting=Reporting())

    assert (found.currency, found.rates_on) == (None, None)
    assert all(row.group_minor is None for row in found.stations if row.engagements)


def test_conversion_names_the_newest_rate_it_can_use(firm: Cast) -> None:
    assert look(firm).rates_on == date(2026, 11, 1)


# ---- where work stands ---------------------------------------------------------------------------


def test_an_engagement_stands_at_the_furthest_stage_it_reached(firm: Cast) -> None:
    found = {row.stage: row.engagements for row in look(firm).stations if row.engagements}

    assert found == {"opportunity": 1, "milestone": 1}


def test_a_stage_shows_what_its_engagements_were_sold_for(firm: Cast) -> None:
    found = station(look(firm), "opportunity")

    assert found.amounts == (exceptions.Total("GBP", 1, Decimal("500000.00")),)
    assert found.group_minor == 60_000_000


def test_a_draft_invoice_is_not_the_invoice_stage(firm: Cast) -> None:
    firm.invoice("I1", "draft")
    firm.line("L1", "100", project_id="P2", contract_line_id="CL3", currency="EUR")

    assert station(look(firm), "invoice").engagements == 0


def test_the_list_of_a_stage_is_as_long_as_its_count(firm: Cast) -> None:
    for row in look(firm).stations:
        count, rows = stages.engagements(firm.connection, row.stage, None, limit=50)
        assert count == len(rows) == row.engagements


def test_the_list_names_the_deal_its_value_and_its_exceptions(firm: Cast) -> None:
    count, (row, *_) = stages.engagements(firm.connection, "milestone", "DE01", limit=1)

    assert (count, row.title, row.sold, row.exceptions) == (
        1,
        "Contoso - Bridge",
        [("EUR", Decimal("1000.00"))],
        2,
    )


def test_work_without_a_deal_is_called_after_its_project(firm: Cast) -> None:
    firm.project("P7", name="Lighthouse")

    _, rows = stages.engagements(firm.connection, "project", None, limit=9)
    assert [row.title for row in rows] == ["Lighthouse"]


# ---- snapshots -------------------------------------------------------------------------------------


def test_stages_are_read_from_the_snapshot(firm: Cast) -> None:
    snap(firm)
    firm.deal("O5")

    assert station(look(firm), "opportunity").engagements == 1


def test_a_snapshot_older_than_the_newest_poll_is_not_believed(firm: Cast) -> None:
    snap(firm)
    firm.deal("O5")
    firm.judge("2026-11-21T18:00:00Z")

    assert station(look(firm, days=1), "opportunity").engagements == 2


def test_how_long_a_stage_takes_is_the_median_from_the_stage_before(firm: Cast) -> None:
    snap(firm)

    assert station(look(firm), "contract").transit_s == 86_400
    assert station(look(firm, "DE01"), "erp_project").transit_s == 86_400
    assert station(look(firm, "UK01"), "contract").transit_s is None


def test_work_that_ran_ahead_waited_for_nothing(firm: Cast) -> None:
    assert stages.transits(firm.connection)["time"] == {"DE01": [0]}


def test_a_day_has_one_set_of_figures(firm: Cast) -> None:
    snap(firm)
    firm.deal("O5")
    firm.judge(NOW)
    snap(firm)

    (day,) = snapshots.trend(firm.connection, [f"open:{K1}"], None, MOMENT.date())[f"open:{K1}"]
    assert day.items == 2


def test_a_check_with_nothing_open_has_a_figure_of_zero(nobody: Cast) -> None:
    snap(nobody)

    found = snapshots.trend(nobody.connection, [f"group:{K2}", "group:unheard_of"], None, MOMENT.date())
    assert found == {f"group:{K2}": [snapshots.Day(MOMENT.date(), 0, 0)], "group:unheard_of": []}


def test_today_is_compared_with_the_newest_earlier_day(firm: Cast) -> None:
    snap(firm)
    before = look(firm)
    after = look(firm, days=3)

    assert before.earlier is None
    assert after.earlier == overview.Earlier(MOMENT.date(), before.risk.items, before.risk.group_minor)


def test_a_trend_is_of_one_legal_entity_when_asked(firm: Cast) -> None:
    snap(firm)

    britain = {row.key: row.trend[-1].amount_minor for row in look(firm, "UK01").checks if row.trend}
    assert {key: minor for key, minor in britain.items() if minor} == {K1: 60_000_000}


def test_the_newest_snapshot_is_found(firm: Cast) -> None:
    snap(firm)
    taken_at, figures = snapshots.latest(firm.connection, ["stage:milestone"])

    assert taken_at == datetime(2026, 11, 20, 18, tzinfo=UTC)
    assert [(row.legal_entity, row.currency, row.items) for row in figures] == [("DE01", "EUR", 1)]


# ---- filters -----------------------------------------------------------------------------------------


def test_facets_are_the_values_that_occur(firm: Cast) -> None:
    rate(firm, "USD", "0.9")

    found = slices.facets(firm.connection)
    assert (found.legal_entities, found.currencies) == (("DE01", "UK01"), ("EUR", "GBP"))


def test_a_root_counts_those_that_follow_from_it(firm: Cast) -> None:
    (deal,) = [row for row in firm.rows() if row["check_key"] == K1]

    assert slices.followers(firm.connection, deal["id"]) == 0
