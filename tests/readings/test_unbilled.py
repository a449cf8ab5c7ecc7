"""Section 12, K2: what is open, what relieves it, and what it is worth."""

from __future__ import annotations

import pytest

from tests.cast import K2, Cast, keys

NOW = "2026-12-01T12:00Z"
SOON = "2026-12-01T12:05Z"


def open_at(firm: Cast) -> str:
    """The amount of the only exception; 0.00 when there is none."""
    found = firm.judge(NOW)
    assert len(found) <= 1
    return found[0][3] if found else "0.00"


# ---- what is time and materials ----------------------------------------------------------------


def test_an_approved_entry_on_a_time_and_materials_line_is_open(lines: Cast) -> None:
    lines.time(contract_line_id="CL1")

    # 8 x 100
    assert lines.judge(NOW) == [(K2, "P1", "CL1", "800.00", "GBP")]


@pytest.mark.parametrize("kind", ["milestone", "fixed_fee", "retainer"])
def test_time_on_a_line_of_another_kind_is_not_this_checks_business(firm: Cast, kind: str) -> None:
    firm.promise("CL1", kind=kind)
    firm.project(contract_id="C1", billing_method="time_and_materials")
    firm.time(contract_line_id="CL1")

    assert firm.judge(NOW) == []


def test_without_lines_the_projects_billing_method_is_its_one_line(project: Cast) -> None:
    project.time()

    assert project.judge(NOW) == [(K2, "P1", None, "800.00", "GBP")]


@pytest.mark.parametrize("method", ["milestone", "fixed_fee", "retainer"])
def test_a_project_billed_otherwise_owes_no_time(firm: Cast, method: str) -> None:
    firm.project(billing_method=method)
    firm.time()

    assert firm.judge(NOW) == []


def test_with_neither_line_nor_method_the_time_is_untraceable_and_not_k2(firm: Cast) -> None:
    firm.project()
    firm.time("T1")
    firm.time("T2", contract_line_id="CL9")
    firm.time("T3", project_id=None)

    assert firm.judge(NOW) == []


def test_an_entry_that_names_only_its_contract_line_is_open_too(lines: Cast) -> None:
    lines.time("T1", project_id=None, contract_line_id="CL1")

    assert [found[2:] for found in lines.judge(NOW)] == [("CL1", "800.00", "GBP")]


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "draft"},
        {"status": "submitted"},
        {"status": "rejected"},
        {"billable": False},
        {"held": True},
        {"written_off": True},
        {"deleted_at": "2026-10-06T00:00Z"},
    ],
)
def test_what_is_not_approved_billable_work_is_not_open(project: Cast, fields: dict[str, object]) -> None:
    project.time("T1", **fields)

    assert project.judge(NOW) == []


@pytest.mark.parametrize(
    "fields", [{"status": "rejected"}, {"held": True}, {"written_off": True}, {"billable": False}]
)
def test_it_clears_when_the_entry_is_taken_back(project: Cast, fields: dict[str, object]) -> None:
    project.time("T1")
    project.judge(NOW)
    project.time("T1", **fields)

    assert project.judge(SOON) == []


def test_it_clears_when_the_entry_leaves_its_source_and_regresses_when_it_returns(project: Cast) -> None:
    project.time("T1", at="2026-10-06T00:00Z")
    project.judge(NOW)
    project.delete("time_entry", "psa", "T1")
    assert project.judge(SOON) == []
    project.time("T1", at="2026-10-06T00:00Z")

    assert keys(project.judge("2026-12-01T12:10Z")) == [(K2, "P1")]


def test_one_finding_per_contract_line_and_currency(lines: Cast) -> None:
    lines.time("T1", contract_line_id="CL1")
    lines.time("T2", contract_line_id="CL2", hours="2")
    lines.time("T3", contract_line_id="CL2", hours="1", currency="USD")

    # 8 x 100, 2 x 100, 1 x 100
    assert lines.judge(NOW) == [
        (K2, "P1", "CL1", "800.00", "GBP"),
        (K2, "P1", "CL2", "200.00", "GBP"),
        (K2, "P1", "CL2", "100.00", "USD"),
    ]


def test_time_booked_on_erps_view_is_listed_under_the_project_it_is_a_view_of(project: Cast) -> None:
    project.job("J1", "P1")
    project.time("T1", project_id="J1", project_system="erp")

    assert project.judge(NOW) == [(K2, "P1", None, "800.00", "GBP")]


