"""A home-grown PSA, described in configuration alone."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.apis.api import Fault
from sandbox.apis.homegrown import HomeGrown
from tests.contract.case import Case, Sample

DOCS = Path(__file__).parents[3] / "docs" / "own-api.md"


def settings(base: str, _folder: Path) -> Mapping[str, Any]:
    """What the documentation shows, at another address."""
    text = DOCS.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    told = tomllib.loads(text.replace("https://psa.example", base))["systems"]["psa"]
    return {key: value for key, value in told.items() if key not in {"kind", "roles"}}


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
