"""C16: billing and revenue that lead to nothing any system showed. One case each, amounts by hand."""

from __future__ import annotations

import pytest

from tests.cast import Cast, about

BILLING, REVENUE = "orphan_billing", "orphan_revenue"
NOW = "2026-11-20T18:00Z"
LATER = "2026-11-20T18:10Z"


@pytest.fixture
def orphans(firm: Cast) -> Cast:
    """Line L1 of 900.00 GBP posted on 10 November, and a posting R1 of 700.00, for what nobody knows."""
    firm.rules = about(BILLING, REVENUE)
    firm.invoice(number="INV 1", posted_at="2026-11-10T12:00Z")
    firm.line("L1", "900", project_id="P9")
    firm.revenue("R1", "700", contract_id="C9", at="2026-11-10T12:00Z")
    return firm


def found(firm: Cast, now: str = NOW) -> list[tuple[str, str, str]]:
    return [(subject, amount, currency) for _, subject, _, amount, currency in firm.judge(now)]


def test_what_names_things_nobody_knows(orphans: Cast) -> None:
    assert found(orphans) == [("L1", "900.00", "GBP"), ("R1", "700.00", "GBP")]
    assert orphans.rows()[0]["reason"] == "The line of invoice INV 1 bills P9, which no system knows."
    assert orphans.drift(NOW) == {}


def test_it_clears_when_the_record_comes(orphans: Cast) -> None:
    found(orphans)
    first, second = (row["id"] for row in orphans.rows())
    orphans.project("P9")
    orphans.contract("C9")

    assert found(orphans, LATER) == []
    assert orphans.changes(first) == orphans.changes(second) == ["opened", "cleared"]
    assert orphans.drift(LATER) == {}


def test_one_record_of_the_engagement_is_evidence_even_deleted(orphans: Cast) -> None:
    orphans.milestone("M1", project_id="P9", contract_line_id=None)
    orphans.contract("C9")
    orphans.delete("contract", "clm", "C9")

    assert found(orphans) == []


def test_time_on_the_line_is_evidence(orphans: Cast) -> None:
    orphans.time("T1", project_id="P9")
    orphans.line("L1", "900", project_id="P9", entries=["T1"])

    assert [subject for subject, *_ in found(orphans)] == ["R1"]


def test_time_of_other_work_is_none(orphans: Cast) -> None:
    orphans.time("T1", project_id="P8")
    orphans.line("L1", "900", project_id="P9", entries=["T1"])

    assert [subject for subject, *_ in found(orphans)] == ["L1", "R1"]


def test_only_what_is_live_and_posted_counts(orphans: Cast) -> None:
    orphans.invoice("N1", kind="credit_note")
    orphans.line("K1", "400", invoice="N1", credits_line_id="L1", project_id="P9")
    orphans.revenue("R1", "700", "scheduled", contract_id="C9", at="2026-11-11T12:00Z")
    assert found(orphans) == [("L1", "500.00", "GBP")]

    orphans.invoice(status="void", posted_at="2026-11-10T12:00Z")
    assert found(orphans, LATER) == []


def test_a_posting_that_was_taken_back_counts_for_nothing(orphans: Cast) -> None:
    orphans.revenue("R2", "-700", contract_id="C9", reverses_id="R1", at="2026-11-11T12:00Z")

    assert [subject for subject, *_ in found(orphans)] == ["L1"]


def test_records_have_two_days_to_arrive(firm: Cast) -> None:
    firm.rules = about(BILLING)
    firm.invoice(posted_at="2026-11-18T12:00Z")
    firm.line("L1", "90000", project_id="P9", currency="JPY")

    assert found(firm) == []
    assert found(firm, "2026-11-23T18:00Z") == [("L1", "90000", "JPY")]


# ---- lines that name nothing ------------------------------------------------------------------


@pytest.fixture
def nameless(firm: Cast) -> Cast:
    """Line L1 of 900.00 GBP, posted on 10 November, that names nothing."""
    firm.rules = about("billing_names_nothing")
    firm.invoice(number="INV 1", posted_at="2026-11-10T12:00Z")
    firm.line("L1", "900", project_id=None)
    return firm


def test_a_line_that_names_nothing(nameless: Cast) -> None:
    assert found(nameless) == [("L1", "900.00", "GBP")]
    assert nameless.one()["reason"] == "The line of invoice INV 1 does not say what it bills."


def test_a_credit_is_taken_off_and_is_no_billing_itself(nameless: Cast) -> None:
    nameless.invoice("N1", kind="credit_note", credits_id="I1", amount="200")
    nameless.line("K1", "200", invoice="N1", project_id=None)

    assert found(nameless) == [("L1", "700.00", "GBP")]


def test_time_on_the_line_says_enough(nameless: Cast) -> None:
    nameless.time()
    nameless.line("L1", "900", project_id=None, entries=["T1"])

    assert found(nameless) == []


@pytest.mark.parametrize("status", ["draft", "void"])
def test_what_is_not_issued_bills_nothing(nameless: Cast, status: str) -> None:
    nameless.invoice(status=status, posted_at="2026-11-10T12:00Z")

    assert found(nameless) == []


def test_it_clears_when_it_names_its_project(nameless: Cast) -> None:
    found(nameless)
    identifier = nameless.one()["id"]
    nameless.project()
    nameless.line("L1", "900")

    assert found(nameless, LATER) == []
    assert nameless.changes(identifier) == ["opened", "cleared"]
    assert nameless.drift(LATER) == {}
