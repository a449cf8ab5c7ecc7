"""Workday: people, from a custom report that the firm offers as a web service (RaaS).

The report is one answer without pages, always whole; the firm names its columns, ours are the usual ones
and ``fields`` says others. Active is the report's own flag on its effective date: a hire becomes active and a
leaver inactive at midnight without any update. So the whole report is read at every poll and the latest
always wins, whatever moment of update it tells. Who is gone from it was rescinded, or moved out of what the
report's filter or the integration user may see: ids are compared once a day, which runs the report again.

Traps: everything is text, what is empty is absent; a wrong address or an expired sign-on answers with a page
of HTML and status 200. A report costs its own running time: poll it hourly at most, and part a large one
(beyond some 50,000 rows) by ``prompts``. Not verified: what an empty report looks like (an empty list here).

Left out: the REST list of workers tells neither who is active nor since when.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator

from collectors.engines.vendor import VendorSettings, rest_system

#: a version that never moves: the same row read again is no news, and no older stamp can keep a row stale
_ALWAYS = {"constant": "2000-01-01T00:00:00Z"}


class WorkdaySettings(VendorSettings):
    """``report`` is ``owner/name`` as in its web service's address, ``prompts`` are the report's questions.

    Either ``user`` and a password, or an API client and its refresh token.
    """

    base: str
    tenant: str
    report: str = Field(pattern=r"^[^/]+/[^/]+$")
    prompts: dict[str, str] = Field(default_factory=dict)
    user: str | None = None
    password_env: str | None = None
    client_id: str | None = None
    client_secret_env: str | None = None
    refresh_token_file: Path | None = None
    # shorter than the lease of a stream, and a report answers nothing before it is done
    timeout_s: float = Field(default=280.0, gt=0, le=600)

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        by_user = (self.user, self.password_env)
        by_client = (self.client_id, self.client_secret_env, self.refresh_token_file)
        if (None not in by_user) == (None not in by_client):
            names = "user and password_env, or client_id, client_secret_env and refresh_token_file"
            raise ValueError(f"give {names}")
        return self


def _declare(chosen: WorkdaySettings) -> dict[str, Any]:
    report = {
        "path": f"/ccx/service/customreport2/{chosen.tenant}/{chosen.report}",
        "params": {**chosen.prompts, "format": "json"},
        "rows": "Report_Entry",
    }
    return {
        "base": chosen.base,
        "auth": _auth(chosen),
        "max_bytes": 512 * 1024 * 1024,
        "streams": {
            "resource": {
                "read": report,
                "ids": report,
                "fields": {
                    "id": "Worker_ID",
                    "code": "Worker_ID",
                    "name": "Employee_Name",
                    "active": "Active_Status",
                    "start_on": "Hire_Date",
                    "end_on": "Termination_Date",
                    "legal_entity": "Company_ID",
                    "source_updated_at": _ALWAYS,
                },
            }
        },
    }


def _auth(chosen: WorkdaySettings) -> dict[str, Any]:
    if chosen.user is not None:
        return {"style": "basic", "user": chosen.user, "password_env": chosen.password_env}
    return {
        "style": "refresh_token",
        "token_url": f"{chosen.base.rstrip('/')}/ccx/oauth2/{chosen.tenant}/token",
        "client_id": chosen.client_id,
        "client_secret_env": chosen.client_secret_env,
        "refresh_token_file": chosen.refresh_token_file,
        "sent": "basic",
    }


SYSTEM = rest_system(
    kind="workday",
    title="Workday HCM",
    roles=("hcm",),
    settings=WorkdaySettings,
    declare=_declare,
    records=("resource",),
    notes="a custom report as a web service, read whole at every poll",
    permissions=(
        "an integration system user who may run the report, and the custom report enabled as a web service",
        "for OAuth an API client with a refresh token that does not expire",
    ),
)
