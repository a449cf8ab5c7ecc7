"""Section 12, "When it is listed": business days on the entity's calendar, watch, act, billing dates."""

from __future__ import annotations

from datetime import date

import pytest

from metrics.rules import Threshold
from queries.open_items import stored
from tests.cast import K1, K2, K3, USUAL, Cast, about, keys, utc


def worked(firm: Cast, on: str, **line: str) -> None:
    """One entry on a time-and-materials contract line, without any legal entity."""
    firm.contract()
    firm.promise(**line)
    firm.project(contract_id="C1")
    firm.time(work_date=on, contract_line_id="CL1")


def first_listed(firm: Cast, last_silent: str, first_loud: str) -> None:
    """Nothing is listed at one moment, something at the next."""
    assert firm.judge(last_silent) == []
    assert len(firm.judge(first_loud)) == 1


def test_won_friday_five_seen_tuesday_six_is_two_days_and_not_yet(firm: Cast) -> None:
    firm.entity("UK01", country="GB", timezone="Europe/London")
    firm.deal(won_at="2026-11-13T17:00Z", legal_entity="UK01")

    # Mon 16 is 1, Tue 17 is 2: not more than 2
    assert firm.judge("2026-11-17T18:00Z") == []


def test_the_third_business_day_lists_it_from_local_midnight_on(firm: Cast) -> None:
    firm.entity("UK01", country="GB", timezone="Europe/London")
    firm.deal(won_at="2026-11-13T17:00Z", legal_entity="UK01")

    assert firm.judge("2026-11-17T23:59:59Z") == []
    assert firm.judge("2026-11-18T00:00Z") == [(K1, "O1", None, "1000.00", "GBP")]
    assert firm.one()["age_days"] == 3


def test_an_open_item_exists_before_it_is_an_exception(firm: Cast) -> None:
    firm.deal(won_at="2026-11-13T17:00Z")

    assert firm.judge("2026-11-13T17:05Z") == []
    assert [item.amount_minor for item in stored(firm.connection, K1)] == [100_000]


def test_it_is_urgent_past_act_by_time_alone(firm: Cast) -> None:
    firm.deal(won_at="2026-11-13T17:00Z")

    # Mon 16 = 1 .. Fri 20 = 5, Mon 23 = 6: more than 5
    firm.judge("2026-11-22T23:59Z")
    before = firm.one()["severity"]
    firm.judge("2026-11-23T00:00Z")

    assert firm.one()["act_at"] == utc("2026-11-23T00:00Z")
    assert (before, firm.one()["severity"]) == ("medium", "high")


def test_thresholds_are_configuration(firm: Cast) -> None:
    firm.rules = about(*USUAL, thresholds={K1: Threshold(0, 1, "order desk")})
    firm.deal(won_at="2026-11-13T17:00Z")

    # more than 0 business days: Monday is the first
    first_listed(firm, "2026-11-15T23:59Z", "2026-11-16T00:00Z")
    assert firm.one()["owner"] == "order desk"


def test_a_deal_won_on_a_saturday_counts_from_monday(firm: Cast) -> None:
    firm.deal(won_at="2026-11-14T10:00Z")

    # Mon 16 = 1, Tue 17 = 2, Wed 18 = 3
    first_listed(firm, "2026-11-17T23:59Z", "2026-11-18T00:00Z")


@pytest.mark.parametrize(
    ("country", "last_silent", "first_loud"),
    [
        # won Wed 23 Dec; GB: Thu 24 = 1, Fri 25 and Mon 28 (for Boxing Day) off, Tue 29 = 2, Wed 30 = 3
        ("GB", "2026-12-29T23:59Z", "2026-12-30T00:00Z"),
        # US: Thu 24 = 1, Fri 25 off, Mon 28 = 2, Tue 29 = 3
        ("US", "2026-12-28T23:59Z", "2026-12-29T00:00Z"),
    ],
)
def test_holidays_are_those_of_the_entitys_country(
    firm: Cast, country: str, last_silent: str, first_loud: str
) -> None:
    firm.entity("E1", country=country, timezone="UTC")
    firm.deal(won_at="2026-12-23T12:00Z", legal_entity="E1")

    first_listed(firm, last_silent, first_loud)


def test_a_companys_own_day_off_is_no_business_day(firm: Cast) -> None:
    firm.rules = about(*USUAL, days_off={"E1": frozenset({date(2026, 11, 16)})})
    firm.entity("E1", country="GB", timezone="UTC")
    firm.deal(won_at="2026-11-13T17:00Z", legal_entity="E1")

    # Mon 16 off, Tue 17 = 1, Wed 18 = 2, Thu 19 = 3
    first_listed(firm, "2026-11-18T23:59Z", "2026-11-19T00:00Z")


