"""KPIs worked by hand: the formula in a line, small numbers, and the figure they must come to."""

from __future__ import annotations

from fractions import Fraction

import pytest

from metrics.figures import Terms, quantile
from tests.app.firm import rate
from tests.cast import Cast
from tests.figures import by_currency, history, value


def _pounds(amount: int) -> Fraction:
    return Fraction(amount * 100)


# ---- money by month ------------------------------------------------------------------------------


def test_a_deal_counts_in_the_month_of_its_legal_entitys_own_day(firm: Cast) -> None:
    firm.entity("JP01", country="JP", timezone="Asia/Tokyo")
    firm.deal("O1", won_at="2026-10-31T16:00Z", legal_entity="JP01", currency="JPY", amount="5000")
    firm.deal("O2", won_at="2026-10-31T16:00Z", currency="JPY", amount="700")

    found = history(firm, "sold")
    assert (value(found["2026-10"]), value(found["2026-11"])) == (700, 5000)


def test_a_month_is_the_legal_entitys_own_period(firm: Cast) -> None:
    # weeks of 4-4-5: October ends on the 24th
    firm.entity("UK01")
    firm.put("period", "P10", "erp", name="FY26-10", legal_entity="UK01", start_on="2026-09-27",
             end_on="2026-10-24", status="closed")  # fmt: skip
    firm.put("period", "P11", "erp", name="FY26-11", legal_entity="UK01", start_on="2026-10-25",
             end_on="2026-11-28", status="open")  # fmt: skip
    firm.deal("O1", won_at="2026-10-26T12:00Z", legal_entity="UK01")

    found = history(firm, "sold")
    assert (value(found["2026-10"]), value(found["2026-11"])) == (None, _pounds(1000))


def test_backlog_is_what_was_signed_less_what_was_recognised_by_then(firm: Cast) -> None:
    # 1000 - 300 = 700; 700 - 200 = 500; the reversal gives 200 back
    firm.contract("C1", amount="1000", signed_at="2026-09-10T12:00Z")
    firm.revenue("V1", "300", contract_id="C1", posted_on="2026-10-31")
    firm.revenue("V2", "200", contract_id="C1", posted_on="2026-11-05")
    assert [value(f) for f in history(firm, "backlog").values()][-4:] == [
        None, _pounds(1000), _pounds(700), _pounds(500)
    ]  # fmt: skip

    firm.revenue("V3", "200", contract_id="C1", posted_on="2026-11-12", reverses_id="V2")
    assert value(history(firm, "backlog")["2026-11"]) == _pounds(700)
    assert value(history(firm, "recognised")["2026-11"]) == 0


def test_an_engagement_recognised_beyond_what_it_sold_lowers_nobody_elses_backlog(firm: Cast) -> None:
    firm.contract("C1", amount="100", signed_at="2026-09-10T12:00Z")
    firm.contract("C2", amount="500", signed_at="2026-09-10T12:00Z")
    firm.revenue("V1", "160", contract_id="C1", posted_on="2026-10-31")

    assert value(history(firm, "backlog")["2026-11"]) == _pounds(500)


def test_backlog_is_scheduled_where_something_is_planned(firm: Cast) -> None:
    firm.contract("C1", amount="100", signed_at="2026-09-10T12:00Z")
    firm.contract("C2", amount="500", signed_at="2026-09-10T12:00Z")
    firm.project("P2", contract_id="C2")
    firm.put("allocation", "A1", "psa", project_id="P2", resource_id="R1", start_on="2026-11-01",
             end_on="2027-01-31", percent="50")  # fmt: skip

    found = history(firm, "backlog")["2026-11"]
    assert (value(found, "scheduled"), value(found, "unscheduled")) == (_pounds(500), _pounds(100))


def test_delivered_is_approved_time_and_accepted_milestones(firm: Cast) -> None:
    # 8 h x 100 = 800, and a milestone of 1000; rejected hours are worth nothing
    firm.contract()
    firm.promise("CL1", kind="milestone")
    firm.promise("CL2")
    firm.project(contract_id="C1")
    firm.time("T1", contract_line_id="CL2", work_date="2026-11-03")
    firm.time("T2", contract_line_id="CL2", work_date="2026-11-03", status="rejected")
    firm.milestone()

    found = history(firm, "delivered")["2026-11"]
    assert (value(found, "time"), value(found, "milestones")) == (_pounds(800), _pounds(1000))


