"""A PSA that a firm built on SAP CAP: OData 4 for projects and time, version 2 beside it for billing.

Pages are of a fixed size whatever is preferred, a next link is relative in version 4 and names a host of its
own in version 2, a removed row leaves nothing behind.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from sandbox.apis._odata import ODataApi
from sandbox.apis._odata_model import Entity, entity
from sandbox.apis.api import UNAUTHORIZED

_CUSTOMER = entity("Customers", "ID", single=True, text="name")
_ITEM = entity("Items", "ID", text="project_ID", decimal="net hours")
_PSA = {
    "Projects": entity(
        "Projects", "ID", stamp="modifiedAt",
        text="title state currency", decimal="rate", navigations={"customer": _CUSTOMER},
    ),
    "TimeEntries": entity(
        "TimeEntries", "ID", stamp="modifiedAt",
        text="project_ID person_ID", day="day", number="minutes", flag="approved billable",
    ),
}  # fmt: skip
_BILLING = {
    "Invoices": entity(
        "Invoices", "number", stamp="modifiedAt",
        text="currency", day="issued", flag="posted", navigations={"items": _ITEM},
    ),
}  # fmt: skip


class Cap(ODataApi):
    """``user`` and ``secret`` are what a request must show."""

    vendor: ClassVar[str] = "odata"
    services: ClassVar[Mapping[str, tuple[int, Mapping[str, Entity]]]] = {
        "/odata/v4/psa": (4, _PSA),
        "/odata/v2/billing": (2, _BILLING),
    }
    user, secret = "SIGHTGLASS", "cap-password"

    def knows(self, request: Request) -> bool:
        """The user with its password."""
        proof = base64.b64encode(f"{self.user}:{self.secret}".encode()).decode()
        return request.headers.get("Authorization") == f"Basic {proof}"

    def refused(self, status: int, why: str) -> Response:
        """Who is not known is told so in plain text."""
        if status == UNAUTHORIZED:
            return PlainTextResponse("Unauthorized", status, {"WWW-Authenticate": 'Basic realm="Users"'})
        return self.error(status, why, 4)
