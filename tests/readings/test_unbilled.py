"""Section 12, K2: what is open, what relieves it, and what it is worth."""

from __future__ import annotations

import json

import pytest

from tests.cast import K2, Cast, keys

NOW = "2026-12-01T12:00Z"
SOON = "2026-12-01T12:05Z"


@pytest.fixture
def project(firm: Cast) -> Cast:
    """Project P1, billed by time and materials, in a firm that keeps no contract lines."""
    firm.project(billing_method="time_and_materials")
    return firm


@pytest.fixture
def lines(firm: Cast) -> Cast:
    """Project P1 under contract C1 with two time-and-materials lines, CL1 and CL2."""
    firm.contract()
    firm.promise("CL1")
    firm.promise("CL2")
    firm.project(contract_id="C1")
    return firm


def facts(firm: Cast) -> dict[str, object]:
    """What the only finding's explanation is made of."""
    found: dict[str, object] = json.loads(firm.one()["facts"])
    return found


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


# ---- which lines are live ------------------------------------------------------------------------


@pytest.mark.parametrize("entries", [("T1",), ()])
@pytest.mark.parametrize(
    ("status", "left"),
    [
        ("draft", "800.00"),
        ("pending_approval", "800.00"),
        ("void", "800.00"),
        ("posted", "0.00"),
        ("sent", "0.00"),
        ("paid", "0.00"),
    ],
)
def test_a_line_is_live_when_posted_or_sent(
    project: Cast, status: str, left: str, entries: tuple[str, ...]
) -> None:
    project.time("T1")
    project.invoice(status=status)
    project.line("L1", "800", entries=entries)

    assert open_at(project) == left


@pytest.mark.parametrize("entries", [("T1",), ()])
def test_voiding_an_invoice_opens_its_time_again_as_the_same_finding(
    project: Cast, entries: tuple[str, ...]
) -> None:
    project.time("T1")
    project.judge(NOW)
    identifier = project.one()["id"]
    project.invoice()
    project.line("L1", "800", entries=entries)
    assert project.judge(SOON) == []
    project.invoice(status="void")

    assert project.judge("2026-12-01T12:10Z") == [(K2, "P1", None, "800.00", "GBP")]
    assert project.one()["id"] == identifier


@pytest.mark.parametrize("kind", ["invoice", "invoice_line"])
@pytest.mark.parametrize("entries", [("T1",), ()])
def test_a_deleted_invoice_or_line_relieves_nothing(
    project: Cast, kind: str, entries: tuple[str, ...]
) -> None:
    project.time("T1")
    project.invoice("B1")
    project.line("B1", "800", invoice="B1", entries=entries)
    assert project.judge(NOW) == []
    project.delete(kind, "erp", "B1")

    assert keys(project.judge(SOON)) == [(K2, "P1")]


def test_a_draft_line_over_nothing_relieves_nothing(project: Cast) -> None:
    project.time("T1")
    project.invoice(status="draft")
    project.line("L1", "0", entries=("T1",))

    assert open_at(project) == "800.00"


def test_a_posted_line_over_nothing_has_billed_the_hours_it_names(project: Cast) -> None:
    project.time("T1")
    project.invoice()
    project.line("L1", "0", entries=("T1",))

    assert open_at(project) == "0.00"


def test_a_line_whose_header_is_not_here_yet_relieves_nothing(project: Cast) -> None:
    project.time("T1")
    project.line("L1", "800", entries=("T1",))

    assert open_at(project) == "800.00"


# ---- relief by reference -------------------------------------------------------------------------


def test_a_line_that_names_part_of_an_entry_relieves_that_part(project: Cast) -> None:
    project.time("T1")
    project.invoice()
    project.line("L1", "300", entries=(("T1", "3"),))

    # (8 - 3) x 100, whatever the line costs
    assert open_at(project) == "500.00"
    assert facts(project)["relieved_by_reference"] == 30_000


def test_relief_by_hours_does_not_look_at_the_amount(project: Cast) -> None:
    project.time("T1")
    project.invoice()
    project.line("L1", "123.45", entries=("T1",))

    assert open_at(project) == "0.00"