def test_invoiced_is_net_of_credits_and_leaves_drafts_out(firm: Cast) -> None:
    firm.invoice("I1", issued_on="2026-11-05")
    firm.line("L1", "500")
    firm.invoice("I2", "draft", issued_on="2026-11-05")
    firm.line("L2", "70", "I2")
    firm.invoice("I3", kind="credit_note", issued_on="2026-11-09")
    firm.line("L3", "120", "I3", credits_line_id="L1")

    assert value(history(firm, "invoiced")["2026-11"]) == _pounds(380)


def test_wip_of_the_running_month_is_what_the_checks_hold_open(firm: Cast) -> None:
    firm.project(billing_method="time_and_materials")
    firm.time("T1", work_date="2026-10-05", approved_at="2026-10-09T12:00Z")
    firm.time("T2", work_date="2026-11-03", hours="1", approved_at="2026-11-06T12:00Z")

    found = history(firm, "wip")["2026-11"]
    assert value(found) == _pounds(900)
    # the week of 5 October ended on the 11th, that of 3 November on the 8th
    assert (value(found, "31-60"), value(found, "1-30")) == (_pounds(800), _pounds(100))


def test_wip_of_an_earlier_month_is_what_was_not_yet_on_an_invoice(firm: Cast) -> None:
    firm.project(billing_method="time_and_materials")
    firm.time("T1", work_date="2026-09-07", approved_at="2026-09-09T12:00Z")
    firm.invoice(issued_on="2026-10-15")
    firm.line("L1", "800", entries=["T1"])

    found = history(firm, "wip")
    assert [value(found[month]) for month in ("2026-08", "2026-09", "2026-10")] == [None, _pounds(800), None]
    assert value(found["2026-11"]) is None


def test_lines_that_name_no_entry_take_the_oldest_time_first(firm: Cast) -> None:
    # 800 + 800 earned by the end of October, 1000 billed by then: 600 of the younger is left
    firm.project(billing_method="time_and_materials")
    firm.time("T1", work_date="2026-09-07", approved_at="2026-09-09T12:00Z")
    firm.time("T2", work_date="2026-10-26", approved_at="2026-10-28T12:00Z")
    firm.invoice(issued_on="2026-10-29")
    firm.line("L1", "1000")

    found = history(firm, "wip")
    assert value(found["2026-09"]) == _pounds(800)
    assert value(found["2026-10"]) == value(found["2026-10"], "1-30") == _pounds(600)


# ---- currencies ----------------------------------------------------------------------------------


def test_money_is_added_per_currency_and_converted_at_the_named_rate(firm: Cast) -> None:
    rate(firm, "GBP", "1.2")
    firm.deal("O1", amount="1000")
    firm.deal("O2", amount="500", currency="EUR")
    firm.deal("O3", amount="9", currency="KWD")

    found = history(firm, "sold", terms=Terms({}, "EUR", "daily"))["2026-11"]
    assert by_currency(found) == {"EUR": 50_000, "GBP": 100_000, "KWD": 9_000}
    # 1000 x 1.2 + 500 = 1700; what has no rate is named, not guessed
    assert value(found) == 170_000
    assert found.whole is not None
    assert (found.whole.currency, found.whole.unconverted) == ("EUR", ("KWD",))


def test_without_a_reporting_currency_nothing_is_added_across_currencies(firm: Cast) -> None:
    firm.deal("O1", amount="1000")
    firm.deal("O2", amount="500", currency="EUR")

    found = history(firm, "sold")["2026-11"]
    assert value(found) is None
    assert by_currency(found) == {"EUR": 50_000, "GBP": 100_000}


# ---- people --------------------------------------------------------------------------------------


@pytest.fixture
def staff(firm: Cast) -> Cast:
    """One person of 40 hours a week, away on 3 and 4 November 2026: 15 business days less 2 are 104 hours."""
    firm.entity("UK01", country="GB", timezone="Europe/London")
    firm.put("resource", "R1", "hcm", name="Ada", legal_entity="UK01", weekly_hours="40")
    firm.put("resource", "W1", "psa", name="Ada", resource_id="R1")
    firm.put("absence", "A1", "hcm", resource_id="R1", legal_entity="UK01", start_on="2026-11-03",
             end_on="2026-11-04")  # fmt: skip
    firm.project("P1", legal_entity="UK01")
    firm.project("P9", legal_entity="UK01", internal=True)
    return firm


def _worked(firm: Cast, identifier: str, hours: str, **fields: object) -> None:
    firm.time(identifier, hours=hours, work_date="2026-11-10", legal_entity="UK01",
              **{"resource_id": "W1", **fields})  # fmt: skip


def test_utilisation_is_billable_hours_of_the_hours_there(staff: Cast) -> None:
    # 26 / (15 x 8 - 16) = 26 / 104 = 25 %
    _worked(staff, "T1", "26")
    _worked(staff, "T2", "50", status="submitted")

    assert value(history(staff, "utilisation")["2026-11"]) == 25


