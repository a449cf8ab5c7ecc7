"""Section 12, "As of": nothing is claimed beyond what the systems concerned are known to be complete to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import select

from app.bootstrap import build
from queries import rejects
from queries.schema import stream_state
from tests.cast import K1, K2, K3, Cast, keys, utc

NOW = "2026-12-01T12:00Z"
SOON = "2026-12-01T12:30Z"
UNREADABLE = ("time_entry", "milestone", "opportunity")


def due_on_wednesday(firm: Cast) -> None:
    """A deal that is more than two business days old from Wed 18 Nov 00:00 UTC on."""
    firm.deal(won_at="2026-11-13T17:00Z")


def test_the_slowest_stream_a_check_reads_tells_its_time(firm: Cast) -> None:
    due_on_wednesday(firm)

    firm.through = {"erp/project": utc("2026-11-17T23:59Z")}
    assert firm.judge("2026-11-18T00:05Z") == []
    firm.through = {"erp/project": utc("2026-11-18T00:00Z")}
    assert keys(firm.judge("2026-11-18T00:05Z")) == [(K1, "O1")]


def test_a_stream_the_check_does_not_read_holds_nothing_up(firm: Cast) -> None:
    due_on_wednesday(firm)
    firm.through = {"rev": None, "erp/invoice": utc("2026-11-01T00:00Z")}

    assert keys(firm.judge("2026-11-18T00:00Z")) == [(K1, "O1")]


@pytest.mark.parametrize(
    "check_and_stream", [(K2, "erp/invoice"), (K2, "clm/contract_line"), (K3, "rev/revenue_line")]
)
def test_every_stream_that_could_hold_the_answer_is_waited_for(
    firm: Cast, check_and_stream: tuple[str, str]
) -> None:
    check, stream = check_and_stream
    firm.through = {stream: None}
    firm.judge(NOW)

    assert firm.state(check)["outcome"] == "unknown"
    assert stream in firm.state(check)["reason"]


def two_erps(firm: Cast) -> None:
    """Two ERPs that serve an entity each, and an overdue deal of each."""
    other = ("*",)
    firm.serve(
        {"crm": other, "clm": other, "psa": other, "rev": other, "erp": ("UK01",), "erp_us": ("US01",)},
        like={"erp_us": "erp"},
    )
    for code in ("UK01", "US01"):
        firm.entity(code, timezone="UTC")
        firm.deal(f"O-{code}", legal_entity=code)


def test_one_stale_erp_does_not_blind_the_entities_of_another(firm: Cast) -> None:
    two_erps(firm)
    firm.through = {"erp_us": utc("2026-12-01T09:00Z")}

    assert keys(firm.judge(NOW)) == [(K1, "O-UK01")]
    assert (firm.state(K1, "UK01")["outcome"], firm.state(K1, "US01")["outcome"]) == ("fail", "unknown")


def test_an_entitys_finding_turns_grey_when_its_erp_goes_stale(firm: Cast) -> None:
    two_erps(firm)
    firm.judge(NOW)
    firm.through = {"erp_us": utc(NOW)}

    assert keys(firm.judge("2026-12-01T13:00Z")) == [(K1, "O-UK01")]
    assert keys(firm.grey()) == [(K1, "O-US01")]


def test_an_entity_nobody_described_is_watched_by_the_systems_that_serve_it(firm: Cast) -> None:
    firm.serve(dict.fromkeys(("crm", "clm", "psa", "erp", "rev"), ("UK01",)))
    firm.deal(won_at="2026-11-13T17:00Z", legal_entity="UK01")
    firm.judge("2026-11-13T18:00Z")

    # no legal_entity record exists; only time passes
    assert keys(firm.judge("2026-11-18T00:00Z")) == [(K1, "O1")]


def test_an_entity_nobody_described_turns_grey_like_any_other(firm: Cast) -> None:
    firm.deal(legal_entity="UK01")
    firm.judge(NOW)
    firm.through = {"erp": utc(NOW)}

    assert firm.judge("2026-12-01T13:00Z") == []
    assert keys(firm.grey()) == [(K1, "O1")]


def test_the_engagements_legal_entity_picks_the_systems_for_a_deal_that_names_none(firm: Cast) -> None:
    two_erps(firm)
    firm.deal("O1")
    firm.contract(opportunity_id="O1", legal_entity="UK01")

    assert (K1, "O1") in keys(firm.judge(NOW))


def test_three_intervals_is_fresh_and_a_second_more_is_not(firm: Cast) -> None:
    firm.deal()
    firm.through = {"erp": utc("2026-12-01T11:45:00Z")}

    assert keys(firm.judge("2026-12-01T12:00:00Z")) == [(K1, "O1")]
    assert firm.judge("2026-12-01T12:00:01Z") == []
    assert keys(firm.grey()) == [(K1, "O1")]


def test_a_stream_never_read_makes_it_unknown_and_says_so(firm: Cast) -> None:
    firm.deal()
    firm.through = {"erp/project": None}

    assert firm.judge(NOW) == []
    assert firm.rows() == []
    assert firm.state(K1)["reason"] == "erp/project has never been read to its end"


def test_a_role_nobody_plays_makes_it_unknown_and_says_so(firm: Cast) -> None:
    firm.serve(dict.fromkeys(("crm", "clm", "psa"), ("*",)))
    firm.deal()

    assert firm.judge(NOW) == []
    assert "role erp" in firm.state(K1)["reason"]


def test_unknown_keeps_an_open_finding_grey_and_opens_nothing(firm: Cast) -> None:
    firm.deal("O1")
    firm.judge(NOW)
    firm.through = {"psa": utc(NOW)}
    firm.deal("O2")

    assert firm.judge("2026-12-01T13:00Z") == []
    assert [row["subject_id"] for row in firm.rows()] == ["O1"]
    assert firm.one()["amount_minor"] == 100_000


def test_it_is_judged_again_as_soon_as_the_streams_are_back(firm: Cast) -> None:
    firm.deal("O1")
    firm.judge(NOW)
    firm.through = {"psa": utc(NOW)}
    firm.judge("2026-12-01T13:00Z")
    firm.through = {}

    assert keys(firm.judge("2026-12-01T13:05Z")) == [(K1, "O1")]
    assert firm.changes(firm.one()["id"]) == ["opened", "unknown", "judged"]


def test_what_the_source_itself_takes_back_is_cleared_even_when_others_are_stale(firm: Cast) -> None:
    firm.deal("O1")
    firm.judge(NOW)
    firm.through = {"erp": utc(NOW)}
    firm.deal("O1", status="lost")
    firm.judge("2026-12-01T13:00Z")

    assert firm.rows() == []


# ---- quarantine ------------------------------------------------------------------------------


def two_deals(firm: Cast) -> None:
    firm.deal("O1")
    firm.deal("O2")
    firm.project("P1", status="planned", opportunity_id="O1")


@pytest.mark.parametrize(
    ("kind", "system", "names"),
    [
        ("opportunity", "crm", [("opportunity", "crm", "O1")]),
        ("project", "psa", [("project", "psa", "P1")]),
        ("project", "erp", [("project", "erp", "J9"), ("project", "psa", "P1")]),
        ("project", "erp", [("project", "erp", "J9"), ("opportunity", "crm", "O1")]),
    ],
)
def test_k1_is_unknown_only_for_the_deal_a_quarantined_row_is_about(
    firm: Cast, kind: str, system: str, names: list[rejects.Name]
) -> None:
    two_deals(firm)
    firm.judge(NOW)
    firm.quarantine(kind, system, names[0][2], *names)

    assert keys(firm.judge(SOON)) == [(K1, "O2")]
    assert keys(firm.grey()) == [(K1, "O1")]


def test_a_quarantined_row_opens_nothing_for_its_subject(firm: Cast) -> None:
    two_deals(firm)
    firm.quarantine("project", "psa", "P1", ("project", "psa", "P1"))

    assert keys(firm.judge(NOW)) == [(K1, "O2")]
    assert len(firm.rows()) == 1


def two_projects(firm: Cast) -> None:
    """P1 (J1 in ERP) on line CL1 and P2 on line CL2 of one contract; 800.00 open on each."""
    firm.contract()
    for n in "12":
        firm.promise(f"CL{n}")
        firm.project(f"P{n}", contract_id="C1")
        firm.time(f"T{n}", project_id=f"P{n}", contract_line_id=f"CL{n}")
    firm.job("J1", "P1")


@pytest.mark.parametrize(
    ("kind", "system", "names"),
    [
        ("time_entry", "psa", [("project", "psa", "P1")]),
        ("invoice_line", "erp", [("project", "psa", "P1")]),
        # ERP's rows name ERP's own view of the project
        ("invoice_line", "erp", [("project", "erp", "J1")]),
        ("invoice_line", "erp", [("contract_line", "clm", "CL1")]),
        ("contract_line", "clm", [("contract_line", "clm", "CL1"), ("contract", "clm", "C1")]),
    ],
)
def test_k2_is_unknown_only_for_the_project_a_quarantined_row_is_about(
    firm: Cast, kind: str, system: str, names: list[rejects.Name]
) -> None:
    two_projects(firm)
    firm.judge(NOW)
    firm.quarantine(kind, system, None, *names)

    assert keys(firm.judge(SOON)) == [(K2, "P2")]
    assert keys(firm.grey()) == [(K2, "P1")]


def test_k2_is_unknown_for_all_work_of_a_contract_when_a_row_names_no_more(firm: Cast) -> None:
    two_projects(firm)
    firm.project("P3", billing_method="time_and_materials")
    firm.time("T3", project_id="P3")
    firm.judge(NOW)
    firm.quarantine("contract_line", "clm", None, ("contract", "clm", "C1"))

    assert keys(firm.judge(SOON)) == [(K2, "P3")]
    assert keys(firm.grey()) == [(K2, "P1"), (K2, "P2")]


def test_a_contract_lines_number_in_another_system_is_another_line(firm: Cast) -> None:
    two_projects(firm)
    firm.judge(NOW)
    firm.quarantine("contract_line", "clm_us", None, ("contract_line", "clm_us", "CL1"))

    assert keys(firm.judge(SOON)) == [(K2, "P1"), (K2, "P2")]


def three_milestones(firm: Cast) -> None:
    """M1 and M2 on line CL1, M3 on line CL2 of the same contract, nothing posted."""
    firm.contract()
    firm.project(contract_id="C1")
    for n in "12":
        firm.promise(f"CL{n}", kind="milestone", recognition="milestone")
    for name, line in (("M1", "CL1"), ("M2", "CL1"), ("M3", "CL2")):
        firm.milestone(name, contract_line_id=line)


@pytest.mark.parametrize(
    ("names", "unknown"),
    [
        ([("milestone", "psa", "M1")], ["M1"]),
        # a row that names its milestone speaks for no other one of the line
        ([("milestone", "psa", "M1"), ("contract_line", "clm", "CL1"), ("contract", "clm", "C1")], ["M1"]),
        # one that names the line only may be about any milestone of it
        ([("contract_line", "clm", "CL1")], ["M1", "M2"]),
        ([("contract_line", "clm", "CL1"), ("contract", "clm", "C1")], ["M1", "M2"]),
        ([("contract", "clm", "C1")], ["M1", "M2", "M3"]),
    ],
)
def test_k3_is_unknown_only_for_the_milestones_a_quarantined_posting_may_be_about(
    firm: Cast, names: list[rejects.Name], unknown: list[str]
) -> None:
    three_milestones(firm)
    firm.judge(NOW)
    firm.quarantine("revenue_line", "rev", "R1", *names)

    assert keys(firm.judge(SOON)) == [(K3, m) for m in ("M1", "M2", "M3") if m not in unknown]
    assert keys(firm.grey()) == [(K3, m) for m in unknown]


def test_an_update_whose_references_are_lost_is_about_what_the_record_was_about(firm: Cast) -> None:
    three_milestones(firm)
    firm.revenue("R1", "600", milestone_id="M1")
    firm.judge(NOW)
    firm.quarantine("revenue_line", "rev", "R1")

    assert keys(firm.judge(SOON, full=True)) == [(K3, "M2"), (K3, "M3")]


@pytest.mark.parametrize(("kind", "check"), [("opportunity", K1), ("time_entry", K2), ("revenue_line", K3)])
def test_an_unreadable_row_marks_its_check_partial_and_suppresses_nothing(
    firm: Cast, kind: str, check: str
) -> None:
    two_deals(firm)
    two_projects(firm)
    firm.milestone(contract_line_id="CL3")
    firm.promise("CL3", kind="milestone", recognition="milestone")
    before = firm.judge(NOW)
    firm.quarantine(kind, "psa", None)

    assert firm.judge(SOON) == before
    assert [c for c in (K1, K2, K3) if firm.state(c)["partial"]] == [check]


def test_a_row_that_names_only_a_project_nobody_knows_marks_the_check_partial(firm: Cast) -> None:
    firm.deal()
    firm.quarantine("project", "psa", "P9", ("project", "psa", "P9"))

    # it may be the project this deal waits for: that must be visible
    assert keys(firm.judge(NOW)) == [(K1, "O1")]
    assert firm.state(K1)["partial"]


# ---- files -----------------------------------------------------------------------------------


def through(path: Path, extra: str = "") -> tuple[object, int]:
    """complete_through and freshness limit of a folder of deals, after one poll."""
    config = path / "sightglass.toml"
    config.write_text(f'[systems.crm]\nkind = "files"\nroles = ["crm"]\npath = "crm"\n{extra}')
    app = build(config)
    assert [outcome.outcome for outcome in app.poll()] == ["ok"]
    with app.engine.connect() as connection:
        row = connection.execute(select(stream_state)).one()
    app.engine.dispose()
    return row.complete_through, row.freshness_limit_s


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "crm").mkdir()
    file = tmp_path / "crm" / "opportunity.csv"
    file.write_text("id,source_updated_at,status,currency\nO1,2026-11-01T00:00:00Z,open,GBP\n")
    os.utime(file, (utc("2026-11-02T03:04:05Z").timestamp(),) * 2)
    return tmp_path


def test_files_are_complete_through_the_time_of_the_newest_and_fresh_for_a_day(folder: Path) -> None:
    assert through(folder) == (utc("2026-11-02T03:04:05Z"), 86_400)


def test_files_are_complete_through_what_a_sidecar_says(folder: Path) -> None:
    (folder / "crm" / "_complete_through").write_text("2026-11-01T23:00:00Z\n")

    assert through(folder)[0] == utc("2026-11-01T23:00:00Z")


def test_files_are_complete_through_what_the_configuration_says(folder: Path) -> None:
    assert through(folder, 'complete_through = "2026-11-01T22:00:00Z"\n')[0] == utc("2026-11-01T22:00:00Z")