@pytest.mark.parametrize(("first", "second", "left"), [("3", "5", "0.00"), ("3", "3", "200.00"), ("8", "8", "0.00")])
def test_an_entry_may_be_billed_over_two_lines(project: Cast, first: str, second: str, left: str) -> None:
    project.time("T1")
    project.invoice("I1")
    project.invoice("I2")
    project.line("L1", "1", invoice="I1", entries=(("T1", first),))
    project.line("L2", "1", invoice="I2", entries=(("T1", second),))

    assert open_at(project) == left


def test_an_entry_may_name_its_line_itself(project: Cast) -> None:
    project.time("T1", invoice_line_id="L1")
    project.invoice()
    project.line("L1", "800")

    assert open_at(project) == "0.00"


def test_an_entry_and_a_line_that_name_each_other_bill_it_once(project: Cast) -> None:
    project.time("T1", invoice_line_id="L1")
    project.invoice("I1")
    project.line("L1", "800", entries=(("T1", "8"),))
    project.invoice("I2", kind="credit_note")
    project.line("L2", "400", invoice="I2", credits_line_id="L1")

    # half of the one billing is credited
    assert open_at(project) == "400.00"


def test_a_line_that_no_longer_names_an_entry_lets_it_go(project: Cast) -> None:
    project.time("T1")
    project.time("T2", hours="2")
    project.invoice()
    project.line("L1", "1000", entries=("T1", "T2"))
    project.judge(NOW)
    project.line("L1", "1000", entries=("T1",))

    assert project.judge(SOON) == [(K2, "P1", None, "200.00", "GBP")]


def test_the_psas_own_billed_flag_proves_nothing_and_is_shown(project: Cast) -> None:
    project.time("T1", billed=True)

    assert open_at(project) == "800.00"
    assert "PSA calls 1 of them billed" in project.one()["reason"]


# ---- credits -------------------------------------------------------------------------------------


def billed(firm: Cast, *hours: str, expense: str | None = None) -> None:
    """Invoice I1 with a line for each entry T1, T2 .. at 100.00 an hour, and an expense beside them."""
    firm.invoice("I1")
    for n, h in enumerate(hours, start=1):
        firm.time(f"T{n}", hours=h)
        firm.line(f"L{n}", str(int(h) * 100), entries=(f"T{n}",))
    if expense:
        firm.line("LX", expense, covers="expense")


def test_a_credit_of_a_line_gives_back_what_it_credits(project: Cast) -> None:
    billed(project, "8", "4")
    project.invoice("I2", kind="credit_note")
    project.line("L9", "200", invoice="I2", credits_line_id="L1")

    # 200 of the 800 of L1
    assert open_at(project) == "200.00"


def test_a_credit_of_the_header_gives_back_pro_rata(project: Cast) -> None:
    billed(project, "1", expense="300")
    project.invoice("I2", kind="credit_note", credits_id="I1")
    project.line("L9", "100", invoice="I2", project_id=None)

    # 100 over 100 + 300: a quarter of it is time
    assert open_at(project) == "25.00"


def test_a_header_credit_without_lines_gives_back_its_own_amount(project: Cast) -> None:
    billed(project, "1", expense="300")
    project.invoice("I2", kind="credit_note", credits_id="I1", amount="100")

    assert open_at(project) == "25.00"


def test_odd_cents_of_a_header_credit_go_somewhere(firm: Cast) -> None:
    firm.invoice("I1")
    for n in "123":
        firm.project(f"P{n}", billing_method="time_and_materials")
        firm.time(f"T{n}", project_id=f"P{n}", hours="1")
        firm.line(f"L{n}", "100", project_id=f"P{n}", entries=(f"T{n}",))
    firm.invoice("I2", kind="credit_note", credits_id="I1")
    firm.line("L9", "100", invoice="I2", project_id=None)

    # 100.00 / 3: two times 33.33 and one 33.34
    assert sorted(found[3] for found in firm.judge(NOW)) == ["33.33", "33.33", "33.34"]


def test_a_credit_of_unreferenced_billing_gives_back_too(project: Cast) -> None:
    project.time("T1")
    project.invoice("I1")
    project.line("L1", "800")
    project.invoice("I2", kind="credit_note", credits_id="I1")
    project.line("L2", "150", invoice="I2")

    assert open_at(project) == "150.00"


