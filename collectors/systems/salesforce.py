"""Salesforce Sales Cloud: accounts, deals and contracts; orders too, where a firm sells by them.

Won is ``IsWon``, whatever the stage is called; the moment of winning is that of the last change of
stage, never ``CloseDate``, which a seller types (a change among several won stages moves it). Contract
states go by ``StatusCode``, of which an org's own labels are kinds. A Contract names no deal: firms that
keep one there say so, with CPQ for example ``fields.contract.opportunity_id = "SBQQ__Opportunity__c"``;
an Order names its deal itself. Services are a part of ``Amount`` only where a firm keeps a field for it:
``fields.opportunity.services_amount = "Services_Amount__c"``. Deletions show as in the recycle bin.

Unverified: the codes of newer contract states, that ``LastStageChangeDate`` is empty on a deal that was
made won, and that ``QUERY_TIMEOUT`` comes as 400 (it is left to a person).
"""

from __future__ import annotations

from typing import Any

from collectors.engines.vendor import rest_system
from collectors.systems._salesforce import OrgSettings, changed, currency, org

_WON = {"column": "IsWon", "is": True}
_STATES = {
    "Draft": "draft", "InApproval": "draft", "Negotiating": "draft", "AwaitingSignature": "draft",
    "Signed": "signed", "Activated": "active", "Expired": "closed", "Rejected": "cancelled",
    "SignatureDeclined": "cancelled", "Canceled": "cancelled", "Cancelled": "cancelled",
    "Terminated": "cancelled",
}  # fmt: skip
_STATUS = {"column": "StatusCode", "values": _STATES}


class SalesforceSettings(OrgSettings):
    """An org's Sales Cloud. ``orders`` reads Orders as contracts: each is one piece of sold work.

    ``base`` is the My Domain address, ``client_id`` the external client app's consumer key. Either
    ``client_secret_env``, or ``key_file`` with ``user`` for a signed claim at ``audience`` (of a sandbox org:
    https://test.salesforce.com). ``currency`` is set for an org without multiple currencies. Rows are read
    from ``start`` on, ``window`` at once. ``sweep`` also compares ids: it finds what was erased, and takes
    for erased what the user may no longer see; with ``orders`` it leaves contracts and orders out.
    """

    orders: bool = False


def _declare(chosen: SalesforceSettings) -> dict[str, Any]:
    money = currency(chosen)
    streams = {
        "customer": changed(chosen, "customer", "Account", {"name": "Name"}),
        "opportunity": changed(chosen, "opportunity", "Opportunity", {
            "name": "Name", "customer_id": "AccountId", "customer_name": {"path": "Account.Name"},
            "status": {"when": [
                {"all": [_WON], "then": "won"},
                {"all": [{"column": "IsClosed", "is": True}], "then": "lost"},
            ], "else": "open"},
            "won_at": {"when": [
                {"all": [_WON, {"column": "LastStageChangeDate", "present": True}],
                 "then": {"column": "LastStageChangeDate"}},
                {"all": [_WON], "then": {"column": "CreatedDate"}},
            ], "else": ""},
            "currency": money, "amount": "Amount", "owner": {"path": "Owner.Name"},
        }),
        "contract": changed(chosen, "contract", "Contract", {
            "number": "ContractNumber", "customer_id": "AccountId", "status": _STATUS,
            "signed_at": "ActivatedDate", "start_on": "StartDate", "end_on": "EndDate", "currency": money,
        }),
        "order": changed(chosen, "order", "Order", {
            "number": "OrderNumber", "opportunity_id": "OpportunityId", "customer_id": "AccountId",
            "status": _STATUS, "signed_at": "ActivatedDate", "start_on": "EffectiveDate",
            "end_on": "EndDate", "currency": money, "amount": "TotalAmount",
        }, kind="contract"),
    }  # fmt: skip
    if chosen.orders:
        # ids are compared by kind: the ids of contracts alone would call every order deleted
        for name in ("contract", "order"):
            streams[name].pop("ids", None)
    else:
        del streams["order"]
    return org(chosen, streams)


SYSTEM = rest_system(
    kind="salesforce",
    title="Salesforce Sales Cloud",
    roles=("crm", "contract"),
    settings=SalesforceSettings,
    declare=_declare,
    records=("customer", "opportunity", "contract"),
    notes="REST API v67.0; SOQL; client credentials or a signed claim",
    permissions=(
        "an external client app with client credentials, or with a certificate for a signed claim",
        "an integration user with API Enabled and View All on accounts, opportunities, contracts and orders",
    ),
)
