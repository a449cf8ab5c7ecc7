"""HubSpot CRM v3, from the shapes its developer pages document."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.apis.api import Fault
from sandbox.apis.hubspot import HubSpot
from tests.contract.case import Case, Sample


def settings(base: str, _folder: Path) -> Mapping[str, Any]:
    rule = {"path": "properties.services_amount"}
    return {
        "base": base, "token_env": "HUBSPOT_TOKEN", "currency": "USD", "portal": "4711",
        "fields": {"opportunity": {"services_amount": rule}},
    }  # fmt: skip


def deal(number: int, **changed: Any) -> Mapping[str, Any]:
    return {
        "dealname": f"Rollout {number}", "dealstage": "1076664462", "pipeline": "default", "amount": "133283.1",
        "deal_currency_code": "EUR", "hs_is_closed": "true", "hs_is_closed_won": "true",
        "hs_closed_won_date": "2026-10-30T16:02:11.500Z", "closedate": "2026-10-31T00:00:00Z",
        "hubspot_owner_id": "77", "hs_primary_associated_company": "9001", "services_amount": "90000",
        **changed,
    }  # fmt: skip


def error(message: str, **more: Any) -> Mapping[str, Any]:
    return {"status": "error", "message": message, "correlationId": "c033cdaa", **more}


SEARCH = "/search"
DAILY = {"X-HubSpot-RateLimit-Daily": "1000", "X-HubSpot-RateLimit-Daily-Remaining": "199"}
UNSCOPED = error(
    "This app hasn't been granted all required scopes to make this call.",
    category="MISSING_SCOPES",
    errors=[{"context": {"requiredGranularScopes": ["crm.objects.deals.read"]}}],
)

CASES = (
    Case(
        api=HubSpot,
        settings=settings,
        env={"HUBSPOT_TOKEN": HubSpot.secret},
        stream="opportunity",
        table="deals",
        row=deal,
        changes=("amount", "90000.55", "amount", 9_000_055),
        passing=(
            Fault(429, error("You have reached your ten_secondly_rolling limit.", policyName="TEN_SECONDLY_ROLLING"), path=SEARCH),
            Fault(429, error("You have reached your secondly limit.", category="RATE_LIMITS"), {"Retry-After": "1"}, path=SEARCH),
            Fault(423, error("Locked"), path=SEARCH),
            Fault(477, error("Migration in progress"), {"Retry-After": "60"}, path=SEARCH),
            Fault(522, "<html>Connection timed out</html>", path=SEARCH),
        ),
        stopping=(
            Fault(429, error("You have reached your daily limit.", errorType="RATE_LIMIT", policyName="DAILY"), path=SEARCH),
            Fault(200, {"total": 0, "results": []}, DAILY, path=SEARCH),
        ),
        refusing=(
            Fault(403, UNSCOPED, path=SEARCH),
            Fault(400, error("There was a problem with the request.", category="VALIDATION_ERROR"), path=SEARCH),
            Fault(401, error("Authentication credentials not found.", category="INVALID_AUTHENTICATION"), path=SEARCH),
        ),
        wrong_in_200=(Fault(200, error("Unable to infer object type"), path=SEARCH),),
        samples={
            "customer": Sample(
                table="companies",
                fields={"name": "Nordwind", "domain": "nordwind.example"},
                means={
                    "id": "1", "name": "Nordwind", "source_url": "https://app.hubspot.com/contacts/4711/record/0-2/1",
                    "source_updated_at": "2026-11-20T17:30:00Z",
                },
            ),
            "opportunity": Sample(
                table="deals",
                id="35447325508",
                fields=deal(1),
                means={
                    "id": "35447325508", "name": "Rollout 1", "status": "won", "won_at": "2026-10-30T16:02:11.500000Z",
                    "currency": "EUR", "amount": "133283.1", "services_amount": "90000", "customer_id": "9001",
                    "owner": "77", "source_url": "https://app.hubspot.com/contacts/4711/record/0-3/35447325508",
                    "source_updated_at": "2026-11-20T17:30:00Z", "deleted_at": None,
                },
            ),
            "opportunity#own_currency": Sample(
                table="deals",
                fields=deal(1, deal_currency_code=None, amount="", hs_closed_won_date=None),
                means={"currency": "USD", "amount": None, "won_at": "2026-10-31T00:00:00Z"},
            ),
            "opportunity#lost": Sample(
                table="deals", fields=deal(1, hs_is_closed_won="false"), means={"status": "lost", "won_at": None}
            ),
            "opportunity#open": Sample(
                table="deals",
                fields=deal(1, hs_is_closed="false", hs_is_closed_won="false", dealstage="closedwon"),
                means={"status": "open", "won_at": None},
            ),
            "opportunity_archived": Sample(
                table="deals",
                fields=deal(1),
                deleted=True,
                means={
                    "id": "1", "status": "won", "currency": "EUR", "deleted_at": "2026-11-20T18:00:00Z",
                    "source_updated_at": "2026-11-20T18:00:00Z",
                },
            ),
        },
    ),
)  # fmt: skip
