"""BambooHR: people.

The change feed names who was inserted, updated or deleted since a moment, in any field, status, job or pay;
everything else of them is asked for by their ids. It offers its ``latest`` change as the moment to ask from
next; we ask from the last poll, on the server's clock and less an overlap, so that a change stamped before
the latest and shown after it is found too. A status or job that was entered ahead becomes true on its day;
whether the feed tells that day is not verified, so all people are reread once a day.

Active is the status of the day. A leaver stays and is inactive, a deletion is told by the feed; ids are
compared as well, since how long the feed remembers is not said. A field the key may not read comes empty
and named in ``_restrictedFields``: whoever's status is hidden waits in quarantine rather than pass for
active. Traps: no date may come as ``0000-00-00``, and no change as an empty list where changes are a map.
Too many requests: 503 until 15 September 2026 and 429 since, both with a time to wait. Why a request is
refused stands in a header, the answer itself is often empty.

Left out: time tracking, whose projects are BambooHR's own and carry no key of another system.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import Field

from collectors.engines.vendor import VendorSettings, rest_system

_FIELDS = (
    "firstName", "lastName", "employeeNumber", "workEmail", "status", "hireDate", "terminationDate",
)  # fmt: skip
_GONE = [{"all": [{"column": "action", "is": "Deleted"}], "then": "(deleted)"}]
#: further back than anyone was hired
_EVERYONE = {"back": timedelta(days=36_500)}


class BambooHRSettings(VendorSettings):
    """``company`` is the word before ``.bamboohr.com``, ``key_env`` names an API key of a user who sees all.

    ``entity_field`` is the field that says the legal entity (``divisionName``, say), ``more_fields`` are
    those that ``fields`` maps besides.
    """

    company: str = Field(pattern=r"^[a-z0-9-]+$")
    key_env: str
    base: str | None = None
    entity_field: str | None = None
    more_fields: tuple[str, ...] = ()


def _declare(chosen: BambooHRSettings) -> dict[str, Any]:
    site = f"https://{chosen.company}.bamboohr.com"
    entity: dict[str, str] = {} if chosen.entity_field is None else {"legal_entity": chosen.entity_field}
    wanted = [*_FIELDS, *entity.values(), *chosen.more_fields]
    people: dict[str, Any] = {
        "path": "/employees",
        "params": {"fields": ",".join(wanted), "page[limit]": 2500},
        "rows": "data",
        "next": {"style": "cursor", "path": "meta.page.nextCursor", "param": "page[after]"},
    }
    of_them = {**people, "params": {**people["params"], "filter[ids]": "{ids}"}}
    fields: dict[str, Any] = {
        "id": {"path": "id || employeeId"},
        "name": {"when": _GONE, "else": {"template": "{firstName} {lastName}"}},
        "active": {
            "when": [
                {"all": [{"column": "action", "is": "Deleted"}], "then": False},
                {"all": [{"column": "status", "is": "Active"}], "then": True},
                {"all": [{"column": "status", "present": True}], "then": False},
            ]
        },
        "code": "employeeNumber",
        "email": "workEmail",
        "start_on": "hireDate",
        "end_on": "terminationDate",
        "source_updated_at": "lastChanged",
        "source_url": {"template": f"{site}/employees/employee.php?id={{id}}"},
        **entity,
    }
    return {
        "base": chosen.base or f"{site}/api/v1",
        "auth": {"style": "basic_key", "key_env": chosen.key_env},
        "format": {"nothing": ["", "0000-00-00"]},
        "streams": {
            "resource": {
                "read": {
                    "path": "/employees/changed",
                    "params": {"since": "{since}"},
                    "each": of_them,
                    "joined": {"of": "employeeId"},
                },
                "ids": people,
                "fields": fields,
                "deleted": {"column": "action", "is": "Deleted"},
                "reread": _EVERYONE,
            }
        },
    }


def _people(body: Any) -> Any:
    """The people of a change feed, which has them by id, or of a list."""
    if not isinstance(body, Mapping):
        return None
    found = body.get("employees", body.get("data"))
    return list(found.values()) if isinstance(found, Mapping) else found


SYSTEM = rest_system(
    kind="bamboohr",
    title="BambooHR",
    roles=("hcm",),
    settings=BambooHRSettings,
    declare=_declare,
    records=("resource",),
    unpack={"resource": _people},
    notes="API v1; people by the change feed",
    permissions=("an API key of a user who may see every employee's name, status and dates",),
)
