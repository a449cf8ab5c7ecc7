"""A home-grown PSA, described in configuration alone."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.apis.api import Fault
from sandbox.apis.homegrown import HomeGrown
from tests.contract.case import Case, Sample

#: as docs/own-api.md shows it
TOML = """
base = "BASE/api"
auth = { style = "client_credentials", token_url = "BASE/token", client_id = "sightglass", client_secret_env = "PSA_SECRET" }
signals = [{ status = 403, text = "DAILY_LIMIT", means = "stop" }, { status = 420, means = "retry" }]

[streams.project]
fields = { id = "uid", name = "title", status = { column = "state", values = { live = "active" }, default = "planned" } }
version = "changed"
deleted = "gone"
ordered = true
[streams.project.read]
path = "/projects"
params = { changed_since = "{since}", limit = 100 }
rows = "items"
total = "meta.count"
error = "problem"
next = { style = "cursor", path = "meta.next", param = "cursor" }

[streams.time_entry]
fields = { id = "uid", project_id = "project", work_date = "day", hours = { column = "minutes", divide = 60 }, status = { column = "ok", values = { true = "approved", false = "submitted" } } }
version = "changed"
deleted = "gone"
[streams.time_entry.read]
path = "/hours"
params = { changed_since = "{since}" }
rows = "items"
total = "meta.count"
next = { style = "cursor", path = "meta.next", param = "cursor" }
"""


def settings(base: str, _folder: Path) -> Mapping[str, Any]:
    return tomllib.loads(TOML.replace("BASE", base))


def project(number: int) -> Mapping[str, Any]:
    return {"title": f"Project {number}", "state": "live"}


CASES = (
    Case(
        api=HomeGrown,
        settings=settings,
        env={"PSA_SECRET": HomeGrown.secret},
        stream="project",
        table="projects",
        row=project,
        changes=("title", "Renamed", "name", "Renamed"),
        deletes="soft",
        has_tokens=True,
        passing=(
            Fault(429, {"message": "slow down"}, {"Retry-After": "3"}, path="/api/"),
            Fault(420, "<html>enhance your calm</html>", path="/api/"),
            Fault(200, {"problem": "try again later", "items": []}, path="/api/"),
        ),
        stopping=(Fault(403, {"message": "DAILY_LIMIT reached"}, path="/api/"),),
        wrong_in_200=(
            Fault(200, {"problem": "no such view", "items": []}, path="/api/"),
            Fault(200, {"rows": []}, path="/api/"),
        ),
        refusing=(Fault(401, {"error": "invalid_client"}, path="/token"),),
        samples={
            "project": Sample(
                table="projects",
                fields=project(1),
                means={"id": "1", "name": "Project 1", "status": "active", "deleted_at": None},
            ),
            "project#gone": Sample(
                table="projects",
                fields=project(1),
                deleted=True,
                means={"deleted_at": "2026-11-20T18:00:00Z"},
            ),
            "time_entry": Sample(
                table="hours",
                fields={"project": "1", "day": "2026-10-30", "minutes": 450, "ok": True},
                means={"project_id": "1", "hours": "7.5", "status": "approved"},
            ),
        },
    ),
)