def test_a_country_rests_on_its_own_weekend(firm: Cast) -> None:
    firm.entity("SA01", country="SA", timezone="UTC")
    firm.deal(won_at="2026-11-10T12:00Z", legal_entity="SA01")

    # Friday and Saturday rest there: Wed 11 = 1, Thu 12 = 2, Sun 15 = 3
    first_listed(firm, "2026-11-14T23:59Z", "2026-11-15T00:00Z")


def test_late_evening_in_new_york_is_still_that_day(firm: Cast) -> None:
    firm.entity("US01", country="US", timezone="America/New_York")
    firm.deal(won_at="2026-11-18T03:00Z", legal_entity="US01")

    # 22:00 on Tue 17 there: Wed 18 = 1, Thu 19 = 2, Fri 20 = 3 from 05:00 UTC
    first_listed(firm, "2026-11-20T04:59Z", "2026-11-20T05:00Z")


def test_early_morning_in_tokyo_is_already_the_next_day(firm: Cast) -> None:
    firm.entity("JP01", country="JP", timezone="Asia/Tokyo")
    firm.deal(won_at="2026-11-16T16:00Z", legal_entity="JP01")

    # 01:00 on Tue 17 there: Wed 18 = 1, Thu 19 = 2, Fri 20 = 3 from Thu 15:00 UTC
    first_listed(firm, "2026-11-19T14:59Z", "2026-11-19T15:00Z")


def test_a_legal_entity_read_after_its_deal_changes_the_days_all_the_same(firm: Cast) -> None:
    firm.deal(won_at="2026-12-23T12:00Z", legal_entity="E1")
    firm.judge("2026-12-23T12:05Z")
    firm.entity("E1", country="GB", timezone="UTC")

    # as above: Wed 30 Dec in GB, whatever was read first
    first_listed(firm, "2026-12-29T23:59Z", "2026-12-30T00:00Z")


def test_an_engagements_legal_entity_speaks_for_a_deal_that_names_none(firm: Cast) -> None:
    firm.entity("E1", country="GB", timezone="UTC")
    firm.contract(opportunity_id="O1", legal_entity="E1")
    firm.deal(won_at="2026-12-23T12:00Z")

    # the contract's GB calendar: Wed 30 Dec
    first_listed(firm, "2026-12-29T23:59Z", "2026-12-30T00:00Z")


def test_the_engagements_calendar_holds_for_a_milestone_that_names_no_entity(firm: Cast) -> None:
    firm.entity("E1", country="GB", timezone="UTC")
    firm.promise(kind="milestone", recognition="milestone")
    firm.project(contract_id="C1", legal_entity="E1")
    firm.milestone(accepted_at="2026-12-22T12:00Z")

    # Wed 23 = 1, Thu 24 = 2, Tue 29 = 3, Wed 30 = 4: more than 3
    first_listed(firm, "2026-12-29T23:59Z", "2026-12-30T00:00Z")


def test_a_milestone_is_listed_on_the_fourth_business_day(firm: Cast) -> None:
    firm.promise(kind="milestone", recognition="milestone")
    firm.milestone(accepted_at="2026-11-02T12:00Z")

    # Tue 3 = 1, Wed 4 = 2, Thu 5 = 3, Fri 6 = 4
    first_listed(firm, "2026-11-05T23:59Z", "2026-11-06T00:00Z")
    assert keys(firm.exceptions()) == [(K3, "M1")]


def test_time_ages_from_the_sunday_that_ends_its_week(firm: Cast) -> None:
    worked(firm, "2026-10-05")

    # Sun 11 Oct; Mon 12 = 1 .. Fri 23 = 10, Mon 26 = 11: more than 10
    first_listed(firm, "2026-10-25T23:59Z", "2026-10-26T00:00Z")
    assert keys(firm.exceptions()) == [(K2, "P1")]


def test_time_is_urgent_after_thirty_business_days(firm: Cast) -> None:
    worked(firm, "2026-10-05")
    firm.judge("2026-10-26T00:00Z")

    # Sun 11 Oct; Fri 20 Nov = 30, Mon 23 Nov = 31
    assert firm.one()["act_at"] == utc("2026-11-23T00:00Z")