def test_a_credit_that_names_no_invoice_gives_back_by_amount(project: Cast) -> None:
    project.time("T1")
    project.invoice("I1")
    project.line("L1", "800")
    project.invoice("I2", kind="credit_note")
    project.line("L2", "150", invoice="I2")

    assert open_at(project) == "150.00"


def test_a_credit_that_names_no_line_gives_back_what_a_line_of_the_project_relieved(lines: Cast) -> None:
    lines.time("T1", contract_line_id="CL1")
    lines.invoice("I1")
    lines.line("L1", "800", contract_line_id="CL1")
    lines.invoice("I2", kind="credit_note")
    lines.line("L2", "150", invoice="I2")

    assert open_at(lines) == "150.00"


def test_a_credit_note_that_names_an_entry_gives_back_that_entry(project: Cast) -> None:
    billed(project, "8", "4")
    project.invoice("I2", kind="credit_note")
    project.line("L9", "400", invoice="I2", entries=("T2",))

    assert open_at(project) == "400.00"


def test_a_credited_entry_is_given_back_though_the_header_names_the_invoice(firm: Cast) -> None:
    firm.contract()
    firm.project(contract_id="C1")
    firm.invoice("I1")
    for n in "12":
        firm.promise(f"CL{n}")
        firm.time(f"T{n}", contract_line_id=f"CL{n}")
        firm.line(f"L{n}", "800", entries=(f"T{n}",))
    firm.invoice("I2", kind="credit_note", credits_id="I1")
    firm.line("L9", "800", invoice="I2", entries=("T1",))

    # the entry it names, not half of each
    assert firm.judge(NOW) == [(K2, "P1", "CL1", "800.00", "GBP")]


def test_a_negative_line_that_names_an_entry_gives_it_back(project: Cast) -> None:
    billed(project, "8")
    project.invoice("I2")
    project.line("L9", "-800", invoice="I2", entries=("T1",))

    assert open_at(project) == "800.00"


@pytest.mark.parametrize("status", ["draft", "void"])
def test_a_credit_that_is_not_live_gives_nothing_back(project: Cast, status: str) -> None:
    billed(project, "8")
    project.invoice("I2", kind="credit_note", credits_id="I1")
    project.line("L9", "800", invoice="I2", credits_line_id="L1")
    assert open_at(project) == "800.00"
    project.invoice("I2", kind="credit_note", credits_id="I1", status=status)

    assert project.judge(SOON) == []


@pytest.mark.parametrize("named", ["header", "line"])
def test_a_credit_corrected_to_another_invoice_leaves_the_first_alone(firm: Cast, named: str) -> None:
    for n in "12":
        firm.project(f"P{n}", billing_method="time_and_materials")
        firm.time(f"T{n}", project_id=f"P{n}")
        firm.invoice(f"I{n}")
        firm.line(f"L{n}", "800", invoice=f"I{n}", project_id=f"P{n}", entries=(f"T{n}",))
    for n in "12":
        firm.invoice("I9", kind="credit_note", credits_id=f"I{n}" if named == "header" else None)
        firm.line("L9", "800", invoice="I9", project_id=None, credits_line_id=f"L{n}" if named == "line" else None)
        firm.judge(NOW)

    assert keys(firm.judge(SOON)) == [(K2, "P2")]


# ---- relief by amount ----------------------------------------------------------------------------


def test_lines_without_references_relieve_the_oldest_first(project: Cast) -> None:
    project.time("T2", work_date="2026-10-12", hours="2")
    project.time("T1", work_date="2026-10-05", hours="8")
    project.invoice()
    project.line("L1", "750")

    # T1 800 - 750 = 50, T2 200 untouched
    assert open_at(project) == "250.00"
    assert facts(project)["relieved_by_amount"] == 75_000
    assert "billed before" in project.one()["reason"]


def test_the_oldest_is_gone_when_the_pool_covers_it_and_what_relieved_it_is_still_shown(project: Cast) -> None:
    project.time("T1", work_date="2026-10-05", hours="8")
    project.time("T2", work_date="2026-10-12", hours="2")
    project.invoice()
    project.line("L1", "900")

    # T1 800 whole, T2 200 - 100
    assert open_at(project) == "100.00"
    assert str(project.one()["since"]).startswith("2026-10-18")
    assert facts(project)["relieved_by_amount"] == 90_000


