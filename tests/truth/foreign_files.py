"""The files each system of the foreign firm exports; ``foreign.toml`` reads them back."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import openpyxl

from tests.truth.firm import AS_OF
from tests.truth.foreign_words import CITIES, CRM, ENTITIES, ERP, PSA_A, PSA_B, REVENUE, Row

Tables = Mapping[str, list[Row]]

_PSA_A = {
    "Projekte.txt": ("psa/project", """
        ProjNr = id, Bezeichnung = name, Nummer = number, Kunde = customer_id, Auftrag = contract_id,
        Chance = opportunity_id, Bezug = link_method, Stat = stat, Inaktiv = inactive,
        Aktiv seit = activated_at, Abrechnung = billing_method, Währung = currency, Satz = rate,
        Leitung = manager, Gesellschaft = legal_entity, Angelegt = created_at, Geändert = changed_at,
        Gelöscht = gone"""),
    "Meilensteine.txt": ("psa/milestone", """
        Nr = id, Text = name, Projekt = project_id, Position = contract_line_id, Status = milestone,
        Abnahme = accepted_at, Währung = currency, Betrag = amount, Gesellschaft = legal_entity,
        Geändert = source_updated_at, Gelöscht = gone"""),
    "Fakturaplan.txt": ("psa/billing_event", """
        Nr = id, Projekt = project_id, Position = contract_line_id, Meilenstein = milestone_id,
        Status = event, Freigabe = released_at, Währung = currency, Betrag = amount,
        Gesellschaft = legal_entity, Geändert = source_updated_at, Gelöscht = gone"""),
    "Einsatz.txt": ("psa/allocation", """
        Nr = id, Projekt = project_id, Person = resource_id, Von = start_on, Bis = end_on,
        Prozent = percent, Gesellschaft = legal_entity, Geändert = source_updated_at, Gelöscht = gone"""),
    "Zeiten.txt": ("time/time_entry", """
        Nr = id, Projekt = project_id, Position = contract_line_id, Person = resource_id,
        Tag = work_date, Std = hours, Status = sheet, Genehmigt = approved_at, Fakturierbar = billable,
        Gesperrt = held, Ausgebucht = written_off, Fakturiert = billed, Währung = currency, Satz = rate,
        Rundung = rounding, Rechnungszeile = invoice_line_id, Gesellschaft = legal_entity,
        Geändert = source_updated_at, Gelöscht = gone"""),
    "Spesen.txt": ("time/expense", """
        Nr = id, Projekt = project_id, Position = contract_line_id, Tag = incurred_on, Status = sheet,
        Fakturierbar = billable, Währung = currency, Betrag = amount, Rechnungszeile = invoice_line_id,
        Gesellschaft = legal_entity, Geändert = source_updated_at, Gelöscht = gone"""),
}  # fmt: skip
_PSA_B = {
    "projects.csv": ("psa/project", """
        Project ID = id, Project Name = name, Project No = number, Account = customer_id,
        Agreement = contract_number, Opportunity = opportunity_id, Link = link_method,
        Project Status = stat, Activated On = activated_at, Billing Type = billing_method,
        Currency = currency, Bill Rate = rate, Project Manager = manager, Subsidiary = legal_entity,
        Last Modified = source_updated_at, Is Deleted = gone"""),
    "milestones.csv": ("psa/milestone", """
        Milestone ID = id, Milestone = name, Project ID = project_id,
        Agreement Line = contract_line_number, Milestone Status = milestone,
        Signed Off On = accepted_at, Currency = currency, Amount (cents) = cents,
        Subsidiary = legal_entity, Last Modified = source_updated_at, Is Deleted = gone"""),
    "billing_schedule.csv": ("psa/billing_event", """
        Event ID = id, Project ID = project_id, Agreement Line = contract_line_number,
        Milestone ID = milestone_id, Event Status = event, Released On = released_at,
        Currency = currency, Amount = amount, Subsidiary = legal_entity,
        Last Modified = source_updated_at, Is Deleted = gone"""),
    "assignments.csv": ("psa/allocation", """
        Assignment ID = id, Project ID = project_id, Worker = resource_id, Start Date = start_on,
        End Date = end_on, Percent = percent, Subsidiary = legal_entity,
        Last Modified = source_updated_at, Is Deleted = gone"""),
    "timecards.csv": ("time/time_entry", """
        Entry ID = id, Project ID = project_id, Agreement Line = contract_line_number,
        Worker = resource_id, Work Date = work_date, Minutes = minutes, Timecard Status = sheet,
        Approved On = approved_at, Billable = billable, On Hold = held, Written Off = written_off,
        Billed = billed, Currency = currency, Bill Rate = rate, Rounding = rounding,
        Invoice Line = invoice_line_id, Subsidiary = legal_entity, Last Modified = source_updated_at,
        Is Deleted = gone"""),
    "expenses.csv": ("time/expense", """
        Expense ID = id, Project ID = project_id, Agreement Line = contract_line_number,
        Incurred = incurred_on, Expense Status = sheet, Billable = billable, Currency = currency,
        Amount = amount, Invoice Line = invoice_line_id, Subsidiary = legal_entity,
        Last Modified = source_updated_at, Is Deleted = gone"""),
}  # fmt: skip
_CRM = {
    "Accounts": ("crm/customer", """
        Account ID = id, Account Name = name, Office = legal_entity, Modified = source_updated_at,
        Merged Away = gone"""),
    "Deals": ("crm/opportunity", """
        Deal ID = id, Deal No = number, Deal Name = name, Account ID = customer_id,
        Account Name = customer_name, Stage = status, Won On = won_at, Currency = currency,
        Total = amount, Services = services_amount, Owner = owner, Office = legal_entity,
        Modified = source_updated_at, Merged Away = gone"""),
}  # fmt: skip
_INVOICES = """
        Invoice = id, Number = number, Type = kind, Bill To = customer_id, Status = status,
        Date = issued_on, Due = due_on, Posted = posted_at, Currency = currency, Total = amount,
        Credits = credits_id, Company = legal_entity, Modified = source_updated_at, Deleted = gone"""
_LEDGER_PROJECTS = """
        Project = id, Number = number, Name = name, Bill To = customer_id, Source = home,
        Source Project = project_id, Link = link_method, Status = stat, Activated = activated_at,
        Currency = currency, Company = legal_entity, Modified = source_updated_at, Deleted = gone"""


def write(folder: Path, source: Path, tables: Tables) -> None:
    """Every system's exports, each in its own folder."""
    for name, rows in tables.items():
        for number, row in enumerate(rows):
            _enrich(name, row, number)
    for name, (table, layout) in _PSA_A.items():
        rows = [row for row in tables[table] if row["home"] == "psa_a"]
        text = _delimited(PSA_A.rows(rows, layout), "\t")
        _put(folder / "psa_a" / name, text.encode("utf-16"))
    for name, (table, layout) in _PSA_B.items():
        rows = [row for row in tables[table] if row["home"] == "psa_b"]
        text = _delimited(PSA_B.rows(rows, layout), ";")
        _put(folder / "psa_b" / name, text.encode("utf-8-sig"))
    _workbook(folder / "crm" / "deals.xlsx", tables)
    _erp(folder / "erp", tables)
    _json_lines(folder / "revenue" / "revenue.jsonl", map(_revenue_line, tables["revenue/revenue_line"]))
    _as_it_is(source, folder)


