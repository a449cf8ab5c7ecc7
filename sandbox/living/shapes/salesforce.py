"""The CRM as Salesforce shows it, with the custom fields of this firm's org."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar

from sandbox.apis.salesforce import Salesforce
from sandbox.living.held import Held
from sandbox.living.shapes.shape import Shape, Shapes, Shown, day, name_of
from sandbox.records import Contract, Customer, Opportunity

_STAGES = {"open": "Negotiation", "won": "Closed Won", "lost": "Closed Lost"}
_STATES = {
    "draft": ("Draft", "Draft"), "signed": ("Signed", "Signed"), "active": ("Activated", "Activated"),
    "closed": ("Expired", "Expired"), "cancelled": ("Cancelled", "Cancelled"),
}  # fmt: skip


class Org(Salesforce):
    """An org that keeps the company a deal belongs to, and what of it is consulting work."""

    objects: ClassVar[Mapping[str, frozenset[str]]] = {
        **Salesforce.objects,
        "Opportunity": Salesforce.objects["Opportunity"] | {"Legal_Entity__c", "Services_Amount__c"},
        "Contract": Salesforce.objects["Contract"] | {"Legal_Entity__c"},
    }


def _moment(value: datetime | None) -> str | None:
    if value is None:
        return None
    utc = value.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03}+0000"


def _account(row: Customer, _held: Held) -> Shown:
    return Shown("Account", row.id, {"Name": row.name})


def _opportunity(row: Opportunity, held: Held) -> Shown:
    customer = row.customer_name or name_of(held, Customer, row.customer_id)
    fields = {
        "Name": row.name,
        "AccountId": row.customer_id,
        "Account": {"Name": customer} if customer else None,
        "Owner": {"Name": row.owner} if row.owner else None,
        "StageName": _STAGES[row.status],
        "IsClosed": row.status != "open",
        "IsWon": row.status == "won",
        "LastStageChangeDate": _moment(row.won_at),
        "CreatedDate": _moment(row.source_updated_at),
        "Amount": row.amount,
        "Services_Amount__c": row.services_amount,
        "CurrencyIsoCode": row.currency,
        "Legal_Entity__c": row.legal_entity,
    }
    return Shown("Opportunity", row.id, fields)


def _contract(row: Contract, _held: Held) -> Shown:
    status, code = _STATES[row.status]
    fields = {
        "AccountId": row.customer_id,
        "ContractNumber": row.number,
        "Status": status,
        "StatusCode": code,
        "ActivatedDate": _moment(row.signed_at),
        "StartDate": day(row.start_on),
        "EndDate": day(row.end_on),
        "CurrencyIsoCode": row.currency,
        "SBQQ__Opportunity__c": row.opportunity_id,
        "Legal_Entity__c": row.legal_entity,
    }
    return Shown("Contract", row.id, fields)


SHAPES: Shapes = {Customer: Shape(_account), Opportunity: Shape(_opportunity), Contract: Shape(_contract)}
