"""Any JSON API, described in configuration alone: one request and one mapping per stream."""

from __future__ import annotations

from collectors.contract import System
from collectors.engines.rest import RestConnection
from collectors.engines.rest_settings import RestSettings
from queries.records import KINDS

SYSTEM = System(
    kind="rest",
    title="A JSON API",
    roles=("crm", "contract", "psa", "hcm", "time", "erp", "revenue", "middleware"),
    settings=RestSettings,
    connect=RestConnection,
    verified="documented contract",
    records=tuple(KINDS),
    notes="paging by link, cursor, page number, offset or key; described in configuration",
)