def _enrich(table: str, row: Row, number: int) -> None:
    """What a row says in other words: flags for instants, cents for money, minutes for hours."""
    row["gone"] = "true" if row["deleted_at"] else "false"
    changed = datetime.fromisoformat(row["source_updated_at"])
    unchanged = number % 2
    row["created_at"] = (changed if unchanged else changed - timedelta(days=1)).isoformat()
    row["changed_at"] = "" if unchanged else changed.isoformat()
    row["contract_number"] = row.get("contract_id", "").removeprefix("CTR-")
    row["contract_line_number"] = row.get("contract_line_id", "").removeprefix("CTR-")
    if table == "psa/milestone":
        row["milestone"] = row["status"]
        row["cents"] = str(Decimal(row["amount"]) * 100) if row["amount"] else ""
    elif table == "psa/billing_event":
        row["event"] = row["status"]
    elif table in {"time/time_entry", "time/expense"}:
        row["sheet"], row["minutes"] = row["status"], str(Decimal(row.get("hours", "0")) * 60)
    elif table.endswith("/project"):
        row["stat"] = row["status"]
    if table == "psa/project" and row["home"] == "psa_a":
        _german_status(row)


def _german_status(row: Row) -> None:
    """In psa_a a project that rests, or was never begun, is at work and inactive: two columns say so."""
    rests = row["status"] == "on_hold" and row["activated_at"] != ""
    idle = row["status"] == "planned" and row["activated_at"] == ""
    row["stat"] = "resting" if rests else "idle" if idle else row["status"]
    row["inactive"] = "true" if rests or idle or row["status"] in {"complete", "closed"} else "false"