def test_credited_hours_count_and_internal_hours_shorten_the_time_there(staff: Cast) -> None:
    # (26 + 13) / (104 - 13) = 39 / 91 = 3 / 7
    _worked(staff, "T1", "26")
    _worked(staff, "T2", "13", billable=False)
    _worked(staff, "T3", "13", billable=False, project_id="P9")

    found = history(staff, "utilisation")["2026-11"]
    assert (value(found, "billable"), value(found, "credited")) == (25, Fraction(300, 7))


def test_hours_there_are_cut_where_somebody_began_and_left(staff: Cast) -> None:
    # 12, 13, 16, 17 and 18 November are 5 days: 10 / 40
    staff.put(
        "resource", "R2", "hcm", name="Bo", legal_entity="UK01", start_on="2026-11-12", end_on="2026-11-18"
    )
    staff.put("resource", "R1", "hcm", name="Ada", legal_entity="UK01", end_on="2026-10-31")
    _worked(staff, "T1", "10", resource_id="R2", resource_system="hcm")

    assert value(history(staff, "utilisation")["2026-11"]) == 25


def test_bench_is_the_part_of_capacity_without_a_booking(staff: Cast) -> None:
    # half of 15 days of 8 hours is booked: 60 of 104 hours, 44 are free
    staff.put("allocation", "B1", "psa", project_id="P1", resource_id="W1", legal_entity="UK01",
              start_on="2026-11-01", end_on="2026-11-30", percent="50")  # fmt: skip

    assert value(history(staff, "bench")["2026-11"]) == Fraction(4400, 104)
    assert value(history(staff, "staffed_capacity")["2026-11"]) == Fraction(6000, 104)


# ---- days ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("numbers", "median", "ninety"),
    [
        ([(4, 1)], 4, 4),
        ([(2, 1), (4, 1), (9, 1)], 4, 9),
        ([(2, 1), (5, 1)], Fraction(7, 2), 5),
        ([(1, 9), (100, 1)], 1, 1),
        ([(1, 8), (100, 2)], 1, 100),
    ],
)
def test_a_median_is_the_middle_and_the_90th_percentile_one_that_occurs(
    numbers: list[tuple[int, int]], median: Fraction, ninety: Fraction
) -> None:
    assert quantile(numbers, Fraction(1, 2)) == median
    assert quantile(numbers, Fraction(9, 10)) == ninety


def test_days_to_bill_is_the_median_wait_from_acceptance_to_posting(firm: Cast) -> None:
    # 2, 4 and 9 days
    firm.contract()
    firm.promise(kind="milestone")
    firm.project(contract_id="C1")
    for number, days in enumerate((2, 4, 9)):
        firm.milestone(f"M{number}", accepted_at="2026-11-02T12:00Z")
        day = f"2026-11-{2 + days:02}"
        firm.invoice(f"I{number}", issued_on=day, posted_at=f"{day}T12:00Z")
        firm.line(f"L{number}", "1000", f"I{number}", milestone_id=f"M{number}", covers="milestone")

    found = history(firm, "days_to_bill")["2026-11"]
    assert (value(found), value(found, "milestones"), value(found, "time")) == (4, 4, None)


def test_activation_takes_business_days_until_both_systems_are_active(firm: Cast) -> None:
    # won on Friday 30 October; PSA on Wednesday (3), ERP on Friday (5)
    firm.deal("O1", won_at="2026-10-30T12:00Z")
    firm.contract("C1", opportunity_id="O1", signed_at="2026-11-02T12:00Z")
    firm.project(contract_id="C1", activated_at="2026-11-04T12:00Z")
    firm.job(activated_at="2026-11-06T12:00Z")

    found = history(firm, "project_activation_cycle_time")["2026-11"]
    assert value(found) == 5
    assert [value(found, part) for part in ("won_to_signed", "signed_to_psa", "psa_to_erp")] == [1, 2, 2]


def test_dso_is_what_is_owed_over_90_days_of_sales(firm: Cast) -> None:
    # 300 / 900 x 90 = 30 days; the paid invoice owes nothing
    firm.invoice("I1", "paid", issued_on="2026-10-01", amount="600")
    firm.line("L1", "600")
    firm.invoice("I2", issued_on="2026-11-02", amount="300")
    firm.line("L2", "300", "I2")

    found = history(firm, "dso")
    assert value(found["2026-11"]) == 30
    # nobody tells what was open at the end of October
    assert value(found["2026-10"]) is None


