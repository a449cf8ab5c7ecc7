"""Rows of every kind that the six systems keep, in every state, and what of them each vendor carries."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sandbox.living.records import Person
from sandbox.records import (
    Allocation,
    Contract,
    Customer,
    FxRate,
    Invoice,
    InvoiceLine,
    LegalEntity,
    Milestone,
    Opportunity,
    Period,
    Project,
    Record,
    Resource,
    RevenueLine,
    TimeEntry,
)

BEFORE = datetime(2026, 11, 2, 9, 30, 5, tzinfo=UTC)
D = Decimal


def deal(number: int = 1, **more: Any) -> Opportunity:
    """A deal of 133,283.10 pounds won on Monday 2 November, half of it consulting."""
    values: dict[str, Any] = {
        "status": "won", "won_at": BEFORE, "currency": "GBP", "amount": D("133283.10"),
        "services_amount": D("66641.55"), "legal_entity": "UK01", "owner": "Ada King", **more,
    }  # fmt: skip
    return Opportunity(
        id=f"0065g{number:010}AAA", name=f"Rollout {number}", customer_id="0015g0000000001AAA",
        customer_name="Nordwind", source_updated_at=BEFORE, **values,
    )  # fmt: skip


def contract(number: int = 1, **more: Any) -> Contract:
    """A statement of work of the deal with its number."""
    values: dict[str, Any] = {"status": "active", "signed_at": BEFORE, "start_on": date(2026, 11, 9), **more}
    return Contract(
        id=f"8005g{number:010}AAA", number=f"{number:08}", opportunity_id=deal(number).id, currency="GBP",
        customer_id="0015g0000000001AAA", legal_entity="UK01", source_updated_at=BEFORE, **values,
    )  # fmt: skip


def psa_project(number: int = 1, **more: Any) -> Project:
    """The project of the deal with its number."""
    values: dict[str, Any] = {
        "status": "active", "billing_method": "time_and_materials", "currency": "GBP", "manager": "Bo Lund",
        **more,
    }  # fmt: skip
    return Project(
        id=str(41000 + number), name=f"Rollout {number}", customer_id="31", opportunity_system="crm",
        opportunity_id=deal(number).id, source_updated_at=BEFORE, **values,
    )  # fmt: skip


def milestone(number: int = 1, **more: Any) -> Milestone:
    """A milestone of 25,000 pounds that is still to come."""
    values: dict[str, Any] = {
        "status": "planned",
        "currency": "GBP",
        "amount": D("25000"),
        "project_id": "41001",
        **more,
    }
    return Milestone(id=str(51000 + number), name="Go-live", source_updated_at=BEFORE, **values)


def allocation(number: int = 1, **more: Any) -> Allocation:
    """Half of a person's November."""
    values: dict[str, Any] = {"hours": D("80.25"), "percent": D("50"), **more}
    return Allocation(
        id=str(61000 + number), project_id="41001", resource_id="71", start_on=date(2026, 11, 2),
        end_on=date(2026, 11, 30), source_updated_at=BEFORE, **values,
    )  # fmt: skip


def worker(number: int = 1, **more: Any) -> Resource:
    """Somebody whom HCM knows."""
    values: dict[str, Any] = {"active": True, "start_on": date(2024, 3, 1), **more}
    return Resource(
        id=f"W-UK01-{number:03}", name="Bo Lund", legal_entity="UK01", source_updated_at=BEFORE, **values
    )


def person(number: int = 71, **more: Any) -> Person:
    """The same, as PSA or time know them."""
    values: dict[str, Any] = {
        "code": "W-UK01-001",
        "resource_id": "W-UK01-001",
        "resource_system": "hcm",
        **more,
    }
    return Person(id=str(number), name="Bo Lund", email="bo@firm.example", source_updated_at=BEFORE, **values)


def time_project(number: int = 1, **more: Any) -> Project:
    """The time system's view of the PSA's project."""
    values: dict[str, Any] = {
        "status": "active", "billing_method": "time_and_materials", "currency": "GBP", "rate": D("120.1"),
        **more,
    }  # fmt: skip
    there = psa_project(number).id
    return Project(
        id=str(1000 + number), number=there, name=f"Rollout {number}", customer_id="3", project_system="psa",
        project_id=there, source_updated_at=BEFORE, **values,
    )  # fmt: skip


def entry(number: int = 1, **more: Any) -> TimeEntry:
    """7.5 approved hours at 120.10 pounds: 900.75."""
    values: dict[str, Any] = {
        "status": "approved", "hours": D("7.5"), "currency": "GBP", "rate": D("120.1"), "billed": False,
        "work_date": date(2026, 10, 28), **more,
    }  # fmt: skip
    return TimeEntry(
        id=str(900000 + number), project_id="1001", resource_id="72", source_updated_at=BEFORE, **values
    )


