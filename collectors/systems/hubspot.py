"""HubSpot CRM: deals and companies, found by search; archived deals, listed.

Won is ``hs_is_closed_won``: stage ids are a portal's own, and even ``closedwon`` may be called otherwise.
The moment is HubSpot's closed-won date, else the close date, which a seller may edit. Every value is text,
"true" and numbers too. The search index trails the records, so each poll reads 50 minutes back. A search
gives 10,000 rows at most and is asked anew from the last stamp; its pages are counted, so a row that
changes meanwhile may push another out: fewer rows than announced are not believed. A search tells nothing
of what was archived, merged or erased: archived deals are listed with every poll, and ids compared.
Services are a part of the amount only where a portal keeps a property for it:
``fields.opportunity.services_amount = { path = "properties.services_amount" }``; properties are asked for
as they are mapped. An unknown property is silently nothing.

Unverified: ``hs_closed_won_date`` and ``hs_primary_associated_company`` in every portal, whether restoring
an archived deal moves its stamp. Not read: more than 10,000 rows of one millisecond (said, not lost).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, TypeAdapter

from collectors.engines.vendor import VendorSettings, rest_system
from collectors.mapping.picking import paths_of
from collectors.mapping.rules import FieldRule

_RULES: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, FieldRule])
_STAMP = "hs_lastmodifieddate"
_OWN = "properties."
_SIGNALS = (
    # the message's words are the same for both limits but for the policy
    {"status": 429, "text": "DAILY", "means": "stop", "pause": "1h"},
    *({"status": status, "means": "retry"} for status in (423, 477, 521, 522, 523, 524)),
    {
        "status": 403, "text": "MISSING_SCOPES", "means": "refuse",
        "remedy": "give the private app this scope",
        "names": r'"requiredGranularScopes"\s*:\s*\[\s*"([\w.-]+)"',
    },
)  # fmt: skip


class HubSpotSettings(VendorSettings):
    """``token_env`` holds a private app's token, ``currency`` is of deals that name none.

    ``portal`` is the account's number, for links into it.
    """

    token_env: str
    currency: str = Field(pattern="^[A-Z]{3}$")
    portal: str | None = Field(default=None, pattern=r"^\d+$")
    base: str = "https://api.hubapi.com"


def _own(name: str) -> dict[str, Any]:
    return {"path": f"{_OWN}{name}"}


def _deal(chosen: HubSpotSettings) -> dict[str, Any]:
    won = {"path": f"{_OWN}hs_is_closed_won", "is": True}
    dated = {"path": f"{_OWN}hs_closed_won_date", "present": True}
    return {
        "name": _own("dealname"), "customer_id": _own("hs_primary_associated_company"),
        "status": {"when": [
            {"all": [won], "then": "won"},
            {"all": [{"path": f"{_OWN}hs_is_closed", "is": True}], "then": "lost"},
        ], "else": "open"},
        "won_at": {"when": [
            {"all": [won, dated], "then": _own("hs_closed_won_date")},
            {"all": [won], "then": _own("closedate")},
        ], "else": ""},
        "currency": {**_own("deal_currency_code"), "default": chosen.currency}, "amount": _own("amount"),
        "owner": _own("hubspot_owner_id"),
    }  # fmt: skip


def _link(chosen: HubSpotSettings, number: str) -> dict[str, Any]:
    if chosen.portal is None:
        return {}
    return {
        "source_url": {"template": f"https://app.hubspot.com/contacts/{chosen.portal}/record/{number}/{{id}}"}
    }


def _properties(chosen: HubSpotSettings, stream: str, fields: Mapping[str, Any]) -> list[str]:
    """What has to be asked for: properties that are not named are not told."""
    rules = _RULES.validate_python({**fields, **chosen.fields.get(stream, {})})
    paths = {path for rule in rules.values() for path in paths_of(rule)} | {f"{_OWN}{_STAMP}"}
    return sorted(path.removeprefix(_OWN) for path in paths if path.startswith(_OWN))


def _list(collection: str, **params: Any) -> dict[str, Any]:
    return {
        "path": f"/crm/v3/objects/{collection}",
        "params": {"limit": 100, **params},
        "rows": "results",
        "next": {"style": "cursor", "path": "paging.next.after", "param": "after"},
    }


def _search(
    chosen: HubSpotSettings, stream: str, collection: str, fields: Mapping[str, Any]
) -> dict[str, Any]:
    every = {"id": "id", "source_updated_at": _own(_STAMP), **fields}
    since = {"propertyName": _STAMP, "operator": "GTE", "value": "{since}"}
    return {
        "read": {
            "path": f"/crm/v3/objects/{collection}/search",
            "method": "POST",
            "body": {
                "filterGroups": [{"filters": [since]}],
                "sorts": [{"propertyName": _STAMP, "direction": "ASCENDING"}],
                "properties": _properties(chosen, stream, every),
                "limit": 200,
            },
            "rows": "results",
            "total": "total",
            "next": {"style": "cursor", "path": "paging.next.after", "param": "after", "sent": "body"},
        },
        "ids": _list(collection),
        "fields": every,
        "since_as": "epoch_ms_text",
        "ordered": True,
        "cap": 10_000,
        "settle": "5m",
        "overlap": "50m",
    }


def _archived(chosen: HubSpotSettings, stream: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    every = {"id": "id", "deleted_at": "archivedAt", **fields}
    named = ",".join(_properties(chosen, stream, every))
    return {
        "read": _list("deals", archived=True, properties=named),
        "kind": "opportunity",
        "fields": every,
        "version": [_own(_STAMP), "archivedAt"],
    }


def _declare(chosen: HubSpotSettings) -> dict[str, Any]:
    deal, company = {**_deal(chosen), **_link(chosen, "0-3")}, {"name": _own("name"), **_link(chosen, "0-2")}
    return {
        "base": chosen.base,
        "auth": {"style": "bearer", "token_env": chosen.token_env},
        "signals": _SIGNALS,
        # searches and OAuth apps are told nothing of it
        "quota": {
            "header": "X-HubSpot-RateLimit-Daily-Remaining",
            "total_header": "X-HubSpot-RateLimit-Daily",
            "pause": "1h",
        },
        "streams": {
            "customer": _search(chosen, "customer", "companies", company),
            "opportunity": _search(chosen, "opportunity", "deals", deal),
            "opportunity_archived": _archived(chosen, "opportunity_archived", deal),
        },
    }


SYSTEM = rest_system(
    kind="hubspot",
    title="HubSpot CRM",
    roles=("crm",),
    settings=HubSpotSettings,
    declare=_declare,
    records=("customer", "opportunity"),
    notes="CRM API v3; search by last modification, token of a private app",
    permissions=("a private app with the scopes crm.objects.deals.read and crm.objects.companies.read",),
)
