"""What may be said of an S/4HANA Cloud, and how its services are asked: shared by the parts of kind sap."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import AwareDatetime, Field

from collectors.engines.auth import Auth
from collectors.engines.rest_settings import Address
from collectors.engines.vendor import VendorSettings

_STAMPS = ("LastChangeDateTime", "CreationDate")
_EITHER: Mapping[str, Any] = {"changed": _STAMPS, "types": {"CreationDate": "Date"}}

Bills = Literal["time_and_materials", "milestone", "fixed_fee", "retainer"]
Recognised = Literal["milestone", "over_time", "as_invoiced"]
Status = Literal["planned", "active", "on_hold", "complete", "closed", "cancelled"]
_LINE_KINDS: dict[str, Bills] = {
    "P001": "time_and_materials",
    "P002": "fixed_fee",
    "P003": "time_and_materials",
    "P004": "retainer",
}
_PROJECT_STATUS: dict[str, Status] = {"00": "planned", "10": "active", "20": "complete", "40": "closed"}


class SapSettings(VendorSettings):
    """``root`` is the API host; ``auth`` the communication user (basic) or client (client_credentials).

    ``services`` is where the services of version 2 are below it, ``journal`` where the view of postings is,
    in version ``journal_odata``. ``revenue_accounts`` are accounts or ranges (``41000000-41999999``); without
    any, no revenue is read. ``line_kinds`` says by product how an item bills, ``recognition`` how revenue of
    each such kind is recognised, which no service says; ``project_status`` what a processing status means.
    ``start`` is from when on documents are read.
    """

    root: Address
    auth: Auth
    services: str = "sap/opu/odata/sap"
    revenue_accounts: tuple[str, ...] = ()
    ledger: str = "0L"
    journal: str = "sap/opu/odata/sap/YY1_JOURNALENTRYITEM_CDS/YY1_JournalEntryItem"
    journal_odata: Literal[2, 4] = 2
    line_kinds: dict[str, Bills] = Field(default_factory=_LINE_KINDS.copy)
    recognition: dict[Bills, Recognised] = Field(default_factory=dict)
    project_status: dict[str, Status] = Field(default_factory=_PROJECT_STATUS.copy)
    page_size: int = Field(default=1000, ge=1)
    start: AwareDatetime = datetime(2015, 1, 1, tzinfo=UTC)


def entity(service: str, name: str, fields: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """An entity set of a service."""
    return {"service": service, "entity": name, "fields": fields, **more}


def documents(service: str, name: str, fields: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Documents by what changed in them; the stamp of the last change may be empty until the first."""
    return entity(service, name, fields, version=_STAMPS, window="90d", **_EITHER, **more)


def lines(service: str, name: str, below: str, fields: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """What hangs on documents, dated by them."""
    above = "_parent." * len(below.split("."))
    version = [{"path": above + stamp} for stamp in _STAMPS]
    return entity(service, name, fields, lines=below, version=version, window="90d", **_EITHER, **more)


def link(chosen: SapSettings, target: str) -> dict[str, str]:
    """The app that shows a document, at the host for people."""
    people = chosen.root.replace("-api.", ".", 1)
    return {"template": f"{people}/ui#{target}-display?{target}={{{target}}}"}
