"""Workday: a custom report of workers, its columns named as firms usually do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from sandbox.apis.api import Fault
from sandbox.apis.workday import Workday
from tests.contract.case import Case, Sample

REPORT = "/service/"


def settings(base: str, folder: Path) -> Mapping[str, Any]:
    token = folder / "refresh"
    token.write_text(Workday.refresh, encoding="utf-8")
    return {
        "base": base,
        "tenant": Workday.tenant,
        "report": Workday.report,
        "prompts": {"Include_Terminated": "1"},
        "client_id": Workday.client,
        "client_secret_env": "WORKDAY_SECRET",
        "refresh_token_file": token,
    }


def worker(number: int, **changed: Any) -> Mapping[str, Any]:
    return {
        "Employee_Name": f"Ada King {number}", "Active_Status": True, "Hire_Date": "2024-03-01",
        "Termination_Date": None, "Company_ID": "UK01", "FTE": 1, **changed,
    }  # fmt: skip


CASES = (
    Case(
        api=Workday,
        settings=settings,
        env={"WORKDAY_SECRET": Workday.secret},
        stream="resource",
        table="workers",
        row=worker,
        id=lambda number: f"2100{number}",
        known_as=lambda number: f"2100{number}",
        changes=("Employee_Name", "Ada Lovelace", "name", "Ada Lovelace"),
        unstamped=timedelta(minutes=5),
        is_incremental=False,
        has_tokens=True,
        passing=(Fault(429, {"error": "Too many requests"}, {"Retry-After": "5"}, path=REPORT),),
        refusing=(
            Fault(401, {"error": "invalid_client"}, path="/oauth2/"),
            Fault(403, "<html>not authorized to run this report</html>", path=REPORT),
            Fault(500, "<soapenv:Fault/>", {"Content-Type": "text/xml"}, path=REPORT, times=9),
        ),
        wrong_in_200=(
            Fault(200, "<html><title>Workday Sign In</title></html>", path=REPORT),
            Fault(200, "<wd:Report_Data/>", {"Content-Type": "text/xml"}, path=REPORT),
            Fault(200, {"Report_Data": []}, path=REPORT),
        ),
        samples={
            "resource": Sample(
                table="workers",
                fields=worker(1),
                means={
                    "id": "1", "code": "1", "name": "Ada King 1", "active": True, "start_on": "2024-03-01", "end_on": None,
                    "legal_entity": "UK01",
                },
            ),
            "resource#left": Sample(
                table="workers",
                fields=worker(1, Active_Status=False, Termination_Date="2026-10-31"),
                means={"active": False, "end_on": "2026-10-31"},
            ),
            "resource#to come": Sample(
                table="workers",
                fields=worker(1, Active_Status=False, Hire_Date="2026-12-01"),
                means={"active": False, "start_on": "2026-12-01", "end_on": None},
            ),
            "resource#little told": Sample(
                table="workers",
                fields={"Employee_Name": "Bo Lund"},
                means={"name": "Bo Lund", "active": True, "start_on": None, "legal_entity": None},
            ),
        },
    ),
)  # fmt: skip