def erp_project(number: int = 1, **more: Any) -> Project:
    """The ledger's view of the PSA's project."""
    values: dict[str, Any] = {
        "status": "active", "billing_method": "time_and_materials", "currency": "GBP", "manager": "Bo Lund",
        **more,
    }  # fmt: skip
    return Project(
        id=str(5000 + number), number=f"P-{number}", name=f"Rollout {number}", customer_id="731",
        project_system="psa", project_id=psa_project(number).id, legal_entity="UK01",
        source_updated_at=BEFORE, **values,
    )  # fmt: skip


def invoice(number: int = 1, **more: Any) -> Invoice:
    """A posted invoice of 900.75 pounds."""
    values: dict[str, Any] = {
        "status": "posted", "currency": "GBP", "amount": D("900.75"), "kind": "invoice", **more,
    }  # fmt: skip
    return Invoice(
        id=str(8000 + number), number=f"INV-{number}", customer_id="731", issued_on=date(2026, 11, 6),
        due_on=date(2026, 12, 6), legal_entity="UK01", source_updated_at=BEFORE, **values,
    )  # fmt: skip


def invoice_line(number: int = 1, **more: Any) -> InvoiceLine:
    """All of the invoice with its number, for time."""
    values: dict[str, Any] = {
        "invoice_id": str(8000 + number), "covers": "time", "currency": "GBP", "amount": D("900.75"), **more,
    }  # fmt: skip
    return InvoiceLine(
        id=str(88000 + number), project_id="5001", legal_entity="UK01",
        source_updated_at=BEFORE, **values,
    )  # fmt: skip


def revenue(number: int = 1, **more: Any) -> RevenueLine:
    """Revenue of October of a milestone."""
    values: dict[str, Any] = {"state": "posted", "currency": "GBP", "amount": D("4000.10"), **more}
    return RevenueLine(
        id=f"RC1:L{number}:202610", project_system="psa", project_id="41001", milestone_system="psa",
        milestone_id=str(51000 + number), legal_entity="UK01", period="202610", source_updated_at=BEFORE,
        **values,
    )  # fmt: skip


def period(identifier: str, month: int, status: str) -> Period:
    """A month of thirty days and more."""
    start, end = date(2026, month, 1), date(2026, month, 28)
    return Period(
        id=identifier, name=f"2026-{month:02}", start_on=start, end_on=end, status=status,
        source_updated_at=BEFORE,
    )  # fmt: skip


def entity(identifier: str, name: str, country: str, currency: str, **more: Any) -> LegalEntity:
    """A company of the firm."""
    return LegalEntity(
        id=identifier, name=name, country=country, currency=currency, source_updated_at=BEFORE, **more
    )


def rate(number: int, kind: str, base: str, currency: str, value: str) -> FxRate:
    """A rate of October."""
    return FxRate(
        id=f"{number}:{kind}", rate_type=kind, base_currency=base, currency=currency, rate=D(value),
        valid_on=date(2026, 10, 1), source_updated_at=BEFORE,
    )  # fmt: skip


def client(identifier: str) -> Customer:
    """A client."""
    return Customer(id=identifier, name="Nordwind", source_updated_at=BEFORE)


YEN: dict[str, Any] = {"currency": "JPY", "amount": D("1500000")}
DINAR: dict[str, Any] = {"currency": "KWD", "amount": D("1234.567")}
LONDON: dict[str, Any] = {"timezone": "Europe/London", "work_week_end": 7}
MELBOURNE: dict[str, Any] = {"timezone": "Australia/Melbourne", "work_week_end": 7, "subdivision": "VIC"}

