from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from collectors.engines.jsonrpc_values import decode, encode
from collectors.errors import SkippableError
from collectors.systems._tryton_look import _sale_of
from collectors.systems._tryton_parse import Site, parsed
from collectors.systems.tryton import SOURCES
from queries.records import KINDS, Record

SITE = Site("https://erp.example/#firm/model", {"Paused": "on_hold"})
SOURCE = {source.kind: source for source in SOURCES}

EURO = {"id": 2, "code": "EUR"}
COMPANY = {"id": 1, "currency.": EURO}


def money(text: str) -> dict[str, str]:
    return {"__class__": "Decimal", "decimal": text}


def day(iso: str) -> dict[str, Any]:
    found = date.fromisoformat(iso)
    return {"__class__": "date", "year": found.year, "month": found.month, "day": found.day}


def at(iso: str) -> dict[str, Any]:
    return encode(datetime.fromisoformat(iso).replace(tzinfo=UTC))


def lasting(seconds: float) -> dict[str, Any]:
    return {"__class__": "timedelta", "seconds": seconds}


OLD, NEW = at("2026-03-01T08:00:00.5"), at("2026-04-01T09:30:00")
BASE = {"id": 12, "last_modified_at": OLD, "create_date": OLD, "company": 1, "party": 5}
NOTHING = {"sale_line": None, "method": None, "task": None, "project": None, "credits": None}
BILLS = NOTHING | {"time": [], "timed": False}

ROWS: dict[str, dict[str, Any]] = {
    "legal_entity": {
        "party.": {"name": "Firm Ltd", "addresses.": [{"country.": None, "subdivision.": None}]},
        "currency.": EURO,
        "timezone": None,
    },
    "customer": {"name": "Alder Bank", "@own": False},
    "resource": {"party.": {"name": "Ada"}, "active": 1, "start_date": day("2024-01-01"), "end_date": None},
    "opportunity": {
        "number": "7",
        "description": "Rollout",
        "party.": {"name": "Alder Bank"},
        "state": "won",
        "currency.": EURO,
        "amount": money("120000.00"),
        "employee.": {"party.": {"name": "Ada"}},
        "@won_at": NEW,
    },
    "contract": {
        "number": "3",
        "reference": "CRM-1",
        "description": None,
        "origin": "sale.opportunity,7",
        "state": "processing",
        "currency.": EURO,
        "untaxed_amount": money("120000.00"),
        "@signed_at": NEW,
    },
    "contract_line": {
        "description": "Consulting",
        "summary": None,
        "amount": money("16000.00"),
        "unit_price": money("160.00"),
        "unit.": {"factor": 1.0, "category": 3},
        "sale.": {
            "id": 3,
            "company": 1,
            "invoice_method": "manual",
            "currency.": EURO,
            "last_modified_at": NEW,
        },
        "@hourly": True,
    },
    "project": {
        "number": "9",
        "name": "3 Rollout",
        "company.": COMPANY,
        "status.": {"name": "Open", "progress": None},
        "list_price": money("160"),
        "project_invoice_method": "timesheet",
        "@root": 12,
        "@sale": {"id": 3, "link": "same_number", "invoice_method": "manual", "lines.": []},
    },
    "milestone": {
        "name": "Go-live",
        "progress": 1.0,
        "origin.": {"id": 31, "amount": money("36000.00"), "sale.": {"currency.": EURO}},
        "@project": {"id": 9},
        "@written_at": NEW,
    },
    "allocation": {
        "employee": 4,
        "percentage": 50.0,
        "work": 11,
        "work.": {"company": 1, "early_start_time": NEW, "early_finish_time": None},
        "@project": {"id": 9},
    },
    "time_entry": {
        "employee": 4,
        "date": day("2026-03-02"),
        "duration": lasting(27000.0),
        "invoice_line": 81,
        "company.": COMPANY,
        "work.": {"id": 1, "origin": "project.work,11"},
        "@work": {"id": 11, "list_price": money("185")},
        "@project": {"id": 9, "project_invoice_method": "timesheet"},
        "@sale": {"id": 3, "invoice_method": "manual", "lines.": [{"id": 31, "type": "line"}]},
    },
    "invoice": {
        "number": "INV-1",
        "state": "posted",
        "move": 5,
        "cancel_move.": None,
        "invoice_date": day("2026-04-03"),
        "numbered_at": NEW,
        "currency.": EURO,
        "untaxed_amount": money("1110.00"),
        "lines_to_pay.": [{"maturity_date": day("2026-06-03")}, {"maturity_date": day("2026-05-03")}],
        "origin_invoices": [],
    },
    "invoice_line": {
        "invoice": 8,
        "invoice.": {"untaxed_amount": money("1110.00")},
        "currency.": EURO,
        "amount": money("1110.00"),
        "@bills": BILLS | {"project": 9, "time": [{"duration": lasting(21600.0)}], "timed": True},
    },
    "revenue_line": {
        "origin": "account.invoice.line,81",
        "debit": money("0"),
        "credit": money("1110.00"),
        "amount_second_currency": None,
        "second_currency.": None,
        "company.": COMPANY,
        "move.": {
            "state": "posted",
            "date": day("2026-04-03"),
            "period.": {"name": "2026-04"},
            "origin": None,
        },
        "@bills": BILLS | {"sale_line": 31, "task": 12},
    },
    "period": {
        "name": "2026-04",
        "start_date": day("2026-04-01"),
        "end_date": day("2026-04-30"),
        "state": "open",
    },
}


