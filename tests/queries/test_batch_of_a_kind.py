"""A batch is judged by the checks that read its kind, and by all of them where it moved records of others."""

from __future__ import annotations

from tests.cast import K2, Cast, about

FRIDAY = "2026-11-20T18:00Z"


def placed(firm: Cast) -> set[str]:
    """The engagements that unbilled time is listed under."""
    return {row["engagement_id"] for row in firm.rows() if row["check_key"] == K2}


def test_a_leaf_that_ties_two_engagements_has_all_that_moved_judged_again(firm: Cast) -> None:
    """Revenue says nothing about unbilled time, but here it says whose project it is."""
    firm.deal("O1")
    firm.promise("CL1", contract_id=None)
    firm.project("P1", billing_method="time_and_materials")
    firm.time("T1")
    firm.judge(FRIDAY)
    before = placed(firm)

    firm.revenue("R1", "10", project_id="P1", contract_line_id="CL1")
    firm.judge(FRIDAY)

    assert before == {"project:psa:P1"}
    assert placed(firm) == {"contract_line:clm:CL1"}
    assert firm.drift(FRIDAY) == {}


def test_a_changed_rate_changes_what_an_old_exception_is_worth(firm: Cast) -> None:
    rate = {"base_currency": "USD", "currency": "GBP", "rate_type": "corporate", "valid_on": "2026-10-01"}
    firm.rules = about(K2, reporting_currency="GBP")
    firm.put("fx_rate", "X1", "erp", **rate, rate="0.5")
    firm.project("P1", billing_method="time_and_materials")
    firm.time("T1", currency="USD")
    firm.judge(FRIDAY)
    before = [row["group_minor"] for row in firm.rows() if row["check_key"] == K2]

    firm.put("fx_rate", "X1", "erp", **rate, rate="0.8", at="2026-11-20T17:00Z")
    firm.judge(FRIDAY)

    after = [row["group_minor"] for row in firm.rows() if row["check_key"] == K2]
    assert (before, after) == ([40000], [64000])
