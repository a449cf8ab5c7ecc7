"""Section 12, K2: a credit gives back what it credits."""

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
        firm.line(
            "L9", "800", invoice="I9", project_id=None, credits_line_id=f"L{n}" if named == "line" else None
        )
        firm.judge(NOW)

    assert keys(firm.judge(SOON)) == [(K2, "P2")]
