"""Section 12, K2: what live invoice lines relieve, by reference and by amount."""

from __future__ import annotations

import json

import pytest

from queries.open_items import stored
from tests.cast import K2, Cast, keys

NOW = "2026-12-01T12:00Z"
SOON = "2026-12-01T12:05Z"


def open_at(firm: Cast) -> str:
    """The amount of the only exception; 0.00 when there is none."""
    found = firm.judge(NOW)
    assert len(found) <= 1
    return found[0][3] if found else "0.00"


def facts(firm: Cast) -> dict[str, object]:
    """What the only finding's explanation is made of."""
    found: dict[str, object] = json.loads(firm.one()["facts"])
    return found


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


@pytest.mark.parametrize(
    ("first", "second", "left"), [("3", "5", "0.00"), ("3", "3", "200.00"), ("8", "8", "0.00")]
)
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


# ---- relief by amount ----------------------------------------------------------------------------


def test_lines_without_references_relieve_the_oldest_first(project: Cast) -> None:
    project.time("T2", work_date="2026-10-12", hours="2")
    project.time("T1", work_date="2026-10-05", hours="8")
    project.invoice()
    project.line("L1", "750")

    # T1 800 - 750 = 50, T2 200 untouched
    assert open_at(project) == "250.00"
    assert facts(project)["total_relieved_by_amount"] == 75_000
    assert "billed before" in project.one()["reason"]


def test_the_oldest_is_gone_when_the_pool_covers_it_and_what_relieved_it_is_still_shown(
    project: Cast,
) -> None:
    project.time("T1", work_date="2026-10-05", hours="8")
    project.time("T2", work_date="2026-10-12", hours="2")
    project.invoice()
    project.line("L1", "900")

    # T1 800 whole, T2 200 - 100
    assert open_at(project) == "100.00"
    assert str(project.one()["since"]).startswith("2026-10-18")
    assert facts(project)["total_relieved_by_amount"] == 90_000


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


def test_a_correction_billed_by_a_line_below_zero_is_done(project: Cast) -> None:
    project.time("T1")
    project.time("T2", hours="-2")
    project.invoice()
    project.line("L1", "-200", entries=("T2",))

    # the 8 x 100 are still owed, the -200 are billed
    assert open_at(project) == "800.00"


def test_time_billed_by_amount_leaves_nothing_open(project: Cast) -> None:
    project.time("T1")
    project.invoice()
    project.line("L1", "800")
    project.judge(NOW)

    assert stored(project.connection, K2) == []