def test_what_was_relieved_whole_by_reference_is_still_shown(project: Cast) -> None:
    project.time("T1")
    project.time("T2", hours="2")
    project.invoice()
    project.line("L1", "800", entries=("T1",))

    assert open_at(project) == "200.00"
    assert facts(project)["relieved_by_reference"] == 80_000


def test_references_relieve_before_amounts_do(project: Cast) -> None:
    project.time("T1", work_date="2026-10-05")
    project.time("T2", work_date="2026-10-12")
    project.invoice()
    project.line("L1", "800", entries=("T1",))
    project.line("L2", "300")

    # T1 by reference; the 300 go to T2: 800 - 300
    assert open_at(project) == "500.00"


def test_a_line_that_names_its_contract_line_relieves_that_line_only(lines: Cast) -> None:
    lines.time("T1", contract_line_id="CL1")
    lines.time("T2", contract_line_id="CL2")
    lines.invoice()
    lines.line("L1", "300", contract_line_id="CL2")

    # CL1 800, CL2 800 - 300
    assert [found[2:4] for found in lines.judge(NOW)] == [("CL1", "800.00"), ("CL2", "500.00")]


def test_a_line_that_names_only_a_contract_line_relieves_its_time(lines: Cast) -> None:
    lines.time("T1", contract_line_id="CL1")
    lines.invoice()
    lines.line("L1", "300", project_id=None, contract_line_id="CL1")

    assert open_at(lines) == "500.00"


def test_a_line_that_names_only_the_project_relieves_any_of_its_lines_oldest_first(lines: Cast) -> None:
    lines.time("T1", contract_line_id="CL1", work_date="2026-10-12")
    lines.time("T2", contract_line_id="CL2", work_date="2026-10-05")
    lines.invoice()
    lines.line("L1", "900")

    # T2 800 whole, then T1 800 - 100
    assert [found[2:4] for found in lines.judge(NOW)] == [("CL1", "700.00")]


def test_money_of_another_currency_relieves_nothing(project: Cast) -> None:
    project.time("T1")
    project.invoice(currency="USD")
    project.line("L1", "800", currency="USD")

    assert open_at(project) == "800.00"


def test_money_of_another_project_relieves_nothing(project: Cast) -> None:
    project.project("P2", billing_method="time_and_materials")
    project.time("T1")
    project.invoice()
    project.line("L1", "800", project_id="P2")

    assert project.judge(NOW) == [(K2, "P1", None, "800.00", "GBP")]


@pytest.mark.parametrize("covers", ["expense", "milestone", "fee"])
def test_a_line_about_something_else_relieves_no_time(project: Cast, covers: str) -> None:
    project.time("T1")
    project.invoice()
    project.line("L1", "800", covers=covers)

    assert open_at(project) == "800.00"


def test_a_line_on_erps_view_of_the_project_relieves_its_time(project: Cast) -> None:
    project.job("J1", "P1")
    project.time("T1")
    project.invoice()
    project.line("L1", "300", project_id="J1", project_system="erp")

    assert open_at(project) == "500.00"


def test_two_systems_that_name_each_others_project_bill_one_project(firm: Cast) -> None:
    firm.project(billing_method="time_and_materials", project_system="erp", project_id="J1")
    firm.job("J1", "P1", billing_method="time_and_materials")
    firm.time("T1")
    firm.invoice()
    firm.line("L1", "300", project_id="J1", project_system="erp")

    assert [found[3] for found in firm.judge(NOW)] == ["500.00"]


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
def test_an_entry_is_rounded_half_up_to_its_minor_unit_unless_the_source_says_otherwise(  # noqa: PLR0913 - one case a row
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
def test_the_lines_rate_counts_whichever_came_first_though_nothing_ties_them(firm: Cast, line_first: bool) -> None:
    firm.project()
    steps = [
        lambda: firm.promise("CL1", rate="90"),
        lambda: firm.time("T1", contract_line_id="CL1", rate=None, currency=None),
    ]
    for step in steps if line_first else reversed(steps):
        step()

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