def _erp(folder: Path, tables: Tables) -> None:
    invoices = _delimited(ERP.rows(tables["erp/invoice"], _INVOICES), ",")
    _put(folder / "Invoices 2026.csv.gz", gzip.compress(invoices.encode(), mtime=0))
    projects = _delimited(ERP.rows(tables["erp/project"], _LEDGER_PROJECTS), ",")
    _put(folder / "Projects.csv", projects.encode())
    _json_lines(folder / "lines.jsonl", map(_invoice_line, tables["erp/invoice_line"]))
    layout = "Company = legal_entity, Name = name, Country = country, Region = subdivision, Zone = timezone,"
    layout += "Currency = currency, Week Ends = work_week_end, Modified = source_updated_at"
    companies = _delimited(ERP.rows(tables["erp/legal_entity"], layout), ",")
    _put(folder / "Companies.csv", companies.encode())


def _invoice_line(row: Row) -> Row:
    """Nested as an API gives it: the job is the ledger's own project, or one of a PSA."""
    say, ledger = ERP.cell, row["project_system"] == "erp"
    return {
        "line": row["id"],
        "doc": {"id": row["invoice_id"], "company": say("legal_entity", row["legal_entity"])},
        "job": {"book": "GL" if ledger else say("home", row["home"]), "no": row["project_id"]},
        "source": say("home", row["home"]),
        "agreement": {"line": row["contract_line_id"] or "N/A"},
        "milestone": row["milestone_id"] or None,
        "what": say("covers", row["covers"]),
        "money": {"ccy": row["currency"], "net": say("amount", row["amount"])},
        "quantity": float(row["hours"]) if row["hours"] else None,
        "credits": row["credits_line_id"] or None,
        "time": [{"no": entry, "h": float(hours) if hours else None} for entry, hours in row["time_entries"]],
        "audit": {"at": say("changed_at", row["source_updated_at"]), "deleted": say("gone", row["gone"])},
    }


def _revenue_line(row: Row) -> Row:
    say = REVENUE.cell
    return {
        "id": row["id"],
        "entity": say("legal_entity", row["legal_entity"]),
        "arrangement": {"contract": row["contract_id"], "obligation": row["contract_line_id"]},
        "origin": {"psa": row["home"].removeprefix("psa_"), "no": row["milestone_id"].removeprefix("M-")},
        "state": say("state", row["state"]),
        "currency": row["currency"],
        "amount": say("amount", row["amount"]),
        "period": row["period"],
        "posted": say("posted_on", row["posted_on"]),
        "reverses": row["reverses_id"] or None,
        "changed": say("source_updated_at", row["source_updated_at"]),
        "deleted": say("gone", row["gone"]),
    }


def _as_it_is(source: Path, folder: Path) -> None:
    """What some systems export canonically, if under company codes of their own."""
    for system, stream, codes in (
        ("clm", "contract", CITIES),
        ("clm", "contract_line", CITIES),
        ("erp", "period", [ERP.words["legal_entity"][entity] for entity in ENTITIES]),
        ("erp", "fx_rate", ENTITIES),
        ("hcm", "resource", ENTITIES),
    ):
        text = (source / system / f"{stream}.csv").read_text(encoding="utf-8")
        for entity, code in zip(ENTITIES, codes, strict=True):
            text = re.sub(rf"^([^,]*),{entity},", rf"\1,{code},", text, flags=re.MULTILINE)
        _put(folder / system / f"{stream}.csv", text.encode())
    _put(folder / "clm" / "_complete_through", AS_OF.isoformat().encode())


def _workbook(path: Path, tables: Tables) -> None:
    """One workbook, a sheet for each stream, with native numbers, dates and flags."""
    book = openpyxl.Workbook()
    for sheet, (table, layout) in _CRM.items():
        page = book.create_sheet(sheet)
        rows = CRM.rows(tables[table], layout)
        page.append(list(rows[0]))
        for row in rows:
            page.append(list(row.values()))
    book.remove(book.worksheets[0])
    path.parent.mkdir(parents=True)
    book.save(path)


def _delimited(rows: list[Row], delimiter: str) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _json_lines(path: Path, rows: Iterable[Row]) -> None:
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    _put(path, "".join(lines).encode())


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