#: (system, kind) -> the fields its vendor carries, and rows in every state
ROWS: dict[tuple[str, str], tuple[str, list[Record]]] = {
    ("crm", "customer"): ("name", [client("0015g0000000001AAA")]),
    ("crm", "opportunity"): (
        "legal_entity name customer_id customer_name status won_at currency amount services_amount owner",
        [
            deal(1), deal(2, status="open", won_at=None, services_amount=None, owner=None),
            deal(3, status="lost", won_at=None), deal(4, **YEN, legal_entity="JP01"),
            deal(5, **{**DINAR, "services_amount": D("0.001")}), deal(6, amount=None),
        ],
    ),
    ("crm", "contract"): (
        "legal_entity number opportunity_id customer_id status signed_at start_on end_on currency",
        [
            contract(1, end_on=date(2027, 10, 31)), contract(2, status="draft", signed_at=None, start_on=None),
            contract(3, status="signed"), contract(4, status="closed"), contract(5, status="cancelled"),
        ],
    ),
    ("psa", "customer"): ("name", [client("31")]),
    ("psa", "resource"): ("name email active code resource_id", [person(71), person(73, active=False, code=None, resource_id=None)]),
    ("psa", "project"): (
        "name customer_id opportunity_id status billing_method currency manager",
        [
            psa_project(1), psa_project(2, status="planned", billing_method="milestone", manager=None),
            psa_project(3, status="on_hold", currency="JPY"), psa_project(4, status="complete", currency="KWD"),
            psa_project(5, status="cancelled"), psa_project(6, status="closed"),
        ],
    ),
    ("psa", "milestone"): (
        "name project_id status accepted_at currency amount",
        [
            milestone(1), milestone(2, status="accepted", accepted_at=BEFORE), milestone(3, status="cancelled"),
            milestone(4, project_id="41003", **YEN), milestone(5, project_id="41004", **DINAR), milestone(6, amount=None),
        ],
    ),
    ("psa", "allocation"): (
        "project_id resource_id start_on end_on hours percent",
        [allocation(1), allocation(2, hours=D("7.33"), percent=None), allocation(3, hours=None)],
    ),
    ("hcm", "resource"): (
        "legal_entity name active start_on end_on",
        [worker(1), worker(2, active=False, end_on=date(2026, 10, 31)), worker(3, start_on=None)],
    ),
    ("time", "customer"): ("name", [client("3")]),
    ("time", "resource"): ("name email active code resource_id", [person(72), person(74, active=False, code=None, resource_id=None)]),
    ("time", "project"): (
        "number name customer_id project_id status billing_method currency rate",
        [
            time_project(1), time_project(2, status="closed", billing_method="fixed_fee", rate=None),
            time_project(3, currency="JPY", rate=D(15000)), time_project(4, currency="KWD", rate=D("45.525")),
        ],
    ),
    ("time", "time_entry"): (
        "project_id resource_id work_date hours status billable billed currency rate",
        [
            entry(1), entry(2, status="draft", hours=D("0.07")), entry(3, billable=False, rate=None),
            entry(4, currency="JPY", rate=D(15000), hours=D("7.33")), entry(5, currency="KWD", rate=D("45.525")),
            entry(6, billed=True),
        ],
    ),
    ("erp", "legal_entity"): (
        "name country subdivision timezone currency work_week_end",
        [
            entity("UK01", "Harrowgate Ltd", "GB", "GBP", **LONDON),
            entity("AU01", "Harrowgate Pty Ltd", "AU", "AUD", **MELBOURNE),
            entity("KW01", "Harrowgate KSC", "KW", "KWD"),
        ],
    ),
    ("erp", "customer"): ("name", [client("731")]),
    ("erp", "project"): (
        "legal_entity number name customer_id project_id status billing_method currency manager",
        [
            erp_project(1), erp_project(2, status="planned", billing_method="milestone", manager=None),
            erp_project(3, status="on_hold", billing_method="fixed_fee", currency="JPY"),
            erp_project(4, status="complete", billing_method=None), erp_project(5, status="cancelled"),
            erp_project(6, status="closed"),
        ],
    ),
    ("erp", "invoice"): (
        "legal_entity number kind customer_id status issued_on due_on currency amount credits_id",
        [
            invoice(1), invoice(2, status="pending_approval"), invoice(3, status="paid", **YEN),
            invoice(4, status="void"), invoice(5, **DINAR), invoice(6, status="draft"),
            invoice(7, kind="credit_note", credits_id="8001", amount=D("100.10")),
        ],
    ),
    ("erp", "invoice_line"): (
        "legal_entity invoice_id project_id covers currency amount",
        [
            invoice_line(1, amount=D("800.25")), invoice_line(1001, invoice_id="8001", amount=D("100.50")),
            invoice_line(3, covers="milestone", **YEN), invoice_line(5, covers="fee", **DINAR),
            invoice_line(7, amount=D("100.10")), invoice_line(4, amount=D("-12.34")),
        ],
    ),
    ("erp", "period"): (
        "name start_on end_on status",
        [period("318", 10, "soft_closed"), period("317", 9, "closed"), period("319", 11, "open")],
    ),
    ("erp", "fx_rate"): (
        "rate_type base_currency currency valid_on rate",
        [
            rate(1, "current", "GBP", "USD", "1.2820512"), rate(1, "average", "GBP", "USD", "1.27"),
            rate(2, "current", "JPY", "USD", "0.006613"), rate(3, "current", "KWD", "USD", "3.257"),
        ],
    ),
    ("revenue", "revenue_line"): (
        "legal_entity project_id milestone_id state currency amount period",
        [
            revenue(1), revenue(2, state="scheduled"), revenue(3, amount=D("-4000.10")), revenue(4, **YEN),
            revenue(5, **DINAR),
        ],
    ),
    ("revenue", "period"): (
        "name start_on end_on status",
        [period("4021", 10, "soft_closed"), period("4020", 9, "closed"), period("4022", 11, "open")],
    ),
}  # fmt: skip