# ---- value ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "rate", "currency", "rounding", "amount"),
    [
        # 0.1 x 0.05 = 0.005, half up
        ("0.1", "0.05", "GBP", None, "0.01"),
        ("1", "10.0049", "GBP", None, "10.00"),
        ("7.33", "100.15", "GBP", None, "734.10"),  # 734.0995
        ("1", "10.005", "GBP", "half_even", "10.00"),
        ("1", "10.015", "GBP", "half_even", "10.02"),
        ("1", "10.009", "GBP", "down", "10.00"),
        ("1.5", "333", "JPY", None, "500"),  # 499.5
        ("1", "1.2345", "KWD", None, "1.235"),
    ],
)
def test_an_entry_is_rounded_half_up_to_its_minor_unit_unless_the_source_says_otherwise(
    project: Cast, hours: str, rate: str, currency: str, rounding: str | None, amount: str
) -> None:
    project.time("T1", hours=hours, rate=rate, currency=currency, rounding=rounding)

    assert project.judge(NOW) == [(K2, "P1", None, amount, currency)]


def test_each_entry_is_rounded_by_itself(project: Cast) -> None:
    for n in "123":
        project.time(f"T{n}", hours="0.1", rate="0.05")

    # 3 x 0.01, not 0.015 rounded once
    assert open_at(project) == "0.03"


def test_an_entry_without_a_rate_takes_its_contract_lines(firm: Cast) -> None:
    firm.promise("CL1", rate="90")
    firm.project(contract_id="C1")
    firm.time("T1", contract_line_id="CL1", rate=None, currency=None)
    firm.time("T2", contract_line_id="CL1", rate="100", hours="1")

    # 8 x 90 and, at its own rate, 1 x 100
    assert open_at(firm) == "820.00"


def test_a_contract_lines_rate_is_money_of_the_contract_line(firm: Cast) -> None:
    firm.promise("CL1", rate="90", currency="USD")
    firm.project(contract_id="C1")
    firm.time("T1", contract_line_id="CL1", rate=None, currency="GBP")

    assert firm.judge(NOW) == [(K2, "P1", "CL1", "720.00", "USD")]


@pytest.mark.parametrize("line_first", [True, False])
def test_the_lines_rate_counts_whichever_came_first_though_nothing_ties_them(
    firm: Cast, line_first: bool
) -> None:
    firm.project()
    if line_first:
        firm.promise("CL1", rate="90")
    firm.time("T1", contract_line_id="CL1", rate=None, currency=None)
    if not line_first:
        firm.promise("CL1", rate="90")

    assert open_at(firm) == "720.00"


def test_a_new_rate_of_the_line_changes_the_value(firm: Cast) -> None:
    firm.promise("CL1", rate="90")
    firm.project(contract_id="C1")
    firm.time("T1", contract_line_id="CL1", rate=None, currency=None)
    firm.judge(NOW)
    firm.promise("CL1", rate="95")

    # 8 x 95
    assert firm.judge(SOON) == [(K2, "P1", "CL1", "760.00", "GBP")]


def test_entries_without_any_rate_count_nothing_and_their_hours_are_named(project: Cast) -> None:
    project.time("T1")
    project.time("T2", rate=None, hours="5")

    assert open_at(project) == "800.00"
    assert "5 h have no rate and count 0.00" in project.one()["reason"]


def test_entries_without_any_rate_alone_are_no_finding(project: Cast) -> None:
    project.time("T1", rate=None)

    assert project.judge(NOW) == []


def test_a_correction_lowers_the_sum(project: Cast) -> None:
    project.time("T1")
    project.time("T2", hours="-2")

    # 800 - 200
    assert open_at(project) == "600.00"


@pytest.mark.parametrize("hours", ["-8", "-9"])
def test_a_net_of_nothing_or_less_is_no_finding(project: Cast, hours: str) -> None:
    project.time("T1")
    project.time("T2", hours=hours)

    assert project.judge(NOW) == []


def test_billing_the_net_of_a_correction_leaves_nothing(project: Cast) -> None:
    project.time("T1")
    project.time("T2", hours="-2")
    project.invoice()
    project.line("L1", "600")

    assert project.judge(NOW) == []


def test_a_correction_billed_by_reference_is_done(project: Cast) -> None:
    project.time("T1")
    project.time("T2", hours="-2")
    project.invoice()
    project.line("L1", "600", entries=("T1", "T2"))

    assert project.judge(NOW) == []


# ---- work that nothing ties to its contract line -------------------------------------------------


def test_a_batch_sees_the_billing_of_a_line_that_nothing_ties_to_the_project(firm: Cast) -> None:
    firm.promise("CL1")
    firm.project()
    firm.time("T1", contract_line_id="CL1")
    firm.invoice()
    firm.line("L1", "300", contract_line_id="CL1")
    firm.judge(NOW)
    firm.time("T1", contract_line_id="CL1", hours="7")

    # 7 x 100 - 300, and a full evaluation agrees
    assert open_at(firm) == "400.00"
    assert firm.drift(NOW) == {}


def test_a_line_that_turns_out_to_be_of_another_kind_ends_it_though_nothing_ties_it(firm: Cast) -> None:
    firm.promise("CL1")
    firm.project()
    firm.time("T1", contract_line_id="CL1")
    firm.judge(NOW)
    firm.promise("CL1", kind="fixed_fee")

    assert firm.judge(SOON) == []
    assert firm.drift(SOON) == {}