def record(kind: str, **changes: Any) -> Any:
    found = parsed(SITE, SOURCE[kind], BASE | ROWS[kind] | changes)
    return None if found is None else msgspec.convert(found, KINDS[kind], strict=False)


@pytest.mark.parametrize("kind", SOURCE)
def test_every_kind_of_row_becomes_a_record_with_its_way_back(kind: str) -> None:
    found = record(kind)

    assert isinstance(found, Record)
    assert found.id == "12"
    assert found.legal_entity == (None if kind == "customer" else "12" if kind == "legal_entity" else "1")
    assert found.source_url == f"https://erp.example/#firm/model/{SOURCE[kind].model}/12"


@pytest.mark.parametrize(
    ("wire", "value"),
    [
        (money("0.10"), Decimal("0.10")),
        (day("2026-02-28"), date(2026, 2, 28)),
        (at("2026-02-03T08:00:05.480"), datetime(2026, 2, 3, 8, 0, 5, 480_000, tzinfo=UTC)),
        (lasting(21600.0), timedelta(hours=6)),
        ({"__class__": "bytes", "base64": "aGk="}, b"hi"),
        ([{"a": money("1")}, None], [{"a": Decimal(1)}, None]),
    ],
)
def test_wire_values_are_read_exactly(wire: Any, value: Any) -> None:
    found = decode(wire)

    assert found == value
    assert str(found) == str(value)


@pytest.mark.parametrize(
    "wire",
    [
        money("12,50"),
        {"__class__": "Decimal"},
        {"__class__": "date", "year": 2026, "month": 13, "day": 1},
        lasting(float("inf")),
        {"__class__": "PYSON"},
    ],
)
def test_an_unreadable_value_is_a_reject(wire: Any) -> None:
    with pytest.raises(SkippableError, match="unreadable"):
        decode([wire])


def test_instants_go_out_as_they_came_in() -> None:
    instant = datetime(2026, 11, 20, 18, 0, 0, 137_000, tzinfo=UTC)

    assert decode(encode(instant)) == instant


def test_a_row_is_as_new_as_the_newest_thing_it_is_made_of() -> None:
    assert record("contract_line").source_updated_at == decode(NEW)
    assert record("customer").source_updated_at == decode(OLD)


def test_our_own_people_are_no_customers() -> None:
    assert record("customer", **{"@own": True}) is None


def test_a_company_lies_where_its_address_does() -> None:
    places = [{"country.": {"code": "DE"}, "subdivision.": {"code": "DE-BE"}}]

    found = record("legal_entity", **{"party.": {"name": "Firm", "addresses.": places}})

    assert (found.country, found.subdivision) == ("DE", "DE-BE")


@pytest.mark.parametrize(
    ("state", "status"),
    [("lead", "open"), ("converted", "open"), ("won", "won"), ("lost", "lost"), ("cancelled", "lost")],
)
def test_a_deal_is_open_until_won_or_lost(state: str, status: str) -> None:
    assert record("opportunity", state=state).status == status


def test_a_deal_was_won_when_the_log_says_else_when_last_written() -> None:
    row = BASE | ROWS["opportunity"]
    del row["@won_at"]

    unlogged = parsed(SITE, SOURCE["opportunity"], row)

    assert record("opportunity").won_at == decode(NEW)
    assert unlogged is not None
    assert unlogged["won_at"] == decode(OLD)


@pytest.mark.parametrize(
    ("method", "kind", "recognition"),
    [
        ("manual", "time_and_materials", "as_invoiced"),
        ("fulfillment", "milestone", "milestone"),
        ("order", "retainer", "over_time"),
    ],
)
def test_how_a_sale_is_invoiced_says_what_its_lines_are(method: str, kind: str, recognition: str) -> None:
    found = record("contract_line", **{"sale.": ROWS["contract_line"]["sale."] | {"invoice_method": method}})

    assert (found.kind, found.recognition) == (kind, recognition)
    assert found.rate == (Decimal(160) if method == "manual" else None)