@pytest.mark.parametrize(
    ("week_end", "last_silent", "first_loud"),
    [
        # Sunday 4 Oct ends its own week; Mon 5 = 1 .. Fri 16 = 10, Mon 19 = 11
        (None, "2026-10-18T23:59Z", "2026-10-19T00:00Z"),
        # the week ends on Saturday 10 Oct; Mon 12 = 1 .. Fri 23 = 10, Mon 26 = 11
        ("6", "2026-10-25T23:59Z", "2026-10-26T00:00Z"),
    ],
)
def test_the_entity_may_end_its_week_on_another_day(
    firm: Cast, week_end: str | None, last_silent: str, first_loud: str
) -> None:
    firm.entity("E1", timezone="UTC", work_week_end=week_end)
    firm.project(billing_method="time_and_materials", legal_entity="E1")
    firm.time(work_date="2026-10-04")

    first_listed(firm, last_silent, first_loud)


@pytest.mark.parametrize(
    ("calendar", "anchor", "on", "last_silent", "first_loud"),
    [
        # billed Wed 7 Oct; Thu 8 = 1, Fri 9 = 2, 12-16 = 7, Wed 21 = 10, Thu 22 = 11
        ("weekly", "2026-10-07", "2026-10-05", "2026-10-21T23:59Z", "2026-10-22T00:00Z"),
        # worked after it: billed Wed 14 Oct, a week later throughout
        ("weekly", "2026-10-07", "2026-10-08", "2026-10-28T23:59Z", "2026-10-29T00:00Z"),
        # worked on the billing date itself: that is its date
        ("weekly", "2026-10-07", "2026-10-07", "2026-10-21T23:59Z", "2026-10-22T00:00Z"),
        # billed Sat 31 Oct; Mon 2 Nov = 1 .. Fri 13 = 10, Mon 16 = 11
        ("monthly", "2026-10-31", "2026-10-05", "2026-11-15T23:59Z", "2026-11-16T00:00Z"),
        # an anchor ahead steps back to Sat 31 Oct, one behind steps on to Fri 30 Oct: both Mon 16 Nov
        ("monthly", "2026-12-31", "2026-10-05", "2026-11-15T23:59Z", "2026-11-16T00:00Z"),
        ("monthly", "2026-09-30", "2026-10-05", "2026-11-15T23:59Z", "2026-11-16T00:00Z"),
        # billed Thu 31 Dec; Fri 1 Jan = 1 (no country, no holiday), 4-8 = 6, Thu 14 = 10, Fri 15 = 11
        ("quarterly", "2026-12-31", "2026-10-05", "2027-01-14T23:59Z", "2027-01-15T00:00Z"),
    ],
)
def test_time_ages_from_the_lines_next_billing_date_when_it_has_a_calendar(
    firm: Cast, calendar: str, anchor: str, on: str, last_silent: str, first_loud: str
) -> None:
    worked(firm, on, billing_calendar=calendar, next_billing_on=anchor)

    first_listed(firm, last_silent, first_loud)


def test_a_billing_date_without_a_calendar_leaves_later_work_to_its_week(firm: Cast) -> None:
    worked(firm, "2026-10-05", next_billing_on="2026-10-02")

    # Sun 11 Oct, as without it; ten days after Monday 5 Oct itself would be Tue 20 Oct
    first_listed(firm, "2026-10-25T23:59Z", "2026-10-26T00:00Z")


def test_only_entries_past_the_threshold_count_and_all_open_work_stands_beside(firm: Cast) -> None:
    firm.project(billing_method="time_and_materials")
    firm.time("T1", work_date="2026-10-05")
    firm.time("T2", work_date="2026-10-12", hours="3")

    # T1 is past on 26 Oct, T2 (Sun 18 Oct) only on 2 Nov: 8 x 100 listed, 8 x 100 + 3 x 100 open
    assert firm.judge("2026-10-26T00:00Z") == [(K2, "P1", None, "800.00", "GBP")]
    assert firm.one()["wip_minor"] == 110_000


def test_a_later_week_joins_the_amount_by_time_alone(firm: Cast) -> None:
    firm.project(billing_method="time_and_materials")
    firm.time("T1", work_date="2026-10-05")
    firm.time("T2", work_date="2026-10-12", hours="3")
    firm.judge("2026-10-26T00:00Z")

    assert firm.judge("2026-11-01T23:59Z") == [(K2, "P1", None, "800.00", "GBP")]
    assert firm.judge("2026-11-02T00:00Z") == [(K2, "P1", None, "1100.00", "GBP")]
