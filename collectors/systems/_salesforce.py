"""What Sales Cloud and Certinia share: one API, asked in SOQL for what changed, deleted rows included.

``queryAll`` tells rows in the recycle bin (``IsDeleted``, which moves ``SystemModstamp``) for 15 days;
what was erased from there, and what the user may no longer see, leaves without a trace. SOQL fails as a
whole for one field the user may not read, so only mapped fields are selected, and the refusal names the
field. A rollup, a formula or a change of the parent does not move a row's ``SystemModstamp``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from pydantic import AwareDatetime, Field, TypeAdapter, model_validator

from collectors.engines.sql_settings import Duration
from collectors.engines.vendor import VendorSettings
from collectors.mapping.picking import columns_of, paths_of
from collectors.mapping.rules import FieldRule

_RULES: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, FieldRule])
_NAMES = re.compile(r"\w+(\.\w+)*")
_UNREADABLE = "give the user the right to read it, or map the field otherwise under fields"
_UNKNOWN = "give the user the right to read the object, or omit the stream"
_SIGNALS = (
    # one code for two limits: too many requests at once pass in seconds, the day's allowance does not
    {"status": 403, "text": "Concurrent", "means": "retry"},
    {"status": 403, "text": "REQUEST_LIMIT_EXCEEDED", "means": "stop", "pause": "1h"},
    # a cursor lives 15 idle minutes; the poll goes on from the last row that came
    {"status": 400, "text": "INVALID_QUERY_LOCATOR", "means": "retry"},
    {"status": 406, "means": "retry"},
    {"status": 420, "means": "retry"},
    {
        "status": 400, "text": "INVALID_FIELD", "means": "refuse", "remedy": _UNREADABLE,
        "names": r"No such column '([\w.]+)'",
    },
    {
        "status": 400, "text": "INVALID_TYPE", "means": "refuse", "remedy": _UNKNOWN,
        "names": r"sObject type '(\w+)'",
    },
)  # fmt: skip


class OrgSettings(VendorSettings):
    """An org and who asks it: either by ``client_secret_env``, or by ``key_file`` and ``user``."""

    base: str
    client_id: str
    client_secret_env: str | None = None
    user: str | None = None
    key_file: Path | None = None
    audience: str = "https://login.salesforce.com"
    version: str = Field(default="67.0", pattern=r"^\d+\.0$")
    currency: str | None = Field(default=None, pattern="^[A-Z]{3}$")
    start: AwareDatetime = datetime(2000, 1, 1, tzinfo=UTC)
    window: Duration = Field(default=timedelta(days=366), gt=timedelta(0))
    sweep: bool = False

    @model_validator(mode="after")
    def _one_proof(self) -> Self:
        if (self.client_secret_env is None) == (self.key_file is None):
            raise ValueError("give either client_secret_env or key_file")
        if (self.key_file is None) != (self.user is None):
            raise ValueError("key_file and user belong together")
        return self


def org(chosen: OrgSettings, streams: Mapping[str, Any]) -> dict[str, Any]:
    """The engine's settings of an org with these streams."""
    base = chosen.base.rstrip("/")
    proof: dict[str, Any] = {"token_url": f"{base}/services/oauth2/token"}
    if chosen.client_secret_env:
        secret = {"client_id": chosen.client_id, "client_secret_env": chosen.client_secret_env}
        auth = {"style": "client_credentials", **proof, **secret}
    else:
        claim = {"issuer": chosen.client_id, "subject": chosen.user, "audience": chosen.audience}
        auth = {"style": "signed_claim", **proof, **claim, "key_file": chosen.key_file}
    return {
        "base": base,
        "auth": auth,
        "signals": _SIGNALS,
        # the allowance is of the last 24 hours, so some of it is back within an hour
        "quota": {
            "header": "Sforce-Limit-Info",
            "pattern": r"(?<![\w-])api-usage=(?P<used>\d+)/(?P<total>\d+)",
            "pause": "1h",
        },
        "streams": dict(streams),
    }


def currency(chosen: OrgSettings) -> Any:
    """Where a row's currency stands: single-currency orgs have no such field."""
    return {"constant": chosen.currency} if chosen.currency else "CurrencyIsoCode"


def changed(
    chosen: OrgSettings,
    stream: str,
    sobject: str,
    fields: Mapping[str, Any],
    *,
    where: str = "",
    stamp: str = "SystemModstamp",
    also: tuple[str, ...] = (),
    **more: Any,
) -> dict[str, Any]:
    """A stream of an object's rows whose ``stamp`` moved; ``also`` selects what no field names.

    With ``version``, a row's version is not its own stamp, so rows do not come in its order.

    Raises ValueError for a field whose path is not names with dots, which is all SOQL knows.
    """
    address = {"template": f"{chosen.base.rstrip('/')}/{{Id}}"}
    every = {"id": "Id", "source_url": address, **fields}
    if "version" not in more:
        every["source_updated_at"] = "SystemModstamp"
    named = _columns({**every, **chosen.fields.get(stream, {})}) | {"IsDeleted", "SystemModstamp", *also}
    condition = f"{where} AND " if where else ""
    span = f"{stamp} >= {{since}} AND {stamp} < {{until}} ORDER BY {stamp}, Id"
    # configured names, never anybody's text; and SOQL can only read
    query = f"SELECT {', '.join(sorted(named))} FROM {sobject} WHERE {condition}{span}"  # noqa: S608
    root = f"/services/data/v{chosen.version}"
    request = {"rows": "records", "next": {"style": "link", "path": "nextRecordsUrl"}}
    if chosen.sweep:
        every_id = f"SELECT Id FROM {sobject}{f' WHERE {where}' if where else ''}"  # noqa: S608
        more["ids"] = {"path": f"{root}/query", "params": {"q": every_id}, **request}
    return {
        "read": {"path": f"{root}/queryAll", "params": {"q": query}, "total": "totalSize", **request},
        "fields": every,
        "deleted": "IsDeleted",
        "ordered": "version" not in more,
        "window": chosen.window,
        "start": chosen.start,
        # a long transaction stamps its rows when it begins and shows them when it ends
        "settle": "5m",
        **more,
    }


def _columns(rules: Mapping[str, Any]) -> set[str]:
    """The fields to select; what begins with an underscore was computed of them and is none."""
    found: set[str] = set()
    for rule in _RULES.validate_python(rules).values():
        found |= columns_of(rule) | paths_of(rule)
    for name in found:
        if not _NAMES.fullmatch(name):
            raise ValueError(f"{name!r} cannot be asked for in SOQL: write names with dots")
    return {name for name in found if not name.startswith("_")}