def test_dso_of_an_earlier_month_rests_on_the_ledgers_balance(firm: Cast) -> None:
    firm.entity("UK01")
    firm.put("ledger_balance", "B1", "erp", account="receivable", period="2026-10", currency="GBP", opening="0",
             closing="450", legal_entity="UK01")  # fmt: skip
    firm.invoice("I1", issued_on="2026-10-01", amount="900", legal_entity="UK01")
    firm.line("L1", "900", legal_entity="UK01")

    assert value(history(firm, "dso")["2026-10"]) == 45


def test_lock_up_is_wip_days_and_dso(firm: Cast) -> None:
    # WIP 800 / 1600 x 90 = 45; DSO 300 / 900 x 90 = 30
    firm.project(billing_method="time_and_materials")
    firm.time("T1", work_date="2026-11-03", approved_at="2026-11-06T12:00Z")
    firm.revenue("V1", "1600", project_id="P1", posted_on="2026-10-31")
    firm.invoice("I1", issued_on="2026-10-01", amount="900", open_amount="300")
    firm.line("L1", "900", covers="fee")

    found = history(firm, "lock_up")["2026-11"]
    assert (value(found, "wip_days"), value(found, "dso"), value(found)) == (45, 30, 75)


def test_closing_a_month_takes_days_from_its_end(firm: Cast) -> None:
    firm.put("period", "P10", "erp", name="2026-10", start_on="2026-10-01", end_on="2026-10-31", status="closed",
             closed_at="2026-11-06T12:00Z")  # fmt: skip

    assert value(history(firm, "close_cycle_time")["2026-10"]) == Fraction(11, 2)


# ---- rates ---------------------------------------------------------------------------------------


def test_realisation_is_hours_billed_of_hours_billable_and_their_value_of_the_standard(firm: Cast) -> None:
    # 8 of 16 h are billed: 50 %; at 100 where 125 is standard: 80 %
    firm.put("resource", "R1", "hcm", name="Ada", bill_rate="125", currency="GBP")
    firm.project(billing_method="time_and_materials")
    for identifier in ("T1", "T2"):
        firm.time(identifier, resource_id="R1", resource_system="hcm")
    firm.invoice(issued_on="2026-10-30")
    firm.line("L1", "800", entries=["T1"])

    found = history(firm, "realisation")["2026-10"]
    assert (value(found, "time"), value(found, "rate")) == (50, 80)


def test_the_effective_rate_counts_all_hours(firm: Cast) -> None:
    # 1200 / (8 + 4) = 100 an hour
    firm.project()
    firm.time("T1")
    firm.time("T2", hours="4", billable=False)
    firm.revenue("V1", "1200", project_id="P1", posted_on="2026-10-31")

    assert value(history(firm, "effective_rate")["2026-10"]) == _pounds(100)


def test_a_margin_leaves_out_work_whose_cost_nobody_knows(firm: Cast) -> None:
    # (1000 - 8 x 50) / 1000 = 60 %
    firm.put("resource", "R1", "hcm", name="Ada", cost_rate="50", currency="GBP")
    firm.project("P1")
    firm.project("P2")
    firm.time("T1", resource_id="R1", resource_system="hcm")
    firm.revenue("V1", "1000", project_id="P1", posted_on="2026-10-31")
    firm.revenue("V2", "9999", project_id="P2", posted_on="2026-10-31")

    assert value(history(firm, "project_margin")["2026-10"]) == 60


def test_leakage_is_what_is_never_billed_over_revenue(firm: Cast) -> None:
    # (800 written off + 200 rejected) / 5000 = 20 %
    firm.project(billing_method="time_and_materials")
    firm.time("T1", written_off=True)
    firm.time("T2", hours="2", status="rejected")
    firm.revenue("V1", "5000", project_id="P1", posted_on="2026-10-31")

    found = history(firm, "revenue_leakage")["2026-10"]
    assert value(found) == 20
    assert (value(found, "written_off"), value(found, "rejected")) == (_pounds(800), _pounds(200))


def test_forecasts_are_weighed_by_the_hours_worked(firm: Cast) -> None:
    # 1 - (|100 - 80| + |50 - 60|) / 150 = 80 %; bias (80 - 100 + 60 - 50) / 150 = -1 / 15
    for project, worked, forecast in (("P1", "100", "80"), ("P2", "50", "60")):
        firm.project(project)
        firm.time(f"T{project}", project_id=project, hours=worked)
        firm.put("forecast", f"F{project}", "psa", project_id=project, period="2026-10", hours=forecast)

    found = history(firm, "forecast_accuracy")["2026-10"]
    assert (value(found), value(found, "bias")) == (80, Fraction(-20, 3))
