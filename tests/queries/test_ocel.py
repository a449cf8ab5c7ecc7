"""The store as an event log: what the standard asks holds, nothing is lost, a deal's whole way is there."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from queries.errors import StoreError
from queries.ocel import scope
from queries.ocel.export import Exported, export
from queries.ocel.model import KINDS, camel
from queries.ocel.scope import Scope
from queries.schema import RECORD_TABLES
from tests.cast import Cast
from tests.queries.ocel_rules import broken, rows

NOW = "2026-11-20T18:00Z"
EVERYTHING = Scope()


def work(firm: Cast, n: str = "1") -> None:
    """One deal that went all the way, with a record of every kind."""
    firm.put("customer", f"K{n}", "crm", name="Northwind")
    firm.put("customer", f"PK{n}", "psa", name="Northwind", customer_id=f"K{n}", link_method="external_id")
    firm.put("resource", f"E{n}", "hcm", name="Ada")
    firm.deal(f"O{n}", name="Harbour", customer_name="Northwind", customer_id=f"K{n}", legal_entity="UK01")
    told = {"opportunity_id": f"O{n}", "opportunity_system": "crm", "ended_at": "2026-11-02T13:00Z"}
    firm.put("message", f"MSG{n}", "psa", flow="won-to-psa", status="succeeded", attempt=2, **told)
    firm.contract(f"C{n}", opportunity_id=f"O{n}", signed_at="2026-11-03T09:00Z", amount="1000")
    firm.promise(f"CL{n}", contract_id=f"C{n}", rate="120.5")
    client = {"customer_id": f"PK{n}", "customer_system": "psa"}
    firm.project(f"P{n}", contract_id=f"C{n}", activated_at="2026-11-04T08:00Z", **client)
    firm.job(f"J{n}", f"P{n}", activated_at="2026-11-04T09:00Z")
    _deliver(firm, n)
    _bill(firm, n)


def _deliver(firm: Cast, n: str) -> None:
    about = {"project_id": f"P{n}", "contract_line_id": f"CL{n}"}
    who = {"resource_id": f"E{n}", "resource_system": "hcm"}
    firm.time(f"T{n}", work_date="2026-11-05", approved_at="2026-11-06T12:00Z", **about, **who)
    spent = {"incurred_on": "2026-11-05", "status": "approved", "currency": "GBP", "amount": "12.34"}
    firm.put("expense", f"X{n}", "psa", project_id=f"P{n}", **spent)
    firm.milestone(f"M{n}", accepted_at="2026-11-07T12:00Z", **about)
    event = {"status": "released", "released_at": "2026-11-08T12:00Z", "currency": "GBP", "amount": "1000"}
    firm.put("billing_event", f"B{n}", "psa", project_id=f"P{n}", milestone_id=f"M{n}", **event)


def _bill(firm: Cast, n: str) -> None:
    client = {"customer_id": f"K{n}", "customer_system": "crm"}
    firm.invoice(f"I{n}", issued_on="2026-11-09", posted_at="2026-11-09T15:00Z", amount="1800", **client)
    firm.line(f"L{n}", "800", f"I{n}", project_id=f"P{n}", entries=[f"T{n}"])
    firm.line(f"ML{n}", "1000", f"I{n}", project_id=f"P{n}", milestone_id=f"M{n}", covers="milestone")
    firm.revenue(f"R{n}", "1000", milestone_id=f"M{n}", posted_on="2026-11-10", period="2026-11")


def written(firm: Cast, folder: Path, part: Scope = EVERYTHING) -> tuple[Path, Exported]:
    """The log of a firm, and what the export says of it."""
    path = folder / "log.sqlite"
    return path, export(firm.connection, path, part)


def kept(path: Path, of: str = "object") -> dict[str, str]:
    """Id -> type of what a log holds."""
    return dict(rows(path, f"SELECT ocel_id, ocel_type FROM {of}"))


def everything(path: Path) -> list[str]:
    """All that a log says, in an order of its own."""
    with closing(sqlite3.connect(path)) as database:
        return sorted(database.iterdump())


def touched(path: Path, event: str) -> set[tuple[str, str]]:
    """(qualifier, object) an event is about."""
    query = "SELECT ocel_qualifier, ocel_object_id FROM event_object WHERE ocel_event_id = ?"
    return set(rows(path, query, event))


def related(path: Path, source: str) -> set[tuple[str, str]]:
    """(qualifier, object) an object refers to."""
    query = "SELECT ocel_qualifier, ocel_target_id FROM object_object WHERE ocel_source_id = ?"
    return set(rows(path, query, source))


def test_every_rule_of_the_standard_holds(firm: Cast, tmp_path: Path) -> None:
    work(firm)
    firm.deal("O2")
    firm.judge(NOW)
    path, _ = written(firm, tmp_path)

    assert broken(path) == []


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        ("DELETE FROM object WHERE ocel_id = 'project:psa:P1'", "leads nowhere"),
        ("DROP TABLE event_TimeWorked", "types without a table"),
        ("UPDATE event_object SET ocel_qualifier = ' '", "ocel_qualifier is empty"),
        ("UPDATE event_TimeWorked SET ocel_time = '2026-11-05'", "without a zone"),
        ("UPDATE object_Project SET ocel_time = '2026-11-05T00:00:00Z'", "stands in 1970"),
        ("UPDATE object_TimeEntry SET hours = 'eight'", "is no REAL"),
        ("DELETE FROM event_object", "is about nothing"),
    ],
)
def test_a_damaged_log_is_told(firm: Cast, tmp_path: Path, damage: str, complaint: str) -> None:
    work(firm)
    path, _ = written(firm, tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(damage)

    assert complaint in " ".join(broken(path))


def test_every_record_of_the_store_is_one_object_and_what_its_source_deleted_is_none(
    firm: Cast, tmp_path: Path
) -> None:
    work(firm)
    work(firm, "2")
    firm.delete("time_entry", "psa", "T2")
    path, counts = written(firm, tmp_path)
    found = list(kept(path).values())

    for kind in KINDS:
        table = RECORD_TABLES[kind]
        query = select(func.count()).select_from(table).where(table.c.deleted_at.is_(None))
        assert found.count(camel(kind)) == firm.connection.execute(query).scalar_one() > 0, kind
    assert found.count("TimeEntry") == 1
    assert counts.objects == len(found)
    assert counts.events == len(kept(path, "event"))


def test_one_deals_whole_way_is_there_in_order(firm: Cast, tmp_path: Path) -> None:
    work(firm)
    work(firm, "2")
    path, _ = written(firm, tmp_path)
    tables = [
        f"SELECT ocel_id, ocel_time FROM event_{short}"
        for (short,) in rows(path, "SELECT ocel_type_map FROM event_map_type")
    ]
    way = rows(
        path,
        f"SELECT e.ocel_type FROM event e JOIN event_object t ON t.ocel_event_id = e.ocel_id "
        f"JOIN ({' UNION ALL '.join(tables)}) d ON d.ocel_id = e.ocel_id "
        "WHERE t.ocel_object_id = 'engagement:opportunity:crm:O1' AND t.ocel_qualifier = 'engagement' "
        "ORDER BY d.ocel_time, e.ocel_type",
    )  # fmt: skip

    assert [name for (name,) in way] == [
        "Opportunity won", "Message ended", "Contract signed", "Project activated", "Project activated", "Expense incurred",
        "Time worked", "Time approved", "Milestone accepted", "Billing event released", "Invoice issued", "Invoice posted",
        "Revenue posted",
    ]  # fmt: skip


def test_an_event_is_about_all_it_touches(firm: Cast, tmp_path: Path) -> None:
    work(firm)
    path, _ = written(firm, tmp_path)
    engagement = ("engagement", "engagement:opportunity:crm:O1")

    assert touched(path, "OpportunityWon:opportunity:crm:O1") == {
        ("opportunity", "opportunity:crm:O1"), ("customer", "customer:crm:K1"), engagement,
    }  # fmt: skip
    assert touched(path, "TimeWorked:time_entry:psa:T1") == {
        ("time_entry", "time_entry:psa:T1"), ("project", "project:psa:P1"), ("resource", "resource:hcm:E1"),
        ("contract_line", "contract_line:clm:CL1"), engagement,
    }  # fmt: skip
    assert touched(path, "InvoiceIssued:invoice:erp:I1") == {
        ("invoice", "invoice:erp:I1"), ("customer", "customer:crm:K1"), ("invoice_line", "invoice_line:erp:L1"),
        ("invoice_line", "invoice_line:erp:ML1"), ("project", "project:psa:P1"), ("milestone", "milestone:psa:M1"),
        ("bills", "time_entry:psa:T1"), engagement,
    }  # fmt: skip
    assert ("milestone", "milestone:psa:M1") in touched(path, "RevenuePosted:revenue_line:rev:R1")


def test_a_relation_says_the_reference_and_the_method_behind_it(firm: Cast, tmp_path: Path) -> None:
    work(firm)
    firm.deal("O2", customer_id="K2", customer_system="crm")
    firm.project(
        "P2", opportunity_id="O2", customer_id="K1", customer_system="crm", link_method="same_number"
    )
    path, _ = written(firm, tmp_path)

    assert ("project (native_reference)", "project:psa:P1") in related(path, "project:erp:J1")
    assert ("contract (native_reference)", "contract:clm:C1") in related(path, "project:psa:P1")
    assert related(path, "customer:psa:PK1") == {("customer (external_id)", "customer:crm:K1")}
    assert ("suggested opportunity (same_number)", "opportunity:crm:O2") in related(path, "project:psa:P2")
    assert ("member", "project:erp:J1") in related(path, "engagement:opportunity:crm:O1")
    assert ("bills", "time_entry:psa:T1") in related(path, "invoice_line:erp:L1")


def test_money_is_a_number_for_tools_and_exact_beside_it(firm: Cast, tmp_path: Path) -> None:
    firm.deal("O1", amount="90071992547409.93")
    firm.deal("O2", currency="JPY", amount="5")
    firm.promise("CL1", rate="120.5")
    path, _ = written(firm, tmp_path)
    money = "SELECT amount, amount_exact, currency FROM"

    assert set(rows(path, f"{money} object_Opportunity")) == {
        (90071992547409.94, "90071992547409.93", "GBP"), (5.0, "5", "JPY"),
    }  # fmt: skip
    assert (5.0, "5", "JPY") in rows(path, f"{money} event_OpportunityWon")
    assert rows(path, "SELECT rate, rate_exact FROM object_ContractLine") == [(120.5, "120.5")]


def test_a_day_says_that_it_is_no_instant(firm: Cast, tmp_path: Path) -> None:
    work(firm)
    path, _ = written(firm, tmp_path)

    assert rows(path, "SELECT ocel_time, known_to FROM event_TimeWorked") == [
        ("2026-11-05T00:00:00.000000Z", "day")
    ]
    assert rows(path, "SELECT known_to FROM event_TimeApproved") == [("instant",)]


def test_an_exception_is_an_object_that_changes(firm: Cast, tmp_path: Path) -> None:
    firm.deal("O1", amount="500")
    firm.judge(NOW)
    firm.deal("O1", amount="900")
    firm.judge("2026-11-21T18:00Z")
    firm.project("P1", opportunity_id="O1", activated_at="2026-11-22T12:00Z")
    firm.job("J1", activated_at="2026-11-22T12:00Z")
    firm.judge("2026-11-22T18:00Z")
    path, _ = written(firm, tmp_path)
    history = rows(
        path,
        "SELECT ocel_time, ocel_changed_field, status, amount_exact FROM object_Exception ORDER BY ocel_time",
    )

    assert history[0] == ("1970-01-01T00:00:00.000000Z", None, "new", "500.00")
    assert ("2026-11-21T18:00:00.000000Z", "amount_exact", None, "900.00") in history
    assert ("2026-11-22T18:00:00.000000Z", "status", "resolved", None) in history
    assert broken(path) == []
    (opened,) = rows(path, "SELECT ocel_id, ocel_time, amount_exact FROM event_ExceptionOpened")
    assert opened[1:] == ("2026-11-20T18:00:00.000000Z", "500.00")
    assert ("subject", "opportunity:crm:O1") in touched(path, opened[0])
    assert rows(path, "SELECT ocel_time, amount_exact FROM event_ExceptionCleared") == [
        ("2026-11-22T18:00:00.000000Z", "900.00")
    ]


@pytest.mark.parametrize(
    ("status", "fields", "events"),
    [
        ("draft", {}, set()),
        ("pending_approval", {}, set()),
        ("void", {}, set()),
        ("void", {"posted_at": "2026-11-09T12:00Z"}, {"Invoice issued", "Invoice posted"}),
        ("posted", {"kind": "credit_note"}, {"Credit note issued"}),
        (
            "posted",
            {"kind": "credit_note", "issued_on": None, "posted_at": "2026-11-09T12:00Z"},
            {"Credit note issued"},
        ),
    ],
)
def test_only_what_left_the_house_was_issued(
    firm: Cast, tmp_path: Path, status: str, fields: dict[str, Any], events: set[str]
) -> None:
    firm.invoice("I1", status, **{"issued_on": "2026-11-09", **fields})
    path, _ = written(firm, tmp_path)

    assert set(kept(path, "event").values()) == events


def test_a_posting_that_takes_another_back_is_a_reversal(firm: Cast, tmp_path: Path) -> None:
    firm.revenue("R1", "10", "reversed", posted_on="2026-11-10")
    firm.revenue("R2", "10", "reversed", posted_on="2026-11-11", reverses_id="R1")
    firm.revenue("R3", "10", "scheduled", posted_on="2026-11-12")
    path, _ = written(firm, tmp_path)

    assert sorted(kept(path, "event").values()) == ["Revenue posted", "Revenue reversed"]


def test_a_reference_to_what_was_never_read_is_left_out_and_counted(firm: Cast, tmp_path: Path) -> None:
    firm.time("T1", project_id="P404")
    path, counts = written(firm, tmp_path)

    assert counts.unknown == 1
    assert broken(path) == []


def test_one_engagement_comes_with_what_it_refers_to_and_nothing_else(firm: Cast, tmp_path: Path) -> None:
    work(firm)
    work(firm, "2")
    firm.line("L9", "5", "I1", project_id="P2")
    firm.invoice("N1", kind="credit_note", credits_id="I1", issued_on="2026-11-12")
    path, _ = written(firm, tmp_path, Scope(engagement="opportunity:crm:O1"))
    found = kept(path)

    assert {
        "customer:crm:K1",
        "customer:psa:PK1",
        "resource:hcm:E1",
        "invoice:erp:I1",
        "invoice:erp:N1",
    } <= set(found)
    assert [name for name in found if "2" in name or "L9" in name] == []
    assert "CreditNoteIssued:invoice:erp:N1" in kept(path, "event")
    assert broken(path) == []


def test_the_engagements_of_a_legal_entity_come_whole(firm: Cast, tmp_path: Path) -> None:
    work(firm)
    firm.deal("O2", legal_entity="DE01")
    firm.time("T9", project_id=None, legal_entity="UK01")
    path, _ = written(firm, tmp_path, Scope(legal_entity="UK01"))
    found = kept(path)

    assert {"opportunity:crm:O1", "project:erp:J1", "time_entry:psa:T1", "time_entry:psa:T9"} <= set(found)
    assert "opportunity:crm:O2" not in found


def test_the_same_store_gives_the_same_log(firm: Cast, tmp_path: Path) -> None:
    work(firm)
    firm.judge(NOW)
    first, _ = written(firm, tmp_path)
    shutil.copy(first, tmp_path / "before.sqlite")
    second, _ = written(firm, tmp_path)

    assert second.read_bytes() == (tmp_path / "before.sqlite").read_bytes()


def test_the_store_is_read_in_pieces_and_these_make_no_difference(
    firm: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work(firm)
    work(firm, "2")
    firm.deal("O3")
    firm.judge(NOW)
    path, whole = written(firm, tmp_path)
    dump = everything(path)
    monkeypatch.setattr(scope, "PIECE", 2)
    monkeypatch.setattr("queries.ocel.export._PIECE", 1)
    deals = RECORD_TABLES["opportunity"]

    assert [len(piece) for piece in scope.pieces(firm.connection, select(deals))] == [2, 1]
    assert written(firm, tmp_path) == (path, whole)
    assert everything(path) == dump


@pytest.mark.parametrize("content", [b"", b"my notes", None])
def test_a_file_that_is_not_ours_is_kept_unless_told_otherwise(
    firm: Cast, tmp_path: Path, content: bytes | None
) -> None:
    work(firm)
    path = tmp_path / "log.sqlite"
    if content is None:
        with closing(sqlite3.connect(path)) as database:
            database.execute("CREATE TABLE mine (x)")
        content = path.read_bytes()
    path.write_bytes(content)

    with pytest.raises(StoreError, match=r"not exported by Sightglass.*--force"):
        export(firm.connection, path, EVERYTHING)
    assert path.read_bytes() == content
    export(firm.connection, path, EVERYTHING, force=True)
    assert broken(path) == []


def test_an_export_that_fails_leaves_the_last_one_as_it_was(firm: Cast, tmp_path: Path) -> None:
    work(firm)
    path, _ = written(firm, tmp_path)
    before = path.read_bytes()

    with pytest.raises(StoreError, match="nothing is known of engagement 'nobody'"):
        export(firm.connection, path, Scope(engagement="nobody"))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_named(firm: Cast, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"missing/log\.sqlite cannot be written: No such file"):
        export(firm.connection, tmp_path / "missing" / "log.sqlite", EVERYTHING)
    with pytest.raises(StoreError, match="is a folder"):
        export(firm.connection, tmp_path, EVERYTHING, force=True)


def test_an_empty_store_gives_an_empty_log(firm: Cast, tmp_path: Path) -> None:
    path, counts = written(firm, tmp_path)

    assert counts == Exported(0, 0, 0, 0, 0)
    assert broken(path) == []
