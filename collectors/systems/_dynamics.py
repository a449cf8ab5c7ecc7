"""What the kinds for Dynamics 365 share: a client at Entra, and amounts without tax."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import AwareDatetime

from collectors.engines.rest_settings import Address
from collectors.engines.vendor import VendorSettings


class EntraSettings(VendorSettings):
    """``environment`` is the address of Dynamics; the client is registered in the Entra ``tenant``.

    ``start`` is from when on is read what says when it changed.
    """

    environment: Address
    tenant: str
    client_id: str
    client_secret_env: str
    authority: Address = "https://login.microsoftonline.com"
    start: AwareDatetime = datetime(2015, 1, 1, tzinfo=UTC)


def entra(chosen: EntraSettings) -> dict[str, Any]:
    """The client credentials, for the environment alone."""
    return {
        "style": "client_credentials",
        "token_url": f"{chosen.authority}/{chosen.tenant}/oauth2/v2.0/token",
        "client_id": chosen.client_id,
        "client_secret_env": chosen.client_secret_env,
        "scope": f"{chosen.environment}/.default",
    }


def number(told: Any) -> Decimal | None:
    """An amount as it came, None for what is none: the mapping will say so."""
    try:
        return Decimal(str(told))
    except InvalidOperation:
        return None


def without(tax: Any, total: Any) -> Any:
    """A total less its tax; as it came where either cannot be read."""
    gross, part = number(total), number(tax or 0)
    return total if gross is None or part is None else str(gross - part)