def test_a_price_per_day_becomes_a_rate_per_hour() -> None:
    found = record("contract_line", unit_price=money("1500"), **{"unit.": {"factor": 8.0, "category": 3}})

    assert found.rate == Decimal("187.5")


def test_a_price_per_piece_is_no_rate() -> None:
    assert record("contract_line", **{"@hourly": False}).rate is None


def test_a_project_tied_by_its_name_says_so() -> None:
    found = record("project")

    assert (found.contract_id, found.link_method, found.billing_method) == (
        "3",
        "same_number",
        "time_and_materials",
    )
    assert found.rate == Decimal(160)


def test_a_project_inside_another_is_tied_to_the_one_on_top() -> None:
    found = record("project", **{"@root": 4})

    assert (found.project_id, found.contract_id, found.link_method) == ("4", None, "native_reference")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"name": "Open", "progress": None}, "active"),
        ({"name": "Done", "progress": 1.0}, "closed"),
        ({"name": "Paused", "progress": None}, "on_hold"),
        (None, "active"),
    ],
)
def test_a_projects_status_follows_tryton_or_the_firms_own_words(status: Any, expected: str) -> None:
    assert record("project", **{"status.": status}).status == expected


@pytest.mark.parametrize(
    ("method", "sold", "billing"),
    [
        ("manual", "fulfillment", "milestone"),
        ("manual", "order", "retainer"),
        ("manual", "manual", None),
        ("progress", "manual", "fixed_fee"),
    ],
)
def test_a_project_without_a_method_bills_as_it_was_sold(method: str, sold: str, billing: str | None) -> None:
    sale = ROWS["project"]["@sale"] | {"invoice_method": sold}

    assert record("project", project_invoice_method=method, **{"@sale": sale}).billing_method == billing


def test_a_task_is_accepted_when_it_is_complete() -> None:
    done, begun = record("milestone"), record("milestone", progress=0.9)

    assert (done.status, done.accepted_at, done.amount) == ("accepted", decode(NEW), Decimal("36000.00"))
    assert (begun.status, begun.accepted_at) == ("planned", None)


@pytest.mark.parametrize(
    ("seconds", "hours"), [(27000.0, "7.5"), (100.0, "0.027778"), (3600.000001, "1"), (0.0, "0")]
)
def test_durations_become_hours(seconds: float, hours: str) -> None:
    assert record("time_entry", duration=lasting(seconds)).hours == Decimal(hours)


def test_time_names_the_line_it_was_sold_on() -> None:
    found = record("time_entry")

    assert (found.project_id, found.contract_line_id, found.billable) == ("9", "31", True)
    assert (found.rate, found.invoice_line_id) == (Decimal(185), "81")


@pytest.mark.parametrize(
    "sale",
    [
        None,
        {"id": 3, "invoice_method": "fulfillment", "lines.": [{"id": 31, "type": "line"}]},
        {"id": 3, "invoice_method": "manual", "lines.": [{"id": i, "type": "line"} for i in (31, 32)]},
    ],
)
def test_time_that_several_lines_or_none_could_claim_names_none(sale: Any) -> None:
    assert record("time_entry", **{"@sale": sale}).contract_line_id is None


def test_titles_and_comments_of_a_sale_claim_no_time() -> None:
    lines = [{"id": 30, "type": "title"}, {"id": 31, "type": "line"}]

    found = record("time_entry", **{"@sale": {"id": 3, "invoice_method": "manual", "lines.": lines}})

    assert found.contract_line_id == "31"


def test_time_on_a_project_that_bills_otherwise_is_not_billable() -> None:
    found = record("time_entry", **{"@project": {"id": 9, "project_invoice_method": "manual"}})

    assert (found.billable, found.rate) == (False, None)


def test_time_beside_all_projects_is_kept_without_one() -> None:
    row = {k: v for k, v in ROWS["time_entry"].items() if not k.startswith("@")}
    found = parsed(SITE, SOURCE["time_entry"], BASE | row)

    assert found is not None
    assert (found["project_id"], found["billable"]) == (None, False)


def test_numbers_given_twice_are_told_apart_by_company() -> None:
    here, there = {"id": 1, "company": 1}, {"id": 2, "company": 2}

    both = {"3": [here, there]}
    project = {"name": "3: Rollout", "company": 2}

    assert _sale_of(project, None, both) == there | {"link": "same_number"}
    assert _sale_of(project | {"company": 9}, None, both) is None
    assert _sale_of(project | {"name": "Rollout 3"}, None, both) is None
    assert _sale_of(project, here, both) == here | {"link": "native_reference"}
