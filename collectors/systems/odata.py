"""Any OData service, version 2 or 4, described in configuration alone: one entity set per stream."""

from __future__ import annotations

from collectors.contract import System
from collectors.engines.odata import ODataConnection
from collectors.engines.odata_settings import ODataSettings
from queries.records import KINDS

SYSTEM = System(
    kind="odata",
    title="An OData service",
    roles=("crm", "contract", "psa", "hcm", "time", "erp", "revenue"),
    settings=ODataSettings,
    connect=ODataConnection,
    verified="real server",
    records=tuple(KINDS),
    notes="versions 2 and 4; run against SAP CAP; described in configuration",
    engine="odata",
)
